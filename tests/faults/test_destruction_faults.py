"""Destruction with real processes that die by SIGKILL, a key store that is gone, and two hands at once.

F01 kill after each item step · F16 doubles of certificate and tombstone · F24 key store unreachable · F30 authority ·
F31 a hold at six moments · F33 two holds · F50 what points to a destroyed record. F30, F33 and what needs no process of
its own stand in tests/integration/test_destruction.py, every crash point in test_destruction_explorer.py.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pymongo
import pytest

from models.access.door import Door
from models.audit.ledger import LedgerFault
from models.errors import ArchiveError, Unavailable
from models.lifecycle.cases import CaseState
from models.operations import cases, certificates, destruction, holds, records
from models.operations.restoring import BehindLedger, check_ledger
from tests.destroying import (
    SYSTEM,
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
from tests.destroying_hand import NAMES
from tests.exploring import Snapshot

FULL = bool(os.environ.get("FULL"))
ROOT = Path(__file__).parents[2]
COUNT, KILLS, BATCH = (5000, 20, 100) if FULL else (60, 3, 5)
"""The campaign: so many records in one case, and so many hands killed at random moments."""
PATIENCE_SECONDS = 120.0


class Hands:
    """Processes that work on one case."""

    def __init__(self, store, mongo_url, folder, case_id):
        self.store, self.case_id = store, case_id
        self.arguments = [mongo_url, store.data.name, str(folder), case_id]

    def start(self, death="never", batch=BATCH):
        command = [sys.executable, "-m", "tests.destroying_hand", *self.arguments, death, str(batch)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, death="never", batch=BATCH):
        process = self.start(death, batch)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, out.strip(), err

    def finish(self, batch=BATCH):
        """Others bring the case to a person or an end: new processes, or in a small run this one up to the check."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.moving() and time.monotonic() < end:
            if not FULL and destruction.step(self.store, self.case_id, batch=batch, lease_seconds=0.5) != "fresh":
                time.sleep(0.1)
                continue
            code, _, err = self.run(batch=batch)
            assert code == 0, err
        assert not self.moving(), "the case did not come to an end"

    def moving(self):
        return cases.find(self.store, self.case_id)["state"] in destruction.HANDS_OPEN


@pytest.fixture
def hands(shipped, mongo_url, tmp_path):
    return lambda case: Hands(shipped, mongo_url, tmp_path, case["_id"])


DEATHS = [f"{step}{when}" for step in NAMES for when in ("", "-")] + ["check"]
SHOWN = DEATHS if FULL else ["tombstone-", "data", "check"]


@pytest.mark.parametrize("death", SHOWN)
def test_f01_a_hand_killed_after_a_step_leaves_what_the_next_one_finishes(shipped, people, hands, death):
    ids = enterprises(shipped, 4)
    kept = enterprises(shipped, 2, "留下的公司")
    before = {found["_id"]: found["v"] for found in shipped.data.r_customer.find({"_id": {"$in": kept}})}
    case = running(shipped, people, ids)
    crew = hands(case)
    if death == "check":
        assert crew.run(batch=2)[1] == "fresh"
    code, _, err = crew.run(f"{death}:1", batch=2)
    assert code == -signal.SIGKILL, err
    assert broken(shipped, contents=before) == []
    time.sleep(0.6)
    crew.finish(batch=2)
    certified(shipped, people, case["_id"])
    assert cases.progress(shipped, cases.find(shipped, case["_id"])) == {"checked": 4}
    assert shipped.data.certificates.count_documents({}) == 1
    assert broken(shipped, contents=before) == []


def test_a_case_of_many_records_survives_many_kills_with_one_certificate(shipped, people, hands):
    """5,000 records and 20 kills with FULL=1; a small one otherwise."""
    ids = enterprises(shipped, COUNT)
    kept = enterprises(shipped, 5, "留下的公司")
    before = {found["_id"]: found["v"] for found in shipped.data.r_customer.find({"_id": {"$in": kept}})}
    case = running(shipped, people, ids)
    crew, dice = hands(case), random.Random(7)
    for _ in range(KILLS):
        process = crew.start("slow")
        for _ in range(dice.randint(1, 6)):
            if not process.stdout.readline():
                break
        process.kill()
        process.communicate()
        assert broken(shipped, contents=before) == []
        time.sleep(0.6)
    crew.finish()
    certified(shipped, people, case["_id"])
    content = certificates.find(shipped, case["_id"])["content"]
    assert content["destroyed"] == COUNT
    assert shipped.data.certificates.count_documents({}) == 1
    assert shipped.data.r_customer.count_documents({"_id": {"$in": ids}}) == 0
    assert shipped.keys.data_keys.count_documents({"_id": {"$in": ids}}) == 0
    revoked = {record for line in shipped.ledger.lines() for record, _, _ in line["records"]}
    assert revoked == set(ids)
    assert broken(shipped, contents=before) == []


