"""The layout of the data by number: ordered, idempotent, resumable steps from one release to the next.

`meta` holds `{_id: "schema", number, installation, moved_at}` and, while a step runs, `{_id: "migrating", until, by}`.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, OperationFailure

from models import attempts, users
from models.audit import lanes
from models.crypto import keys
from models.definitions import stored_types
from models.definitions.compiled import TypeRegistry
from models.definitions.faults import Faults
from models.definitions.index_plan import FIELD_INDEXES
from models.errors import N_, ArchiveError, DefinitionError, Unavailable
from models.operations import cases, holds, runs, spool, tasks, uploads
from models.store import Store, new_id

SCHEMA = "schema"
LEASE = "migrating"
LEASE_SECONDS = 60
PATIENCE_SECONDS = 300.0
DUPLICATE_KEY = 11000


class Step(NamedTuple):
    """One step. `run` may be interrupted anywhere and is then run again from its start: it asks what is left to do."""

    number: int
    name: str
    run: Callable[[Store], None]


def ensure_indexes(store: Store) -> None:
    """Every index of the system's own collections. Harmless when they stand; runs at each start."""
    for make in INDEX_MAKERS:
        make(store)


def ensure_revision_indexes(store: Store) -> None:
    """The timeline of one record. The outbox of a loader's batch, which is no record's, stays outside."""
    store.data.revisions.create_index(
        [("record", 1), ("rev", -1)], partialFilterExpression={"record": {"$exists": True}}
    )


STEPS: tuple[Step, ...] = (Step(1, "the layout of the first release", ensure_indexes),)
INDEX_MAKERS: tuple[Callable[[Store], None], ...] = (
    users.ensure_indexes,
    attempts.ensure_indexes,
    lambda store: lanes.ensure_indexes(store.data),
    lambda store: keys.ensure_indexes(store.keys),
    stored_types.ensure_indexes,
    ensure_revision_indexes,
    cases.ensure_indexes,
    holds.ensure_indexes,
    runs.ensure_indexes,
    tasks.ensure_indexes,
    spool.ensure_indexes,
    uploads.ensure_indexes,
)


def ensure_record_indexes(store: Store, registry: TypeRegistry, *, drop_others: bool = False) -> None:
    """The planned indexes of every record collection. Harmless when they stand.

    :param drop_others: also drop those of fields that are no longer sorted by or unique
    :raises DefinitionFaults: a field that is to be unique has values twice
    """
    faults = Faults()
    for compiled in registry:
        if compiled.name != compiled.base:
            continue
        collection = store.data[compiled.collection]
        standing = collection.index_information()
        for planned in compiled.planned:
            if planned.name in standing and not planned.stands_in(standing):
                collection.drop_index(planned.name)  # other types have the field now: it is made anew
            try:
                collection.create_indexes([planned.model()])
            except OperationFailure as error:
                if error.code != DUPLICATE_KEY:
                    raise
                words = N_("values of this field stand twice: it cannot be unique before they differ")
                faults.add(DefinitionError(f"{compiled.collection}: {planned.name}", words))
        if drop_others:
            _drop_former(collection, {planned.name for planned in compiled.planned})
    faults.raise_if_any()


def missing_record_indexes(store: Store, registry: TypeRegistry) -> list[str]:
    """Planned indexes that do not stand, as `<collection>.<name>`."""
    missing = []
    for compiled in registry:
        if compiled.name == compiled.base:
            standing = store.data[compiled.collection].index_information()
            missing += [f"{compiled.collection}.{one.name}" for one in compiled.planned if not one.stands_in(standing)]
    return missing


def _drop_former(collection: Collection, planned: set[str]) -> None:
    for name in collection.index_information():
        if name.startswith(FIELD_INDEXES) and name not in planned:
            collection.drop_index(name)


def holds_record(store: Store, collection: str, query: Mapping[str, object]) -> bool:
    """Whether any record, in the trash or not, answers a query about which fields and states are in use."""
    return store.data[collection].find_one(query, {"_id": 1}) is not None


class DataTooNew(ArchiveError):
    """A later release wrote these data: this program could damage them."""

    status = 500

    def __init__(self, found: int, known: int):
        words = N_("The data were written by a later release (layout {found}, this program knows {known}). Update it.")
        super().__init__("data_too_new", words, found=found, known=known)


def schema_number(store: Store) -> int:
    """The layout of the data; 0 where nothing was ever set up."""
    found = store.data.meta.find_one({"_id": SCHEMA}) or {}
    return int(found.get("number", 0))


def installation_id(store: Store) -> str:
    """Names this installation for ever (ledger, certificates)."""
    found = store.data.meta.find_one({"_id": SCHEMA}) or {}
    return str(found.get("installation", ""))


def pending(store: Store, steps: tuple[Step, ...] = STEPS) -> list[Step]:
    """The steps still to do, in order.

    :raises DataTooNew: the data are ahead of this program
    """
    number, known = schema_number(store), steps[-1].number
    if number > known:
        raise DataTooNew(number, known)
    return [step for step in steps if step.number > number]


def migrate(store: Store, steps: tuple[Step, ...] = STEPS, told: Callable[[str], None] = lambda sentence: None) -> int:
    """Bring the data to this release. Returns how many steps ran.

    :param told: hears a sentence per step
    :raises DataTooNew: a later release wrote the data
    :raises Unavailable: another process migrates and does not finish
    """
    if not pending(store, steps):
        ensure_indexes(store)
        return 0
    with _alone(store) as renew:
        waiting = pending(store, steps)
        for step in waiting:
            told(f"{step.number}: {step.name}")
            step.run(store)
            _reach(store, step.number)
            renew()
    ensure_indexes(store)
    return len(waiting)


def _reach(store: Store, number: int) -> None:
    """Note that a step is done. Only ever upwards."""
    done = {"$max": {"number": number}, "$set": {"moved_at": store.clock.now()}}
    store.data.meta.update_one({"_id": SCHEMA}, {**done, "$setOnInsert": {"installation": new_id()}}, upsert=True)


@contextmanager
def _alone(store: Store) -> Iterator[Callable[[], None]]:
    """One process migrates; the others wait for it. By server time, so that clocks need not agree."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{new_id()[:6]}"
    end = time.monotonic() + PATIENCE_SECONDS
    while not _claim(store, holder):
        if time.monotonic() > end:
            raise Unavailable(N_("Another process is still changing the layout of the data. Try again later."))
        time.sleep(0.2)
    try:
        yield lambda: _renew(store, holder)
    finally:
        store.data.meta.delete_one({"_id": LEASE, "by": holder})


def _until() -> dict[str, Any]:
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": LEASE_SECONDS}}


def _claim(store: Store, holder: str) -> bool:
    long_ago = {"$setOnInsert": {"until": datetime(2000, 1, 1, tzinfo=UTC)}}
    with suppress(DuplicateKeyError):  # two upserts at once: one has made it
        store.data.meta.update_one({"_id": LEASE}, long_ago, upsert=True)
    lapsed = {"_id": LEASE, "$expr": {"$lt": ["$until", "$$NOW"]}}
    taken = store.data.meta.update_one(lapsed, [{"$set": {"by": holder, "until": _until()}}])
    return taken.matched_count == 1


def _renew(store: Store, holder: str) -> None:
    """Keep the lease for the next step.

    :raises Unavailable: it lapsed and another process has it
    """
    kept = store.data.meta.update_one({"_id": LEASE, "by": holder}, [{"$set": {"until": _until()}}])
    if not kept.matched_count:
        raise Unavailable(N_("Another process has taken over the change of layout."))
