"""Records are verified while workers are killed at random moments: every record carries the right outcome.

FULL=1: 100,000 records and 20 kills; else 4,000 and 3, in batches so small that a quick machine is not through
before the last kill.
"""

import os
import random
import time
from contextlib import suppress

from models.access.door import Door
from models.operations import bulk, runs, verification
from models.operations.rules import rules_for
from models.users import Actor
from tests.faults.crew import crew, kill, members
from tests.panel import within

FULL = bool(os.environ.get("FULL"))
RECORDS, KILLS, BATCH, LEASE = (100_000, 20, 200, 6) if FULL else (4_000, 3, 10, 2)
"""A lease must outlast a batch, on a machine that is busy otherwise, too."""
PATIENCE_SECONDS = 900.0 if FULL else 90.0
SYSTEM = Actor.system_actor("cli:tests")
EXPIRED = 7
"""Every seventh document ran out."""


def load(store):
    """The records as a loader brings them in: judged by nobody. Their ids with whether they are to be found."""
    loader = bulk.Loader(Door(store, SYSTEM).open("individual"))
    wrong = {}
    for start in range(0, RECORDS, bulk.BATCH):
        numbers = range(start, min(start + bulk.BATCH, RECORDS))
        rows = [loader.read(body(number)) for number in numbers]
        ids = loader.write(rows)
        wrong |= {id: number % EXPIRED == 0 for id, number in zip(ids, numbers, strict=True)}
    return wrong


def body(number):
    until = "2021-03-31" if number % EXPIRED == 0 else "9999-12-31"
    return {
        "customer_name": f"客户{number:06d}",
        "phone": [{"number": f"138{number:08d}"}],
        "id_document": {"kind": "passport", "number": f"E{number:08d}", "valid_until": until},
    }


def test_killed_workers_leave_every_record_with_the_right_outcome(shipped, mongo_url, redis_url, redis, capsys):
    store, rng = shipped, random.Random(20261124)
    wrong = load(store)
    run_id = runs.request(store, SYSTEM, verification.KIND)
    begun, killed = time.monotonic(), 0
    with crew(store, mongo_url, redis_url, workers=2, lease=LEASE, batch=BATCH) as master:
        while killed < KILLS and runs.get(store, run_id).open:
            assert within(PATIENCE_SECONDS, lambda before=done_of(store, run_id): moved(store, run_id, before))
            time.sleep(rng.random() * (1.0 if FULL else 0.1))
            # Workers, the children that do the work, and now and then the ticker.
            with suppress(IndexError):
                killed += kill(rng.choice(members(master)))
            tell(capsys, f"{killed} kills, {done_of(store, run_id):,} records, {time.monotonic() - begun:.0f} s")
        assert within(PATIENCE_SECONDS, lambda: not runs.get(store, run_id).open)
    seconds = time.monotonic() - begun
    ended = runs.get(store, run_id)
    assert (ended.state, killed) == ("done", KILLS)
    assert_every_outcome(store, wrong)
    tell(capsys, f"{RECORDS:,} records, {killed} kills, {seconds:.0f} s, {ended.epoch} claims")


def tell(capsys, words):
    """Say how far it is, to whoever watches a long campaign."""
    if FULL:
        with capsys.disabled():
            print(f"\n{words}", end="", flush=True)


def done_of(store, run_id):
    return store.data.runs.find_one({"_id": run_id}, {"done": 1})["done"]


def moved(store, run_id, before):
    found = store.data.runs.find_one({"_id": run_id}, {"done": 1, "state": 1})
    return found["done"] > before or found["state"] == "done"


def assert_every_outcome(store, wrong):
    """The oracle looks at the records and tasks alone: by construction it is known what each must carry."""
    door = Door(store, SYSTEM)
    digest = rules_for(door, door.registry.get("individual")).digest
    seen = {}
    for one in store.data.r_customer.find({}, {"d.verification": 1, "rev": 1}):
        stamp = one["d"]["verification"]
        assert (stamp["rev"], stamp["rules"]) == (one["rev"], digest)
        seen[one["_id"]] = [(finding["rule"], finding["reason"]) for finding in stamp["findings"]]
    assert seen == {id: [("id_valid", "expired")] if bad else [] for id, bad in wrong.items()}
    tasks = {one["_id"]: one["state"] for one in store.data.tasks.find({}, {"state": 1})}
    assert tasks == {f"finding:{id}:id_valid": "open" for id, bad in wrong.items() if bad}
