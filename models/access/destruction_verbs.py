"""What holds and destruction do to stored records, by the one door: each a compare-and-set on the record document.

No values pass here, save the ciphertext kept to prove later that it no longer opens. Whoever calls writes the entry
in the log: these verbs are parts of a batch that has one.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bson import Binary
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import ExecutionTimeout

from models.access.actions import Action
from models.access.door_part import DoorPart
from models.access.listing import where_of
from models.access.query import Query
from models.crypto.envelope import is_sealed
from models.definitions.compiled import CompiledType
from models.definitions.condition_operators import Filter
from models.definitions.conditions import Condition, parse_condition
from models.definitions.fields import Field
from models.errors import TooSlow

CHUNK = 500
RAW: CodecOptions = CodecOptions(document_class=RawBSONDocument)
ID = re.compile(rb"(?=([a-z2-7]{26}))")
"""Every id there might be in some bytes, whatever stands beside it."""
CHOOSE_MS = 20_000
"""Somebody waits for it, once in a while."""
FRAME = {"type": 1, "tv": 1, "archive_no": 1, "rev": 1, "state": 1, "dept": 1, "owner": 1, "life": 1}


class Mark(NamedTuple):
    """Whose lock it is: a case, and the epoch of whoever works on it. A later epoch takes over, an earlier never."""

    case: str
    epoch: int


class Wanted(NamedTuple):
    """A record as the manifest has it; it is touched only where it still is so.

    :param due: due day and class for a rule's case, None on request
    """

    id: str
    rev: int
    due: tuple[str, str] | None = None


def _as_listed(one: Wanted) -> Filter:
    still: Filter = {"_id": one.id, "rev": one.rev, "life.hold_count": 0, "life.condemned": None}
    still["life.restricted"] = None
    if one.due is not None:
        still["life.due_on"], still["life.class"] = one.due
    return still


class DestructionVerbs(DoorPart):
    """The part of a `TypeDoor` that holds and destruction use: what a person chooses, and what the system then does."""

    def chosen(self, ids: Sequence[str]) -> list[str]:
        """Those of some records that the actor may view. Whoever calls logs what it is for.

        In the trash or not, whatever else the trash asks for: a hold must reach what is about to go.
        """
        return [one["_id"] for one in self._viewable("_id", ids)]

    def numbered(self, numbers: Sequence[str]) -> list[str]:
        """Ids of the records with some archive numbers, as far as the actor may view them; in the trash or not."""
        return [one["_id"] for one in self._viewable("archive_no", numbers)]

    def _viewable(self, path: str, values: Sequence[str]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(values), CHUNK):
            wanted = {path: {"$in": list(values[start : start + CHUNK])}, "type": {"$in": list(self.by_kind)}}
            for one in self._records.find({**wanted, "life.condemned": None}):
                if self.judge(self.by_kind[one["type"]], Action.VIEW).holds(one):
                    yield one

    def chosen_where(self, where: Mapping[str, Any], most: int) -> list[str]:
        """The records that answer to a condition, as far as the actor may ask it and view them; up to `most`.

        :raises AccessDenied: something in it is not the actor's to ask
        :raises MalformedQuery: a tree that cannot be read
        :raises TooSlow: out of time
        """
        rows = where_of(self, Query(where=where), Action.VIEW)
        try:
            found = self._records.find(rows, {"_id": 1}, limit=most, max_time_ms=CHOOSE_MS)
            return [one["_id"] for one in found]
        except ExecutionTimeout:
            raise TooSlow from None

    def stored_condition(self, where: Mapping[str, Any], kind: CompiledType) -> Condition:
        """A stored condition (field ids) over one kind; for the system, whoever may ask it.

        :raises AccessDenied: the kind has not, or no longer, every field it asks of
        """
        return parse_condition(where, kind.resolve)

    def frames(self, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Everything of some records but their contents, whoever may see them."""
        return {one["_id"]: one for one in self._records.find({"_id": {"$in": list(ids)}}, FRAME)}

    # holds

    def hold(self, ids: Sequence[str], hold: str) -> set[str]:
        """Put a hold on records, locked ones too, up to the tombstone. Safe to repeat; returns those that have it."""
        free = {"_id": {"$in": list(ids)}, "life.condemned": None, "life.holds": {"$ne": hold}}
        self._records.update_many(free, {"$inc": {"life.hold_count": 1}, "$push": {"life.holds": hold}})
        return {one["_id"] for one in self._records.find({"_id": {"$in": list(ids)}, "life.holds": hold}, {"_id": 1})}

    def unhold(self, ids: Sequence[str], hold: str) -> None:
        """Take one hold off again; others stay. Safe to repeat."""
        held = {"_id": {"$in": list(ids)}, "life.holds": hold}
        self._records.update_many(held, {"$inc": {"life.hold_count": -1}, "$pull": {"life.holds": hold}})

    # the six steps

    def lock(self, wanted: Sequence[Wanted], mark: Mark, at: datetime, unless: Sequence[Filter]) -> set[str]:
        """Lock records that are as listed, for a case; a lock of the case itself is taken over.

        :param unless: what holds by condition ask for: a record that answers is not locked
        :returns: ids that this mark has locked
        """
        own = {"life.lock.case": mark.case, "life.lock.epoch": {"$lte": mark.epoch}}
        free: Filter = {"$or": [{"life.lock": None}, own]} | ({"$nor": list(unless)} if unless else {})
        lock = {"$set": {"life.lock": {"case": mark.case, "epoch": mark.epoch, "at": at}}}
        self._records.bulk_write([UpdateOne(_as_listed(one) | free, lock) for one in wanted], ordered=False)
        return self.locked_by([one.id for one in wanted], mark)

    def release(self, ids: Sequence[str], mark: Mark) -> None:
        """Take the lock of a case, of this epoch or an earlier one, off records that were not condemned."""
        own = {"_id": {"$in": list(ids)}, "life.lock.case": mark.case, "life.lock.epoch": {"$lte": mark.epoch}}
        self._records.update_many(own | {"life.condemned": None}, {"$set": {"life.lock": None}})

    def condemn(
        self,
        wanted: Sequence[Wanted],
        mark: Mark,
        at: datetime,
        unless: Sequence[Filter],
        session: ClientSession | None = None,
    ) -> None:
        """The point of no return: mark records that this mark has locked and that still are as listed."""
        own: Filter = {"life.lock.case": mark.case, "life.lock.epoch": mark.epoch}
        own |= {"$nor": list(unless)} if unless else {}
        condemned = {"$set": {"life.condemned": {"case": mark.case, "at": at}}}
        writes = [UpdateOne(_as_listed(one) | own, condemned) for one in wanted]
        self._records.bulk_write(writes, ordered=False, session=session)

    def condemned_by(self, ids: Sequence[str], case: str, session: ClientSession | None = None) -> set[str]:
        """Which of some records a case has condemned."""
        own = {"_id": {"$in": list(ids)}, "life.condemned.case": case}
        return {one["_id"] for one in self._records.find(own, {"_id": 1}, session=session)}

    def locked_by(self, ids: Sequence[str], mark: Mark) -> set[str]:
        """Which of some records this very mark has locked."""
        own = {"_id": {"$in": list(ids)}, "life.lock.case": mark.case, "life.lock.epoch": mark.epoch}
        return {one["_id"] for one in self._records.find(own, {"_id": 1})}

    def samples(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Of each record one sealed value as it is stored: {field, blob}; absent where it has none."""
        kept: dict[str, dict[str, Any]] = {}
        for document in self._records.find({"_id": {"$in": list(ids)}}, {"v": 1}):
            for field_id, value in _cells(document["v"]):
                if is_sealed(value):
                    kept[document["_id"]] = {"field": field_id, "blob": Binary(bytes(value), 128)}
                    break
        return kept

    def erase(self, ids: Sequence[str], case: str) -> None:
        """Delete revisions and records that a case has condemned: the record last, for it says that it may go."""
        mine = list(self.condemned_by(ids, case))
        self._history.delete_many({"record": {"$in": mine}})
        self._records.delete_many({"_id": {"$in": mine}, "life.condemned.case": case})

    def referring(self, kind: CompiledType, field: Field, ids: Sequence[str]) -> list[str]:
        """Ids of the records of a kind that point to some records, stubs included."""
        return [one["_id"] for one in self._records.find(_pointing(kind, field, ids), {"_id": 1})]

    def unfinished(self, kind: CompiledType, field: Field, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Documents of a kind whose reference to these records is no stub yet, or that still hold copies."""
        return list(self._records.find(_pointing(kind, field, ids) | _no_stub(kind, field)))

    def stub(
        self, document: Mapping[str, Any], update: Mapping[str, Any], revision: dict[str, Any] | None, session: Any
    ) -> bool:
        """Write a stub over the document as it was read; False: a person was quicker.

        :param revision: what it makes; None for a record that is locked: nobody changes it, and a list may name its
            revision
        """
        seen = {"_id": document["_id"], "rev": document["rev"]}
        if revision is None:
            seen["life.lock"] = document["life"]["lock"]
        if not self._records.update_one(seen, update, session=session).matched_count:
            return False
        if revision is not None:
            self._history.insert_one(revision, session=session)
        return True

    def empty_history(self, ids: Sequence[str], fields: Sequence[Field]) -> None:
        """Take some fields out of every revision of some records."""
        for start in range(0, len(ids), CHUNK):
            kept = {"record": {"$in": list(ids[start : start + CHUNK])}, "v": {"$exists": True}}
            self._history.update_many(kept, {"$unset": {one.path: "" for one in fields}})

    def clear_history(self, kind: CompiledType, field: Field, ids: Sequence[str]) -> int:
        """Empty what was copied from destroyed records in versions that referred to them then, whatever refers now."""
        copied = copied_fields(kind, field)
        if not copied:
            return 0
        emptied = {"$unset": {one.path: "" for one in copied}}
        return self._history.update_many(_pointing(kind, field, ids), emptied).modified_count

    # what is left

    def remains(self, ids: Sequence[str]) -> dict[str, int]:
        """Where in this collection and among the revisions something of these records still stands: place → count."""
        wanted = {"$in": list(ids)}
        found = {
            self.compiled.collection: self._records.count_documents({"_id": wanted}),
            "revisions": self._history.count_documents({"record": wanted}),
        }
        return {place: count for place, count in found.items() if count}

    def unstubbed(self, kind: CompiledType, field: Field, ids: Sequence[str]) -> int:
        """How many records point to these by what is no stub, or still have copies, in their revisions too."""
        left = self._records.count_documents(_pointing(kind, field, ids) | _no_stub(kind, field))
        copied, referring = copied_fields(kind, field), self.referring(kind, field, ids)
        if copied and referring:
            kept = {"record": {"$in": referring}, "$or": [{one.path: {"$exists": True}} for one in copied]}
            left += self._history.count_documents(kept)
        return left

    def copies_in_history(self, kind: CompiledType, field: Field, ids: Sequence[str]) -> int:
        """How many versions that referred to these records still have what was copied through them."""
        kept = [{one.path: {"$exists": True}} for one in copied_fields(kind, field)]
        return self._history.count_documents(_pointing(kind, field, ids) | {"$or": kept}) if kept else 0

    def elsewhere(self, ids: Sequence[str], spared: Collection[str]) -> Counter[str]:
        """How many documents of every other collection hold one of these ids in any form: collection → count.

        Byte by byte, so that a place nobody thought of is found too. Record collections and the log are asked by
        their indexes.

        :param spared: collections that may, or that are asked by an index
        """
        wanted = {id.encode() for id in ids}
        found: Counter[str] = Counter()
        for name in self.searched(spared):
            raw = self.store.data.get_collection(name, codec_options=RAW)
            for document in raw.find({}, batch_size=1000):
                if not wanted.isdisjoint(ID.findall(document.raw)):
                    found[name] += 1
        return found

    def searched(self, spared: Collection[str]) -> list[str]:
        """The collections that `elsewhere` looks into."""
        names = self.store.data.list_collection_names(filter={"type": "collection"})
        return sorted(one for one in names if not one.startswith(("r_", "audit_", "system.")) and one not in spared)

    def outboxes(self) -> Iterator[dict[str, Any]]:
        """The outboxes of loaded batches: ids of records, as they went into the log."""
        yield from self._history.find({"_id": {"$gte": "batch:", "$lt": "batch;"}}, {"entry": 1})

    def forget_outbox(self, id: str) -> None:
        """Delete the outbox of a batch whose entry stands in the log."""
        self._history.delete_one({"_id": id})

    def children(self, kind: CompiledType, field: Field, ids: Sequence[str]) -> dict[str, str]:
        """Records that are part of these, by a `part_of` reference: their id → the id of what they belong to."""
        found = self._records.find({"type": kind.name, field.path: {"$in": list(ids)}}, {field.path: 1})
        return {one["_id"]: _at(one, field.path) for one in found}


def copied_fields(kind: CompiledType, field: Field) -> list[Field]:
    """The fields of a referring type that hold what came from the target of a reference; also those now off."""
    found = (kind.by_address.get(own) for own, _ in field.copied)
    return [one for one in found if one is not None and not one.frame]


def _pointing(kind: CompiledType, field: Field, ids: Sequence[str]) -> Filter:
    return {"type": kind.name, field.path: {"$in": list(ids)}}


def _no_stub(kind: CompiledType, field: Field) -> Filter:
    kept = [{one.path: {"$exists": True}} for one in copied_fields(kind, field)]
    return {"$or": [{f"d.stubs.{field.id}": None}, *kept]}


def _cells(values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for field_id, value in values.items():
        if isinstance(value, Mapping):
            yield from value.items()
        else:
            yield field_id, value


def _at(document: Mapping[str, Any], path: str) -> Any:
    for part in path.split("."):
        document = document[part]
    return document
