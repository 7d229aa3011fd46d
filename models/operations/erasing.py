"""The six steps of an item, each over a batch: idempotent, fenced by the epoch of the case, logged before it counts.

1 lock · 2 tombstone (the point of no return: record, tombstone, ledger, condemned key) · 3 key · 4 data · 5 copies ·
6 check, which is in `checking.py` and another process. An item moves to the next state last of all, so a step that
a crash cut short is done again whole, and doing it again changes nothing.

`tombstones`  {_id: record id, case, at, type, archive_no, key_ids, fingerprint, ledger?: line, erased?: true}
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from models.access.destruction_verbs import Mark, Wanted
from models.access.door import Door, TypeDoor
from models.audit.log import Entry
from models.definitions.condition_operators import Filter
from models.errors import N_, KeyStoreFault
from models.lifecycle.cases import ItemState
from models.lifecycle.manifest import fingerprint
from models.lifecycle.retention import is_due
from models.operations.holds import being_placed, standing_filters
from models.operations.keeping import WORKER, forget_names, references, system_door
from models.operations.minimums import under_minimum
from models.operations.restoring import note_ledger
from models.operations.stubbing import stub_all
from models.store import Store

Item = Mapping[str, Any]
SAMPLES = 128
"""Sealed values a case keeps as they were stored, to prove that they no longer open."""
DUPLICATE_KEY = 11000


class Waiting(Exception):
    """Something has to be over first; nothing was changed."""


@dataclass
class Work:
    """One worker's hand on one case."""

    store: Store
    case: Mapping[str, Any]
    mark: Mark
    still: Callable[[], None] = lambda: None
    """Prolongs the lease; raises where it is lost, before an effect."""
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.door = system_door(self.store)

    def log(self, step: str, ids: Sequence[str], **extra: Any) -> None:
        """The entry of a batch, before its items move on."""
        told = {"case": self.mark.case, "count": len(ids), **extra}
        entry = Entry(f"destruction:{step}", WORKER.id, type=self.case["base"], records=ids, extra=told)
        self.store.audit.append(entry)

    def moved(self, items: Iterable[Item], source: ItemState, target: ItemState, **changes: Any) -> None:
        """Items to their next state, where they are still in the one before and in this hand."""
        ids = [one["_id"] for one in items]
        if ids:
            where = {"_id": {"$in": ids}, "state": source, "epoch": self.mark.epoch}
            self.store.data.case_items.update_many(where, {"$set": {"state": target, **changes}})

    def skip(self, lost: Mapping[str, Sequence[Item]], source: ItemState) -> None:
        """Leave items as they are, each with its reason; their locks are taken off."""
        for reason, items in lost.items():
            for records, some in self.by_base(items):
                records.release(ids_of(some), self.mark)
            self.log("skip", ids_of(items), reason=reason)
            self.moved(items, source, ItemState.SKIPPED, reason=reason)

    def by_base(self, items: Iterable[Item]) -> Iterator[tuple[TypeDoor, list[Item]]]:
        """Items collection by collection."""
        bases: dict[str, list[Item]] = {}
        for one in items:
            bases.setdefault(one["base"], []).append(one)
        for base, some in bases.items():
            yield self.door.open(base), some

    def by_kind(self, items: Iterable[Item]) -> Iterator[tuple[TypeDoor, list[Item], list[Filter]]]:
        """Items kind by kind, with what holds by condition ask of the kind."""
        kinds: dict[tuple[str, str], list[Item]] = {}
        for one in items:
            kinds.setdefault((one["base"], one["type"]), []).append(one)
        for (base, kind), some in kinds.items():
            records = self.door.open(base)
            yield records, some, standing_filters(self.store, records, self.door.registry.get(kind))

    def wait_for_holds(self, items: Iterable[Item]) -> None:
        """:raises Waiting: a hold is on its way to records of these collections"""
        if any(being_placed(self.store, base) for base in {one["base"] for one in items}):
            raise Waiting


def ids_of(items: Iterable[Item]) -> list[str]:
    """The records of some items."""
    return [one["record"] for one in items]


