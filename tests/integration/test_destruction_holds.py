"""Holds win until the tombstone, whenever they come."""

import pytest

from models.errors import AccessDenied, RecordNotFound, WrongState
from models.lifecycle.cases import CaseState
from models.operations import cases, certificates, destruction, holds
from tests.destroying import (
    REASON,
    armed,
    broken,
    carry_out,
    certified,
    enterprises,
    hold,
    listed,
    running,
    signed,
)


def test_a_hold_before_listing_keeps_a_record_out(shipped, people):
    ids = enterprises(shipped, 2)
    hold(shipped, people, ids[:1])
    case = listed(shipped, people, ids)
    assert cases.progress(shipped, case) == {"pending": 1, "skipped": 1}
    hold(shipped, people, ids[1:])
    fresh = cases.propose(people.proposer, shipped, "customer", ids=ids, reason=REASON)
    with pytest.raises(WrongState) as refused:
        cases.submit(people.proposer, shipped, fresh["_id"])
    assert refused.value.code == "held"


def test_a_hold_after_approval_stops_it(shipped, people):
    ids = enterprises(shipped, 3)
    case = armed(shipped, people, ids)
    hold(shipped, people, ids[:1])
    cases.start(people.proposer, shipped, case["_id"], supervisor=people.approver.id, **signed(case))
    cases.confirm(people.approver, shipped, case["_id"], **signed(case))
    case = carry_out(shipped, case["_id"])
    assert cases.progress(shipped, case) == {"checked": 2, "skipped": 1}
    assert broken(shipped, held=set(ids[:1])) == []
    certified(shipped, people, case["_id"])
    assert certificates.find(shipped, case["_id"])["content"]["skipped"] == {"held": 1}


def test_a_case_whose_records_are_all_held_ends_without_certificate(shipped, people):
    ids = enterprises(shipped, 2)
    case = running(shipped, people, ids)
    hold(shipped, people, ids)
    case = carry_out(shipped, case["_id"])
    assert (case["state"], case["ended"]) == (CaseState.CANCELLED, "nothing_destroyed")
    assert shipped.data.certificates.count_documents({}) == 0
    assert not shipped.data.r_customer.find_one({"life.lock": {"$ne": None}})
    assert broken(shipped, held=set(ids)) == []


def test_f33_two_holds_one_lifted(shipped, people):
    ids = enterprises(shipped, 1)
    first, second = hold(shipped, people, ids), hold(shipped, people, ids)
    holds.lift(people.lawyer, shipped, first.id)
    life = shipped.data.r_customer.find_one({"_id": ids[0]})["life"]
    assert (life["hold_count"], life["holds"]) == (1, [second.id])
    with pytest.raises(WrongState):
        holds.lift(people.lawyer, shipped, first.id)
    holds.finish(shipped, first.id)
    assert shipped.data.r_customer.find_one({"_id": ids[0]})["life"]["hold_count"] == 1
    case = cases.propose(people.proposer, shipped, "customer", ids=ids, reason=REASON)
    with pytest.raises(WrongState):
        cases.submit(people.proposer, shipped, case["_id"])
    holds.lift(people.lawyer, shipped, second.id)
    assert cases.submit(people.proposer, shipped, case["_id"])["state"] == CaseState.LISTED


def test_a_hold_by_condition_binds_what_it_has_not_reached(shipped, people):
    enterprises(shipped, 1)
    where = {"field": "customer_name", "op": "starts", "value": "待销毁公司"}
    holds.place(people.lawyer, shipped, "enterprise", where=where, reason="诉讼")
    late = enterprises(shipped, 2, "待销毁公司后来")
    case = running(shipped, people, late)
    case = carry_out(shipped, case["_id"])
    assert case["state"] == CaseState.CANCELLED
    assert broken(shipped, held=set(late)) == []


def test_while_a_hold_is_on_its_way_nothing_is_locked(shipped, people):
    ids = enterprises(shipped, 2)
    case = running(shipped, people, ids)
    placed = hold(shipped, people, ids[:1])
    shipped.data.holds.update_one({"_id": placed.id}, {"$set": {"state": "placing"}})
    assert destruction.step(shipped, case["_id"]) == destruction.Outcome.WAITING
    assert cases.progress(shipped, case) == {"pending": 2}
    holds.finish(shipped, placed.id)
    assert cases.progress(shipped, carry_out(shipped, case["_id"])) == {"checked": 1, "skipped": 1}


def test_after_the_tombstone_a_hold_is_refused_and_its_giver_told(shipped, people):
    ids = enterprises(shipped, 1)
    case = running(shipped, people, ids)
    carry_out(shipped, case["_id"])
    with pytest.raises(RecordNotFound):
        hold(shipped, people, ids)


def test_only_who_may_manages_holds(shipped, people, cast):
    ids = enterprises(shipped, 1)
    for name in ("archivist", "auditor", "general_manager", "service_head"):
        with pytest.raises(AccessDenied):
            holds.place(cast[name].through("session"), shipped, "customer", ids=ids, reason="x")
