"""A case from request to certificate, and everything that stands in its way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.access.door import Door
from models.crypto.signing import is_signed
from models.errors import (
    AccessDenied,
    InvalidRecord,
    MalformedQuery,
    RecordNotFound,
    StaleRecord,
    WrongState,
)
from models.lifecycle.cases import CaseState
from models.operations import cases, certificates, destruction, records
from models.operations import users as user_verbs
from models.users import Actor
from tests.conftest import CAST_PASSWORD
from tests.destroying import (
    REASON,
    SYSTEM,
    armed,
    broken,
    carry_out,
    certified,
    enterprises,
    listed,
    no_cooling,
    one,
    running,
    signed,
)

ROOT = Path(__file__).parents[2]


def entries(store, action):
    return [json.loads(found["body"]) for found in store.data.audit_entries.find({"action": action})]


def test_from_request_to_certificate(shipped, people):
    ids = enterprises(shipped, 25)
    kept = enterprises(shipped, 5, "留下的公司")
    before = {found["_id"]: found["v"] for found in shipped.data.r_customer.find({"_id": {"$in": kept}})}
    case = running(shipped, people, ids)
    case = carry_out(shipped, case["_id"], batch=10)
    assert case["state"] == CaseState.VERIFIED_LIVE, case.get("fault")
    case = certified(shipped, people, case["_id"])
    assert case["state"] == CaseState.CERTIFIED_LIVE
    found = certificates.find(shipped, case["_id"])
    content = found["content"]
    assert content["destroyed"] == 25
    assert {subject["ref"] for subject in content["subjects"]} == set(ids)
    assert all(subject["key"] for subject in content["subjects"])
    assert content["verification"]["result"] == "passed"
    assert content["verification"]["samples"] == 25
    raw = shipped.data.certificates.find_one({"_id": case["_id"]})
    assert is_signed(bytes(raw["content"]), found["signature"]["public"], found["signature"]["signature"])
    assert not is_signed(bytes(raw["content"]) + b" ", found["signature"]["public"], found["signature"]["signature"])
    assert shipped.data.r_customer.count_documents({"_id": {"$in": ids}}) == 0
    assert shipped.data.revisions.count_documents({"record": {"$in": ids}}) == 0
    assert shipped.keys.data_keys.count_documents({"_id": {"$in": ids}}) == 0
    assert broken(shipped, contents=before) == []
    assert [one["verb"] for one in case["moves"]] == [
        "appraise", "list", "approve", "cool", "arm", "start", "confirm", "purge", "verify", "confirm",
    ]  # fmt: skip


def test_every_arrow_and_every_batch_is_in_the_log(shipped, people):
    ids = enterprises(shipped, 3)
    case = running(shipped, people, ids)
    carry_out(shipped, case["_id"])
    certified(shipped, people, case["_id"])
    for word in ("propose", "appraise", "list", "approve", "cool", "arm", "start", "purge", "verify"):
        assert len(entries(shipped, f"cases:{word}")) == 1, word
    assert len(entries(shipped, "cases:confirm")) == 2
    for word in ("lock", "tombstone", "key", "data", "copies", "check"):
        (entry,) = entries(shipped, f"destruction:{word}")
        assert sorted(entry["records"]) == sorted(ids)
    text = "".join(found["body"].decode() for found in shipped.data.audit_entries.find())
    assert "待销毁公司00001" not in text
    assert REASON not in text


def test_a_destroyed_record_is_found_by_nobody(shipped, people, cast):
    (id,) = enterprises(shipped, 1)
    case = running(shipped, people, [id])
    carry_out(shipped, case["_id"])
    for actor in (cast["admin"], SYSTEM):
        door = Door(shipped, actor).open("enterprise")
        for verb in (door.get, door.revisions, lambda id, door=door: records.trash(door, id, expected=1)):
            with pytest.raises(RecordNotFound):
                verb(id)
    assert shipped.keyring.fetch([id]) == {}


def test_single_records_with_history_go_whole(shipped, people):
    id = one(shipped, phone=[{"number": "13800138000"}])
    door = Door(shipped, SYSTEM).open("enterprise")
    records.update(door, id, {"customer_name": "改名以后"}, expected=1)
    case = running(shipped, people, [id])
    assert carry_out(shipped, case["_id"])["state"] == CaseState.VERIFIED_LIVE
    assert shipped.data.revisions.count_documents({"_id": {"$regex": f"^{id}"}}) == 0


def test_the_outbox_of_a_loaders_batch_goes_once_its_entry_is_logged(shipped, people):
    ids = enterprises(shipped, 3)
    assert shipped.data.revisions.count_documents({"_id": {"$regex": "^batch:"}}) == 1
    case = running(shipped, people, ids[:1])
    carry_out(shipped, case["_id"])
    assert shipped.data.revisions.count_documents({"_id": {"$regex": "^batch:"}}) == 0
    assert len(entries(shipped, "records:load")) == 1


def test_numbers_stay_accounted_for(shipped, people):
    from models.operations.accounting import accounts

    case = running(shipped, people, enterprises(shipped, 4)[:3])
    carry_out(shipped, case["_id"])
    assert [account.missing for account in accounts(shipped)] == [0]


# who may


def test_tokens_commands_and_the_wrong_roles_sign_nothing(shipped, people, cast):
    no_cooling(shipped)
    case = listed(shipped, people, enterprises(shipped, 1))
    id, how = case["_id"], signed(case)
    for actor in (people.approver.through("token"), people.approver.through(""), Actor.system_actor("cli:root")):
        with pytest.raises(AccessDenied):
            cases.approve(actor, shipped, id, **how)
    for name in ("archivist", "service_clerk", "auditor", "permission_admin"):
        with pytest.raises(AccessDenied):
            cases.approve(cast[name].through("session"), shipped, id, **how)
    assert cases.find(shipped, id) == case


def test_f30_nobody_approves_their_own_case_with_whatever_account(shipped, people, cast):
    """The administrator proposes; a second account of the same person holds the right to approve."""
    case = listed(shipped, people, enterprises(shipped, 1))
    twin = user_verbs.add(
        SYSTEM, shipped, username="twin", name="影子", password=CAST_PASSWORD, roles=["general_manager"],
        person=people.proposer.person, must_change=False,
    )  # fmt: skip
    actor = user_verbs.actor_named(shipped, twin.username).through("session")
    with pytest.raises(AccessDenied) as refused:
        cases.approve(actor, shipped, case["_id"], **signed(case))
    assert refused.value.code == "own_case"
    assert cases.find(shipped, case["_id"])["signatures"] == []


def test_f30_no_approval_without_the_password(shipped, people):
    case = listed(shipped, people, enterprises(shipped, 1))
    with pytest.raises(InvalidRecord) as refused:
        cases.approve(people.approver, shipped, case["_id"], signed_hash=case["manifest"]["hash"], password="wrong")
    assert "password" in refused.value.errors
    assert cases.find(shipped, case["_id"])["state"] == CaseState.LISTED


def test_f30_a_right_lost_before_arming_blocks_the_case(shipped, people):
    no_cooling(shipped)
    case = listed(shipped, people, enterprises(shipped, 1))
    cases.approve(people.approver, shipped, case["_id"], **signed(case))
    user_verbs.set_roles(SYSTEM, shipped, people.approver.id, ["sales"])
    case = cases.advance(shipped, case["_id"])
    assert (case["state"], case["blocked"]) == (CaseState.BLOCKED, "right_lost")
    assert case["signatures"] == []
    again = cases.reopen(people.proposer, shipped, case["_id"])
    assert again["state"] == CaseState.DRAFT


def test_another_hash_and_a_changed_manifest_are_not_signed(shipped, people):
    case = listed(shipped, people, enterprises(shipped, 2))
    with pytest.raises(StaleRecord):
        cases.approve(people.approver, shipped, case["_id"], signed_hash="0" * 64, password=CAST_PASSWORD)
    shipped.data.case_items.delete_one({"case": case["_id"]})
    with pytest.raises(StaleRecord):
        cases.approve(people.approver, shipped, case["_id"], **signed(case))
    assert cases.find(shipped, case["_id"])["blocked"] == "manifest_changed"


def test_two_approvals_need_two_persons(shipped, people, cast):
    shipped.data.settings.insert_one({"_id": "destruction", "cooling_days": 0, "approvals": 2})
    case = listed(shipped, people, enterprises(shipped, 1))
    case = cases.approve(people.approver, shipped, case["_id"], **signed(case))
    assert case["state"] == CaseState.LISTED
    with pytest.raises(AccessDenied) as refused:
        cases.approve(people.approver, shipped, case["_id"], **signed(case))
    assert refused.value.code == "signed_already"
    case = cases.approve(cast["service_head"].through("session"), shipped, case["_id"], **signed(case))
    assert case["state"] == CaseState.APPROVED


def test_whoever_starts_does_not_supervise_and_only_the_named_one_confirms(shipped, people, cast):
    case = armed(shipped, people, enterprises(shipped, 1))
    with pytest.raises(WrongState):
        cases.confirm(people.approver, shipped, case["_id"], **signed(case))
    with pytest.raises(InvalidRecord):
        cases.start(people.proposer, shipped, case["_id"], supervisor=people.proposer.id, **signed(case))
    with pytest.raises(InvalidRecord):
        cases.start(people.proposer, shipped, case["_id"], supervisor="nobody", **signed(case))
    cases.start(people.proposer, shipped, case["_id"], supervisor="general_manager", **signed(case))
    with pytest.raises(AccessDenied) as refused:
        cases.confirm(people.lawyer, shipped, case["_id"], **signed(case))
    assert refused.value.code == "not_supervisor"
    assert destruction.step(shipped, case["_id"]) == destruction.Outcome.WAITING
    assert shipped.data.tombstones.count_documents({}) == 0


def test_cooling_takes_its_days(shipped, people):
    case = listed(shipped, people, enterprises(shipped, 1))
    cases.approve(people.approver, shipped, case["_id"], **signed(case))
    case = cases.advance(shipped, case["_id"])
    assert case["state"] == CaseState.COOLING
    assert (case["cooling_until"] - shipped.clock.now()).days >= 6
    assert cases.advance(shipped, case["_id"])["state"] == CaseState.COOLING


def test_a_case_can_be_rejected_and_called_off_before_it_runs(shipped, people):
    ids = enterprises(shipped, 2)
    case = listed(shipped, people, ids[:1])
    with pytest.raises(InvalidRecord):
        cases.reject(people.approver, shipped, case["_id"], reason=" ")
    assert cases.reject(people.approver, shipped, case["_id"], reason="仍有合同")["state"] == CaseState.REJECTED
    case = armed(shipped, people, ids[1:])
    assert cases.cancel(people.approver, shipped, case["_id"])["state"] == CaseState.CANCELLED
    with pytest.raises(WrongState):
        cases.start(people.proposer, shipped, case["_id"], supervisor=people.approver.id, **signed(case))


def test_a_running_case_is_not_called_off(shipped, people):
    case = running(shipped, people, enterprises(shipped, 1))
    with pytest.raises(WrongState):
        cases.cancel(people.proposer, shipped, case["_id"])


def test_what_the_proposer_may_not_see_cannot_be_proposed(shipped, people, cast):
    with pytest.raises(RecordNotFound):
        cases.propose(people.proposer, shipped, "customer", ids=["a" * 26], reason=REASON)
    with pytest.raises(MalformedQuery):
        cases.propose(people.proposer, shipped, "customer", reason=REASON)
    with pytest.raises(AccessDenied):
        cases.propose(cast["sales"].through("session"), shipped, "customer", ids=enterprises(shipped, 1), reason=REASON)


def test_by_a_condition(shipped, people):
    enterprises(shipped, 3)
    where = {"field": "customer_name", "op": "starts", "value": "待销毁公司0000"}
    case = cases.propose(people.proposer, shipped, "enterprise", where=where, reason=REASON)
    assert len(case["chosen"]) == 3


# changes


def test_a_record_changed_after_the_list_is_left(shipped, people):
    ids = enterprises(shipped, 2)
    case = running(shipped, people, ids)
    records.update(Door(shipped, SYSTEM).open("enterprise"), ids[0], {"customer_name": "又活跃了"}, expected=1)
    case = carry_out(shipped, case["_id"])
    assert cases.progress(shipped, case) == {"checked": 1, "skipped": 1}
    assert cases.items_of(shipped, case, states=["skipped"])[0]["reason"] == "changed"


def test_a_locked_record_refuses_every_write_of_people(shipped, people):
    ids = enterprises(shipped, 1)
    case = running(shipped, people, ids)
    destruction.step(shipped, case["_id"], seconds=0)
    assert cases.progress(shipped, case) == {"locked": 1}
    door = Door(shipped, SYSTEM).open("enterprise")
    for change in (
        lambda: records.update(door, ids[0], {"customer_name": "改"}, expected=1),
        lambda: records.trash(door, ids[0], expected=1),
    ):
        with pytest.raises(WrongState):
            change()


def test_a_certificate_is_checked_without_the_archive_and_no_word_of_it_can_be_changed(shipped, people, tmp_path):
    case = running(shipped, people, enterprises(shipped, 2))
    carry_out(shipped, case["_id"])
    certified(shipped, people, case["_id"])
    found = certificates.find(shipped, case["_id"])
    file, given = tmp_path / "certificate.json", {name: found[name] for name in ("content", "signature", "state")}

    def checked(key=found["signature"]["public"]):
        file.write_text(json.dumps(given, ensure_ascii=False), encoding="utf-8")
        command = [sys.executable, str(ROOT / "docs" / "verify" / "certificate.py"), str(file), "--key", key]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked().returncode == 0, checked().stdout
    assert checked("0" * 64).returncode == 1
    given["content"]["destroyed"] = 1
    assert checked().returncode == 1
