"""A reference tells no more of the other record than its reader may see there: attack 16 and its siblings.

Also the search of registers (attack 8) and files that are refused (attack 22).
"""

import csv
import io
import json

import pytest

from models.errors import AccessDenied, InvalidRecord, UnknownKey
from models.operations import records
from tests.attack.pages import Person
from tests.attack.panel import caller, process
from tests.attack.unchanged import unchanged
from tests.integration.test_steps import at_browser
from tests.registers import (
    SYSTEM,
    Walk,
    a_complaint,
    a_tenant,
    a_ticket,
    a_unit,
    complaint_way,
    door,
    repair_way,
    take,
)

NAME, PHONE = "欧阳雪峰", "13711112222"
WORDS = (NAME, "欧阳", PHONE, "+86137")


@pytest.fixture
def world(shipped, cast):
    """A tenant with a complaint, a ticket and an emergency contact; another tenant with a complaint out of reach."""
    tenant = a_tenant(shipped, customer_name=NAME)
    far = a_tenant(shipped, customer_name="司空远山", department="sales_south")
    unit = a_unit(shipped)
    contact = {"customer": tenant, "person_name": "诸葛明", "phone": ["13600001111"], "priority": 1}
    return {
        "tenant": tenant, "far": far, "unit": unit,
        "complaint": a_complaint(shipped, SYSTEM, customer=tenant, department="front_office"),
        "ticket": a_ticket(shipped, SYSTEM, unit, customer=tenant, department="property"),
        "hidden": a_complaint(shipped, SYSTEM, customer=tenant, department="sales_south", complained_about="隐者"),
        "contact": records.create(door(shipped, SYSTEM, "customer_emergency_contact"), contact).id,
    }  # fmt: skip


@pytest.fixture
def people(shipped, cast):
    """Who is at a browser and with a program, by user name."""
    app = process(shipped)
    from models.users import User, documents

    users = {user.username: user for user in documents(shipped, User)}

    def enter(name) -> tuple[Person, object]:
        return at_browser(app, shipped, users[name]), caller(app, shipped, users[name])

    return enter


def test_a_label_is_the_readers_own(shipped, cast, world, people):
    """The same reference: the name, its mask or its number, or nothing, by the plan of the customer."""
    _, clerk = people("service_clerk")
    assert clerk.get(f"/records/complaint/{world['complaint']}").json["customer"]["label"] == NAME
    _, quality = people("quality")  # sees that a customer is there, not who
    number = door(shipped, SYSTEM, "tenant").get(world["tenant"]).archive_no
    seen = quality.get(f"/records/complaint/{world['complaint']}")
    assert seen.json["customer"]["label"] == number
    assert not [word for word in WORDS if word in seen.text]
    shipped.data.grants_config.update_many({"holder": "role:quality", "type": "customer", "kind": "scope"},
                                           {"$set": {"actions": ["export"]}})  # fmt: skip
    shipped.data.stamps.update_one({}, {"$inc": {"grants": 1}})
    person, quality = people("quality")
    for answer in (
        quality.get(f"/records/complaint/{world['complaint']}"),
        quality.get("/records/complaint", params={"fields": "customer"}),
        person.get(f"/admin/r/complaint/{world['complaint']}/"),
        person.get("/admin/r/complaint/"),
    ):
        assert answer.status_code == 200
        assert not [word for word in (*WORDS, number) if word in answer.text]
    assert quality.get(f"/records/complaint/{world['complaint']}").json["customer"] == {
        "id": world["tenant"], "label": None,
    }  # fmt: skip


def test_a_list_masks_a_confidential_label_by_habit(people, world):
    person, _ = people("service_clerk")
    listed = person.get("/admin/r/complaint/")
    assert listed.status_code == 200
    assert world["complaint"] in listed.text
    assert not [word for word in (*WORDS, world["tenant"]) if word in listed.text]


def test_an_export_names_what_may_leave(shipped, cast, world, people):
    _, clerk = people("service_clerk")
    params = {"format": "csv", "fields": "complaint_no,customer"}
    text = clerk.get("/records/complaint/export", params=params).get_data(as_text=True)
    assert NAME in text
    shipped.data.grants_config.update_many(
        {"holder": "role:service_clerk", "type": "customer", "kind": "scope"}, {"$pull": {"actions": "export"}}
    )
    shipped.data.stamps.update_one({}, {"$inc": {"grants": 1}})
    _, clerk = people("service_clerk")
    text = clerk.get("/records/complaint/export", params=params).get_data(as_text=True)
    assert world["tenant"] in text
    assert not [word for word in WORDS if word in text]
    lines = clerk.get("/records/complaint/export", params={**params, "format": "jsonl"}).get_data(as_text=True)
    assert json.loads(lines.splitlines()[0])["customer"]["label"] is None
    assert len(list(csv.reader(io.StringIO(text)))) == 2


