"""A reference to a destroyed record is a stub, and nothing that came through it comes back."""

import pytest

from models.access.door import Door
from models.errors import StaleRecord
from models.lifecycle.cases import CaseState
from models.operations import records, stubbing
from models.operations.bulk import Loader
from tests import destroying
from tests.destroying import carry_out, running

SYSTEM = destroying.SYSTEM
PHONE = "13800138000"


def complaint_about(store, customer):
    body = {
        "customer": {"id": customer}, "complained_at": "2026-11-20T03:00:00Z", "channel": "phone",
        "content": "水压不足", "demand": "尽快修复",
    }  # fmt: skip
    return records.create(Door(store, SYSTEM).open("complaint"), body)


def holds(store, id, words):
    """Where a text stands in a record of the complaints or in one of its revisions, opened."""
    door = Door(store, SYSTEM).open("complaint")
    numbers = [one["rev"] for one in store.data.revisions.find({"record": id, "v": {"$exists": True}})]
    contents = [door.get(id).to_json(), *(door.revision(id, number).to_json() for number in numbers)]
    return [one for one in contents if words in str(one)]


def destroyed(store, people, customer):
    case = running(store, people, [customer])
    assert carry_out(store, case["_id"])["state"] == CaseState.VERIFIED_LIVE
    return case["_id"]


def test_what_was_copied_is_emptied_in_record_and_revisions(shipped, people):
    customer = destroying.one(shipped, customer_name="即将注销公司", phone=[PHONE])
    complaint = complaint_about(shipped, customer)
    changed = records.update(Door(shipped, SYSTEM).open("complaint"), complaint.id, {"demand": "减免"}, expected=1)
    assert len(holds(shipped, complaint.id, "即将注销公司")) == 3
    case = destroyed(shipped, people, customer)
    assert not holds(shipped, complaint.id, "即将注销公司")
    assert not holds(shipped, complaint.id, PHONE)
    now = Door(shipped, SYSTEM).open("complaint").get(complaint.id)
    assert now.revision == changed.revision + 1
    assert now.to_json()["customer"] == {"id": customer, "label": None, "destroyed": case}
    assert now.to_json()["content"] == "水压不足"
    told = shipped.data.audit_entries.find_one({"ref": f"{complaint.id}:{now.revision}"})
    assert told["action"] == "records:stub"


def test_a_loaded_record_keeps_its_first_revision_without_the_copies(shipped, people):
    customer = destroying.one(shipped, customer_name="即将注销公司")
    loader = Loader(Door(shipped, SYSTEM).open("complaint"))
    body = {
        "customer": {"id": customer}, "complainant": "即将注销公司", "complained_at": "2026-11-20T03:00:00Z",
        "channel": "phone", "content": "水压不足", "demand": "尽快修复",
    }  # fmt: skip
    [complaint] = loader.write([loader.read(body)])
    destroyed(shipped, people, customer)
    assert [one["rev"] for one in shipped.data.revisions.find({"record": complaint}).sort("rev")] == [1, 2]
    assert not holds(shipped, complaint, "即将注销公司")


def test_a_form_opened_before_does_not_put_the_name_back(shipped, people):
    customer = destroying.one(shipped, customer_name="即将注销公司")
    complaint = complaint_about(shipped, customer)
    destroyed(shipped, people, customer)
    door = Door(shipped, SYSTEM).open("complaint")
    with pytest.raises(StaleRecord):
        records.update(door, complaint.id, {"complainant": "即将注销公司"}, expected=complaint.revision)
    assert not holds(shipped, complaint.id, "即将注销公司")


def test_a_write_under_way_does_not_put_the_name_back(shipped, people, monkeypatch):
    """It has read the record before the stub, and comes to write after it."""
    customer = destroying.one(shipped, customer_name="即将注销公司")
    complaint = complaint_about(shipped, customer)
    door, plain = Door(shipped, SYSTEM).open("complaint"), records.commit

    def late(*given, **more):
        monkeypatch.setattr(records, "commit", plain)
        destroyed(shipped, people, customer)
        return plain(*given, **more)

    monkeypatch.setattr(records, "commit", late)
    with pytest.raises(StaleRecord):
        records.update(door, complaint.id, {"demand": "减免"}, expected=complaint.revision)
    assert not holds(shipped, complaint.id, "即将注销公司")


def test_a_crash_before_the_revisions_were_emptied_is_made_good(shipped, people):
    customer = destroying.one(shipped, customer_name="即将注销公司")
    complaint = complaint_about(shipped, customer)
    holder = Door(shipped, SYSTEM).open("complaint")
    kind = holder.kinds[0]
    [document] = holder.unfinished(kind, kind.find("customer"), [customer])
    stubbing._stub(holder, kind, kind.find("customer"), document, "XH-2026-0001")
    assert holds(shipped, complaint.id, "即将注销公司")
    assert holder.unstubbed(kind, kind.find("customer"), [customer]) == 1
    destroyed(shipped, people, customer)
    assert not holds(shipped, complaint.id, "即将注销公司")


def test_a_locked_record_keeps_the_revision_a_list_names(shipped, people):
    customer = destroying.one(shipped, customer_name="即将注销公司")
    complaint = complaint_about(shipped, customer)
    lock = {"case": "XH-2026-9999", "epoch": 1}
    shipped.data.r_complaint.update_one({"_id": complaint.id}, {"$set": {"life.lock": lock}})
    destroyed(shipped, people, customer)
    now = shipped.data.r_complaint.find_one({"_id": complaint.id})
    assert now["rev"] == complaint.revision
    assert not holds(shipped, complaint.id, "即将注销公司")