def test_two_hands_at_once_and_their_successor(shipped, people, hands):
    """F02 in little: a second hand claims while the first lives; nothing is done twice, nothing left out."""
    ids = enterprises(shipped, 30 if FULL else 6)
    case = running(shipped, people, ids)
    crew = hands(case)
    pair = [crew.start(batch=3), crew.start(batch=3)]
    for process in pair:
        process.communicate(timeout=PATIENCE_SECONDS)
    crew.finish(batch=3)
    assert cases.progress(shipped, cases.find(shipped, case["_id"])) == {"checked": len(ids)}
    assert broken(shipped) == []


def test_f16_doubles_of_tombstone_and_certificate_are_met_with_one(shipped, people):
    ids = enterprises(shipped, 3)
    case = running(shipped, people, ids)
    carry_out(shipped, case["_id"])
    now = cases.find(shipped, case["_id"])
    outcomes = []

    def sign():
        try:
            outcomes.append(cases.confirm(people.approver, shipped, case["_id"], **signed(now))["state"])
        except ArchiveError as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=sign) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("certified_live") == 1, outcomes
    assert shipped.data.certificates.count_documents({}) == 1
    assert shipped.data.tombstones.count_documents({}) == 3


def test_f24_a_key_store_that_does_not_answer_is_never_success(shipped, people, monkeypatch):
    ids = enterprises(shipped, 4)
    case = running(shipped, people, ids)
    for _ in range(2):
        destruction.step(shipped, case["_id"], seconds=0, lease_seconds=0.0)
    assert cases.progress(shipped, case) == {"tombstoned": 4}
    gone = pymongo.MongoClient("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200", w="majority")
    with monkeypatch.context() as patch:
        patch.setattr(shipped.keyring, "_db", gone["nowhere"])
        with pytest.raises(Unavailable):
            destruction.step(shipped, case["_id"], lease_seconds=0.0)
    gone.close()
    assert cases.progress(shipped, case) == {"tombstoned": 4}
    assert shipped.keys.data_keys.count_documents({"_id": {"$in": ids}}) == 4
    assert broken(shipped) == []
    assert carry_out(shipped, case["_id"])["state"] == CaseState.VERIFIED_LIVE
    assert shipped.keys.data_keys.count_documents({"_id": {"$in": ids}}) == 0


def test_f24_another_empty_key_store_that_answers_is_not_believed(shipped, people, monkeypatch, mongo):
    """It holds none of the keys, and would make every one of them 'gone'."""
    ids = enterprises(shipped, 2)
    case = running(shipped, people, ids)
    for _ in range(2):
        destruction.step(shipped, case["_id"], seconds=0, lease_seconds=0.0)
    empty = mongo[f"{shipped.data.name}_empty"].with_options(write_concern=pymongo.WriteConcern("majority"))
    with monkeypatch.context() as patch:
        patch.setattr(shipped.keyring, "_db", empty)
        destruction.step(shipped, case["_id"], lease_seconds=0.0)
    case = cases.find(shipped, case["_id"])
    assert (case["state"], case["fault"]["code"]) == (CaseState.NEEDS_HUMAN, "key_store_fault")
    assert cases.progress(shipped, case) == {"tombstoned": 2}
    cases.resume(people.proposer, shipped, case["_id"], **signed(case))
    assert carry_out(shipped, case["_id"])["state"] == CaseState.VERIFIED_LIVE
    assert broken(shipped) == []


MOMENTS = ("before listing", "after approval", "while cooling", "before the lock", "after the lock", "after the key")


@pytest.mark.parametrize("moment", MOMENTS)
def test_f31_a_hold_at_six_moments(shipped, people, moment):
    ids = enterprises(shipped, 2)
    target = ids[0]
    held = set()

    def now(at):
        if at == moment:
            try:
                held.update([target] if target not in hold(shipped, people, [target]).refused else [])
            except ArchiveError:
                assert moment == "after the key"

    now("before listing")
    case = listed(shipped, people, ids)
    shipped.data.settings.insert_one({"_id": "destruction", "cooling_days": 7})
    cases.approve(people.approver, shipped, case["_id"], **signed(case))
    now("after approval")
    assert cases.advance(shipped, case["_id"])["state"] == CaseState.COOLING
    now("while cooling")
    shipped.data.cases.update_one({"_id": case["_id"]}, {"$set": {"cooling_until": shipped.clock.now()}})
    case = cases.advance(shipped, case["_id"])
    cases.start(people.proposer, shipped, case["_id"], supervisor=people.approver.id, **signed(case))
    cases.confirm(people.approver, shipped, case["_id"], **signed(case))
    for at in ("before the lock", "after the lock", "", "after the key"):
        now(at)
        destruction.step(shipped, case["_id"], seconds=0, lease_seconds=0.0)
    carry_out(shipped, case["_id"])
    certified(shipped, people, case["_id"])
    assert bool(held) == (moment != "after the key")
    assert shipped.data.r_customer.count_documents({"_id": target}) == len(held)
    assert broken(shipped, held=held) == []