def _wanted(items: Iterable[Item]) -> list[Wanted]:
    return [
        Wanted(one["record"], one["rev"], (one["due_on"], one["rule"]) if one["rule"] else None) for one in items
    ]


# 1 lock


def lock(work: Work, items: Sequence[Item]) -> None:
    """Nobody changes these records any more; every condition is asked in the same compare-and-set."""
    work.wait_for_holds(items)
    hindered = _hindered(work, items)
    free = [one for one in items if one["_id"] not in hindered]
    won = _locked(work, free)
    lost = _why_not(work, [one for one in free if one["record"] not in won], hindered)
    lost |= _with_their_groups(items, lost)
    kept = [one for one in free if one["_id"] not in lost]
    work.still()
    work.skip(_by_reason(items, lost), ItemState.PENDING)
    if not kept:
        return
    _keep_samples(work, kept)
    work.log("lock", ids_of(kept))
    work.moved(kept, ItemState.PENDING, ItemState.LOCKED)


def _locked(work: Work, items: Sequence[Item]) -> set[str]:
    won: set[str] = set()
    for records, some, unless in work.by_kind(items):
        work.still()
        won |= records.lock(_wanted(some), work.mark, work.store.clock.now(), unless)
    return won


def _hindered(work: Work, items: Iterable[Item]) -> dict[str, str]:
    """Items whose rule is no longer the one they were listed under, or which are not due: id → reason."""
    rules: dict[str, Any] = {}
    today = work.store.clock.today()
    found = {}
    for one in items:
        if not one["rule"]:
            continue
        if one["rule"] not in rules:
            rules[one["rule"]] = work.store.data.retention_rules.find_one({"_id": one["rule"]}) or {}
        rule = rules[one["rule"]]
        if rule.get("version") != one["rule_version"] or not rule.get("period") or not rule.get("active", True):
            found[one["_id"]] = "rule_changed"
        elif not is_due(one["due_on"], today):
            found[one["_id"]] = "not_due"
    return found | _under_minimum(work, items)


def _under_minimum(work: Work, items: Iterable[Item]) -> dict[str, str]:
    """Asked again, for a minimum may have been set or lengthened since; parts follow what they belong to."""
    if work.case["authority"] != "request":
        return {}
    kinds: dict[str, list[Item]] = {}
    for one in items:
        if not one["part_of"]:
            kinds.setdefault(one["type"], []).append(one)
    kept: set[str] = set()
    for name, some in kinds.items():
        kept |= under_minimum(work.store, work.door, work.door.registry.get(name), ids_of(some))
    return {one["_id"]: "legal_minimum" for one in items if one["record"] in kept}


def _why_not(work: Work, items: Sequence[Item], hindered: Mapping[str, str]) -> dict[str, str]:
    """Item id → why its record was not won."""
    lost = dict(hindered)
    for records, some in work.by_base(items):
        frames = records.frames(ids_of(some))
        lost |= {one["_id"]: _reason(frames.get(one["record"]), one, work.mark.case) for one in some}
    return lost


def _reason(frame: Mapping[str, Any] | None, item: Item, case: str) -> str:
    if frame is None:
        return "gone"
    life = frame["life"]
    asked = (
        ("gone", life.get("condemned")),
        ("held", life.get("hold_count")),
        ("changed", frame["rev"] != item["rev"]),
        ("restricted", life.get("restricted")),
        ("not_due", item["rule"] and (life.get("due_on"), life.get("class")) != (item["due_on"], item["rule"])),
        ("locked", (life.get("lock") or {}).get("case") not in (None, case)),
    )
    # What is left is a hold by condition, which stands in no record.
    return next((reason for reason, holds in asked if holds), "held")


def _with_their_groups(items: Iterable[Item], lost: Mapping[str, str]) -> dict[str, str]:
    """What belongs together is left together."""
    groups = {one["group"] for one in items if one["_id"] in lost and not one["alone"]}
    return {one["_id"]: "part" for one in items if one["group"] in groups and one["_id"] not in lost}


