"""Runs and leases: one worker at a time, fenced by the epoch; retried, cancelled, paused; each verb in the log."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobs import ticker, working
from jobs.registry import Job, by_kind
from models.errors import AccessDenied, RecordNotFound, WrongState
from models.operations import leases, runs
from models.operations.leases import Cancelled, LeaseLost, NotReady, claim
from models.users import Actor
from tests.verifying import entries_of

SYSTEM = Actor.system_actor("cli:tests")
KIND = "counting"
PARTS = []


def part(store, lease):
    """A job for the tests: three parts of two items each."""
    PARTS.append(lease.epoch)
    lease.advance(cursor=(lease.cursor or 0) + 2, done=2, total=6, counts={"passed": 1, "rule_a/failed": 1})
    return lease.cursor >= 6


def broken(store, lease):
    raise ZeroDivisionError("张三的身份证")


JOBS = by_kind(
    Job(KIND, "Counting", "default", 30, "02:00", "tests.integration.test_runs:part"),
    Job("broken", "Broken", "default", 30, None, "tests.integration.test_runs:broken"),
)


@pytest.fixture(autouse=True)
def no_parts():
    PARTS.clear()


def lapse(store, run_id):
    """The lease is over, as when its worker died a while ago."""
    ago = datetime.now(UTC) - timedelta(seconds=1)
    store.data.runs.update_one({"_id": run_id}, {"$set": {"lease.until": ago}})


def actions(store):
    return [one["action"] for one in entries_of(store.data)]


def test_a_run_is_worked_off_in_parts(store):
    run_id = runs.request(store, SYSTEM, KIND, {"type": "enterprise", "limit": 5})
    assert [working.perform(store, run_id, KIND, JOBS) for _ in range(4)] == [True, True, False, False]
    run = runs.get(store, run_id)
    assert (run.state, run.done, run.total, run.share) == ("done", 6, 6, 100)
    assert run.counts == {"passed": 3, "rule_a/failed": 3}
    assert PARTS == [1, 2, 3]
    assert run.started_at < run.finished_at
    assert actions(store) == ["jobs:request", "jobs:done"]


def test_asking_twice_under_one_id_makes_one_run(store):
    for _ in range(2):
        assert runs.request(store, SYSTEM, KIND, id="import:1") == "import:1"
    assert store.data.runs.count_documents({}) == 1
    assert actions(store) == ["jobs:request"]


@pytest.mark.parametrize("params", [{"a": "张三"}, {"a": "x" * 129}, {"a": {"b": 1}}, {"a": 1.5}, {"a": ["+86 138"]}])
def test_what_could_be_a_value_of_a_record_is_no_parameter(store, params):
    with pytest.raises(ValueError, match="ids, numbers"):
        runs.request(store, SYSTEM, KIND, params)


def test_one_worker_at_a_time_and_the_next_when_the_lease_is_over(store):
    run_id = runs.request(store, SYSTEM, KIND)
    first = claim(store, run_id, "w1", seconds=30)
    with pytest.raises(NotReady):
        claim(store, run_id, "w2", seconds=30)
    lapse(store, run_id)
    second = claim(store, run_id, "w2", seconds=30)
    assert (first.epoch, second.epoch) == (1, 2)
    for late in (first.check, first.advance, first.finish, first.pause, lambda: first.fail("E", "1")):
        with pytest.raises(LeaseLost):
            late()
    second.advance(done=1)
    second.finish()
    assert runs.get(store, run_id).done == 1
    with pytest.raises(NotReady):
        claim(store, run_id, "w3", seconds=30)


def test_progress_keeps_the_lease(store):
    run_id = runs.request(store, SYSTEM, KIND)
    lease = claim(store, run_id, "w1", seconds=30)
    lapse(store, run_id)
    lease.advance(done=1)
    with pytest.raises(NotReady):
        claim(store, run_id, "w2", seconds=30)


def test_the_clock_of_a_worker_does_not_matter(store):
    ahead = replace(store, clock=replace(store.clock, offset_seconds=3600))
    run_id = runs.request(store, SYSTEM, KIND)
    claim(store, run_id, "w1", seconds=30)
    with pytest.raises(NotReady):
        claim(ahead, run_id, "w2", seconds=30)


def test_a_failure_keeps_its_class_and_waits_longer_each_time(store):
    run_id = runs.request(store, SYSTEM, "broken")
    for tries in range(1, leases.MOST_TRIES + 1):
        assert not working.perform(store, run_id, "broken", JOBS)
        run = runs.get(store, run_id)
        assert (run.tries, run.errors) == (tries, {"ZeroDivisionError": tries})
        if run.open:
            assert runs.ready(store) == []
            wait = leases.PAUSES[tries - 1]
            assert abs((run.ready_at - datetime.now(UTC)).total_seconds() - wait) < 10
            store.data.runs.update_one({"_id": run_id}, {"$set": {"ready_at": leases.LONG_AGO}})
    assert run.state == "failed"
    assert "张三" not in str(store.data.runs.find_one())
    assert actions(store) == ["jobs:request", "jobs:failed"]


def test_workers_that_die_without_coming_on_are_not_sent_in_for_ever(store):
    run_id = runs.request(store, SYSTEM, KIND)
    for _ in range(leases.MOST_TRIES + 1):
        claim(store, run_id, "w", seconds=30)
        lapse(store, run_id)
    with pytest.raises(NotReady):
        claim(store, run_id, "w", seconds=30)
    assert runs.get(store, run_id).state == "failed"


def test_cancelling(store):
    waiting, held = (runs.request(store, SYSTEM, KIND) for _ in range(2))
    lease = claim(store, held, "w1", seconds=30)
    for run_id in (waiting, held):
        runs.cancel(store, SYSTEM, run_id)
    assert runs.get(store, waiting).state == "cancelled"
    assert runs.get(store, held).state == "running"
    with pytest.raises(Cancelled):
        lease.advance(done=3)
    lease.finish("cancelled")
    run = runs.get(store, held)
    assert (run.state, run.done) == ("cancelled", 3)
    with pytest.raises(WrongState):
        runs.cancel(store, SYSTEM, held)
    with pytest.raises(RecordNotFound):
        runs.cancel(store, SYSTEM, "nothing")


def test_a_cancelled_run_whose_worker_died_ends_at_the_next_ring(store):
    run_id = runs.request(store, SYSTEM, KIND)
    claim(store, run_id, "w1", seconds=30)
    runs.cancel(store, SYSTEM, run_id)
    lapse(store, run_id)
    assert not working.perform(store, run_id, KIND, JOBS)
    assert (runs.get(store, run_id).state, PARTS) == ("cancelled", [])


def test_a_paused_kind_waits(store):
    run_id = runs.request(store, SYSTEM, KIND)
    runs.pause(store, SYSTEM, KIND)
    assert runs.ready(store) == []
    assert not working.perform(store, run_id, KIND, JOBS)
    assert PARTS == []
    runs.resume(store, SYSTEM, KIND)
    assert runs.ready(store) == [(run_id, KIND)]
    assert actions(store) == ["jobs:request", "jobs:pause", "jobs:resume"]


def later(store, **span):
    return replace(store, clock=replace(store.clock, offset_seconds=int(timedelta(**span).total_seconds())))


def test_a_new_installation_owes_no_slot_and_an_outage_leaves_one(store):
    assert ticker.request_due(store, JOBS) == 0
    assert ticker.request_due(later(store, days=1), JOBS) == 1
    assert ticker.request_due(later(store, days=1), JOBS) == 0
    assert ticker.request_due(later(store, days=41), JOBS) == 1
    states = [run.state for run in runs.page(store, "me", kind=KIND).runs]
    assert states == ["waiting", "cancelled"]
    assert actions(store) == ["jobs:request", "jobs:request"]


@pytest.mark.parametrize("verb", [runs.run_now, runs.cancel, runs.pause, runs.resume])
def test_the_verbs_take_the_right_to_manage_jobs(store, cast, verb):
    run_id = runs.request(store, SYSTEM, KIND)
    on = run_id if verb is runs.cancel else KIND
    for name in ("sales", "archivist"):  # who may nothing here, and who may only look
        with pytest.raises(AccessDenied):
            verb(store, cast[name], on)
    verb(store, cast["admin"], on)


def test_pages_of_runs(store):
    ids = [runs.request(store, SYSTEM, KIND) for _ in range(5)]
    found, mark = [], None
    while True:
        page = runs.page(store, "me", limit=2, after=mark)
        found += [run.id for run in page.runs]
        if not (mark := page.next):
            break
    assert sorted(found) == sorted(ids)
