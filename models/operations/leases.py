"""The right to work on a run: claimed by one compare-and-set, good until it lapses, fenced by its epoch.

All moments are the server's (`$$NOW`). A worker that sleeps, hangs or lives on after its parent was killed keeps its
old epoch: its next write matches nothing, it hears LeaseLost and stops.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from models.operations.changes import committed, entry_for
from models.store import Store
from models.users import Actor

OPEN = ("waiting", "running")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MOST_TRIES = 6
PAUSES = (60, 300, 900, 3600, 4 * 3600)
"""Seconds to wait after the first, second … failure in a row; work that came on in between begins anew."""
COUNT_NAME = re.compile(r"[A-Za-z0-9_:/-]{1,80}")
AWARE: CodecOptions = CodecOptions(tz_aware=True)


class NotReady(Exception):
    """Nobody may work on this run now: it is over, paused until later, or somebody else's."""


class LeaseLost(Exception):
    """The run is no longer this worker's: another has it, or it is over. Write nothing more."""


class Cancelled(LeaseLost):
    """Somebody cancelled the run. The lease still stands: what was begun may be put away, then stop."""


def seconds_from_now(seconds: int) -> dict[str, Any]:
    """An expression: a moment on the server's clock."""
    return {"$add": ["$$NOW", seconds * 1000]}


def runs_of(store: Store) -> Collection:
    """The runs, moments aware."""
    return store.data.runs.with_options(codec_options=AWARE)


FREE = {
    "$and": [
        {"$lte": ["$ready_at", "$$NOW"]},
        {"$lt": [{"$ifNull": ["$lease.until", LONG_AGO]}, "$$NOW"]},
    ]
}
"""An expression: nobody works on it, and it need not wait."""


@dataclass
class Lease:
    """A claimed run.

    :param seconds: how long the lease holds after each `advance`; also how long a part may take before it should end
    :param stopping: asked by `enough`, besides the time: whether this process was told to end
    """

    store: Store
    run_id: str
    kind: str
    epoch: int
    params: Mapping[str, Any]
    cursor: Any
    seconds: int
    asked_by: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    done: int = 0
    total: int | None = None
    part_seconds: float = 60.0
    stopping: Callable[[], bool] = lambda: False
    _began: float = field(default_factory=time.monotonic)

    @property
    def actor(self) -> Actor:
        """The system, acting in this job."""
        return Actor.system_actor(f"job:{self.kind}")

    def enough(self) -> bool:
        """Ask between items: whether this part has lasted long enough and the rest should wait for the next ring."""
        return self.stopping() or time.monotonic() - self._began > self.part_seconds

    def check(self) -> None:
        """Before an effect outside of the run.

        :raises LeaseLost: the run is not ours any more
        :raises Cancelled: it is, but nobody wants it done
        """
        _alive(runs_of(self.store).find_one(self._mine, {"cancel": 1}))

    def advance(
        self,
        *,
        cursor: Any = None,
        done: int = 0,
        total: int | None = None,
        counts: Mapping[str, int] | None = None,
        errors: Mapping[str, int] | None = None,
    ) -> None:
        """Write how far it has come, and keep the lease: one write, only under our epoch.

        :param cursor: where to go on; None leaves it
        :param done: items more than before
        :param counts: word → how many more
        :param errors: class name → how many more
        :raises LeaseLost, Cancelled: as `check`; of a cancelled run the progress still stands
        """
        sets: dict[str, Any] = {"lease.until": seconds_from_now(self.seconds), "tries": 0}
        if cursor is not None:
            sets["cursor"] = {"$literal": cursor}
        if total is not None:
            sets["total"] = total
        more = {"done": done, **_named("counts", counts), **_named("errors", errors)}
        for path, number in more.items():
            if number:
                sets[path] = {"$add": [{"$ifNull": [f"${path}", 0]}, number]}
        found = runs_of(self.store).find_one_and_update(
            self._mine, [{"$set": sets}], {"cancel": 1}, return_document=ReturnDocument.AFTER
        )
        self.cursor = self.cursor if cursor is None else cursor
        _alive(found)

    def finish(self, state: str = "done") -> None:
        """The run is over.

        :param state: done, failed or cancelled
        :raises LeaseLost: it is not ours to end
        """
        ended = {"state": state, "finished_at": "$$NOW", "lease": None}
        self._end(f"jobs:{state}", ended)

    def pause(self) -> None:
        """A bounded part is done; whoever is rung next goes on."""
        if not runs_of(self.store).update_one(self._mine, {"$set": {"lease": None}}).matched_count:
            raise LeaseLost(self.run_id)

    def fail(self, error: str, error_id: str) -> None:
        """A part failed: try again after a while, and after the last try give up.

        :param error: class name, never a text
        :param error_id: the number under which the log knows more
        :raises LeaseLost: it is not ours any more
        """
        found = runs_of(self.store).find_one(self._mine, {"tries": 1}) or {}
        tries = int(found.get("tries") or 0) + 1
        noted: dict[str, Any] = {
            "tries": tries,
            "lease": None,
            f"errors.{error}": {"$add": [{"$ifNull": [f"$errors.{error}", 0]}, 1]},
            "last_error": {"name": error, "id": error_id, "at": "$$NOW"},
        }
        if tries >= MOST_TRIES:
            self._end("jobs:failed", noted | {"state": "failed", "finished_at": "$$NOW"}, error=error, id=error_id)
            return
        wait = PAUSES[min(tries, len(PAUSES)) - 1]
        noted |= {"state": "waiting", "ready_at": seconds_from_now(wait)}
        if not runs_of(self.store).update_one(self._mine, [{"$set": noted}]).matched_count:
            raise LeaseLost(self.run_id)

    @property
    def _mine(self) -> dict[str, Any]:
        return {"_id": self.run_id, "epoch": self.epoch, "state": "running"}

    def _end(self, action: str, sets: Mapping[str, Any], **extra: Any) -> None:
        def write(session: ClientSession) -> None:
            if not runs_of(self.store).update_one(self._mine, [{"$set": sets}], session=session).matched_count:
                raise LeaseLost(self.run_id)

        committed(self.store, entry_for(self.actor, action, "runs", [], run=self.run_id, **extra), write, stamp=None)