def _by_reason(items: Iterable[Item], lost: Mapping[str, str]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for one in items:
        if one["_id"] in lost:
            found.setdefault(lost[one["_id"]], []).append(one)
    return found


def _keep_samples(work: Work, items: Iterable[Item]) -> None:
    """One sealed value of every so many records, as it is stored."""
    every = max(1, work.case["manifest"]["count"] // SAMPLES)
    writes = []
    for records, some in work.by_base(one for one in items if one["n"] % every == 0):
        kept = records.samples(ids_of(some))
        writes += [
            UpdateOne({"_id": one["_id"]}, {"$set": {"sample": kept[one["record"]]}})
            for one in some
            if one["record"] in kept
        ]
    if writes:
        work.store.data.case_items.bulk_write(writes, ordered=False)


# 2 tombstone


def tombstone(work: Work, items: Sequence[Item]) -> None:
    """The point of no return, for each record by itself and for what belongs together at once."""
    work.wait_for_holds(items)
    gone = _condemned(work, items)
    fresh = [one for one in items if one["record"] not in gone]
    hindered = _hindered(work, fresh)
    free = [one for one in fresh if one["_id"] not in hindered]
    won = _mine(work, free)
    # Locks of an earlier epoch are taken over; every condition is asked again by the compare-and-set that condemns.
    won |= _locked(work, [one for one in free if one["record"] not in won])
    lost = hindered | {one["_id"]: "" for one in free if one["record"] not in won}
    lost |= _with_their_groups(fresh, lost)
    ready = [one for one in free if one["_id"] not in lost]
    _condemn(work, ready)
    gone |= _condemned(work, ready)
    left = [one for one in fresh if one["record"] not in gone]
    reasons = {id: reason for id, reason in lost.items() if reason}
    why = _why_not(work, [one for one in left if one["_id"] not in reasons], reasons)
    condemned = [one for one in items if one["record"] in gone]
    if condemned:
        _bury(work, condemned)
        work.log("tombstone", ids_of(condemned))
    work.skip(_by_reason(left, why), ItemState.LOCKED)
    work.moved(condemned, ItemState.LOCKED, ItemState.TOMBSTONED)


def _mine(work: Work, items: Iterable[Item]) -> set[str]:
    found: set[str] = set()
    for records, some in work.by_base(items):
        found |= records.locked_by(ids_of(some), work.mark)
    return found


def _condemned(work: Work, items: Iterable[Item]) -> set[str]:
    found: set[str] = set()
    for records, some in work.by_base(items):
        found |= records.condemned_by(ids_of(some), work.mark.case)
    return found


def _condemn(work: Work, items: Sequence[Item]) -> None:
    alone = [one for one in items if one["alone"]]
    now = work.store.clock.now()
    for records, some, unless in work.by_kind(alone):
        work.still()
        records.condemn(_wanted(some), work.mark, now, unless)
    groups: dict[str, list[Item]] = {}
    for one in items:
        if not one["alone"]:
            groups.setdefault(one["group"], []).append(one)
    for some in groups.values():
        work.still()
        _condemn_together(work, some)


class _NotAll(Exception):
    """One of a group could not be condemned: the others are not either."""


def _condemn_together(work: Work, items: Sequence[Item]) -> None:
    now = work.store.clock.now()

    def body(session: Any) -> None:
        for records, some, unless in work.by_kind(items):
            records.condemn(_wanted(some), work.mark, now, unless, session)
            if len(records.condemned_by(ids_of(some), work.mark.case, session)) < len(some):
                raise _NotAll

    try:
        with work.store.data.client.start_session() as session:
            session.with_transaction(body)
    except _NotAll:
        return


def _bury(work: Work, items: Sequence[Item]) -> None:
    """Tombstone records, their line in the ledger, and keys that only this case can delete."""
    case, now, tombs = work.mark.case, work.store.clock.now(), work.store.data.tombstones
    _insert_tombstones(work, items)
    unwritten = {one["_id"] for one in tombs.find({"_id": {"$in": ids_of(items)}, "ledger": None}, {"_id": 1})}
    new = [one for one in items if one["record"] in unwritten]
    if new:
        work.still()
        revoked = [(one["record"], one["key"], fingerprint(one["record"], one["key"], case)) for one in new]
        head = work.store.ledger.append(case, revoked, now)
        tombs.update_many({"_id": {"$in": ids_of(new)}, "ledger": None}, {"$set": {"ledger": head.n}})
        note_ledger(work.store, head.n, head.hash)
    work.store.keyring.condemn(case, {one["record"]: one["key"] for one in items if one["key"]})


def _insert_tombstones(work: Work, items: Sequence[Item]) -> None:
    case, now = work.mark.case, work.store.clock.now()
    writes = []
    for one in items:
        told = {"case": case, "at": now, "type": one["type"], "archive_no": one["archive_no"]}
        told |= {"key_ids": [one["key"]] if one["key"] else []}
        told |= {"fingerprint": fingerprint(one["record"], one["key"], case)}
        writes.append(UpdateOne({"_id": one["record"]}, {"$setOnInsert": told}, upsert=True))
    try:
        work.store.data.tombstones.bulk_write(writes, ordered=False)
    except BulkWriteError as fault:  # two upserts of one id at once: the other has made it
        if any(one["code"] != DUPLICATE_KEY for one in fault.details["writeErrors"]):
            raise


# 3 key


def delete_keys(work: Work, items: Sequence[Item]) -> None:
    """Delete the keys of records that have tombstone and ledger line. From here on nothing opens any more."""
    ids = ids_of(items)
    buried = {"_id": {"$in": ids}, "case": work.mark.case, "ledger": {"$gt": 0}}
    if work.store.data.tombstones.count_documents(buried) < len(ids):
        raise KeyStoreFault(N_("A record has no tombstone or no line in the ledger. Its key was left as it is."))
    work.still()
    work.store.keyring.delete_condemned(work.mark.case, ids)
    work.log("key", ids)
    work.moved(items, ItemState.TOMBSTONED, ItemState.KEY_GONE)


# 4 data


def delete_data(work: Work, items: Sequence[Item]) -> None:
    """Delete records, revisions, search tokens with them, and what names a record beside them."""
    ids = ids_of(items)
    for records, some in work.by_base(items):
        work.still()
        records.erase(ids_of(some), work.mark.case)
    forget_names(work.store, ids)
    work.store.data.tombstones.update_many({"_id": {"$in": ids}}, {"$set": {"erased": True}})
    work.log("data", ids)
    work.moved(items, ItemState.KEY_GONE, ItemState.DATA_GONE)


# 5 copies


def clear_copies(work: Work, items: Sequence[Item]) -> None:
    """References become stubs; what was copied through them is emptied, in revisions too."""
    touched: Counter[str] = Counter()
    for base in sorted({one["base"] for one in items}):
        ids = ids_of(one for one in items if one["base"] == base)
        for holder, kind, reference in references(work.door, "link", base):
            work.still()
            touched[kind.name] += stub_all(holder, kind, reference, ids, work.mark.case)
    work.log("copies", ids_of(items), stubs=sum(touched.values()))
    work.moved(items, ItemState.DATA_GONE, ItemState.COPIES_GONE)


def clear_history(work: Work) -> None:
    """Once a case, for no index leads there: copies in versions that referred to a record then and no longer do."""
    listed = {"case": work.mark.case, "listing": work.case["manifest"]["listing"], "state": ItemState.COPIES_GONE}
    for base in work.store.data.case_items.distinct("base", listed):
        ids = work.store.data.case_items.distinct("record", {**listed, "base": base})
        for holder, kind, reference in references(work.door, "link", base):
            work.still()
            holder.clear_history(kind, reference, ids)


STEPS: Mapping[ItemState, Callable[[Work, Sequence[Item]], None]] = {
    ItemState.DATA_GONE: clear_copies,
    ItemState.KEY_GONE: delete_data,
    ItemState.TOMBSTONED: delete_keys,
    ItemState.LOCKED: tombstone,
    ItemState.PENDING: lock,
}
"""What is done next to an item in a state; what has come farthest goes first."""
