"""Steps of the shipped registers: taken by the right roles to the last state, refused to everybody else everywhere."""

import pytest

from models.access.actions import Action
from models.errors import AccessDenied, InvalidRecord, RecordNotFound, StaleRecord, UnknownKey, WrongState
from models.operations import bulk, grants, records, sessions, transitions
from models.users import User, documents
from tests.attack.pages import Person
from tests.attack.panel import caller, process
from tests.attack.unchanged import unchanged
from tests.registers import (
    SYSTEM,
    Walk,
    a_complaint,
    a_tenant,
    a_ticket,
    a_unit,
    archive_way,
    complaint_way,
    door,
    repair_way,
    take,
)

REFUSED = {403, 404, 409}


def fill(form, field, name, raw):
    """The inputs of one field, as a browser sends them."""
    if field.type.name == "rows":
        form |= {f"{name}.here": "1", f"{name}.row": "0"}
        for sub in field.fields:
            form[f"{name}.0.{sub.id}"] = raw[0][sub.name]
    elif field.type.name == "object":
        for sub in field.fields:
            if sub.name in raw:
                fill(form, sub, sub.id, raw[sub.name])
    elif isinstance(raw, bool):
        form[name] = str(raw).lower()
    else:
        form[name] = raw.replace("T03:00:00Z", "T11:00:00") if field.type.name == "moment" else raw


def form_of(kind, walk):
    form = {"reason": walk.reason}
    for name, raw in walk.body.items():
        field = kind.find(name)
        fill(form, field, field.id, raw)
    return form


def at_browser(app, store, user):
    """Signed in without the password: fifteen of them take argon2 half a minute."""
    client = app.test_client()
    secret = sessions.begin(store, user, address="127.0.0.1")
    with client.session_transaction() as cookie:
        cookie |= {"_user_id": secret, "_fresh": True}
    return Person(client, user)


@pytest.fixture
def everywhere(shipped, cast):
    """Every account at a browser and with a program."""
    app = process(shipped)
    people = {user.username: user for user in documents(shipped, User)}
    return {name: (at_browser(app, shipped, user), caller(app, shipped, user)) for name, user in people.items()}


def refused_to_all_but(store, everywhere, type_name, id, walk):
    """Whoever the step is not for is refused it on the page and over REST, and nothing has changed."""
    opened = door(store, SYSTEM, type_name)
    kind, revision = opened.fetch(id)[1], opened.revision_number(id)
    form = form_of(kind, walk) | {"revision": str(revision)}
    body = dict(walk.body) | ({"reason": walk.reason} if walk.reason else {})
    with unchanged(store):
        wrong = [name for name in everywhere if name not in walk.who]
        for number, name in enumerate(wrong):
            person, program = everywhere[name]
            answer = program.post(f"/records/{type_name}/{id}/transitions/{walk.name}", json=body, match=revision)
            assert answer.status_code in REFUSED, (walk.name, name, answer.text)
            page = person.post(f"/admin/r/{type_name}/{id}/transitions/{walk.name}/", data=form)
            assert page.status_code in {*REFUSED, 302}, (walk.name, name)
            if number % 3 == len(walk.name) % 3:  # a third of them each time: a record page is a long one
                shown = person.get(f"/admin/r/{type_name}/{id}/")
                assert f"/transitions/{walk.name}/" not in shown.text, (walk.name, name)


