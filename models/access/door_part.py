"""What every part of a type's door stands on: its kinds, judges and readers, the two collections, the log."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bson.codec_options import CodecOptions
from pymongo.collection import Collection

from models.access.actions import Action
from models.access.cells import Cell, Record
from models.access.documents import upgraded
from models.access.inputs import inputs_of
from models.access.judge import Judge
from models.access.knowledge import FieldAccess, field_access, object_parts
from models.access.labelling import label_cells
from models.access.listing import of_kind
from models.access.reading import Reader, shown_ids
from models.audit.log import Entry
from models.crypto.keys import DataKey
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.errors import AccessDenied, RecordNotFound
from models.users import Actor

if TYPE_CHECKING:
    from models.access.door import Door

AWARE: CodecOptions = CodecOptions(tz_aware=True)


class DoorPart:
    """One type for one actor, and its single records. The parts in the modules beside this one build on it."""

    def __init__(self, door: "Door", compiled: CompiledType):
        self.door = door
        self.store = door.store
        self.compiled = compiled
        self.kinds = door.registry.concrete(compiled.name)
        self.by_kind = {kind.name: kind for kind in self.kinds}
        self._shown_last: tuple[dict[str, Any], CompiledType] | None = None
        """What `get` has just fetched and judged: the timeline beside it needs no second look."""

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.door.actor

    @property
    def _records(self) -> Collection:
        return self.store.data.get_collection(self.compiled.collection, codec_options=AWARE)

    @property
    def _history(self) -> Collection:
        return self.store.data.get_collection("revisions", codec_options=AWARE)

    # what may be asked

    def opens(self) -> bool:
        """Whether the actor may do anything here."""
        return any(self.may(action) for action in Action)

    def may(self, action: Action) -> bool:
        """Whether an action holds for some rows of some kind."""
        return any(self.door.plan(kind).may(action) for kind in self.kinds)

    def judge(self, kind: CompiledType, action: Action) -> Judge:
        """The judge of one kind."""
        return self.door.judge(kind, action)

    def knows(self, field: Field) -> bool:
        """Whether the actor may know of a field, in some kind."""
        if field.frame:
            return True
        return any(self._reader(kind, (field,)).shows(field) for kind in self.viewed if field.id in kind.by_id)

    @cached_property
    def viewed(self) -> tuple[CompiledType, ...]:
        """The kinds some of whose rows the actor may view (or, where none, create)."""
        viewed = tuple(kind for kind in self.kinds if self.door.plan(kind).may(Action.VIEW))
        return viewed or tuple(kind for kind in self.kinds if self.door.plan(kind).may(Action.CREATE))

    def fields(self) -> list[FieldAccess]:
        """What the actor may know of the type: fields and sub-fields, with the most that is given anywhere."""
        parts = ((field, *object_parts(field)) for field in self.compiled.active)
        return [field_access(self, one) for group in parts for one in group if self.knows(one)]

    def _fields_of(self, kind: CompiledType, columns: list[Field]) -> tuple[Field, ...]:
        return tuple(of_kind(kind, field) for field in columns if field.frame or field.id in kind.by_id)

    def _reader(self, kind: CompiledType, fields: tuple[Field, ...], *, habit: bool = False) -> Reader:
        return Reader(self.judge(kind, Action.VIEW), fields, habit)

    def _records_of(self, documents: list[dict], columns: list[Field], *, habit: bool = False) -> list[Record]:
        """Open, judge and mask the rows of a page; their keys are one query."""
        readers = {kind.name: self._reader(kind, self._fields_of(kind, columns), habit=habit) for kind in self.viewed}
        sealed = {name for name, reader in readers.items() if reader.sealed()}
        keys = self.store.keyring.fetch([one["_id"] for one in documents if one["type"] in sealed])
        records = [readers[one["type"]].record(one, keys.get(one["_id"])) for one in documents]
        for record, document in zip(records, documents, strict=True):
            record.held = self._held(document)
        label_cells(self, columns, records, habit=habit)
        return records

    def _held(self, document: Mapping[str, Any]) -> bool | None:
        """Whether a hold stands on it; None: not this actor's to know."""
        return bool(document["life"].get("hold_count")) if self.door.sees_holds else None

    # single records

    def get(self, id: str, action: Action = Action.VIEW) -> Record:
        """One record, as the actor may see it.

        :raises RecordNotFound: unknown, or out of scope
        :raises AccessDenied: seen, but `action` does not hold for it
        """
        document, kind = self._shown_last = self.fetch(id, action)
        record = self.shown(document, kind)
        if Action.EDIT in record.may:
            record.inputs = self._inputs_of(record, document, kind)
        self._relate(record, document)
        self._log("view", kind.name, [id], shown_ids([record]), rev=record.revision)
        return record

    def _relate(self, record: Record, document: Mapping[str, Any]) -> None:
        """Give a single record what its reverse relations lead to."""
        opened = self.door.open(record.type)
        record.related = opened.relations(record, document)
        for found in record.related:
            record.cells[found.field.name] = found.cell

    def shown(
        self,
        document: Mapping[str, Any],
        kind: CompiledType,
        key: DataKey | None = None,
        present: Mapping[str, Any] | None = None,
    ) -> Record:
        """A fetched document through the actor's plan. Whoever hands it on has logged it.

        :param present: the document as it is now, where `document` is an earlier content of it
        """
        reader = self._reader(kind, kind.active)
        if key is None and reader.sealed():
            key = self.store.keyring.fetch([document["_id"]]).get(document["_id"])
        record = reader.record(document, key, present)
        record.held = self._held(document if present is None else present)
        label_cells(self, kind.active, [record])
        record.may = frozenset(action for action in Action if self.judge(kind, action).holds(document))
        return record

    def get_for_step(self, id: str) -> Record:
        """One record, with the cells that may be entered as a step judges them.

        :raises RecordNotFound: unknown, or out of scope
        :raises AccessDenied: seen, but the actor takes no step with it
        """
        document, kind = self.fetch(id, Action.TRANSITION)
        record = self.shown(document, kind)
        record.inputs = self._inputs_of(record, document, kind, Action.TRANSITION)
        self._log("view", kind.name, [id], shown_ids([record]), rev=record.revision)
        return record

    def _inputs_of(
        self, record: Record, document: Mapping[str, Any], kind: CompiledType, action: Action = Action.EDIT
    ) -> dict[str, Cell]:
        key = self.store.keyring.fetch([record.id]).get(record.id) if kind.steps else None
        judge = self.judge(kind, action)
        levels = {} if judge.plan.everything else judge.levels(document)
        return inputs_of(record, upgraded(kind, document, key), Reader(judge, ()), levels, self.knows)

    def fetch(self, id: str, action: Action = Action.VIEW) -> tuple[dict[str, Any], CompiledType]:
        """The stored document of a record the actor may view, for the door's own use: never to be handed on.

        :raises RecordNotFound: unknown, out of scope, or in the trash of somebody else
        :raises AccessDenied: seen, but `action` does not hold for it
        """
        document = self._records.find_one({"_id": str(id), "type": {"$in": list(self.by_kind)}})
        if document is None or not self._sees(document):
            raise RecordNotFound
        kind = self.by_kind[document["type"]]
        if not self.judge(kind, action).holds(document):
            raise AccessDenied(private=f"{action} on {id}")
        return document, kind

    def _sees(self, document: Mapping[str, Any]) -> bool:
        kind = self.by_kind[document["type"]]
        life = document["life"]
        if life.get("condemned") or life.get("restricted") or not self.judge(kind, Action.VIEW).holds(document):
            return False
        if life.get("trashed_at"):
            return any(self.judge(kind, action).holds(document) for action in (Action.RESTORE, Action.DELETE))
        return True

    # the log

    def entry(
        self,
        action: str,
        type_name: str,
        records: list[str],
        fields: list[str],
        *,
        ref: str | None = None,
        **extra: Any,
    ) -> Entry:
        """An audit entry of this actor: ids, digests and counts, never values."""
        kept = {name: value for name, value in extra.items() if value is not None}
        return Entry(f"records:{action}", self.actor.id, None, type_name, records, fields, kept, ref)

    def _log(self, action: str, type_name: str, records: list[str], fields: list[str], **extra: Any) -> None:
        self.door.log(self.entry(action, type_name, records, fields, **extra))
