"""What a crash leaves is found: late entries once, orphan keys in the end."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from bson.binary import Binary

from jobs.ticker import tick
from models.audit.lanes import ensure_indexes
from models.audit.log import Entry
from models.audit.sweeps import append_late, sweep_orphan_keys
from models.errors import Unavailable
from tests.verifying import entries_of


def later(store, **span):
    """The same store, seen from later."""
    return replace(store, clock=replace(store.clock, offset_seconds=int(timedelta(**span).total_seconds())))


def revise(store, n, *, logged=False):
    """A revision with its outbox, as a write leaves it; `logged` when the writer lived to append its entry."""
    ref = f"r{n}:1"
    body = store.audit.prepare(Entry("records:edit", "user1", type="enterprise", records=[f"r{n}"], ref=ref))
    store.data.revisions.insert_one({"_id": ref, "at": store.clock.now(), "entry": Binary(body)})
    if logged:
        store.audit.append(body)


def refs(store):
    return sorted(content["ref"] for content in entries_of(store.data))


def test_an_entry_left_out_is_appended_and_marked_late(store):
    revise(store, 1, logged=True)
    revise(store, 2)
    assert append_late(later(store, minutes=2)) == 1
    first, second = entries_of(store.data)
    assert "late" not in first
    assert second["late"] > second["at"]
    assert second["ref"] == "r2:1"
    assert append_late(later(store, minutes=3)) == 0


def test_a_writer_still_under_way_is_left_alone(store):
    revise(store, 1)
    assert append_late(later(store, seconds=30)) == 0
    assert append_late(later(store, seconds=120)) == 1


def test_work_is_bounded_and_goes_on_where_it_stopped(store):
    for n in range(30):
        revise(store, n)
    after = later(store, minutes=2)
    assert [append_late(after, limit=12) for _ in range(4)] == [12, 12, 6, 0]
    assert len(refs(store)) == len(set(refs(store))) == 30


def test_many_revisions_of_one_moment_are_all_seen(store):
    moment = store.clock.now()
    for n in range(1200):
        body = store.audit.prepare(Entry("records:create", "u", records=[f"r{n}"], ref=f"r{n}:1"))
        store.data.revisions.insert_one({"_id": f"r{n}:1", "at": moment, "entry": Binary(body)})
    assert append_late(later(store, minutes=2)) == 1200


def test_several_tickers_append_each_entry_once(store):
    ensure_indexes(store.data)
    for n in range(200):
        revise(store, n)
    after, counts = later(store, minutes=2), []
    threads = [threading.Thread(target=lambda: counts.append(append_late(after))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 200
    assert len(refs(store)) == 200


def test_a_writer_whose_clock_lags_is_found_by_the_second_pass(store):
    revise(store, 1)
    append_late(later(store, minutes=10))
    revise(later(store, minutes=-5), 2)
    assert append_late(later(store, minutes=20)) == 0
    assert append_late(later(store, minutes=60)) == 1


def test_a_silent_log_stops_the_sweep_and_loses_nothing(store):
    revise(store, 1)
    store.audit.append(Entry("x:y", "u"))
    store.data.command("collMod", "audit_entries", validator={"never": True})
    try:
        with pytest.raises(Unavailable):
            append_late(later(store, minutes=2))
    finally:
        store.data.command("collMod", "audit_entries", validator={})
    assert append_late(later(store, minutes=2)) == 1


def test_the_ticker_does_both_sweeps(store):
    revise(store, 1)
    done = tick(later(store, minutes=2))
    assert (done["late_entries"], done["orphan_keys"]) == (1, 0)


def keys_left(store):
    return sorted(document["_id"] for document in store.keys.data_keys.find())


def sweep(store, **span):
    return sweep_orphan_keys(later(store, **span))


def test_a_key_without_record_goes_and_others_stay(store):
    store.keyring.put([store.keyring.new_key(name) for name in ("customer", "visit", "only_revised", "orphan")])
    store.data.r_customer.insert_one({"_id": "customer"})
    store.data.r_visit.insert_one({"_id": "visit"})
    store.data.revisions.insert_one({"_id": "only_revised:1", "at": store.clock.now()})
    assert sweep(store, minutes=11) == 0
    assert sweep(store, minutes=22) == 1
    assert keys_left(store) == ["customer", "only_revised", "visit"]
    assert [content["records"] for content in entries_of(store.data)] == [["orphan"]]


def test_a_young_key_stays(store):
    store.keyring.put([store.keyring.new_key("young")])
    sweep(store, minutes=9)
    sweep(store, minutes=9)
    assert keys_left(store) == ["young"]


def test_a_record_that_came_late_keeps_its_key(store):
    store.keyring.put([store.keyring.new_key("slow")])
    sweep(store, minutes=11)
    store.data.r_customer.insert_one({"_id": "slow"})
    assert sweep(store, minutes=22) == 0
    assert sweep(store, minutes=60) == 0
    assert keys_left(store) == ["slow"]


def test_a_sweep_of_many_keys_is_bounded_and_goes_on(store):
    store.keyring.put([store.keyring.new_key(f"k{n}") for n in range(700)])
    after = later(store, minutes=11)
    sweep_orphan_keys(after, limit=600)
    assert store.keys.data_keys.count_documents({"orphan_at": {"$exists": True}}) == 600
    sweep_orphan_keys(after, limit=600)
    assert store.keys.data_keys.count_documents({"orphan_at": {"$exists": True}}) == 700
    assert [sweep(store, minutes=22), sweep(store, minutes=22)] == [500, 200]