def play(store, everywhere, type_name, id, way):
    """Each step refused to the wrong ones, then taken: by page and over REST in turn."""
    for number, walk in enumerate(way):
        if walk.name not in {one.name for one in way[:number]}:
            refused_to_all_but(store, everywhere, type_name, id, walk)
        opened = door(store, SYSTEM, type_name)
        revision = opened.revision_number(id)
        person, program = everywhere[walk.who[number % len(walk.who)]]
        shown = person.get(f"/admin/r/{type_name}/{id}/")
        assert f"/transitions/{walk.name}/" in shown.text, walk.name
        if number % 2:
            form = form_of(opened.fetch(id)[1], walk) | {"revision": str(revision)}
            answer = person.post(f"/admin/r/{type_name}/{id}/transitions/{walk.name}/", data=form)
            assert answer.status_code == 302, answer.text
        else:
            body = dict(walk.body) | ({"reason": walk.reason} if walk.reason else {})
            answer = program.post(f"/records/{type_name}/{id}/transitions/{walk.name}", json=body, match=revision)
            assert answer.status_code == 200, answer.text
        after = door(store, SYSTEM, type_name)
        assert after.revision_number(id) == revision + 1, walk.name
        kind = after.fetch(id)[1]
        assert after.fetch(id)[0]["state"] == kind.workflow.find(walk.name).transition.end


def test_a_complaint_goes_its_way_by_the_right_roles_alone(shipped, cast, everywhere):
    id = a_complaint(shipped, cast["front_desk"])
    play(shipped, everywhere, "complaint", id, complaint_way(cast))
    found = door(shipped, SYSTEM, "complaint").get(id)
    assert (found.state, found.cells["closed_at"].mark) == ("closed", "value")


def test_a_repair_goes_its_way_by_the_right_roles_alone(shipped, cast, everywhere):
    id = a_ticket(shipped, cast["front_desk"], a_unit(shipped))
    play(shipped, everywhere, "repair_ticket", id, repair_way(cast))
    found = door(shipped, SYSTEM, "repair_ticket").get(id)
    assert found.state == "spot_checked"
    assert {"arrived_at", "ended_at"} <= {name for name, cell in found.cells.items() if cell.mark == "value"}


def test_an_archive_goes_its_way_by_the_right_roles_alone(shipped, cast, everywhere):
    clerk = door(shipped, cast["service_clerk"], "enterprise")
    made = records.create(clerk, {"customer_name": "远山贸易有限公司"})
    assert (made.state, made.cells["filed_at"].mark) == ("draft", "empty")
    play(shipped, everywhere, "enterprise", made.id, archive_way())
    found = door(shipped, SYSTEM, "enterprise").get(made.id)
    assert (found.state, found.cells["filed_at"].mark) == ("filed", "value")


def test_steps_of_the_system_are_taken_by_no_person(shipped, cast, everywhere):
    id = records.create(door(shipped, SYSTEM, "tenant"), {"customer_name": "甲", "department": "property"}).id
    shipped.data.r_customer.update_one({"_id": id}, {"$set": {"state": "filed"}})
    for walk in (Walk("rest", (), {}), Walk("propose_disposal", (), {})):
        refused_to_all_but(shipped, everywhere, "tenant", id, walk)
    take(shipped, SYSTEM, "tenant", id, Walk("propose_disposal", (), {}))
    for walk in (Walk("withdraw_disposal", (), {}, "反悔"), Walk("destroy", (), {})):
        refused_to_all_but(shipped, everywhere, "tenant", id, walk)


def test_what_is_brought_in_is_filed_and_says_when(shipped):
    loader = bulk.Loader(door(shipped, SYSTEM, "enterprise"))
    (id,) = loader.write([loader.read({"customer_name": "远山贸易有限公司"})])
    found = door(shipped, SYSTEM, "enterprise").get(id)
    assert (found.state, found.cells["filed_at"].mark) == ("filed", "value")


@pytest.mark.parametrize(("role", "state"), [("service_head", "filed"), ("archivist", "draft")])
def test_a_file_spares_nobody_the_approval_they_may_not_give(shipped, cast, role, state):
    loader = bulk.Loader(door(shipped, cast[role], "enterprise"), Action.IMPORT)
    (id,) = loader.write([loader.read({"customer_name": "远山贸易有限公司"})])
    found = door(shipped, SYSTEM, "enterprise").get(id)
    assert (found.state, found.cells["filed_at"].mark) == (state, "value" if state == "filed" else "empty")


