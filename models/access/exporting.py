"""Rows of an export: streamed in batches, each batch's keys in one query, cells as text.

Most rows of one kind share their levels, so the way from document to text is worked out once per kind and
set of scopes, as one function per column; only columns with a condition of their own are judged row by row.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from models.access.actions import Action
from models.access.cells import Cell
from models.access.documents import open_value, upgraded
from models.access.judge import Judge
from models.access.keyset import at_path
from models.access.labelling import labels_in, references_in
from models.access.levels import Read
from models.access.listing import of_kind
from models.access.masks import mask
from models.access.query import columns_for, refuse
from models.access.reading import Reader
from models.crypto.envelope import UNREADABLE, unseal
from models.crypto.keys import DataKey
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.definitions.grades import Grade
from models.errors import SealBroken

if TYPE_CHECKING:
    from models.access.door_part import DoorPart

BATCH_ROWS = 500
Text = Callable[[Mapping[str, Any], DataKey | None], str]


def export_columns(door: "DoorPart", names: list[str] | None) -> list[Field]:
    """The columns of an export: those asked for, else every field the actor reads.

    :raises AccessDenied: one is unknown, off, hidden, or secret without the right to export that; or no row may leave
    """
    if not door.may(Action.EXPORT):
        raise refuse()
    asked = columns_for(names, door.compiled, door.knows)
    columns = [field for field in asked if exportable(door, field)]
    if names is not None and len(columns) < len(asked):
        raise refuse()
    return columns


def exportable(door: "DoorPart", field: Field) -> bool:
    """Whether some row of the export may show the field, whole or masked."""
    if field.frame:
        return True
    if field.type.name == "object":
        return any(exportable(door, sub) for sub in field.fields if sub.active)
    if field.relation == "reverse":
        return False
    return any(
        _judge(door, kind, of_kind(kind, field)).most(of_kind(kind, field)).read > Read.NONE
        for kind in door.viewed
        if field.id in kind.by_id
    )


def _judge(door: "DoorPart", kind: CompiledType, field: Field) -> Judge:
    """Secret values leave only by a right of their own."""
    return door.judge(kind, Action.EXPORT_SECRET if field.grade == Grade.SECRET else Action.EXPORT)


class Exporter:
    """Turns documents into rows of text for one actor and one set of columns."""

    def __init__(self, door: "DoorPart", columns: list[Field], locale: str):
        self.door, self.columns, self.locale = door, columns, locale
        self.kinds = {kind.name: kind for kind in door.viewed}
        self.readers = {name: self._reader(kind) for name, kind in self.kinds.items()}
        self.sealed = {name for name, reader in self.readers.items() if reader.sealed()}
        self._ways: dict[tuple[str, int, int], list[Text]] = {}
        self._alike: dict[str, list[Text]] = {}
        """The ways of the kinds whose rows are all read alike, because their plan gives everything."""
        self._referring = references_in(columns)
        self._names: dict[str, dict[str, str]] = {}
        """Target → id → name, of the references in the rows of a batch."""

    def _reader(self, kind: CompiledType) -> Reader:
        fields = tuple(of_kind(kind, field) for field in self.columns if field.frame or field.id in kind.by_id)
        return Reader(self.door.judge(kind, Action.EXPORT), fields)

    def projection(self) -> dict[str, int]:
        """What to fetch: no more than the columns and what judging them reads."""
        wanted = {"type", "tv"}
        for kind, reader in zip(self.kinds.values(), self.readers.values(), strict=True):
            secret = Reader(self.door.judge(kind, Action.EXPORT_SECRET), ())
            wanted |= reader.read_paths() | secret.judged_paths()
        return {path: 1 for path in wanted if not any(path.startswith(f"{other}.") for other in wanted)}

    def keys(self, documents: list[dict[str, Any]]) -> dict[str, DataKey]:
        """The keys that the rows of a batch may need."""
        return self.door.store.keyring.fetch([one["_id"] for one in documents if one["type"] in self.sealed])

    def rows(self, documents: list[dict[str, Any]], keys: Mapping[str, DataKey]) -> Iterator[list[str]]:
        """One list of texts per document."""
        self._name(documents, keys)
        for document in documents:
            key = keys.get(document["_id"])
            row = upgraded(self.kinds[document["type"]], document, key)
            ways = self._alike.get(row["type"]) or self._ways_for(row)
            yield [way(row, key) for way in ways]

    def objects(self, documents: list[dict[str, Any]], keys: Mapping[str, DataKey]) -> Iterator[dict[str, Any]]:
        """One REST-shaped object per document, of the columns alone."""
        self._name(documents, keys)
        for document in documents:
            kind, key = self.kinds[document["type"]], keys.get(document["_id"])
            row = upgraded(kind, document, key)
            yield {"id": row["_id"], "type": kind.name} | {
                field.address: cell.to_json()
                for field in self.columns
                if (cell := self._cell(kind, of_kind(kind, field), row, key)) is not None
            }

    def _name(self, documents: list[dict[str, Any]], keys: Mapping[str, DataKey]) -> None:
        """Learn what the records that a batch refers to are called, as far as their names may leave."""
        self._names = {}
        ids: dict[str, set[str]] = {}
        for one in self._referring:
            values = (_opened(one, document, keys.get(document["_id"])) for document in documents)
            held = (value for value in values if value is not None and value is not UNREADABLE)
            ids.setdefault(one.target or "", set()).update(
                id for value in held for id in (value if isinstance(value, list) else [value])
            )
        for target, wanted in ids.items():
            if wanted:
                self._names[target] = labels_in(self.door, target, wanted, action=Action.EXPORT)

    def _named(self, field: Field) -> Text:
        """A readable reference: each record by its name, or by its id where that may not leave."""

        def way(document: Mapping[str, Any], key: DataKey | None) -> str:
            value = _opened(field, document, key)
            if value is None or value is UNREADABLE:
                return ""
            names = self._names.get(field.target or "", {})
            return ", ".join(names.get(id) or id for id in (value if isinstance(value, list) else [value]))

        return way

    def _cell(self, kind: CompiledType, field: Field, document: Mapping[str, Any], key: DataKey | None) -> Cell | None:
        """One cell as it may leave: secret parts only by the right to export them."""
        if not field.frame and field.id not in kind.by_id:
            return None
        cell = Reader(_judge(self.door, kind, field), (field,)).cell(field, document, key)
        if cell is not None and field.type.name == "reference":
            cell = replace(cell, labels=self._names.get(field.target or "", {}))
        if cell is None or not cell.cells:
            return cell if cell is None or cell.mark in ("value", "masked", "empty") else None
        parts = {
            name: allowed
            for name, part in cell.cells.items()
            if (allowed := self._cell(kind, part.field, document, key)) is not None
        }
        return replace(cell, cells=parts) if parts else None

    def _ways_for(self, document: Mapping[str, Any]) -> list[Text]:
        kind = self.kinds[document["type"]]
        export, secret = self.door.judge(kind, Action.EXPORT), self.door.judge(kind, Action.EXPORT_SECRET)
        if export.plan.everything:
            self._alike[kind.name] = [self._way(kind, field, document) for field in self.columns]
            return self._alike[kind.name]
        known = (kind.name, export.bits(document), secret.bits(document))
        if known not in self._ways:
            self._ways[known] = [self._way(kind, field, document) for field in self.columns]
        return self._ways[known]

    def _way(self, kind: CompiledType, field: Field, document: Mapping[str, Any]) -> Text:
        """How one column becomes text on rows like this one."""
        one = of_kind(kind, field)
        if not field.frame and field.id not in kind.by_id:
            return _nothing
        judge = _judge(self.door, kind, one)
        if one.type.name == "object" or one.computed or judge.differs(one):
            return self._judged(kind, one)
        level = Reader(judge, ()).level(one, {} if judge.plan.everything else judge.levels(document))
        if level.read == Read.NONE:
            return _nothing
        if level.read == Read.FULL and one.type.name == "reference":
            return self._named(one)
        return _masked(one) if level.read == Read.MASKED else _whole(one, self.locale)

    def _judged(self, kind: CompiledType, field: Field) -> Text:
        """Cell by cell, for what differs from row to row or is made of several fields."""

        def way(document: Mapping[str, Any], key: DataKey | None) -> str:
            cell = self._cell(kind, field, document, key)
            return cell.text(self.locale) if cell else ""

        return way


def _nothing(document: Mapping[str, Any], key: DataKey | None) -> str:
    return ""


def _opened(field: Field, document: Mapping[str, Any], key: DataKey | None) -> Any:
    stored = at_path(document, field.path)
    return None if stored is None else open_value(field, stored, key)


def _masked(field: Field) -> Text:
    def way(document: Mapping[str, Any], key: DataKey | None) -> str:
        value = _opened(field, document, key)
        return "" if value is None or value is UNREADABLE else mask(field, value)

    return way


def _whole(field: Field, locale: str) -> Text:
    """The whole value as text, by the shortest way: this runs for every cell of an export."""
    text = field.type.renderer(field, locale)
    if field.parent_id:
        return lambda document, key: _text(text, _opened(field, document, key))
    id, path = field.id, field.path
    if field.frame:
        return lambda document, key: "" if (value := document.get(path)) is None else text(value)

    def way(document: Mapping[str, Any], key: DataKey | None) -> str:
        value = document["v"].get(id)
        if value is None:
            return ""
        if isinstance(value, bytes):
            try:
                return text(unseal(key, id, value)) if key is not None else ""
            except SealBroken:
                return ""
        return text(value)

    return way


def _text(text: Callable[[Any], str], value: Any) -> str:
    return "" if value is None or value is UNREADABLE else text(value)
