"""The job engine with its processes killed and its queue emptied: nothing lost, nothing done twice."""

import os
import signal
import time
from collections import Counter

import pytest
from rq.registry import FailedJobRegistry
from rq.timeouts import JobTimeoutException

from jobs import bell, registry, ticker, working
from jobs.worker import QUEUES, Alarm, OutOfTime, connect, queue
from models.operations import runs
from models.users import Actor
from tests.faults import planted
from tests.faults.crew import crew, kill, members
from tests.panel import within
from tests.verified import individual, unjudged
from tests.verifying import entries_of

FULL = bool(os.environ.get("FULL"))
SYSTEM = Actor.system_actor("cli:tests")


@pytest.fixture(autouse=True)
def planted_jobs(monkeypatch):
    for kind, job in planted.JOBS.items():
        monkeypatch.setitem(registry.JOBS, kind, job)


@pytest.fixture
def processes(store, mongo_url, redis_url, redis):
    return lambda **how: crew(store, mongo_url, redis_url, **how)


def ask(store, redis, kind="counting", **params):
    run_id = runs.request(store, SYSTEM, kind, params)
    bell.ring(redis, run_id, kind)
    return run_id


def over(store, run_id):
    return lambda: not runs.get(store, run_id).open


def assert_once(store, run_id):
    """Every item counted once, in order, and each effect made under the epoch that counted it."""
    run = runs.get(store, run_id)
    assert (run.state, run.done) == ("done", planted.ITEMS)
    items = [one["item"] for one in store.data.fault_effects.find().sort("_id", 1)]
    assert Counter(items) == Counter(range(1, planted.ITEMS + 1))
    ended = [one for one in entries_of(store.data) if one["action"] == "jobs:done" and one["extra"]["run"] == run_id]
    assert len(ended) == 1


def test_f02_an_orphan_goes_on_and_is_overtaken(store, redis, processes):
    with processes(workers=2) as master:
        run_id = ask(store, redis, sleep_at=3)
        marks = store.data.fault_marks
        assert within(20, lambda: marks.find_one({"what": "asleep"}))
        orphan = marks.find_one({"what": "asleep"})["pid"]
        parent = _parent(orphan)
        assert parent in members(master)
        assert kill(parent)
        assert within(5, lambda: _parent(orphan) != parent), "the child lives on without its worker"
        assert within(30, over(store, run_id))
        assert within(10, lambda: marks.find_one({"what": "awake"}) or not _alive(orphan))
        assert within(5, lambda: not _alive(orphan))
    assert marks.find_one({"what": "awake"})
    assert_once(store, run_id)
    assert {one["epoch"] for one in store.data.fault_effects.find({"pid": orphan})} == {1}
    assert {one["item"] for one in store.data.fault_effects.find({"pid": orphan})} == {1, 2}


def _parent(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _alive(pid):
    return _parent(pid) != 0


def test_f04_losing_all_of_redis_costs_a_round(store, redis, processes):
    with processes(workers=2):
        run_id = ask(store, redis)
        for _ in range(3):
            assert within(20, lambda: store.data.fault_effects.find_one())
            redis.flushdb()
            time.sleep(0.2)
        assert within(30, over(store, run_id))
    assert_once(store, run_id)


def test_f06_a_hundred_rings_and_eight_workers_make_one_effect(store, redis, processes):
    run_id = runs.request(store, SYSTEM, "counting")
    for _ in range(100 if FULL else 24):
        bell.ring(redis, run_id, "counting")
    with processes(workers=8):
        assert within(60, over(store, run_id))
        assert within(60, lambda: not any(queue(name, redis).count for name in QUEUES))
    assert_once(store, run_id)


def test_f07_two_tickers_a_minute_and_a_half_apart(store, redis, processes):
    """Slots have one name whoever computes them: each is inserted once, none before its time by either clock."""
    runs.since(store, "minutely")
    store.data.job_settings.update_one({"_id": "minutely"}, {"$set": {"since": store.clock.now().replace(year=2020)}})
    with processes(workers=0, tickers=(0, 90)):
        assert within(20, lambda: store.data.runs.count_documents({"kind": "minutely"}) >= 2)
        time.sleep(65 if FULL else 1)
    found = list(store.data.runs.find({"kind": "minutely"}))
    assert len({one["due_at"] for one in found}) == len(found)
    asked = [one for one in entries_of(store.data) if one["action"] == "jobs:request"]
    named = Counter(one["extra"]["run"] for one in asked if one["extra"]["job"] == "minutely")
    assert set(named) >= {one["_id"] for one in found}


def test_f09_a_limit_of_time_inside_except_exception(store):
    """What hangs is ended by an alarm that no rule can swallow; the run says so and waits for another try."""
    run_id = runs.request(store, SYSTEM, "hanging")
    with pytest.raises(OutOfTime), Alarm(1, JobTimeoutException):
        working.perform(store, run_id, "hanging")
    run = runs.get(store, run_id)
    assert (run.state, run.errors, run.done) == ("waiting", {"OutOfTime": 1}, 0)
    assert store.data.fault_marks.find_one() is None


def test_f11_no_personal_data_in_a_dump_of_redis(shipped, store, redis, processes):
    name, phone = "欧阳静怡", "13987654321"
    for n in range(5):
        individual(shipped, name=f"{name}{n}", phone=[{"number": phone}])
    unjudged(shipped)
    failing = runs.request(store, SYSTEM, "failing")
    ids = [failing, runs.request(store, SYSTEM, "verification")]
    for run_id, kind in zip(ids, ("failing", "verification"), strict=True):
        bell.ring(redis, run_id, kind)
    kept = [_dump(redis)]
    with processes(workers=1):
        assert within(30, lambda: (kept.append(_dump(redis)), over(store, ids[1])())[1])
        assert within(10, lambda: runs.get(store, failing).errors)
    kept.append(_dump(redis))
    everything = b"".join(kept)
    assert b"run" in everything
    for secret in (name, phone, planted.SECRET, "E12345678", "身份证"):
        assert secret.encode() not in everything
    assert "身份证" not in str(list(store.data.runs.find()))


def _dump(redis):
    return b"".join((key if isinstance(key, bytes) else key.encode()) + (redis.dump(key) or b"")
                    for key in redis.scan_iter())  # fmt: skip


def test_f12_a_queue_emptied_and_everything_failed_requeued(store, redis, processes):
    run_id = runs.request(store, SYSTEM, "counting", {"sleep_at": 3})
    for _ in range(20):
        bell.ring(redis, run_id, "counting")
    queue("default", redis).empty()
    with processes(workers=2):
        marks = store.data.fault_marks
        assert within(20, lambda: marks.find_one({"what": "asleep"}))  # the ticker rang
        os.kill(marks.find_one({"what": "asleep"})["pid"], signal.SIGKILL)
        failed = FailedJobRegistry("default", connection=redis, serializer=queue("default", redis).serializer)
        assert within(20, lambda: failed.get_job_count() > 0)
        for _ in range(3):
            for job_id in failed.get_job_ids():
                failed.requeue(job_id)
            time.sleep(0.2)
        assert within(30, over(store, run_id))
        for job_id in failed.get_job_ids():
            failed.requeue(job_id)
        assert within(10, lambda: queue("default", redis).count == 0)
    assert_once(store, run_id)


def test_without_redis_the_ticker_goes_on(store):
    runs.request(store, SYSTEM, "counting")
    assert bell.ring("unix:///nowhere.sock", "x", "counting") is False
    assert ticker.tick(store, "unix:///nowhere.sock")["rings"] == 0
    assert connect("unix:///nowhere.sock") is not None
