"""Carrying out a case: `step` does a bounded part, under a lease with an epoch, and may be called at any time.

A case that runs is worked on by one hand at a time. Who comes after a crash takes over with a higher epoch, and
whatever the earlier hand still tries matches nothing. The check is done by a process that has touched nothing.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from pymongo import ReturnDocument

from models.access.destruction_verbs import ID, Mark
from models.audit.ledger import LedgerFault
from models.errors import ArchiveError, KeyStoreFault, StaleRecord
from models.lifecycle.cases import CaseState, ItemState
from models.operations import cases, checking
from models.operations.cases import SYSTEM
from models.operations.erasing import STEPS, Waiting, Work, clear_history
from models.operations.holds import finish_stuck
from models.store import Store, new_id

__all__ = ["HAND", "HANDS_OPEN", "ID", "LeaseLost", "Outcome", "ready", "step"]

S = CaseState
BATCH = 500
PART_SECONDS = 60.0
LEASE_SECONDS = 45
HANDS_OPEN = (S.RUNNING, S.PURGED)
"""States in which a case is worked on."""


class Outcome(StrEnum):
    """What a part has come to."""

    AGAIN = "again"
    """There is more to do: ring again."""
    FRESH = "fresh"
    """What is left to do is for a process that has not worked on this case."""
    WAITING = "waiting"
    """A person, the cooling-off, a hold on its way, or another hand."""
    DONE = "done"
    """Nothing is left to do."""


class LeaseLost(ArchiveError):
    """Another hand has taken the case over: stop."""

    status = 409

    def __init__(self) -> None:
        super().__init__("lease_lost", "another process works on this case")


class _Hand:
    """Names this process, and no other: a fork gets a name of its own."""

    def __init__(self) -> None:
        self.name = new_id()

    def renew(self) -> None:
        self.name = new_id()


HAND = _Hand()
os.register_at_fork(after_in_child=HAND.renew)


def step(
    store: Store,
    case_id: str,
    *,
    seconds: float = PART_SECONDS,
    batch: int = BATCH,
    lease_seconds: float = LEASE_SECONDS,
    scanners: Sequence[checking.Scanner] = (),
    lease: Callable[[], None] = lambda: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Do a part of a case.

    :param seconds: after which it stops between two batches
    :param scanners: look for the records outside the databases (the queue's Redis)
    :param lease: of the run this is done for; raises when it is lost
    :param stopping: asked between two batches: whether to stop before the time is over
    :raises Unavailable: database, key store, ledger or log do not answer: nothing is lost, ring again
    """
    case = cases.advance(store, case_id)
    if case["state"] not in HANDS_OPEN:
        waiting = case["state"] in cases.table.OPEN
        return Outcome.WAITING if waiting else Outcome.DONE
    finish_stuck(store)
    claimed = _claim(store, case, lease_seconds)
    if claimed is None:
        mine = case["state"] == S.PURGED and HAND.name in case["hands"]
        return Outcome.FRESH if mine else Outcome.WAITING
    mark = Mark(case_id, claimed["epoch"])

    def still() -> None:
        lease()
        _prolong(store, claimed, lease_seconds)

    work = Work(store, claimed, mark, still)
    try:
        if claimed["state"] == S.PURGED:
            return _check(work, scanners)
        end = time.monotonic() + seconds
        return _run(work, batch, lambda: stopping() or time.monotonic() > end)
    except (KeyStoreFault, LedgerFault) as fault:
        _stop(work, {"code": fault.code, "words": fault.words, "places": _plain(fault.places)})
        return Outcome.WAITING
    except (LeaseLost, StaleRecord, Waiting):
        return Outcome.WAITING
    finally:
        _let_go(store, claimed)


def _plain(places: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in places.items()}


# the lease


