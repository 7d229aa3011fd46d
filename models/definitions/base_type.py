"""What every field type answers. The concrete ones are registered in `field_types`."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from models.definitions.text_rules import comparable
from models.errors import N_, FieldValueError

if TYPE_CHECKING:
    from models.definitions.fields import Field

EQUALITY = ("eq", "ne", "in", "empty")
ORDER = ("gt", "gte", "lt", "lte", "between")
PARTS = ("starts", "contains")
MOST_ITEMS = 100
"""The longest list a field may hold unless its type or its validators say less."""

Json = Any


class FieldType:
    """How one kind of value is read, checked, stored and shown. Holds no state.

    Subclasses write the `*_one` methods for a single value; the public methods add lists (`many: true`).
    A stored value is never None, "" or an empty list: those are *empty*, and the key is absent.
    """

    name: ClassVar[str]
    """Stored inside record types: renaming it needs a migration."""
    widget: ClassVar[str] = "text"
    """A key of the widget table of the views."""
    operators: ClassVar[tuple[str, ...]] = EQUALITY
    """What a condition may ask of it while it is stored in clear."""
    sealed_by_default: ClassVar[bool] = False
    """Sealed from grade confidential on; every type is sealed where the grade is secret."""
    sortable: ClassVar[bool] = True
    text_like: ClassVar[bool] = False
    """Stored as text that may be searched by its parts."""
    token_kinds: ClassVar[tuple[str, ...]] = ("eq",)
    """Kinds of blind tokens of a sealed value; () where not even equality can be asked."""
    can_be_many: ClassVar[bool] = False
    compared_part: ClassVar[str] = ""
    """Where the stored value is an object: the part of it that equality compares."""
    json_schema: ClassVar[Mapping[str, Json]] = {"type": "string"}
    """Shape of one value in REST."""

    def parse(self, raw: Any, field: "Field") -> Any:
        """Turn form or import text, or the REST shape, into the stored value; None when empty.

        :raises FieldValueError: whatever else `raw` is
        """
        if not raw and (raw is None or isinstance(raw, str | list | dict)):
            return None
        if field.many:
            return self._parse_many(raw, field)
        value = self.read_one(raw, field)
        if value is not None:
            self.check_one(value, field)
        return value

    def parser(self, field: "Field") -> Callable[[Any], Any]:
        """`parse` for many values of one field: what does not depend on the value is worked out once."""
        return partial(self.parse, field=field)

    def as_written(self, old: Any, new: Any, field: "Field") -> Any:
        """`new` as a person may write it over `old`: what only the system says inside a value comes from `old`."""
        return new

    def check(self, value: Any, field: "Field") -> None:
        """Judge a stored value by the validators of its field.

        :raises FieldValueError: it breaks one of them
        """
        if field.many and isinstance(value, list):
            _each(value, lambda item: self.check_one(item, field))
        else:
            self.check_one(value, field)

    def render(self, value: Any, field: "Field", locale: str = "zh_Hans_CN") -> str:
        """Plain text for lists and CSV. Escaping is the template's task."""
        if value is None:
            return ""
        if field.many and isinstance(value, list):
            return join_items([self.render_one(item, field, locale) for item in value])
        return self.render_one(value, field, locale)

    def renderer(self, field: "Field", locale: str = "zh_Hans_CN") -> Callable[[Any], str]:
        """`render` for many values of one field, none empty: what does not depend on the value is worked out once."""
        if field.many:
            return partial(self.render, field=field, locale=locale)
        return self.renderer_one(field, locale)

    def renderer_one(self, field: "Field", locale: str) -> Callable[[Any], str]:
        """The same where the field holds one value."""
        return str if self.plain_text else partial(self.render, field=field, locale=locale)

    def to_json(self, value: Any, field: "Field") -> Json:
        """The REST shape; null when empty."""
        if value is None:
            return None
        if field.many and isinstance(value, list):
            return [self.json_one(item, field) for item in value]
        return self.json_one(value, field)

    def normalise(self, value: Any) -> str | list[str]:
        """The text under tokens and equality; a list of them for a list."""
        if isinstance(value, list):
            return [self.normalise_one(item) for item in value]
        return self.normalise_one(value)

    def sort_key(self, value: Any) -> Any:
        """What is stored beside the value to sort by; None where the value sorts itself."""
        return None

    @property
    def has_sort_key(self) -> bool:
        """Whether values are sorted by a key stored beside them, not by themselves."""
        return type(self).sort_key is not FieldType.sort_key

    @property
    def plain_text(self) -> bool:
        """Whether one stored value is its own plain text."""
        return self.text_like and type(self).render_one is FieldType.render_one

    def operand(self, raw: Any, field: "Field") -> Any:
        """What a condition compares one stored value with: read like a value, not judged by the validators.

        :raises FieldValueError: it could never be a value of this type
        """
        return self.read_one(raw, field)

    def read_one(self, raw: Any, field: "Field") -> Any:
        """One raw value to one stored value, None when it turns out empty."""
        raise NotImplementedError

    def check_one(self, value: Any, field: "Field") -> None:
        """Judge one stored value by the validators of its field."""

    def render_one(self, value: Any, field: "Field", locale: str) -> str:
        """One stored value as text."""
        return str(value)

    def json_one(self, value: Any, field: "Field") -> Json:
        """One stored value as REST sends it."""
        return value

    def normalise_one(self, value: Any) -> str:
        """One stored value as it is compared."""
        return comparable(str(value))

    def _parse_many(self, raw: Any, field: "Field") -> list[Any] | None:
        items = split_items(raw) if isinstance(raw, str) else raw if isinstance(raw, list) else [raw]
        most = min(MOST_ITEMS, int(field.validators.get("max_items", MOST_ITEMS)))
        check_count(items, most)
        values: list[Any] = []

        def take(item: Any) -> None:
            value = None if item is None or item == "" else self.read_one(item, field)
            if value is not None and value not in values:
                self.check_one(value, field)
                values.append(value)

        _each(items, take)
        return values or None


def join_items(items: list[str]) -> str:
    """A list as one text: "; " between items, or lines where an item itself holds a semicolon."""
    if any(";" in item or "；" in item for item in items):
        return "\n".join(items) + ("\n" if len(items) == 1 else "")
    return "; ".join(items)


def split_items(text: str) -> list[str]:
    """The items of `join_items`, or of a list typed by hand.

    :raises FieldValueError: far too long to be a list
    """
    if len(text) > 100_000:
        raise FieldValueError("too_long", N_("This list is too long."))
    text = text.replace("\r\n", "\n")
    if "\n" in text:
        return [item.strip() for item in text.split("\n") if item.strip()]
    return [item.strip() for item in text.replace("；", ";").split(";") if item.strip()]


def check_count(items: list[Any], most: int) -> None:
    """:raises FieldValueError: more than `most` items"""
    if len(items) > most:
        words = N_("This has {count} items; at most {most} fit.")
        raise FieldValueError("too_many", words, count=len(items), most=most)


def at(path: object, error: FieldValueError) -> FieldValueError:
    """The same error, seen from one level further out."""
    error.path = f"{path}.{error.path}" if error.path else str(path)
    return error


def _each(items: list[Any], do: Callable[[Any], None]) -> None:
    for index, item in enumerate(items):
        try:
            do(item)
        except FieldValueError as error:
            raise at(index, error)  # noqa: B904  (the same error, with its place)