def test_nobody_checks_what_they_entered_themselves(shipped, cast):
    head = cast["service_head"]
    made = records.create(door(shipped, head, "enterprise"), {"customer_name": "甲公司", "business_type": "sales"})
    take(shipped, head, "enterprise", made.id, Walk("submit", (), {}))
    assert [one.edge.name for one in transitions.offers(door(shipped, head, "enterprise"), made.id)] == [
        "return_to_draft"
    ]
    with unchanged(shipped), pytest.raises(WrongState):
        take(shipped, head, "enterprise", made.id, Walk("check", (), {}))


@pytest.fixture
def complaint(shipped, cast):
    return a_complaint(shipped, cast["front_desk"], complained_about="电梯")


@pytest.mark.parametrize(("body", "reason", "expected", "fault"), [
    ({}, None, 1, InvalidRecord),
    ({"justified": "unfounded"}, None, 1, WrongState),
    ({"justified": "never"}, None, 1, InvalidRecord),
    ({"justified": "founded", "content": "x"}, None, 1, UnknownKey),
    ({"justified": "founded", "owner": None}, None, 1, UnknownKey),
    ({"justified": "founded", "no_such": 1}, None, 1, UnknownKey),
    ({"justified": "founded"}, None, 7, StaleRecord),
    ({"justified": "founded"}, "x" * 2001, 1, InvalidRecord),
])  # fmt: skip
def test_what_a_step_refuses_changes_nothing(shipped, cast, complaint, body, reason, expected, fault):
    desk = door(shipped, cast["front_desk"], "complaint")
    with unchanged(shipped), pytest.raises(fault):
        transitions.take(desk, complaint, "judge", body, expected=expected, reason=reason)


def test_a_step_from_another_state_and_one_that_is_none(shipped, cast, complaint):
    with unchanged(shipped):
        with pytest.raises(WrongState):
            take(shipped, cast["archivist"], "complaint", complaint, Walk("close", (), {}))
        with pytest.raises(RecordNotFound):
            take(shipped, cast["front_desk"], "complaint", complaint, Walk("destroy", (), {}))


def test_a_step_opens_no_field(shipped, cast, complaint):
    """Who may take a step but not write what it asks for is refused at the field."""
    shipped.data.grants_config.delete_many({"holder": "role:front_desk", "kind": "grant", "write": "edit"})
    shipped.data.stamps.update_one({}, {"$inc": {"grants": 1}})
    desk = door(shipped, cast["front_desk"], "complaint")
    (judge, _) = transitions.offers(desk, complaint) if len(transitions.offers(desk, complaint)) == 2 else (None, None)
    assert judge is None
    with unchanged(shipped), pytest.raises(AccessDenied):
        transitions.take(desk, complaint, "judge", {"justified": "founded"}, expected=1)


def test_a_reason_is_sealed_and_shown_to_who_may_take_steps(shipped, cast, complaint):
    take(shipped, cast["front_desk"], "complaint", complaint, Walk("refuse", (), {}, "纯属误会"))
    kept = shipped.data.revisions.find_one({"_id": f"{complaint}:2"})
    assert "纯属误会" not in str({name: part for name, part in kept.items() if name != "v"})
    (entry,) = shipped.data.audit_entries.find({"action": "records:transition"})
    assert '"edge":"refuse"' in entry["body"].decode().replace(" ", "")
    assert "误会" not in entry["body"].decode()
    desk = door(shipped, cast["front_desk"], "complaint").revisions(complaint).items[0]
    assert (desk["transition"], desk["reason"]) == ("refuse", "纯属误会")
    legal = door(shipped, cast["legal"], "complaint").revisions(complaint).items[0]
    assert legal["transition"] == "refuse"
    assert "reason" not in legal


