"""The audit log on a real mongod: one chain a process, nothing lost, nothing double, refusal when it cannot write."""

import os
import threading

import pytest

from models.audit.lanes import ensure_indexes, lane_states
from models.audit.log import AuditLog, Entry
from models.errors import Unavailable
from tests.verifying import entries_of, verified_lanes


def entry(n=0, **more):
    return Entry("records:view", "user1", type="enterprise", records=[f"r{n}"], fields=["f_1"], **more)


@pytest.fixture
def refusing(store):
    """Make the collection refuse every entry, until `end` is called."""
    store.data.audit_entries.insert_one({"_id": "x"})
    store.data.audit_entries.delete_one({"_id": "x"})

    def validate(rule):
        store.data.command("collMod", "audit_entries", validator=rule)

    yield lambda on: validate({"never": True} if on else {})
    validate({})


def test_an_entry_stands_when_append_returns(store):
    store.audit.append(entry(1, ref="r1:1", extra={"count": 3}))
    [content] = entries_of(store.data)
    assert content["records"] == ["r1"]
    assert content["ref"] == "r1:1"
    assert content["extra"] == {"count": 3}


def test_a_prepared_body_is_kept_to_the_byte(store):
    body = store.audit.prepare(entry(1, ref="r1:1"))
    store.audit.append(body)
    assert store.data.audit_entries.find_one({"ref": "r1:1"})["body"] == body


def test_a_clean_stop_writes_a_closing_entry(store):
    store.audit.append(entry())
    lane = store.audit.lane
    store.audit.close()
    assert verified_lanes(store.data)[lane][-1]["action"] == "lane:close"
    assert lane_states(store.data) == {lane: "closed"}


def test_after_a_close_the_next_entry_opens_a_new_lane(store):
    store.audit.append(entry())
    store.audit.close()
    store.audit.close()
    store.audit.append(entry())
    assert len(verified_lanes(store.data)) == 2


def test_a_log_without_entries_opens_no_lane(store):
    store.audit.close()
    assert store.data.audit_lanes.count_documents({}) == 0


def test_threads_share_a_lane_without_gap(store):
    threads = [threading.Thread(target=lambda: [store.audit.append(entry(n)) for n in range(50)]) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(verified_lanes(store.data)) == 1
    assert len(entries_of(store.data)) == 800


def test_what_waits_goes_into_few_inserts_and_keeps_its_order(store):
    tickets = [store.audit.submit(entry(n)) for n in range(2500)]
    for ticket in tickets:
        ticket.wait()
    assert [content["records"] for content in entries_of(store.data)] == [[f"r{n}"] for n in range(2500)]


def test_a_refusing_collection_refuses_the_response(store, refusing):
    store.audit.append(entry(1))
    refusing(True)
    for _ in range(3):
        with pytest.raises(Unavailable):
            store.audit.append(entry(2))
    refusing(False)
    store.audit.append(entry(3))
    assert [content["records"] for content in entries_of(store.data)] == [["r1"], ["r3"]]
    assert len(verified_lanes(store.data)) == 1


def test_a_collection_that_refuses_from_the_start_takes_entries_later(store, refusing):
    refusing(True)
    for _ in range(3):
        with pytest.raises(Unavailable):
            store.audit.append(entry(1))
    refusing(False)
    store.audit.append(entry(2))
    assert len(entries_of(store.data)) == 1
    assert store.data.audit_lanes.count_documents({}) == 1


def test_a_fork_opens_a_lane_of_its_own(store):
    store.audit.append(entry(1))
    before = store.audit.lane
    assert before
    child = os.fork()
    if not child:
        os._exit(0 if store.audit.lane is None and store.audit._thread is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.audit.lane == before


def test_indexes_can_be_made_twice(store):
    ensure_indexes(store.data)
    ensure_indexes(store.data)
    store.audit.append(entry(1))


def test_a_body_too_large_is_a_bug_of_the_caller(store):
    with pytest.raises(ValueError, match="split the batch"):
        AuditLog(store.data, store.clock).submit(Entry("x:y", "u", records=["r" * 26] * 200_000))
