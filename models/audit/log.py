"""The audit log as one process writes it: a lane, and one thread that writes at once whatever waits.

No timer: what arrives while an insert is under way goes into the next one, ordered and majority-acknowledged.
"""

import atexit
import os
import threading
import time
import weakref
from collections import deque
from contextlib import suppress
from typing import Any

from pymongo.database import Database
from pymongo.errors import PyMongoError

from models.audit.entries import Entry, with_projections
from models.audit.lanes import Lane
from models.errors import Unavailable
from models.store import Clock

__all__ = ["AuditLog", "Entry", "Ticket"]

BATCH_ENTRIES = 1000
MAX_BATCHES = 100
HEARTBEAT_SECONDS = 30
PATIENCE_SECONDS = 8.0
CLOSE_SECONDS = 3.0
"""What a stopping process gives its last words: `dossier up` ends everything within 10 s."""


class _Batch:
    """Entries that go into one insert."""

    __slots__ = ("done", "entries", "standing")

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.done = threading.Event()
        self.standing = 0


class Ticket:
    """A place in the queue. `wait` before the answer leaves."""

    __slots__ = ("_batch", "_place", "_seconds")

    def __init__(self, batch: _Batch, place: int, seconds: float):
        self._batch, self._place, self._seconds = batch, place, seconds

    def wait(self) -> None:
        """Return when a majority holds the entry.

        :raises Unavailable: it is not known to stand: refuse what it is about
        """
        if not self._batch.done.wait(self._seconds) or self._place >= self._batch.standing:
            raise Unavailable


class AuditLog:
    """Appends entries. The lane opens with the first one, in the process that writes it; a fork opens its own.

    :param lane_name: what kind of process this is (web, worker, cli …), for people
    :param patience: seconds an entry is sent again before its callers are refused
    """

    def __init__(self, db: Database, clock: Clock, lane_name: str | None = None, patience: float = PATIENCE_SECONDS):
        self._db, self._clock = db, clock
        self._name = lane_name or "process"
        self._patience = patience
        self._forget()
        _LOGS.add(self)

    def _forget(self) -> None:
        """Begin as in a new process: threads, locks and waiting entries belong to the old one."""
        self._wake = threading.Condition()
        self._batches: deque[_Batch] = deque()
        self._thread: threading.Thread | None = None
        self._lane: Lane | None = None
        self._left: str | None = None
        self._closing = False

    def prepare(self, entry: Entry) -> bytes:
        """The body of an entry as of now: what a revision keeps as its outbox and `append` then takes."""
        return entry.body(self._clock.now())

    def append(self, entry: Entry | bytes) -> None:
        """Write an entry (or a prepared body); return when a majority holds it.

        :raises Unavailable: the log does not answer or refuses
        """
        self.submit(entry).wait()

    def submit(self, entry: Entry | bytes) -> Ticket:
        """Hand an entry to the writing thread. Nothing it is about may leave before `Ticket.wait`.

        :raises Unavailable: too much waits already
        """
        part = with_projections(entry if isinstance(entry, bytes) else self.prepare(entry))
        with self._wake:
            if len(self._batches) > MAX_BATCHES:
                raise Unavailable
            if not self._batches or len(self._batches[-1].entries) >= BATCH_ENTRIES:
                self._batches.append(_Batch())
            batch = self._batches[-1]
            batch.entries.append(part)
            ticket = Ticket(batch, len(batch.entries) - 1, self._patience + 4)
            if self._thread is None or not self._thread.is_alive():
                self._start()
            self._wake.notify()
        return ticket

    def close(self) -> None:
        """Write what waits, then the closing entry. Safe to repeat; a later entry opens a new lane."""
        with self._wake:
            thread = self._thread
            self._closing = True
            self._wake.notify()
        if thread is not None:
            thread.join(CLOSE_SECONDS + 1)
        atexit.unregister(self.close)

    @property
    def lane(self) -> str | None:
        """The id of the open lane of this process."""
        return self._lane.id if self._lane else None

    # the writing thread

    def _start(self) -> None:
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def _run(self) -> None:
        seen = time.monotonic()
        while (batch := self._next()) is not None:
            if batch.entries:
                self._write(batch)
            if self._lane and time.monotonic() - seen > HEARTBEAT_SECONDS:
                seen = time.monotonic()
                self._say_alive()

    def _next(self) -> _Batch | None:
        """What waits; an empty batch when nothing came for a while; None when it is over and closed."""
        with self._wake:
            if not self._batches and not self._closing:
                self._wake.wait(HEARTBEAT_SECONDS)
            if self._batches:
                return self._batches.popleft()
            if not self._closing:
                return _Batch()
        self._finish()
        with self._wake:
            if self._batches:  # an entry came while the lane was being closed: it opens the next lane
                self._closing = False
                return self._batches.popleft()
            self._thread = None
            return None

    def _write(self, batch: _Batch) -> None:
        try:
            lane = self._open_lane()
            if lane:
                batch.standing = lane.write(batch.entries, self._patience)
        finally:
            batch.done.set()

    def _open_lane(self) -> Lane | None:
        """The lane of this process; a new one where the last one ended in doubt."""
        if self._lane and not self._lane.sound:
            self._left, self._lane = self._lane.id, None
        if not self._lane:
            self._lane = Lane(self._db, self._name, self._left)
        return self._lane if self._lane.open(self._clock, self._patience) else None

    def _say_alive(self) -> None:
        with suppress(PyMongoError):  # the next entry or the next heartbeat will tell
            self._lane.seen()  # type: ignore[union-attr]

    def _finish(self) -> None:
        lane, self._lane = self._lane, None
        if lane and lane.sound and lane.size:
            with suppress(PyMongoError):  # then it stays without its closing mark and is told abandoned
                lane.close(self._clock, CLOSE_SECONDS)


_LOGS: "weakref.WeakSet[AuditLog]" = weakref.WeakSet()


def _after_fork() -> None:
    for audit in list(_LOGS):
        audit._forget()


os.register_at_fork(after_in_child=_after_fork)