def test_a_technician_sees_a_ticket_until_it_is_done(shipped, cast):
    id = a_ticket(shipped, cast["front_desk"], a_unit(shipped), customer=a_tenant(shipped))
    way = repair_way(cast)
    with pytest.raises(RecordNotFound):
        door(shipped, cast["technician"], "repair_ticket").get(id)
    for walk in way[:2]:
        take(shipped, cast[walk.who[-1]], "repair_ticket", id, walk)
    seen = door(shipped, cast["technician"], "repair_ticket").get(id)
    assert seen.cells["phone"].mark == "value"
    assert seen.cells["unit"].to_json()["label"] == "A座 12层 1203"
    assert "customer" not in seen.cells
    for walk in way[2:8]:
        take(shipped, cast["technician"], "repair_ticket", id, walk)
    with pytest.raises(RecordNotFound):
        door(shipped, cast["technician"], "repair_ticket").get(id)


def test_a_declined_price_ends_the_ticket(shipped, cast):
    id = a_ticket(shipped, cast["front_desk"], a_unit(shipped))
    for walk in repair_way(cast)[:3]:
        take(shipped, cast[walk.who[-1]], "repair_ticket", id, walk)
    take(shipped, cast["technician"], "repair_ticket", id, Walk("price", (), {"price_told_and_agreed": False}))
    with pytest.raises(WrongState):
        take(shipped, cast["technician"], "repair_ticket", id, Walk("start_work", (), {}))
    take(shipped, cast["technician"], "repair_ticket", id, Walk("decline", (), {}, "太贵"))
    found = door(shipped, SYSTEM, "repair_ticket").get(id)
    assert (found.state, found.cells["decline_reason"].value) == ("declined", "太贵")


def test_words_typed_for_a_step_that_is_no_longer_to_be_had_come_back(shipped, cast, everywhere, complaint):
    """Somebody else judged the complaint while a reason for refusing it was typed."""
    page = f"/admin/r/complaint/{complaint}/transitions/refuse/"
    person, _ = everywhere["front_desk"]
    assert person.get(page).status_code == 200
    take(shipped, cast["service_head"], "complaint", complaint, Walk("judge", (), {"justified": "founded"}))
    with unchanged(shipped):
        answer = person.post(page, revision="1", reason="查无此事，<b>已回访</b>三次")
    assert answer.status_code in (409, 412)
    assert "查无此事，&lt;b&gt;已回访&lt;/b&gt;三次" in answer.text
    with unchanged(shipped):
        assert person.post(page, revision="1", reason="").status_code == 302


def test_what_comes_back_of_a_step_names_no_field_the_person_may_not_know(shipped, cast, everywhere, complaint):
    """Its id guessed and sent with a step that is over: neither label nor echo answers."""
    page = f"/admin/r/complaint/{complaint}/transitions/judge/"
    justified = door(shipped, SYSTEM, "complaint").compiled.find("justified")
    sent = {"revision": "1", "reason": "自己的话", justified.id: "founded"}
    person, _ = everywhere["front_desk"]
    take(shipped, cast["service_head"], "complaint", complaint, Walk("judge", (), {"justified": "founded"}))
    assert justified.label("zh_Hans_CN") in person.post(page, data=sent).text
    tree = grants.export(shipped)
    tree.setdefault("ceilings", []).append(
        {"holders": ["role:front_desk"], "type": "complaint", "target": "justified", "read_at_most": "none",
         "write_at_most": "none"}
    )  # fmt: skip
    grants.apply(shipped, SYSTEM, tree, source="test", reason="a test")
    with unchanged(shipped):
        answer = person.post(page, data=sent)
    assert "自己的话" in answer.text
    assert justified.label("zh_Hans_CN") not in answer.text
    assert ">founded<" not in answer.text


def test_words_typed_against_an_older_revision_stand_in_the_form_again(shipped, cast, everywhere, complaint):
    page = f"/admin/r/complaint/{complaint}/transitions/refuse/"
    person, _ = everywhere["front_desk"]
    records.update(door(shipped, SYSTEM, "complaint"), complaint, {"demand": "另有要求"}, expected=1)
    with unchanged(shipped):
        answer = person.post(page, revision="1", reason="查无此事")
    assert answer.status_code == 412
    assert ">查无此事</textarea>" in answer.text
