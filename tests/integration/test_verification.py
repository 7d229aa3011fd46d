"""Verification end to end in one process: what is judged, kept, told to whom, and when a task is over."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.access.actions import Action
from models.access.door import Door
from models.access.query import Query
from models.definitions.identity_types import resident_check_digit
from models.operations import records, rules, verification
from models.users import Actor
from tests import verified
from tests.verified import LASTING, correct, individual, open_tasks, reasons, replace_rule, run, stamp, unjudged
from tests.verifying import entries_of

SYSTEM = Actor.system_actor("cli:tests")
CARD = "11010519900307001" + resident_check_digit("11010519900307001")


def later(store, days):
    seconds = int(timedelta(days=days).total_seconds())
    return replace(store, clock=replace(store.clock, offset_seconds=seconds), caches={})


def test_a_written_record_is_judged_at_once(shipped):
    bad, good = individual(shipped), individual(shipped, valid_until=LASTING, name="李四")
    assert reasons(shipped, bad.id) == {"id_valid": "expired"}
    assert open_tasks(shipped, bad.id) == ["id_valid"]
    assert stamp(shipped, good.id)["findings"] == []
    assert stamp(shipped, good.id)["rev"] == 1


def test_correcting_closes_the_finding_and_its_task(shipped):
    bad = individual(shipped)
    correct(shipped, bad.id)
    assert reasons(shipped, bad.id) == {}
    task = shipped.data.tasks.find_one({"record": bad.id})
    assert (task["state"], task["rev"]) == ("done", 2)
    correct(shipped, bad.id, valid_until="2021-01-01")
    assert open_tasks(shipped, bad.id) == ["id_valid"]
    assert shipped.data.tasks.count_documents({"record": bad.id}) == 1


def test_what_is_in_the_trash_asks_nobody_for_work(shipped):
    bad = individual(shipped)
    door = Door(shipped, SYSTEM).open("individual")
    records.trash(door, bad.id, expected=1)
    assert open_tasks(shipped, bad.id) == []
    records.restore(door, bad.id, expected=2)
    assert open_tasks(shipped, bad.id) == ["id_valid"]


def test_a_run_judges_what_nobody_has_judged_and_then_nothing(shipped):
    ids = [individual(shipped, name=f"客{n}").id for n in range(5)]
    unjudged(shipped)
    ended = run(shipped)
    assert (ended.done, ended.total, ended.counts["failed"], ended.counts["id_valid/failed"]) == (5, 5, 5, 5)
    assert all(open_tasks(shipped, id) == ["id_valid"] for id in ids)
    assert [one["records"] for one in entries_of(shipped.data) if one["action"] == "records:verify"]
    assert "expired" not in str([one for one in entries_of(shipped.data) if one["action"] == "records:verify"])
    assert run(shipped).done == 0


def test_time_alone_brings_a_record_back(shipped):
    soon = individual(shipped, valid_until=verified.day(10))
    assert reasons(shipped, soon.id) == {"id_valid": "expiring"}
    fine = individual(shipped, valid_until=verified.day(40), name="李四")
    assert reasons(shipped, fine.id) == {}
    assert run(later(shipped, 5)).done == 0
    assert run(later(shipped, 12)).done == 2
    assert reasons(shipped, soon.id) == {"id_valid": "expired"}
    assert reasons(shipped, fine.id) == {"id_valid": "expiring"}


def test_a_changed_rule_brings_all_of_its_kind_back(shipped):
    bad = individual(shipped)
    replace_rule(shipped, "id_valid", version=2, severity="should")
    assert run(shipped).done == 1
    found = stamp(shipped, bad.id)["findings"]
    assert [(one["rule"], one["v"], one["result"]) for one in found] == [("id_valid", 2, "warned")]


def test_a_run_for_one_rule_judges_anew_and_writes_only_what_changed(shipped):
    individual(shipped)
    before = shipped.data.r_customer.find_one()
    ended = run(shipped, rule="id_valid")
    assert (ended.done, ended.counts["id_valid/failed"]) == (1, 1)
    assert shipped.data.r_customer.find_one() == before
    assert run(shipped, rule="credit_code").done == 0
    assert run(shipped, type="enterprise").done == 0
    assert run(shipped, type="individual").done == 1


def test_a_batch_that_was_overtaken_by_a_change_keeps_nothing(shipped):
    bad = individual(shipped)
    unjudged(shipped)
    sweep = verification.Sweep(shipped, Door(shipped, SYSTEM).registry.get("customer"))
    batch = sweep.next("")
    correct(shipped, bad.id)
    sweep.judge(batch)
    assert reasons(shipped, bad.id) == {}
    assert stamp(shipped, bad.id)["rev"] == 2
    assert open_tasks(shipped, bad.id) == []


@pytest.mark.parametrize("mark", ["life.trashed_at", "life.condemned", "life.restricted"])
def test_what_must_not_be_touched_is_not_verified(shipped, mark):
    bad = individual(shipped)
    unjudged(shipped)
    shipped.data.r_customer.update_one({"_id": bad.id}, {"$set": {mark: shipped.clock.now()}})
    assert run(shipped).done == 0
    assert stamp(shipped, bad.id) is None


def test_a_value_that_cannot_be_opened_is_nobodys_fault(shipped):
    bad = individual(shipped)
    unjudged(shipped)
    shipped.keys.data_keys.delete_many({})
    assert run(shipped).counts["id_valid/skipped"] == 1
    assert reasons(shipped, bad.id) == {}


# who learns of it


def seen(store, actor, id):
    return [one.rule for one in Door(store, actor).open("individual").get(id).findings]


def listed(store, actor, findings="any"):
    door = Door(store, actor).open("individual")
    return [one.id for one in door.page(Query(findings=findings, fields=[])).items]


def test_a_finding_is_told_to_who_may_read_or_fill_its_field(shipped, cast):
    clerk, sales = cast["service_clerk"], cast["sales"]
    bad = individual(shipped, owner=clerk.id)
    agent = individual(
        shipped, owner=clerk.id, valid_until=LASTING,
        agent_id_document={"kind": "passport", "number": "E12345678", "valid_until": verified.EXPIRED},
    )  # fmt: skip
    theirs = individual(shipped, owner=sales.id)
    assert seen(shipped, clerk, bad.id) == ["id_valid"]  # masked
    assert seen(shipped, clerk, agent.id) == ["agent_id_valid"]  # may be filled, not read
    assert sorted(listed(shipped, clerk)) == sorted([bad.id, agent.id])
    assert listed(shipped, clerk, "agent_id_valid") == [agent.id]
    # Sales may neither read nor fill identity documents: not on the record, not in a list, not by its length.
    assert seen(shipped, sales, theirs.id) == []
    assert listed(shipped, sales) == listed(shipped, sales, "failed") == listed(shipped, sales, "id_valid") == []
    assert Door(shipped, sales).open("individual").count(Query(findings="any")).value == 0
    assert Door(shipped, sales).open("individual").page(Query(fields=[])).items[0].findings == []


def test_a_finding_over_two_fields_takes_both(shipped, cast):
    sales = cast["sales"]
    odd = individual(
        shipped, owner=sales.id, age=1980, gender="male",
        id_document={"kind": "id_card", "number": CARD, "valid_until": LASTING},
    )  # fmt: skip
    assert "id_birth_year" in reasons(shipped, odd.id)
    assert seen(shipped, sales, odd.id) == []
    assert "id_birth_year" in seen(shipped, cast["admin"], odd.id)


def test_an_earlier_content_shows_no_finding_of_today(shipped, cast):
    bad = individual(shipped)
    door = Door(shipped, cast["admin"]).open("individual")
    assert door.get(bad.id, Action.VIEW).findings
    correct(shipped, bad.id)
    assert door.get(bad.id).findings == []


# rules as they come


def test_rules_come_with_the_release_and_stay_as_they_were_changed(shipped):
    tree = {"rules": [shipped.data.rules.find_one({"_id": "id_valid"})["tree"]]}
    assert rules.ship(shipped, SYSTEM, tree, "x") == 0
    tree["rules"][0] |= {"version": 2}
    assert rules.ship(shipped, SYSTEM, tree, "x") == 1
    replace_rule(shipped, "id_valid", severity="should")
    tree["rules"][0] |= {"version": 3}
    assert rules.ship(shipped, SYSTEM, tree, "x") == 0
    assert shipped.data.rules.find_one({"_id": "id_valid"})["tree"]["severity"] == "should"