def test_a_look_up_finds_what_the_target_lets_find(shipped, world, people):
    field = door(shipped, SYSTEM, "repair_ticket").compiled.find("customer").id
    person, _ = people("front_desk")
    found = person.get(f"/admin/r/repair_ticket/lookup/{field}", q=NAME).json
    assert [one["id"] for one in found] == [world["tenant"]]
    assert person.get(f"/admin/r/repair_ticket/lookup/{field}", q="13711112222").json == []  # masked to them
    technician, _ = people("technician")
    assert technician.get(f"/admin/r/repair_ticket/lookup/{field}", q="").status_code == 404
    quality, _ = people("quality")
    field = door(shipped, SYSTEM, "complaint").compiled.find("customer").id
    answer = quality.get(f"/admin/r/complaint/lookup/{field}", q=NAME)
    assert answer.json == []
    answer = quality.get(f"/admin/r/complaint/lookup/{field}", q="")
    assert not [word for word in WORDS if word in answer.text]


def test_nobody_points_to_what_they_may_not_see(shipped, cast, world):
    clerk = door(shipped, cast["service_clerk"], "complaint")
    body = {"complainant": "甲", "channel": "phone", "content": "乙"}
    number = door(shipped, SYSTEM, "tenant").get(world["far"]).archive_no
    gone = "a" * 26
    for wrong in (world["far"], {"id": world["far"]}, number, gone, "ZH-2020-000001", world["unit"]):
        with unchanged(shipped), pytest.raises(InvalidRecord) as caught:
            records.create(clerk, {**body, "customer": wrong})
        assert list(caught.value.errors) == ["customer"]
    errors = []
    for wrong in (world["far"], gone):
        with pytest.raises(InvalidRecord) as caught:
            records.create(clerk, {**body, "customer": wrong})
        errors.append([(name, one.code, str(one)) for name, one in caught.value.errors.items()])
    assert errors[0] == errors[1]
    with unchanged(shipped), pytest.raises(InvalidRecord):
        records.update(clerk, world["complaint"], {"customer": world["far"]}, expected=1)
    near = door(shipped, SYSTEM, "tenant").get(world["tenant"]).archive_no
    made = records.create(clerk, {**body, "customer": near})
    assert made.cells["customer"].value == world["tenant"]


def test_sent_back_as_it_was_is_no_change(shipped, cast, world, people):
    _, head = people("engineering_head")
    for walk in complaint_way(cast)[:2]:
        take(shipped, cast[walk.who[-1]], "complaint", world["complaint"], walk)
    seen = head.get(f"/records/complaint/{world['complaint']}").json
    assert seen["customer"]["id"] == world["tenant"]
    _, clerk = people("service_clerk")
    shown = clerk.get(f"/records/repair_ticket/{world['ticket']}")
    assert shown.json["customer"] == {"id": world["tenant"], "label": NAME}


def test_what_refers_to_a_record_is_scoped_like_its_list(shipped, cast, world, people):
    person, clerk = people("service_clerk")
    seen = clerk.get(f"/records/tenant/{world['tenant']}").json
    assert [one["id"] for one in seen["complaints"]] == [world["complaint"]]  # not the one of another department
    assert [one["id"] for one in seen["repairs"]] == [world["ticket"]]
    page = person.get(f"/admin/r/tenant/{world['tenant']}/").text
    assert 'id="s-related"' in page
    assert world["hidden"] not in page
    assert "隐者" not in page
    _, sales = people("sales")
    shipped.data.r_customer.update_one({"_id": world["tenant"]}, {"$set": {"owner": cast["sales"].id}})
    assert "repairs" not in sales.get(f"/records/tenant/{world['tenant']}").json  # no scope on tickets
    assert sales.get(f"/records/tenant/{world['tenant']}").json["complaints"] is None
    listed = clerk.get("/records/tenant").json["items"][0]
    assert not {"complaints", "repairs", "emergency_contacts"} & listed.keys()


def test_without_the_field_at_the_other_side_there_is_no_relation(shipped, cast, world, people):
    """Who may not read `customer` of a complaint is not told by way of the customer whom it concerns."""
    field = door(shipped, SYSTEM, "complaint").compiled.find("customer").id
    ceiling = {"_id": "c1", "kind": "ceiling", "holders": ["role:service_clerk"], "type": "complaint", "target": field,
               "read_at_most": "none", "write_at_most": "none"}  # fmt: skip
    shipped.data.grants_config.insert_one(ceiling)
    shipped.data.stamps.update_one({}, {"$inc": {"grants": 1}})
    person, clerk = people("service_clerk")
    assert "complaints" not in clerk.get(f"/records/tenant/{world['tenant']}").json
    page = person.get(f"/admin/r/tenant/{world['tenant']}/").text
    assert world["complaint"] not in page
    where = {"field": "customer", "op": "eq", "value": world["tenant"]}
    assert clerk.get("/records/complaint", params={"where": json.dumps(where)}).status_code == 403
    with unchanged(shipped), pytest.raises(UnknownKey):
        records.create(door(shipped, cast["service_clerk"], "complaint"), {"customer": world["tenant"]})


