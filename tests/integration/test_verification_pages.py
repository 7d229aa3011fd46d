"""Findings and tasks as people and programs see them, and how both end; what a lost right no longer shows."""

import pytest

from models.operations import users
from tests.attack.cast import at_browser
from tests.attack.panel import caller, process
from tests.verified import LASTING, SYSTEM, correct, individual, run, unjudged


@pytest.fixture
def app(shipped, cast):
    return process(shipped)


@pytest.fixture
def clerk(cast):
    return cast["service_clerk"]


def account(store, actor):
    return users.get_user(store, actor.id)


def test_from_the_finding_over_the_task_to_the_corrected_record(app, store, cast, clerk):
    bad = individual(store, owner=clerk.id)
    at = at_browser(app, "service_clerk")
    address = f"/admin/r/individual/{bad.id}/"
    for page in ("/admin/", "/admin/tasks/"):
        assert address in at.get(page).text
    assert "已过期" in at.get(address).text
    assert 'class="found"' in at.get("/admin/r/customer/").text
    assert bad.id in at.get("/admin/r/customer/", findings="any").text
    correct(store, bad.id)
    assert address not in at.get("/admin/tasks/").text
    assert "已过期" not in at.get(address).text
    assert bad.id not in at.get("/admin/r/customer/", findings="any").text


def test_rest_tells_the_same(app, store, cast, clerk):
    bad = individual(store, owner=clerk.id)
    program = caller(app, store, account(store, clerk))
    told = {"rule": "id_valid", "result": "failed", "reason": "expired", "field": "id_document.valid_until"}
    found = program.get("/verification/results").json["items"]
    assert [{name: one[name] for name in told} for one in found] == [told]
    assert program.get(f"/records/individual/{bad.id}").json["findings"][0].items() >= told.items()
    assert [one["id"] for one in program.get("/records/customer", params={"findings": "failed"}).json["items"]] == [
        bad.id
    ]
    assert program.get("/verification/results", params={"state": "warned"}).json["items"] == []
    assert [one["record"] for one in program.get("/tasks").json["items"]] == [bad.id]
    correct(store, bad.id)
    assert program.get("/tasks").json["items"] == []
    assert [one["record"] for one in program.get("/tasks", params={"state": "done"}).json["items"]] == [bad.id]
    for path, params in (("/tasks", {"state": "x"}), ("/verification/results", {"state": "passed"})):
        assert program.get(path, params=params).status_code == 422


def test_who_may_not_know_the_field_is_told_nothing(app, store, cast):
    """Attack 8 and 26 for findings: neither rows, counts, marks nor tasks tell of a field one may not know."""
    sales = cast["sales"]
    bad = individual(store, owner=sales.id)
    at, program = at_browser(app, "sales"), caller(app, store, account(store, sales))
    for page in ("/admin/", "/admin/tasks/", "/admin/tasks/?whose=all"):
        assert "有效证件" not in at.get(page).text
    assert "已过期" not in at.get(f"/admin/r/individual/{bad.id}/").text
    assert 'class="found"' not in at.get("/admin/r/customer/").text
    for wanted in ("any", "failed", "id_valid"):
        params = {"findings": wanted, "count": "1"}
        assert program.get("/records/customer", params=params).json["count"]["value"] == 0
        assert bad.id not in at.get("/admin/r/customer/", findings=wanted).text
    assert program.get("/tasks").json["items"] == program.get("/verification/results").json["items"] == []
    correct(store, bad.id)
    assert program.get("/tasks", params={"state": "done"}).json["items"] == []


def test_a_lost_right_shows_nothing_with_the_next_page(app, store, cast, clerk):
    """Attack 35: pages, page marks and REST after the role was taken away."""
    for n in range(3):
        individual(store, owner=clerk.id, name=f"客户{n}")
    at, program = at_browser(app, "service_clerk"), caller(app, store, account(store, clerk))
    mark = program.get("/tasks", params={"limit": 1}).json["next"]
    results = program.get("/verification/results", params={"limit": 1}).json["next"]
    users.set_roles(SYSTEM, store, clerk.id, ["quality"], expected=account(store, clerk).rev)
    assert "有效证件" not in at.get("/admin/tasks/?whose=all").text
    assert program.get("/tasks", params={"limit": 1, "after": mark}).json["items"] == []
    assert program.get("/verification/results", params={"limit": 1, "after": results}).json["items"] == []
    assert program.get("/records/customer", params={"findings": "any"}).json["items"] == []


def test_the_page_of_the_rules(app, store, cast, clerk):
    individual(store, owner=clerk.id)
    unjudged(store)
    run(store)
    admin = at_browser(app, "admin")
    words = admin.get("/admin/verification/").text
    assert "有效证件未过期" in words
    assert 'action="/admin/verification/start"' in words
    assert admin.post("/admin/verification/start").status_code == 302
    assert store.data.runs.count_documents({"kind": "verification", "state": "waiting"}) == 1
    viewer = at_browser(app, "archivist")
    assert 'action="/admin/verification/start"' not in viewer.get("/admin/verification/").text
    assert viewer.post("/admin/verification/start").status_code == 403
    for user in ("service_clerk", "sales"):
        assert at_browser(app, user).get("/admin/verification/").status_code == 403
    assert store.data.runs.count_documents({"kind": "verification", "state": "waiting"}) == 1


def test_marks_of_pages_belong_to_their_question_and_person(app, store, cast, clerk):
    for n in range(3):
        individual(store, owner=clerk.id, name=f"客户{n}", valid_until="2020-01-01" if n else LASTING)
    program = caller(app, store, account(store, clerk))
    mark = program.get("/verification/results", params={"limit": 1}).json["next"]
    assert len(program.get("/verification/results", params={"limit": 1, "after": mark}).json["items"]) == 1
    admin = caller(app, store, account(store, cast["admin"]))
    for params in ({"after": mark}, {"after": "x" * 40}):
        assert admin.get("/verification/results", params=params).status_code == 422
