"""Rules without a period make nothing due; a scan proposes what is; what changed meanwhile is left alone."""

from datetime import timedelta

import pytest

from jobs import retention as job
from models.access.door import Door
from models.errors import AccessDenied, InvalidRecord, StaleRecord, WrongState
from models.lifecycle.cases import CaseState
from models.operations import cases, records, retention, runs
from models.operations.leases import claim
from tests.destroying import REASON, SYSTEM, broken, carry_out, certified, enterprises, hold, no_cooling, signed

RULE = "customer_archive"


@pytest.fixture
def keeper(cast):
    return cast["admin"]


def scan(store):
    run = runs.request(store, SYSTEM, "retention_scan")
    lease = claim(store, run, "test", seconds=60)
    assert job.scan(store, lease)
    lease.finish()


def trashed(store, count, days):
    """Records that went to the trash so many days ago."""
    ids = enterprises(store, count)
    door = Door(store, SYSTEM).open("enterprise")
    for id in ids:
        records.trash(door, id, expected=1)
    at = store.clock.now() - timedelta(days=days)
    store.data.r_customer.update_many({"_id": {"$in": ids}}, {"$set": {"life.trashed_at": at}})
    return ids


def set_period(store, actor, period, **more):
    rule = retention.find(store, RULE)
    return retention.change(actor, store, RULE, expected=rule["version"], period=period, reason="测试", **more)


def test_shipped_rules_have_no_period_and_make_nothing_due(shipped):
    assert {rule["period"] for rule in retention.listed(shipped)} == {None}
    trashed(shipped, 2, 5000)
    scan(shipped)
    assert shipped.data.cases.count_documents({}) == 0
    assert shipped.data.r_customer.count_documents({"life.due_on": {"$ne": None}}) == 0


def test_a_scan_stamps_proposes_once_and_the_case_runs_to_its_certificate(shipped, people, keeper):
    no_cooling(shipped)
    due, fresh = trashed(shipped, 3, 800), trashed(shipped, 2, 10)
    held = trashed(shipped, 1, 900)
    hold(shipped, people, held)
    assert retention.would_be_due(shipped, retention.find(shipped, RULE), "P1Y") == 4
    set_period(shipped, keeper, "P1Y")
    scan(shipped)
    scan(shipped)
    (case,) = shipped.data.cases.find()
    assert (case["state"], case["authority"], sorted(case["chosen"])) == ("draft", "rule", sorted(due))
    case = cases.submit(people.proposer, shipped, case["_id"])
    cases.approve(people.approver, shipped, case["_id"], **signed(case))
    cases.advance(shipped, case["_id"])
    cases.start(people.proposer, shipped, case["_id"], supervisor=people.approver.id, **signed(case))
    cases.confirm(people.approver, shipped, case["_id"], **signed(case))
    case = carry_out(shipped, case["_id"])
    assert cases.progress(shipped, case) == {"checked": 3}
    assert certified(shipped, people, case["_id"])["state"] == CaseState.CERTIFIED_LIVE
    assert shipped.data.r_customer.count_documents({"_id": {"$in": [*fresh, *held]}}) == 3
    assert broken(shipped, held=set(held)) == []


def armed_by_rule(store, people, keeper, count=2):
    no_cooling(store)
    ids = trashed(store, count, 800)
    set_period(store, keeper, "P1Y")
    scan(store)
    case = cases.submit(people.proposer, store, store.data.cases.find_one()["_id"])
    cases.approve(people.approver, store, case["_id"], **signed(case))
    cases.advance(store, case["_id"])
    cases.start(people.proposer, store, case["_id"], supervisor=people.approver.id, **signed(case))
    cases.confirm(people.approver, store, case["_id"], **signed(case))
    return case["_id"], ids


@pytest.mark.parametrize("period", ["P10Y", "P6M", ""])
def test_f34_under_a_rule_that_was_changed_nothing_is_destroyed(shipped, people, keeper, period):
    case_id, ids = armed_by_rule(shipped, people, keeper)
    set_period(shipped, keeper, period)
    case = carry_out(shipped, case_id)
    assert case["state"] == CaseState.CANCELLED
    assert {item["reason"] for item in cases.items_of(shipped, case)} == {"rule_changed"}
    assert shipped.data.r_customer.count_documents({"_id": {"$in": ids}}) == 2
    assert broken(shipped) == []


def test_whoever_submits_a_rules_case_does_not_approve_it(shipped, people, keeper, cast):
    no_cooling(shipped)
    trashed(shipped, 1, 800)
    set_period(shipped, keeper, "P1Y")
    scan(shipped)
    both = cast["admin"]
    from models.operations import users

    users.set_roles(SYSTEM, shipped, both.id, ["administrator", "general_manager"])
    both = users.actor_named(shipped, "admin").through("session")
    case = cases.submit(both, shipped, shipped.data.cases.find_one()["_id"])
    with pytest.raises(AccessDenied) as refused:
        cases.approve(both, shipped, case["_id"], **signed(case))
    assert refused.value.code == "own_case"


def test_no_request_gets_under_the_legal_minimum(shipped, people, keeper):
    set_period(shipped, keeper, "", minimum="P3Y")
    young, old = trashed(shipped, 1, 400), trashed(shipped, 1, 4 * 366)
    never = enterprises(shipped, 1, "未进回收站")
    case = cases.propose(people.proposer, shipped, "customer", ids=[*young, *old, *never], reason=REASON)
    case = cases.submit(people.proposer, shipped, case["_id"])
    reasons = {item["record"]: item.get("reason") for item in cases.items_of(shipped, case)}
    assert reasons == {young[0]: "legal_minimum", old[0]: None, never[0]: "legal_minimum"}
    alone = cases.propose(people.proposer, shipped, "customer", ids=young, reason=REASON)
    with pytest.raises(WrongState):
        cases.submit(people.proposer, shipped, alone["_id"])


def test_a_period_is_changed_by_who_may_with_a_reason_and_a_version(shipped, cast, keeper):
    for name in ("archivist", "legal", "auditor", "general_manager"):
        with pytest.raises(AccessDenied):
            set_period(shipped, cast[name], "P1Y")
    with pytest.raises(InvalidRecord):
        retention.change(keeper, shipped, RULE, expected=1, period="P1Y", reason=" ")
    with pytest.raises(InvalidRecord):
        retention.change(keeper, shipped, RULE, expected=1, period="one year", reason="r")
    assert set_period(shipped, keeper, "P1Y")["version"] == 2
    with pytest.raises(StaleRecord):
        retention.change(keeper, shipped, RULE, expected=1, period="P2Y", reason="r")
    assert shipped.data.retention_versions.count_documents({"_id": {"$regex": f"^{RULE}@"}}) == 2
