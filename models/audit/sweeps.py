"""What a crash leaves: revisions whose entry never reached the log, keys whose record never came to be.

Called by the ticker, in any number of processes; each call does a bounded part.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from pymongo.read_concern import ReadConcern

from models.audit.entries import Entry, late
from models.audit.watermarks import Watermark, claimed
from models.store import Store

CHUNK = 500
MAX_REVISIONS = 20_000
MAX_KEYS = 50_000
GRACES = {"late_entries": timedelta(seconds=90), "late_entries_again": timedelta(minutes=30)}
"""A revision is looked for twice: soon, when its writer has surely answered or died (a transaction lives 60 s),
and again much later, for writers whose clock lags behind the first pass."""
ORPHAN_AGE = timedelta(minutes=10)


def append_late(store: Store, limit: int = MAX_REVISIONS) -> int:
    """Append the entries that revisions carry and the log lacks, marked late. Returns how many.

    :param limit: revisions looked at in one call and pass
    :raises Unavailable: the log does not answer; the next call goes on from there
    """
    return sum(_append_late(store, name, grace, limit) for name, grace in GRACES.items())


def _append_late(store: Store, name: str, grace: timedelta, limit: int) -> int:
    appended = 0
    revisions = store.data.revisions.with_options(read_concern=ReadConcern("majority"))
    with claimed(store.data, name) as mark:
        while mark and limit > 0:
            found = mark.next(revisions, store.clock.now() - grace, min(CHUNK, limit), ["entry"])
            if not found:
                break
            appended += _append_missing(store, found)
            limit -= len(found)
            if not mark.advance(found[-1]):
                break
    return appended


def _append_missing(store: Store, revisions: Sequence[dict[str, Any]]) -> int:
    bodies = {document["_id"]: bytes(document["entry"]) for document in revisions if document.get("entry")}
    logged = store.data.audit_entries.find({"ref": {"$in": list(bodies)}}, {"ref": True, "_id": False})
    for document in logged:
        bodies.pop(document["ref"], None)
    now = store.clock.now()
    tickets = [store.audit.submit(late(body, now)) for body in bodies.values()]
    for ticket in tickets:
        ticket.wait()
    return len(tickets)


def sweep_orphan_keys(store: Store, limit: int = MAX_KEYS) -> int:
    """Delete data keys whose record exists nowhere. Returns how many.

    Twice ten minutes: a key of that age without a record is marked, and deleted when ten minutes later
    there is still none, so that a writer that slept in between (a laptop closed) has time to finish.
    """
    with claimed(store.data, "orphan_keys") as mark:
        if mark is None:
            return 0
        deleted = _delete_marked(store)
        _mark_orphans(store, mark, limit)
    return deleted


def _mark_orphans(store: Store, mark: Watermark, limit: int) -> None:
    while limit > 0:
        found = mark.next(store.keys.data_keys, store.clock.now() - ORPHAN_AGE, min(CHUNK, limit), [])
        if not found:
            return
        orphans = _without_record(store, [document["_id"] for document in found])
        if orphans:
            marked = {"$set": {"orphan_at": store.clock.now()}}
            store.keys.data_keys.update_many({"_id": {"$in": orphans}}, marked)
        limit -= len(found)
        if not mark.advance(found[-1]):
            return


def _delete_marked(store: Store) -> int:
    ripe = {"orphan_at": {"$lt": store.clock.now() - ORPHAN_AGE}}
    marked = [document["_id"] for document in store.keys.data_keys.find(ripe, {"_id": True}).limit(CHUNK)]
    if not marked:
        return 0
    orphans = _without_record(store, marked)
    kept = set(marked).difference(orphans)
    if kept:
        store.keys.data_keys.update_many({"_id": {"$in": list(kept)}}, {"$unset": {"orphan_at": True}})
    if not orphans:
        return 0
    entry = Entry("keys:sweep", "job:orphan_keys", records=orphans, extra={"count": len(orphans)})
    store.audit.append(entry)
    return store.keyring.drop(orphans)


def _without_record(store: Store, record_ids: Iterable[str]) -> list[str]:
    """Those that stand in no record collection and have no revision. Order kept."""
    missing = [record_id for record_id in record_ids if not _of_upload(store, record_id)]
    for name in store.data.list_collection_names(filter={"name": {"$regex": "^r_"}}):
        present = {found["_id"] for found in store.data[name].find({"_id": {"$in": missing}}, {"_id": True})}
        missing = [record_id for record_id in missing if record_id not in present]
    return [record_id for record_id in missing if not _has_revision(store, record_id)]


def _of_upload(store: Store, key_id: str) -> bool:
    """The key of a file that is to be imported, `import:<upload>.<part>`, belongs to no record."""
    kind, _, file = key_id.partition(":")
    return kind == "import" and store.data.imports.find_one({"_id": file.partition(".")[0]}, {"_id": True}) is not None


def _has_revision(store: Store, record_id: str) -> bool:
    prefix = {"$gte": f"{record_id}:", "$lt": f"{record_id};"}
    return store.data.revisions.find_one({"_id": prefix}, {"_id": True}) is not None
