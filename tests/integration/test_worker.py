"""The worker: forks for a job, opens the store there, keeps nothing of a failure that a person could read."""

import os

import pytest
from rq.serializers import JSONSerializer

from jobs import worker
from jobs.worker import PlainWorker, listened, queue
from tests import ringing


@pytest.fixture
def work(redis, store, monkeypatch):
    """Do what waits, in a child as in production."""
    monkeypatch.setattr(worker, "_opener", lambda: store)

    def run():
        queues = [queue(name, redis) for name in worker.QUEUES]
        PlainWorker(queues, connection=redis, serializer=JSONSerializer).work(burst=True, logging_level="ERROR")

    return run


def test_a_job_gets_the_store_in_a_child_and_writes_out_its_log(redis, store, work):
    queue("verify", redis).enqueue(ringing.note, "once")
    work()
    assert store.data.rung.find_one()["pid"] != os.getpid()
    assert store.data.audit_entries.count_documents({"action": "test:ring"}) == 1
    assert store.data.audit_lanes.find_one({})["state"] == "closed"


def test_queues_are_worked_in_their_order(redis, store, work):
    for name in reversed(worker.QUEUES):
        queue(name, redis).enqueue(ringing.note, name)
    work()
    assert [found["_id"] for found in store.data.rung.find().sort("$natural")] == list(worker.QUEUES)


def test_a_failure_leaves_its_class_and_nothing_else(redis, work):
    job = queue("default", redis).enqueue(ringing.fail, "planted")
    work()
    job.refresh()
    assert job.is_failed
    kept = b""
    for key in redis.scan_iter():
        kept += redis.dump(key) or b""
    assert ringing.SECRET.encode() not in kept
    assert b"ValueError" in (job.latest_result().exc_string or "").encode()
    assert ringing.SECRET not in (job.latest_result().exc_string or "")


def test_nobody_listens_when_no_worker_runs(redis):
    assert listened(redis) == set()
    one = PlainWorker([queue("mail", redis)], connection=redis, serializer=JSONSerializer)
    one.register_birth()
    assert listened(redis) == {"mail"}
    one.register_death()
    assert listened(redis) == set()


def test_without_a_worker_there_is_no_store():
    with pytest.raises(RuntimeError):
        worker.store()
