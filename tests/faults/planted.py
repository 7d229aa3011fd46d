"""Jobs for the faults: they count, dawdle, fail and hang where the product's own would rather not."""

import os
import time

from jobs.registry import Job, by_kind
from models.operations.leases import Lease
from models.store import Store

ITEMS = 24
PER_PART = 6
SECRET = "王小明的身份证 110101199003070011 电话 13912345678"


def count(store: Store, lease: Lease) -> bool:
    """Items one after the other, an effect each; the first worker over `sleep_at` sleeps past its lease."""
    for item in range((lease.cursor or 0) + 1, ITEMS + 1):
        time.sleep(0.01)
        if item == lease.params.get("sleep_at") and lease.epoch == 1:
            store.data.fault_marks.insert_one({"what": "asleep", "pid": os.getpid()})
            time.sleep(3.0)
            store.data.fault_marks.insert_one({"what": "awake", "pid": os.getpid()})
        lease.check()
        store.data.fault_effects.insert_one({"item": item, "epoch": lease.epoch, "pid": os.getpid()})
        lease.advance(cursor=item, done=1, total=ITEMS)
        if item % PER_PART == 0 and item < ITEMS:
            return False
    return True


def fail(store: Store, lease: Lease) -> bool:
    """Fails with text that no queue and no run may keep."""
    raise ValueError(SECRET)


def hang(store: Store, lease: Lease) -> bool:
    """What an impatient rule does: it swallows everything it can."""
    while True:
        try:
            time.sleep(0.05)
        except Exception:
            store.data.fault_marks.insert_one({"what": "swallowed"})


JOBS = by_kind(
    Job("counting", "Counting", "default", 1, None, "tests.faults.planted:count"),
    Job("failing", "Failing", "default", 5, None, "tests.faults.planted:fail"),
    Job("hanging", "Hanging", "default", 5, None, "tests.faults.planted:hang"),
    Job("minutely", "Minutely", "default", 5, "every 1", "tests.faults.planted:nothing"),
)


def nothing(store: Store, lease: Lease) -> bool:
    """Done at once."""
    return True
