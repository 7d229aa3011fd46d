"""The ticker: does every minute what must not be forgotten. Safe to run in several processes at once."""

import logging
import os
import socket
import uuid
from collections.abc import Callable
from typing import Protocol

from pymongo.errors import PyMongoError

from jobs import bell
from jobs.destruction import ring_cases
from jobs.registry import JOBS, Job
from models.audit.sweeps import append_late, sweep_orphan_keys
from models.errors import ArchiveError
from models.lifecycle import slots
from models.operations import runs, uploads
from models.operations.accounting import void_abandoned
from models.operations.holds import finish_stuck
from models.operations.refreshing import refresh_stale
from models.store import Store

TICK_SECONDS = 60.0
REPORT = "ticker"
log = logging.getLogger("dossier.ticker")



def request_due(store: Store, jobs: dict[str, Job] = JOBS) -> int:
    """Insert the runs of slots that are due, of each kind the latest. Returns how many were new."""
    paused, now, made = runs.paused_kinds(store), store.clock.now(), 0
    for kind, job in jobs.items():
        if job.slots is None or kind in paused:
            continue
        slot = slots.latest(job.slots, now, store.clock.zone)
        if slot.at >= runs.since(store, kind):
            made += runs.request_slot(store, kind, slot)
    return made


STEPS: dict[str, Callable[[Store], int]] = {
    "late_entries": append_late,
    "orphan_keys": sweep_orphan_keys,
    "stale_records": refresh_stale,
    "abandoned_numbers": void_abandoned,
    "due_runs": request_due,
    "stuck_holds": finish_stuck,
    "cases": ring_cases,
    "old_uploads": uploads.sweep,
}
"""What a round does, by the name it has in the report."""


class StopSign(Protocol):
    """Says when to end; a `threading.Event` in a test."""

    def is_set(self) -> bool: ...
    def wait(self, seconds: float) -> bool: ...


def tick(store: Store, redis_url: str | None = None) -> dict[str, int]:
    """One round. Returns how much each step found to do, and leaves a report for `/readyz` and `dossier doctor`.

    :param redis_url: the doorbell; None: nobody is rung, runs wait
    """
    done = {name: step(store) for name, step in STEPS.items()}
    done["rings"] = bell.ring_ready(store, redis_url)
    report = {"at": store.clock.now(), "host": socket.gethostname(), "pid": os.getpid(), "done": done}
    store.data.meta.update_one({"_id": REPORT}, {"$set": report}, upsert=True)
    return done


def serve(
    open_store: Callable[[], Store],
    stopped: StopSign,
    every_seconds: float = TICK_SECONDS,
    redis_url: str | None = None,
) -> None:
    """Tick until told to stop. A round that fails is named in the log and the next one comes."""
    store = open_store()
    try:
        while not stopped.is_set():
            try:
                tick(store, redis_url)
            except (PyMongoError, ArchiveError) as fault:
                log.error("round failed: %s %s", type(fault).__name__, uuid.uuid4().hex[:8])
            stopped.wait(every_seconds)
    finally:
        store.audit.close()
