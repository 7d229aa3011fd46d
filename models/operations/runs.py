"""Runs of jobs: one document each, moved by compare-and-set under a lease, so that a queue need only ring.

`runs`          {_id: "<kind>@<slot>" | random, kind, state, due_at, ready_at, asked_by, params, epoch,
                lease: {until, worker} | null, tries, done, total, counts, errors, last_error, cursor, cancel,
                started_at, finished_at}
`job_settings`  {_id: kind, since, paused, by, at}

Nothing in them is a value of a record: ids, numbers, short words and class names of errors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models.cursors import open_cursor, seal_cursor
from models.errors import N_, MalformedQuery, RecordNotFound, WrongState
from models.lifecycle.slots import Slot
from models.operations.changes import allowed, committed, entry_for
from models.operations.leases import FREE, LONG_AGO, OPEN, Cancelled, Lease, LeaseLost, NotReady, claim, runs_of
from models.store import Store, new_id
from models.users import Actor

__all__ = ["OPEN", "Cancelled", "Lease", "LeaseLost", "NotReady", "Run", "RunPage", "claim"]

VIEW, MANAGE = "jobs:view", "jobs:manage"
STATES = ("waiting", "running", "done", "failed", "cancelled")
TICKER = Actor.system_actor("job:ticker")
WORD = re.compile(r"[A-Za-z0-9_.:@/,+-]{0,128}")
MOST_READY = 500


@dataclass(frozen=True, slots=True)
class Run:
    """A run as pages and REST show it."""

    id: str
    kind: str
    state: str
    due_at: datetime
    asked_by: str
    params: Mapping[str, Any]
    done: int
    total: int | None
    counts: Mapping[str, int]
    errors: Mapping[str, int]
    last_error: Mapping[str, Any] | None
    epoch: int
    tries: int
    worker: str | None
    ready_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel: bool

    @property
    def open(self) -> bool:
        """Whether it may still change."""
        return self.state in OPEN

    @property
    def share(self) -> int | None:
        """Percent done, where it is known how much there is."""
        return min(100, self.done * 100 // self.total) if self.total else None


@dataclass(frozen=True)
class RunPage:
    """Some runs, the latest first, and the mark of the next page."""

    runs: list[Run]
    next: str | None


def ensure_indexes(store: Store) -> None:
    """What the ticker and the pages ask for."""
    store.data.runs.create_index([("state", 1), ("ready_at", 1)])
    store.data.runs.create_index([("kind", 1), ("due_at", -1), ("_id", -1)])
    store.data.runs.create_index([("due_at", -1), ("_id", -1)])


# verbs


def request(
    store: Store, actor: Actor, kind: str, params: Mapping[str, Any] | None = None, *, id: str | None = None
) -> str:
    """Ask for a run. The caller has judged that the actor may; who does the work asks again.

    :param params: ids, numbers and short words
    :param id: the same id is the same run: asking twice makes one; None: a new one
    :returns: the id of the run
    """
    asked = _checked(params or {})
    run_id = id or new_id()
    _insert(store, actor, _fresh(run_id, kind, store.clock.now(), actor, asked))
    return run_id


def run_now(store: Store, actor: Actor, kind: str, params: Mapping[str, Any] | None = None) -> str:
    """Ask for a run of a scheduled kind out of its turn.

    :raises AccessDenied: without `jobs:manage`
    """
    allowed(actor, store, MANAGE)
    return request(store, actor, kind, params)


def request_slot(store: Store, kind: str, slot: Slot) -> bool:
    """Insert the run of a due slot; False: it stands already, whoever computed it.

    Slots of the kind that nobody ever began are covered by this one and end here.
    """
    run_id = f"{kind}@{slot.name}"
    if store.data.runs.find_one({"_id": run_id}, {"_id": 1}):
        return False
    if not _insert(store, TICKER, _fresh(run_id, kind, slot.at, TICKER, {})):
        return False
    unbegun = {"kind": kind, "state": "waiting", "epoch": 0, "asked_by": TICKER.id, "due_at": {"$lt": slot.at}}
    over = {"state": "cancelled", "finished_at": "$$NOW", "counts": {"coalesced": 1}}
    store.data.runs.update_many(unbegun, [{"$set": over}])
    return True


def cancel(store: Store, actor: Actor, run_id: str) -> None:
    """End a run: at once where nobody works on it, else when its worker next looks.

    :raises AccessDenied: without `jobs:manage`
    :raises RecordNotFound: there is none
    :raises WrongState: it is over
    """
    allowed(actor, store, MANAGE)
    end(store, actor, run_id)


def end(store: Store, actor: Actor, run_id: str) -> None:
    """`cancel` for whoever may end a run by another right; the caller has judged it.

    :raises RecordNotFound, WrongState: as `cancel`
    """
    get(store, run_id)
    free = {"state": "cancelled", "finished_at": "$$NOW", "lease": None, "cancel": True}
    held = {"cancel": True}
    sets = {name: {"$cond": [FREE_LEASE, free[name], held.get(name, f"${name}")]} for name in free}

    def write(session: ClientSession) -> None:
        is_open = {"_id": run_id, "state": {"$in": list(OPEN)}}
        if not runs_of(store).update_one(is_open, [{"$set": sets}], session=session).matched_count:
            raise WrongState("over", N_("This run is over."))

    committed(store, entry_for(actor, "jobs:cancel", "runs", [], run=run_id), write, stamp=None)


FREE_LEASE = FREE["$and"][1]


def pause(store: Store, actor: Actor, kind: str) -> None:
    """No run of this kind is begun or gone on with until it is resumed.

    :raises AccessDenied: without `jobs:manage`
    """
    _set_paused(store, actor, kind, "jobs:pause", True)


def resume(store: Store, actor: Actor, kind: str) -> None:
    """What was paused goes on; of the slots left out the latest is made up for.

    :raises AccessDenied: without `jobs:manage`
    """
    _set_paused(store, actor, kind, "jobs:resume", False)


def _set_paused(store: Store, actor: Actor, kind: str, action: str, paused: bool) -> None:
    allowed(actor, store, MANAGE)
    now = store.clock.now()
    sets = {"$set": {"paused": paused, "by": actor.id, "at": now}, "$setOnInsert": {"since": now}}
    entry = entry_for(actor, action, "job_settings", [], job=kind)

    def write(session: ClientSession) -> Any:
        return store.data.job_settings.update_one({"_id": kind}, sets, upsert=True, session=session)

    committed(store, entry, write, stamp=None)


# what stands


def paused_kinds(store: Store) -> frozenset[str]:
    """Kinds that somebody paused."""
    return frozenset(found["_id"] for found in store.data.job_settings.find({"paused": True}, {"_id": 1}))


def since(store: Store, kind: str) -> datetime:
    """From when on slots of this kind count: the first time anybody asked, so that a new installation owes none."""
    fresh = {"$setOnInsert": {"since": store.clock.now(), "paused": False}}
    settings = store.data.job_settings.with_options(codec_options=runs_of(store).codec_options)
    settings.update_one({"_id": kind}, fresh, upsert=True)
    return settings.find_one({"_id": kind})["since"]  # type: ignore[index]


def ready(store: Store) -> list[tuple[str, str]]:
    """(id, kind) of every run that a worker may take now, the longest due first."""
    waiting = {"state": {"$in": list(OPEN)}, "kind": {"$nin": sorted(paused_kinds(store))}, "$expr": FREE}
    found = store.data.runs.find(waiting, {"kind": 1}).sort("due_at", 1).limit(MOST_READY)
    return [(one["_id"], one["kind"]) for one in found]


def find(store: Store, run_id: str) -> Run | None:
    """One run, or None. Whoever shows it has asked who may see it."""
    found = runs_of(store).find_one({"_id": run_id})
    return _run(found) if found else None


def get(store: Store, run_id: str) -> Run:
    """
    :raises RecordNotFound: there is none
    """
    found = find(store, run_id)
    if found is None:
        raise RecordNotFound
    return found


def latest(store: Store, kind: str) -> Run | None:
    """The run of this kind that was due last."""
    found = runs_of(store).find_one({"kind": kind}, sort=[("due_at", -1), ("_id", -1)])
    return _run(found) if found else None


def page(
    store: Store, reader: str, *, kind: str = "", state: str = "", limit: int = 50, after: str | None = None
) -> RunPage:
    """Runs, the latest first.

    :param reader: id of who reads; a page mark is good for nobody else
    :raises MalformedQuery: a page mark of another question, or no such state
    """
    if state and state not in STATES:
        raise MalformedQuery("bad_state", N_("There is no such state."))
    where: dict[str, Any] = {name: value for name, value in (("kind", kind), ("state", state)) if value}
    use = f"runs|{reader}|{kind}|{state}"
    if after:
        match open_cursor(store.secret, use, after):
            case [datetime() as at, str() as id]:
                where = {"$and": [where, {"$or": [{"due_at": {"$lt": at}}, {"due_at": at, "_id": {"$lt": id}}]}]}
            case _:
                raise MalformedQuery("bad_cursor", N_("This page mark belongs to another question. Begin again."))
    found = list(runs_of(store).find(where).sort([("due_at", -1), ("_id", -1)]).limit(limit + 1))
    last = found[limit - 1] if len(found) > limit else None
    mark = seal_cursor(store.secret, use, [last["due_at"], last["_id"]]) if last else None
    return RunPage([_run(one) for one in found[:limit]], mark)


def _insert(store: Store, actor: Actor, document: dict[str, Any]) -> bool:
    """False: a run of this id stands already."""
    entry = entry_for(actor, "jobs:request", "runs", [], run=document["_id"], job=document["kind"])
    try:
        committed(store, entry, lambda session: store.data.runs.insert_one(document, session=session), stamp=None)
    except DuplicateKeyError:
        return False
    return True


def _fresh(run_id: str, kind: str, due_at: datetime, actor: Actor, params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "_id": run_id,
        "kind": kind,
        "state": "waiting",
        "due_at": due_at,
        "ready_at": LONG_AGO,
        "asked_by": actor.id,
        "params": dict(params),
        "epoch": 0,
        "lease": None,
        "tries": 0,
        "done": 0,
        "total": None,
        "counts": {},
        "errors": {},
        "last_error": None,
        "cursor": None,
        "started_at": None,
        "finished_at": None,
        "cancel": False,
    }


def _checked(params: Mapping[str, Any]) -> dict[str, Any]:
    """
    :raises ValueError: something that could be a value of a record
    """
    for value in params.values():
        for one in value if isinstance(value, list | tuple) else (value,):
            if not (one is None or isinstance(one, bool | int) or (isinstance(one, str) and WORD.fullmatch(one))):
                raise ValueError("a run takes ids, numbers and short words only")
    return dict(params)


def _run(found: Mapping[str, Any]) -> Run:
    own: dict[str, Any] = {name: found.get(name) for name in Run.__slots__ if name not in ("id", "worker")}
    return Run(id=found["_id"], worker=(found.get("lease") or {}).get("worker"), **own)
