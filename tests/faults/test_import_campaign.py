"""A file is brought in while workers are killed by SIGKILL: each row stands once, and the counts say so.

FULL=1: 60,000 rows and 20 kills; else 8,000 and 3.
"""

import io
import os
import random
import time
from contextlib import suppress

from models.access.door import Door
from models.operations import import_runs, runs, uploads
from models.operations.accounting import void_abandoned
from models.users import Actor
from tests.faults.crew import crew, kill, members
from tests.panel import within

FULL = bool(os.environ.get("FULL"))
ROWS, KILLS = (60_000, 20) if FULL else (8_000, 3)
PATIENCE_SECONDS = 900.0 if FULL else 120.0
BAD = 50
"""Every fiftieth row has no phone number where one should be."""


def text():
    rows = (f"来件公司{turn:06d},{'x' if turn % BAD == 0 else 13800000000 + turn}" for turn in range(ROWS))
    return "customer_name,phone\n" + "\n".join(rows) + "\n"


def test_killed_workers_bring_every_row_in_once(shipped, cast, mongo_url, redis_url, redis):
    door = Door(shipped, cast["service_head"]).open("enterprise")
    upload = uploads.receive(door, io.BytesIO(text().encode()), "来件.csv")
    run_id = import_runs.request(door, upload, dry_run=False)
    rng, killed = random.Random(20261124), 0
    with crew(shipped, mongo_url, redis_url, workers=2, lease=2) as master:
        while killed < KILLS and runs.get(shipped, run_id).open:
            time.sleep(0.1 + rng.random() * (2.0 if FULL else 0.3))
            with suppress(IndexError):
                killed += kill(rng.choice(members(master)))
        assert within(PATIENCE_SECONDS, lambda: not runs.get(shipped, run_id).open)
    ended = runs.get(shipped, run_id)
    good = [f"来件公司{turn:06d}" for turn in range(ROWS) if turn % BAD]
    assert (ended.state, ended.counts["added"], ended.counts["refused"]) == ("done", len(good), ROWS - len(good))
    assert killed == KILLS
    assert sorted(names(shipped)) == good
    told = [row for row, _, _ in import_runs.report(shipped, uploads.find(door, upload.id))]
    assert sorted(told) == sorted(set(told))
    assert len(told) == ROWS - len(good)
    void_abandoned(shipped)
    assert not shipped.data.spool.find_one({"file": uploads.file_of(upload.id)})


def names(store):
    door = Door(store, Actor.system_actor("cli:tests")).open("enterprise")
    ids = [one["_id"] for one in store.data.r_customer.find({"type": "enterprise"}, {"_id": 1})]
    for start in range(0, len(ids), 500):
        yield from (one.title for one in door.named(ids[start : start + 500], [door.compiled.title]))
