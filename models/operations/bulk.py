"""Many new records at once: each judged and checked like a single one, written in batches.

A batch takes a block of numbers, its keys in one insert, its records in one transaction with the outbox of
its one audit entry (`revisions`, `_id` = `batch:<block>`). Revision 1 of a loaded record takes its copy of
the content when the record is first changed.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import Binary
from pymongo.client_session import ClientSession

from models.access.actions import Action
from models.access.documents import build
from models.access.door import TypeDoor
from models.access.query import refuse
from models.access.reading import Reader
from models.access.writing import FRAME_WRITABLE, ChangeReader, missing
from models.definitions.compiled import CompiledType
from models.errors import FieldValueError, InvalidRecord, UnknownKey, WrongState
from models.operations import guesses, numbers, references
from models.operations.commits import commit
from models.operations.records import defaults, judge_after, most_levels
from models.store import new_id

BATCH = 1000
"""Records in one transaction: about 4 MB."""


def work_in_batches() -> None:
    """Tell the collector of this process what is to come: thousands of small objects that die together, no cycles.

    Left as it is, it walks through all of them again and again: a fifth of the time of a load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


@dataclass(frozen=True, slots=True)
class Row:
    """One record that may be written: plain values by field id, the writable system keys, ids of what was given."""

    values: dict[str, Any]
    frame: dict[str, Any] = field(default_factory=dict)
    touched: tuple[str, ...] = ()


