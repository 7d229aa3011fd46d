"""Destruction as a job: carries out one case, part by part; the check falls to a later ring, in another process."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from redis import Redis
from rq import get_current_job

from models.lifecycle.cases import DONE, ItemState
from models.operations import cases, destruction, runs
from models.operations.destruction import HANDS_OPEN, Outcome
from models.operations.leases import Lease
from models.store import Store

KIND = "destruction"
WAIT_SECONDS = 2.0
"""A hold on its way, or the lease of a hand that died: looked at again after so long."""


def carry_out(store: Store, lease: Lease) -> bool:
    """Do a part of the case the run names."""
    case_id = lease.params["case"]
    job = get_current_job()
    scanners = [redis_scanner(job.connection)] if job is not None else []
    outcome = destruction.step(
        store, case_id, seconds=lease.part_seconds, lease=_checked(lease), stopping=lease.enough, scanners=scanners
    )
    case = cases.find(store, case_id)
    _tell(lease, case, cases.progress(store, case))
    if outcome == Outcome.WAITING and case["state"] in HANDS_OPEN:
        time.sleep(WAIT_SECONDS)
        return False
    return outcome in (Outcome.DONE, Outcome.WAITING)


def _checked(lease: Lease) -> Callable[[], None]:
    """Asked before every effect; keeps the lease of the run too, where the part lasts."""
    began = [time.monotonic()]

    def check() -> None:
        lease.check()
        if time.monotonic() - began[0] > lease.seconds / 4:
            began[0] = time.monotonic()
            lease.advance()

    return check


def _tell(lease: Lease, case: Mapping[str, Any], progress: Mapping[str, int]) -> None:
    done = sum(count for state, count in progress.items() if ItemState(state) in DONE)
    skipped = progress.get(ItemState.SKIPPED, 0)
    more = {"skipped": skipped - lease.counts.get("skipped", 0)}
    total = (case["manifest"] or {}).get("count")
    lease.advance(done=done - lease.done, total=total, counts={name: n for name, n in more.items() if n})


def ring_cases(store: Store) -> int:
    """Move cases that wait for nobody, and see that every running one has a run. Returns how much was to do."""
    moved = cases.advance_all(store)
    for case_id in destruction.ready(store):
        moved += ensure_run(store, case_id) is not None
    return moved


def ensure_run(store: Store, case_id: str) -> str | None:
    """The run of a case that is to be carried out, asked for where there is none; None: it stands already."""
    if store.data.runs.find_one({"kind": KIND, "params.case": case_id, "state": {"$in": list(runs.OPEN)}}, {"_id": 1}):
        return None
    case = cases.find(store, case_id)
    return runs.request(store, cases.SYSTEM, KIND, {"case": case_id}, id=f"{KIND}@{case_id}.{case['epoch']}")


def redis_scanner(connection: Redis) -> Callable[[Sequence[str]], Mapping[str, int]]:
    """Looks for ids in every key and value of the queue's Redis."""

    def scan(ids: Sequence[str]) -> Mapping[str, int]:
        wanted = {id.encode() for id in ids}
        found: Counter[str] = Counter()
        for key in connection.scan_iter(count=1000):
            for part in (key, *_content(connection, key)):
                if not wanted.isdisjoint(destruction.ID.findall(part)):
                    found["redis"] += 1
        return found

    return scan


def _content(connection: Redis, key: bytes) -> Iterator[bytes]:
    readers: dict[bytes, Callable[[], Any]] = {
        b"string": lambda: [connection.get(key)],
        b"hash": lambda: [part for pair in connection.hgetall(key).items() for part in pair],  # type: ignore[union-attr]
        b"list": lambda: connection.lrange(key, 0, -1),
        b"set": lambda: connection.smembers(key),
        b"zset": lambda: connection.zrange(key, 0, -1),
    }
    read = readers.get(connection.type(key))  # type: ignore[arg-type]
    for part in read() if read else ():
        if part is not None:
            yield bytes(part)
