"""What was refused, on its way into the log: each refusal alone up to a pace, beyond it counted together.

A refusal costs its sender nothing, an entry costs the archive a write that stays for years. Somebody who
knocks a thousand times a second leaves an entry for each of the first ones and then one a second that
says how many more there were.
"""

import threading
import time
from dataclasses import dataclass, replace

from models.audit.entries import Entry
from models.audit.log import AuditLog

AT_ONCE = 50
"""Refusals of one actor that are logged alone before the pace holds."""
PER_SECOND = 5.0
QUIET_SECONDS = 2.0
"""A count that waits for so long is written without a next refusal."""
MOST_ACTORS = 10_000


@dataclass
class _Pace:
    left: float
    at: float
    unlogged: int = 0
    last: Entry | None = None


class Refusals:
    """The refusals of one process."""

    def __init__(self, log: AuditLog):
        self._log = log
        self._paces: dict[str, _Pace] = {}
        self._lock = threading.Lock()

    def note(self, entry: Entry) -> None:
        """Log a refusal; returns when the entry stands, at once when it was only counted.

        :raises Unavailable: the log does not answer
        """
        now = time.monotonic()
        with self._lock:
            pace = self._pace(entry.actor, now)
            pace.left = min(AT_ONCE, pace.left + (now - pace.at) * PER_SECOND)
            pace.at = now
            if pace.left < 1:
                pace.unlogged, pace.last = pace.unlogged + 1, entry
                return
            pace.left -= 1
            unlogged, pace.unlogged, pace.last = pace.unlogged, 0, None
        self._log.append(_with_count(entry, unlogged))

    def flush(self) -> None:
        """Log what was only counted and has waited long enough. Cheap where there is nothing."""
        now = time.monotonic()
        waiting = []
        with self._lock:
            for pace in self._paces.values():
                if pace.last is not None and now - pace.at > QUIET_SECONDS:
                    waiting.append(_with_count(pace.last, pace.unlogged - 1))
                    pace.unlogged, pace.last = 0, None
        for entry in waiting:
            self._log.submit(entry)

    def _pace(self, actor: str, now: float) -> _Pace:
        if actor not in self._paces and len(self._paces) >= MOST_ACTORS:
            self._paces = {name: pace for name, pace in self._paces.items() if pace.unlogged}
        return self._paces.setdefault(actor, _Pace(AT_ONCE, now))


def _with_count(entry: Entry, unlogged: int) -> Entry:
    return replace(entry, extra={**entry.extra, "more": unlogged}) if unlogged > 0 else entry