def test_f33_holds_that_come_and_go_while_a_case_is_armed(shipped, people):
    ids = enterprises(shipped, 1)
    case = armed(shipped, people, ids)
    first, second = hold(shipped, people, ids), hold(shipped, people, ids)
    holds.lift(people.lawyer, shipped, first.id)
    cases.start(people.proposer, shipped, case["_id"], supervisor=people.approver.id, **signed(case))
    cases.confirm(people.approver, shipped, case["_id"], **signed(case))
    assert carry_out(shipped, case["_id"])["state"] == CaseState.CANCELLED
    holds.lift(people.lawyer, shipped, second.id)
    again = running(shipped, people, ids)
    assert carry_out(shipped, again["_id"])["state"] == CaseState.VERIFIED_LIVE
    assert broken(shipped) == []


def test_f45_a_database_restored_from_before_a_destruction_is_not_served(shipped, people):
    ids = enterprises(shipped, 3)
    case = running(shipped, people, ids)
    backup = Snapshot(shipped)
    carry_out(shipped, case["_id"])
    head = check_ledger(shipped)
    assert head.n == 1
    ledger = shipped.ledger.path.read_bytes()
    backup.restore()
    shipped.ledger.path.write_bytes(ledger)
    with pytest.raises(BehindLedger) as refused:
        check_ledger(shipped)
    assert refused.value.places["count"] == 3


def test_f47_a_ledger_that_is_lost_or_cut_short_is_seen_and_a_crash_is_not_mistaken_for_it(shipped, people):
    for name in ("第一批", "第二批"):
        case = running(shipped, people, enterprises(shipped, 2, name))
        carry_out(shipped, case["_id"])
    assert check_ledger(shipped).n == 2
    whole = shipped.ledger.path.read_bytes()
    shipped.data.meta.update_one({"_id": "ledger"}, {"$set": {"n": 1, "hash": _hash_of(whole, 0)}})
    assert check_ledger(shipped).n == 2  # the line was written, the note was not: a crash
    shipped.ledger.path.write_bytes(whole.splitlines(keepends=True)[0])
    with pytest.raises(LedgerFault):
        check_ledger(shipped)
    shipped.ledger.path.unlink()
    with pytest.raises(LedgerFault):
        check_ledger(shipped)


def _hash_of(whole, number):
    return json.loads(whole.splitlines()[number])["hash"]


CONTACT = {"person_name": "紧急联系人", "priority": 1, "phone": [{"number": "13800138001"}]}
COMPLAINT = {"complained_at": "2026-03-01T02:00:00Z", "channel": "phone", "content": "电梯停运", "demand": "修复"}


def test_f50_parts_go_with_a_customer_and_references_and_versions_of_them_tell_nothing_more(shipped, people):
    door = Door(shipped, SYSTEM)
    gone, other = enterprises(shipped, 1, "要走的公司")[0], enterprises(shipped, 1, "别的公司")[0]
    contact = records.create(door.open("customer_emergency_contact"), {**CONTACT, "customer": gone}).id
    complaints = door.open("complaint")
    names = {"complainant": "要走的公司"}
    kept = records.create(complaints, {**COMPLAINT, **names, "customer": gone}).id
    moved = records.create(complaints, {**COMPLAINT, **names, "customer": gone}).id
    records.update(complaints, moved, {"customer": other, "complainant": "别的公司"}, expected=1)
    case = running(shipped, people, [gone])
    assert cases.progress(shipped, case) == {"pending": 2}
    case = carry_out(shipped, case["_id"])
    assert case["state"] == CaseState.VERIFIED_LIVE, case.get("fault")
    assert shipped.data.r_person_link.count_documents({"_id": contact}) == 0
    assert shipped.keys.data_keys.count_documents({"_id": {"$in": [gone, contact]}}) == 0
    field = next(one for one in complaints.compiled.active if one.name == "complainant")
    stub = shipped.data.r_complaint.find_one({"_id": kept})
    assert list(stub["d"]["stubs"].values()) == [case["_id"]]
    assert field.id not in stub["v"]
    assert field.id in shipped.data.r_complaint.find_one({"_id": moved})["v"]
    for revision in shipped.data.revisions.find({"record": {"$in": [kept, moved]}, "v": {"$exists": True}}):
        assert field.id not in revision["v"] or gone not in revision["v"].values()
    assert complaints.get(kept).find("customer").to_json()["destroyed"] == case["_id"]
    assert broken(shipped) == []


def test_a_hold_on_a_part_keeps_the_whole(shipped, people):
    gone = enterprises(shipped, 1)[0]
    door = Door(shipped, SYSTEM).open("customer_emergency_contact")
    contact = records.create(door, {**CONTACT, "customer": gone}).id
    case = running(shipped, people, [gone])
    destruction.step(shipped, case["_id"], seconds=0, lease_seconds=0.0)
    assert cases.progress(shipped, case) == {"locked": 2}
    door.hold([contact], "BQ-2026-0009")  # by the door: no role of the cast holds contacts alone
    case = carry_out(shipped, case["_id"])
    assert case["state"] == CaseState.CANCELLED
    assert cases.progress(shipped, case) == {"skipped": 2}
    assert shipped.data.r_person_link.find_one({"_id": contact})["life"]["lock"] is None
    assert broken(shipped, held={gone}) == []
