"""What a ring does: claim the run, do a bounded part of it, say how it went."""

import logging
import os
import signal
import socket
import uuid
from typing import Any

from rq import get_current_job

from jobs import bell, worker
from jobs.registry import JOBS, Job
from models.operations import runs
from models.operations.leases import Cancelled, Lease, LeaseLost, NotReady, claim
from models.store import Store

log = logging.getLogger("dossier.working")
_told_to_end = False


def work(run_id: str) -> None:
    """Do a part of a run, and ring for the rest. Called by RQ, in a child; safe at any time, any number of times."""
    signal.signal(signal.SIGTERM, _end_soon)
    store = worker.store()
    found = runs.find(store, run_id)
    if found is None or not perform(store, run_id, found.kind):
        return
    ringing = get_current_job()
    if ringing is not None and not _told_to_end:
        bell.ring(ringing.connection, run_id, found.kind)


def perform(store: Store, run_id: str, kind: str, jobs: dict[str, Job] = JOBS) -> bool:
    """Do a part of a run where it is ours to do. True: something is left, ring again."""
    job = jobs.get(kind)
    if job is None or kind in runs.paused_kinds(store):
        return False
    try:
        lease = claim(store, run_id, worker_name(), seconds=job.seconds)
    except NotReady:
        return False
    lease.stopping = lambda: _told_to_end
    try:
        return _part(job, store, lease)
    except LeaseLost:
        log.warning("run %s: another worker has it; stopped", run_id)
    return False


def _part(job: Job, store: Store, lease: Lease) -> bool:
    """
    :raises LeaseLost: the run is not ours any more
    """
    try:
        over = job.load()(store, lease)
    except Cancelled:
        lease.finish("cancelled")
        return False
    except LeaseLost:
        raise
    except Exception as fault:  # a bug or a silent server: the run says which, the log under which number
        _failed(lease, fault)
        return False
    except worker.OutOfTime as fault:
        _failed(lease, fault)
        raise
    if over:
        lease.finish()
        return False
    lease.pause()
    return True


def _failed(lease: Lease, fault: BaseException) -> None:
    name, error_id = type(fault).__name__, uuid.uuid4().hex[:8]
    log.error("run %s failed: %s %s", lease.run_id, name, error_id)
    lease.fail(name, error_id)


def worker_name() -> str:
    """Names this process for people."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _end_soon(signum: int, frame: Any) -> None:
    """The worker was told to stop: the part ends at the next item, the run waits for the next worker."""
    global _told_to_end
    _told_to_end = True