class Loader:
    """New records of one concrete type, for the actor of its door."""

    def __init__(self, door: TypeDoor, also: Action | None = None):
        """
        :param also: a second action that has to hold for each new record
        :raises WrongState: the type only gathers kinds
        :raises AccessDenied: the actor may not create here
        """
        if door.compiled.abstract:
            raise WrongState("name_the_kind")
        if not door.may(Action.CREATE):
            raise refuse()
        self.door = door
        self.kind: CompiledType = door.kinds[0]
        self._also = door.judge(self.kind, also) if also else None
        self._judge = door.judge(self.kind, Action.CREATE)
        self._everything = self._judge.plan.everything
        self._levels = {} if self._everything else most_levels(self._judge, self.kind)
        self._system_reader = SystemReader(self.kind)
        self._required = [one for one in self.kind.active if one.required and not one.computed and not one.frame]
        self._state = self._first_state()
        effects = self.kind.workflow.effects_of(self._state)
        self._defaulted = bool(effects) or any(one.default is not None for one in self.kind.active)
        self._references = references.Known(door, self.kind)

    def _first_state(self) -> str:
        """Where a record begins: a file of one row must not spare anybody the approval it would otherwise wait for."""
        approves = self.door.actor.system or self.door.may(Action.APPROVE)
        return self.kind.states.brought_in if approves else self.kind.states.initial

    def read(self, body: Mapping[str, Any]) -> Row:
        """Judge and check one body in the REST shape; nothing is written.

        :raises UnknownKey, AccessDenied, InvalidRecord: as a single create
        """
        body = self._references.resolved(body)
        if self._everything:
            row = self._system_reader.read(body)
        else:
            reader = ChangeReader(self.kind, Reader(self._judge, ()), self._levels, self.door.knows, {}, {})
            change = reader.read(body)
            row = Row(change.values, change.frame, tuple(change.touched))
        self._references.check(row.values)
        values = defaults(self.door, self.kind, row.values, self._state) if self._defaulted else row.values
        if any(one.id not in values for one in self._required):
            raise InvalidRecord(missing(self.kind, values, self.door.knows))
        return Row(values, row.frame, row.touched)

    def rehearse(self, row: Row) -> None:
        """Judge the record a row would become; nothing is written, no number is taken.

        :raises AccessDenied: it would lie outside the actor's scope
        """
        if not self._everything:
            self._documents([row])

    def write(
        self,
        rows: Sequence[Row],
        *,
        name: str | None = None,
        marks: Mapping[str, Any] | None = None,
        fence: Callable[[ClientSession], Any] = lambda session: None,
    ) -> list[str]:
        """Write up to `BATCH` rows, all or none; returns the ids when the audit entry stands.

        :param name: of the batch, where somebody will look for it; the same one is never written twice
        :param marks: kept in the outbox of the batch
        :param fence: called last inside the transaction; what it raises leaves nothing written
        :raises AccessDenied: a row would lie outside the actor's scope
        :raises InvalidRecord: a unique value is taken
        :raises TooManyAttempts: the actor has learnt of enough taken values for now
        :raises Unavailable: nothing is known to be written; the numbers are accounted for later
        """
        if not rows:
            return []
        door, store = self.door, self.door.store
        touched = sorted({id for row in rows for id in row.touched})
        guesses.refuse_in_pause(door, self.kind, touched)
        documents, keys = self._documents(rows)
        block = numbers.reserve(store, self.kind.numbering, len(rows))
        for document, number in zip(documents, block.numbers(), strict=True):
            document["archive_no"] = number
        ids = [document["_id"] for document in documents]
        ref = f"batch:{name or block.id}"
        entry = store.audit.prepare(door.entry("load", self.kind.name, ids, touched, ref=ref, count=len(ids)))
        outbox = {"_id": ref, "action": "load", "at": documents[0]["created_at"], "entry": Binary(entry)}
        outbox |= marks or {}
        store.keyring.put(keys)

        def put(session: ClientSession) -> None:
            door.insert_batch(documents, outbox, session)
            fence(session)

        commit(door, self.kind, put, told=len(rows) == 1)
        numbers.settle(store, block, [], "")
        store.audit.append(entry)
        return ids

    def _documents(self, rows: Sequence[Row]) -> tuple[list[dict[str, Any]], list[Any]]:
        """The record documents, still without numbers, and their keys."""
        store, actor = self.door.store, self.door.actor
        at, tokens = store.clock.now(), store.keyring.tokens
        own = {"dept": actor.department, "owner": None if actor.system else actor.id}
        documents, keys = [], []
        for row in rows:
            key = store.keyring.new_key(new_id())
            document = build(
                self.kind,
                row.values,
                key=key,
                tokens=tokens,
                archive_no=None,
                department=row.frame.get("dept", own["dept"]),
                owner=row.frame.get("owner", own["owner"]),
                actor=actor.id,
                at=at,
                state=self._state,
            )
            if not self._everything:
                judge_after(self._judge, document, self.kind, list(row.touched))
                if self._also is not None and not self._also.holds(document):
                    raise refuse()
            documents.append(document)
            keys.append(key)
        return documents, keys


class SystemReader:
    """Reads bodies for the installation itself, which may write every field people write: only values are judged."""

    def __init__(self, kind: CompiledType):
        writable = (*kind.active, *(kind.system[name] for name in FRAME_WRITABLE))
        self._fields: dict[str, tuple[str, Callable[[Any], Any], str | None]] = {
            one.name: (one.id, one.type.parser(one), one.path if one.frame else None)
            for one in writable
            if not one.computed and (one.frame in FRAME_WRITABLE if one.frame else not one.system)
        }

    def read(self, body: Mapping[str, Any]) -> Row:
        """
        :raises UnknownKey: a key that is no field people write
        :raises InvalidRecord: values that do not fit
        """
        values: dict[str, Any] = {}
        frame: dict[str, Any] = {}
        errors: dict[str, FieldValueError] = {}
        fields = self._fields
        for name, raw in body.items():
            if name not in fields:
                raise UnknownKey
            id, parse, system_key = fields[name]
            try:
                value = parse(raw)
            except FieldValueError as fault:
                errors[f"{name}.{fault.path}" if fault.path else name] = fault
                continue
            if system_key:
                frame[system_key] = value
            elif value is not None:
                values[id] = value
        if errors:
            raise InvalidRecord(errors)
        return Row(values, frame, tuple(values))
