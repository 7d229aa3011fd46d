"""The sixth step: that nothing of the records is left, asked by a process that had no part in it.

Old ciphertext that was kept must not open, for want of the key and for no other reason; and every place where a
record could be named is searched: its collection, revisions, references, what is kept about records, every other
collection of the archive byte by byte, the key store, and what the caller brings (Redis). What is found is cleared
and searched for once more; what then remains goes to a person.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from models.access.destruction_verbs import ID
from models.audit.entries import late
from models.crypto.envelope import unseal
from models.errors import SealBroken
from models.lifecycle.cases import ItemState
from models.operations.erasing import Item, Work, ids_of
from models.operations.keeping import forget_names, named_in, references
from models.operations.stubbing import stub_all
from models.store import Store

Scanner = Callable[[Sequence[str]], Mapping[str, int]]
"""Record ids → place → how often something there names one of them."""
BATCH = 1000
MAY_NAME = frozenset({"tombstones", "certificates", "cases", "case_items", "holds"})
"""Collections that go on naming destroyed records: by their opaque id alone."""
SEARCHED_BY_INDEX = frozenset({"revisions", "idempotency", "tasks"})
SPARED = MAY_NAME | SEARCHED_BY_INDEX


def check(work: Work, scanners: Sequence[Scanner] = ()) -> dict[str, Any]:
    """Check every item that is not yet checked, and the archive as a whole.

    :returns: `items`, `samples`, `cleared` and `findings` {place: count}; without findings all items are checked
    """
    here = {**_listed(work), "state": ItemState.COPIES_GONE}
    work.store.data.case_items.update_many(here, {"$set": {"epoch": work.mark.epoch}})
    items = list(work.store.data.case_items.find(here))
    done = list(work.store.data.case_items.find({**_listed(work), "state": ItemState.CHECKED}, {"record": 1, "key": 1}))
    first = _findings(work, items, scanners)
    cleared = dict(first)
    findings = _again(work, items, scanners) if first else {}
    samples = [one for one in items if one.get("sample")]
    opened = sum(1 for one in samples if _opens(work.store, one))
    if opened:
        findings["samples"] = opened
    told = {"items": len(items) + len(done), "samples": len(samples), "places": sorted(_places(work))}
    told |= {"cleared": cleared, "findings": dict(findings)}
    work.log("check", ids_of(items), findings=sum(findings.values()), samples=len(samples))
    if not findings:
        work.still()
        work.moved(items, ItemState.COPIES_GONE, ItemState.CHECKED)
    return told | {"at": work.store.clock.now()}


def _listed(work: Work) -> dict[str, Any]:
    return {"case": work.mark.case, "listing": work.case["manifest"]["listing"]}


def _opens(store: Store, item: Item) -> bool:
    """Whether kept ciphertext opens; that it fails must be for want of the key."""
    key = store.keyring.fetch([item["record"]]).get(item["record"])
    if key is None:
        return False
    try:
        unseal(key, item["sample"]["field"], bytes(item["sample"]["blob"]))
    except SealBroken:
        return True  # a key stands where none should: not what was meant by "does not open"
    return True


def _findings(work: Work, items: Sequence[Item], scanners: Sequence[Scanner]) -> Counter[str]:
    found: Counter[str] = Counter()
    for start in range(0, len(items), BATCH):
        work.still()
        found.update(_in_their_places(work, items[start : start + BATCH]))
    found.update(_in_history(work, items))
    ids = ids_of(items)
    found.update(work.door.open(work.case["base"]).elsewhere(ids, SPARED))
    for scan in scanners:
        found.update(scan(ids))
    keys = [one["key"] for one in items if one["key"]]
    if standing := work.store.keyring.standing(ids, keys):
        found["key store"] += len(standing)
    return +found


def _in_their_places(work: Work, items: Sequence[Item]) -> Iterator[str]:
    for records, some in work.by_base(items):
        ids = ids_of(some)
        for place, count in records.remains(ids).items():
            yield from [place] * count
        for holder, kind, field in references(work.door, "link", records.compiled.base):
            yield from [f"{kind.name}.{field.id}"] * holder.unstubbed(kind, field, ids)
    for collection, path in named_in(work.store):
        yield from [collection.name] * collection.count_documents({path: {"$in": ids_of(items)}})


def _in_history(work: Work, items: Sequence[Item]) -> Iterator[str]:
    """Versions that referred to the records when they were made; asked once, for no index leads there."""
    for records, some in work.by_base(items):
        for holder, kind, field in references(work.door, "link", records.compiled.base):
            work.still()
            yield from [f"revisions {kind.name}.{field.id}"] * holder.copies_in_history(kind, field, ids_of(some))


def _places(work: Work) -> set[str]:
    """Everything that was searched, for the certificate."""
    bases = {f"r_{one}" for one in work.store.data.case_items.distinct("base", _listed(work))}
    return bases | {*SEARCHED_BY_INDEX, "key store", *work.door.open(work.case["base"]).searched(SPARED)}


def _again(work: Work, items: Sequence[Item], scanners: Sequence[Scanner]) -> Counter[str]:
    """Clear what was found, and look once more."""
    ids = ids_of(items)
    for records, some in work.by_base(items):
        records.erase(ids_of(some), work.mark.case)
        for holder, kind, field in references(work.door, "link", records.compiled.base):
            stub_all(holder, kind, field, ids_of(some), work.mark.case)
            holder.clear_history(kind, field, ids_of(some))
    forget_names(work.store, ids)
    work.store.keyring.delete_condemned(work.mark.case, ids)
    return _findings(work, items, scanners)


# what a loader's batch left


def forget_outboxes(work: Work) -> None:
    """Delete the outboxes of loaded batches that name a destroyed record: their entries stand in the log.

    One whose entry is not there yet is appended first, marked late, as the ticker would.
    """
    gone = set(work.store.data.case_items.distinct("record", {**_listed(work), "state": ItemState.COPIES_GONE}))
    wanted = {id.encode() for id in gone}
    records = work.door.open(work.case["base"])
    for outbox in records.outboxes():
        if wanted.isdisjoint(ID.findall(bytes(outbox["entry"]))):
            continue
        work.still()
        if not work.store.data.audit_entries.find_one({"ref": outbox["_id"]}, {"_id": 1}):
            work.store.audit.append(late(bytes(outbox["entry"]), work.store.clock.now()))
        records.forget_outbox(outbox["_id"])