def test_a_copy_holds_what_the_writer_could_have_typed(shipped, cast, world):
    """Beside a new reference; never what the writer sees masked or not at all."""
    clerk = door(shipped, cast["service_clerk"], "complaint")
    made = records.create(clerk, {"customer": world["tenant"], "channel": "phone", "content": "漏水"})
    assert made.cells["complainant"].value == NAME
    assert made.cells["contact"].value[0]["number"].endswith(PHONE)
    desk = door(shipped, cast["front_desk"], "complaint")
    made = records.create(desk, {"customer": world["tenant"], "channel": "phone", "content": "漏水"})
    assert made.cells["complainant"].value == NAME
    assert made.cells["contact"].mark == "empty"  # they see the phone of a customer by its mask


def test_a_destroyed_record_leaves_a_stub(shipped, world, people):
    shipped.data.r_customer.delete_one({"_id": world["tenant"]})
    shipped.data.tombstones.insert_one({"_id": world["tenant"], "case": "case7"})
    person, clerk = people("service_clerk")
    seen = clerk.get(f"/records/complaint/{world['complaint']}").json["customer"]
    assert seen == {"id": world["tenant"], "label": None, "destroyed": "case7"}
    page = person.get(f"/admin/r/complaint/{world['complaint']}/").text
    assert "case7" in page
    assert f"/admin/r/customer/{world['tenant']}" not in page


def test_the_search_of_a_register_answers_by_its_own_fields_alone(shipped, cast, world, people):
    """A word that stands only where the reader may not look finds nothing, and is refused alike everywhere."""
    for name, text, found in (
        ("service_clerk", "王五", 1), ("quality", "王五", 0), ("front_desk", "王五", 1),
        ("service_clerk", NAME, 0), ("quality", PHONE[-4:], 0),
    ):  # fmt: skip
        person, program = people(name)
        items = program.get("/records/complaint", params={"q": text}).json["items"]
        assert len([one for one in items if one["id"] == world["complaint"]]) == found, (name, text)
        assert (world["complaint"] in person.get("/admin/r/complaint/", q=text).text) == bool(found), (name, text)
    _, technician = people("technician")
    assert technician.get("/records/repair_ticket", params={"q": "王五"}).json["items"] == []


def test_a_right_that_goes_takes_the_register_with_it(shipped, cast, world, people):
    """Attack 26: with the next request of a standing session list, search, record and relation are gone."""
    person, program = people("service_clerk")
    assert program.get(f"/records/complaint/{world['complaint']}").status_code == 200
    shipped.data.grants_config.delete_many({"holder": "role:service_clerk", "type": "complaint", "kind": "scope"})
    shipped.data.stamps.update_one({}, {"$inc": {"grants": 1}})
    for path in ("/records/complaint", f"/records/complaint/{world['complaint']}", "/records/complaint?q=王五"):
        assert program.get(path).status_code == 404
    assert person.get(f"/admin/r/complaint/{world['complaint']}/").status_code == 404
    assert world["complaint"] not in person.get(f"/admin/r/tenant/{world['tenant']}/").text


def test_a_file_is_refused_wherever_it_is_sent(shipped, cast, world, people):
    (_, admin), (_, desk) = people("admin"), people("front_desk")
    file = {"name": "a.html", "type": "text/html", "data": "PHNjcmlwdD4="}
    with unchanged(shipped):
        for body in ({"contract_file": [file]}, {"contract_file": file}, {"contract_file": ["a.svg"]}):
            answer = admin.patch(f"/records/tenant/{world['tenant']}", json=body, match=1)
            assert answer.status_code == 422, answer.text
        for name in ("customer_signature", "attachment", "file"):
            answer = admin.patch(f"/records/complaint/{world['complaint']}", json={name: file}, match=1)
            assert answer.status_code == 422, answer.text
        path = f"/records/complaint/{world['complaint']}/transitions/judge"
        answer = desk.post(path, json={"justified": "founded", "customer_signature": file}, match=1)
        assert answer.status_code == 422


def test_a_step_names_no_hidden_field(shipped, cast, world, people):
    """Neither the page of a step nor OpenAPI nor the type tells of what the actor may not know."""
    for walk in repair_way(cast)[:2]:
        take(shipped, cast[walk.who[-1]], "repair_ticket", world["ticket"], walk)
    _, technician = people("technician")
    described = technician.get("/types/repair_ticket").text
    document = technician.get("/openapi.json").text
    for text in (described, document):
        assert "spot_check.note" not in text
        assert "抽查结果" not in text
    steps = {one["name"]: one for one in technician.get("/types/repair_ticket").json["transitions"]}
    assert steps["spot_check"] == steps["spot_check"] | {"may": False, "fields": [], "required": []}
    assert steps["file"]["may"]
    with unchanged(shipped), pytest.raises(AccessDenied):
        take(shipped, cast["technician"], "repair_ticket", world["ticket"], Walk("spot_check", (), {}))