def _claim(store: Store, case: Mapping[str, Any], seconds: float) -> dict[str, Any] | None:
    free = {"$or": [{"lease": None}, {"$expr": {"$lt": ["$lease.until", "$$NOW"]}}]}
    wanted: dict[str, Any] = {"_id": case["_id"], "state": case["state"], **free}
    taken: dict[str, Any] = {"epoch": {"$add": ["$epoch", 1]}, "lease": {"until": _until(seconds), "by": HAND.name}}
    if case["state"] == S.PURGED:
        wanted["hands"] = {"$ne": HAND.name}
    else:
        taken["hands"] = {"$setUnion": ["$hands", [HAND.name]]}
    return store.data.cases.find_one_and_update(wanted, [{"$set": taken}], return_document=ReturnDocument.AFTER)


def _until(seconds: float) -> dict[str, Any]:
    return {"$add": ["$$NOW", int(seconds * 1000)]}


def _prolong(store: Store, claimed: Mapping[str, Any], seconds: float) -> None:
    """:raises LeaseLost: the epoch has moved on, or the case has"""
    mine = {"_id": claimed["_id"], "epoch": claimed["epoch"], "state": claimed["state"]}
    if not store.data.cases.update_one(mine, [{"$set": {"lease.until": _until(seconds)}}]).matched_count:
        raise LeaseLost


def _let_go(store: Store, claimed: Mapping[str, Any]) -> None:
    store.data.cases.update_one({"_id": claimed["_id"], "epoch": claimed["epoch"]}, {"$set": {"lease": None}})


# running


def _run(work: Work, batch: int, over: Callable[[], bool]) -> Outcome:
    while True:
        work.still()
        found = _next(work, batch)
        if found is None:
            return _finish(work)
        state, items = found
        STEPS[state](work, items)
        if over():
            return Outcome.AGAIN


def _next(work: Work, batch: int) -> tuple[ItemState, list[dict[str, Any]]] | None:
    """The batch to work on next: what has come farthest first, groups whole. It is then in this hand alone."""
    listed = {"case": work.mark.case, "listing": work.case["manifest"]["listing"]}
    items = work.store.data.case_items
    for state in STEPS:
        here = {**listed, "state": state}
        found = list(items.find(here, {"group": 1, "alone": 1}).sort("record", 1).limit(batch))
        groups = list({one["group"] for one in found if not one["alone"]})
        if found:
            either = [{"_id": {"$in": [one["_id"] for one in found]}}, {"group": {"$in": groups}}]
            here |= {"$or": either if groups else either[:1], "epoch": {"$not": {"$gt": work.mark.epoch}}}
            items.update_many(here, {"$set": {"epoch": work.mark.epoch}})
            mine = list(items.find({**here, "epoch": work.mark.epoch}).sort("record", 1))
            if not mine:
                raise LeaseLost
            return state, mine
    return None


def _finish(work: Work) -> Outcome:
    """Every item is done as far as this process may."""
    counts = cases.progress(work.store, work.case)
    if not any(counts.get(state) for state in (ItemState.COPIES_GONE, ItemState.CHECKED)):
        ended = {"ended": "nothing_destroyed", "lease": None}
        cases.move(work.store, SYSTEM, work.case, "empty", S.CANCELLED, set=ended)
        return Outcome.DONE
    checking.forget_outboxes(work)
    clear_history(work)
    purged = {"purged_at": work.store.clock.now(), "lease": None}
    cases.move(work.store, SYSTEM, work.case, "purge", S.PURGED, set=purged)
    return Outcome.FRESH


def _check(work: Work, scanners: Sequence[checking.Scanner]) -> Outcome:
    result = checking.check(work, scanners)
    if result["findings"]:
        _stop(work, {"code": "residue", "findings": result["findings"]})
        return Outcome.WAITING
    checked = {"check": result, "lease": None}
    cases.move(work.store, SYSTEM, work.case, "verify", S.VERIFIED_LIVE, set=checked)
    return Outcome.DONE


def _stop(work: Work, fault: Mapping[str, Any]) -> None:
    """To a person's desk."""
    cases.move(work.store, SYSTEM, work.case, "fail", S.NEEDS_HUMAN, set={"fault": dict(fault), "lease": None})


def ready(store: Store) -> list[str]:
    """Cases there is something to do for now."""
    found = store.data.cases.find({"state": {"$in": [*HANDS_OPEN]}}, {"_id": 1}).sort("_id")
    return [one["_id"] for one in found]