def claim(store: Store, run_id: str, worker: str, *, seconds: int) -> Lease:
    """Take the right to work on a run until the lease lapses.

    :param worker: names the process, for people
    :param seconds: how long the lease holds
    :raises NotReady: it is over, waits for later, or somebody else holds it; a cancelled one is ended here
    """
    free = {"_id": run_id, "state": {"$in": list(OPEN)}, "$expr": FREE}
    lapsed = {"$cond": [{"$gt": ["$lease", None]}, 1, 0]}
    sets = {
        "state": "running",
        "epoch": {"$add": ["$epoch", 1]},
        "lease": {"until": seconds_from_now(seconds), "worker": {"$literal": worker}},
        "started_at": {"$ifNull": ["$started_at", "$$NOW"]},
        "tries": {"$add": ["$tries", lapsed]},
    }
    found = runs_of(store).find_one_and_update(free, [{"$set": sets}], return_document=ReturnDocument.AFTER)
    if found is None:
        raise NotReady(run_id)
    lease = Lease(
        store, run_id, found["kind"], found["epoch"], found["params"], found["cursor"], seconds,
        asked_by=found["asked_by"], counts=found["counts"], done=found["done"], total=found["total"],
        part_seconds=min(60.0, seconds / 2),
    )  # fmt: skip
    if found["cancel"] or found["tries"] > MOST_TRIES:
        # A run whose workers die one after the other without coming on is given up, too.
        lease.finish("cancelled" if found["cancel"] else "failed")
        raise NotReady(run_id)
    return lease


def _named(part: str, numbers: Mapping[str, int] | None) -> dict[str, int]:
    for name in numbers or {}:
        if not COUNT_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no word to count by")
    return {f"{part}.{name}": number for name, number in (numbers or {}).items()}


def _alive(found: Mapping[str, Any] | None) -> None:
    if found is None:
        raise LeaseLost
    if found.get("cancel"):
        raise Cancelled
