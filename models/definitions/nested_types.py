"""Values made of values: an object with fixed parts, rows of them, a free map."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.definitions.base_type import FieldType, Json, at, check_count
from models.definitions.nested_text import pairs_in, pairs_text
from models.definitions.text_rules import check_length, clean_line, comparable, text_of
from models.errors import N_, FieldValueError

if TYPE_CHECKING:
    from models.definitions.fields import Field

MOST_ROWS = 200
MOST_KEYS = 100
MOST_TEXT = 200_000
"""Characters of a nested value in text form."""


class ObjectType(FieldType):
    """Fixed sub-fields, each with its own id, grade and access; stored under their ids."""

    name = "object"
    widget = "object"
    operators = ("empty",)
    sortable = False
    token_kinds = ()
    json_schema = {"type": "object"}  # noqa: RUF012

    def parts(self, raw: Any, field: "Field") -> dict["Field", Any]:
        """What was given, by sub-field: a stored value, or None where it is to be emptied.

        :raises FieldValueError: not an object, a name that is not there, a part that does not fit (`path` says where)
        """
        if isinstance(raw, str):
            raw = self._from_text(raw, field)
        if not isinstance(raw, Mapping):
            raise _not_an_object()
        named = {part.name: part for part in field.fields if part.active}
        if not all(isinstance(name, str) and name in named for name in raw):
            raise _unknown_key()
        parts: dict[Field, Any] = {}
        for name, value in raw.items():
            part = named[name]
            try:
                parts[part] = part.type.parse(value, part)
            except FieldValueError as error:
                raise at(name, error)  # noqa: B904  (the same error, with its place)
        return parts

    def read_one(self, raw: Any, field: "Field") -> Any:
        return {part.id: value for part, value in self.parts(raw, field).items() if value is not None} or None

    def render_one(self, value: Any, field: "Field", locale: str) -> str:
        shown = [(part.label(locale) or part.name, part.type.render(value.get(part.id), part, locale))
                 for part in field.fields if part.active and value.get(part.id) is not None]  # fmt: skip
        return pairs_text(shown)

    def json_one(self, value: Any, field: "Field") -> Json:
        return {part.name: part.type.to_json(value.get(part.id), part) for part in field.fields if part.active}

    def normalise_one(self, value: Mapping[str, Any]) -> str:
        return ""

    def _from_text(self, text: str, field: "Field") -> dict[str, Any]:
        lines = pairs_in(_bounded(text))
        if isinstance(lines, Mapping):
            return dict(lines)
        if not isinstance(lines, list) or len(lines) != 1 or not isinstance(lines[0], Mapping):
            raise _not_an_object()
        return {_part_named(label, field): value for label, value in lines[0].items()}


class RowsType(ObjectType):
    """A list of rows with the same sub-fields. Rows share the access of the list and are sealed with it."""

    name = "rows"
    widget = "rows"
    sealed_by_default = True
    json_schema = {"type": "array", "items": {"type": "object"}}  # noqa: RUF012

    def read_one(self, raw: Any, field: "Field") -> Any:
        if isinstance(raw, str):
            raw = self._rows_from_text(raw, field)
        if not isinstance(raw, list):
            raise FieldValueError("not_rows", N_("This field takes a list of rows."))
        check_count(raw, min(MOST_ROWS, int(field.validators.get("max_items", MOST_ROWS))))
        rows = []
        for index, item in enumerate(raw):
            try:
                row = super().read_one(item, field) if item is not None else None
            except FieldValueError as error:
                raise at(index, error)  # noqa: B904  (the same error, with its place)
            if row is not None:
                rows.append(row)
        return rows or None

    def as_written(self, old: Any, new: Any, field: "Field") -> Any:
        """Rows have no identity: what one of the old rows said of a part holds wherever the part stands now."""
        if not new:
            return new
        kept = {part.id: [item for row in old or () for item in _items(row.get(part.id))] for part in field.fields}
        return [
            {
                part.id: part.type.as_written(kept[part.id], row[part.id], part)
                for part in field.fields
                if part.id in row
            }
            for row in new
        ]

    def render_one(self, value: Any, field: "Field", locale: str) -> str:
        return "\n".join(super(RowsType, self).render_one(row, field, locale) for row in value)

    def json_one(self, value: Any, field: "Field") -> Json:
        return [super(RowsType, self).json_one(row, field) for row in value]

    def _rows_from_text(self, text: str, field: "Field") -> Any:
        lines = pairs_in(_bounded(text))
        if isinstance(lines, list) and not text.lstrip().startswith("["):
            return [{_part_named(label, field): value for label, value in line.items()} for line in lines]
        return [lines] if isinstance(lines, Mapping) else lines


class MapType(FieldType):
    """Free keys with one line of text each, such as the accounts of messengers."""

    name = "map"
    widget = "map"
    operators = ("empty",)
    sealed_by_default = True
    sortable = False
    token_kinds = ()
    json_schema = {"type": "object", "additionalProperties": {"type": "string"}}  # noqa: RUF012

    def read_one(self, raw: Any, field: "Field") -> dict[str, str] | None:
        if isinstance(raw, str):
            lines = pairs_in(_bounded(raw))
            raw = lines if not isinstance(lines, list) else _merged(lines)
        if not isinstance(raw, Mapping):
            raise _not_an_object()
        check_count(list(raw), min(MOST_KEYS, int(field.validators.get("max_items", MOST_KEYS))))
        entries = {}
        for key, value in raw.items():
            name = _map_key(key)
            if value is None or value == "":
                continue
            try:
                text = text_of(value)
                check_length(text, 0, 1_000)
                text = clean_line(text)
                check_length(text, 0, 500)
            except FieldValueError as error:
                raise at(name, error)  # noqa: B904  (the same error, with its place)
            if text:
                entries[name] = text
        return entries or None

    def render_one(self, value: Mapping[str, str], field: "Field", locale: str) -> str:
        return pairs_text(list(value.items()))

    def json_one(self, value: Mapping[str, str], field: "Field") -> Json:
        return dict(value)

    def normalise_one(self, value: Mapping[str, str]) -> str:
        return "\n".join(f"{key}: {comparable(text)}" for key, text in sorted(value.items()))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _map_key(key: Any) -> str:
    """A key that is safe as a key of a document.

    :raises FieldValueError: operators, dots, far too long
    """
    if not isinstance(key, str) or len(key) > 500:
        raise FieldValueError("bad_key", N_("A key has 1 to 100 characters."))
    name = comparable(clean_line(key))
    if not 0 < len(name) <= 100:
        raise FieldValueError("bad_key", N_("A key has 1 to 100 characters."))
    if name.startswith("$") or "." in name or name == "__proto__":
        raise FieldValueError("bad_key", N_("A key holds no dot and does not begin with $."))
    return name


def _merged(lines: list[Any]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for line in lines:
        if not isinstance(line, Mapping):
            raise _not_an_object()
        merged.update(line)
    return merged


def _part_named(label: str, field: "Field") -> str:
    for part in field.fields:
        if part.active and (part.name == label or label in part.labels.values()):
            return part.name
    raise _unknown_key()


def _bounded(text: str) -> str:
    check_length(text, 0, MOST_TEXT)
    return text


def _not_an_object() -> FieldValueError:
    return FieldValueError("not_an_object", N_("This field takes an object with its parts by name."))


def _unknown_key() -> FieldValueError:
    return FieldValueError("unknown_key", N_("The request names something that is not there."))
