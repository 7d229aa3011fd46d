"""The pages and the REST interface of holds and cases: who may, what shows, what a program may not sign."""

import re
from types import SimpleNamespace

import pytest

from admin_app.application import create_app
from models.access.door import Door
from models.lifecycle.cases import CaseState
from models.operations import cases, tokens
from tests.conftest import CAST_PASSWORD
from tests.destroying import (
    REASON,
    SYSTEM,
    broken,
    carry_out,
    certified,
    enterprises,
    listed,
    running,
)

SECRET = "for tests only, long enough to be one"


@pytest.fixture
def app(shipped, people):
    settings = SimpleNamespace(secret_key=SECRET, locale="en", tz="Asia/Shanghai", secure=False, redis_url=None)
    return create_app(settings, lambda _settings: shipped)


def token_of(page) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))[1]


class Browser:
    """Somebody at the panel, by pages and by REST with the session."""

    def __init__(self, app, username):
        self.client = app.test_client()
        form = {"csrf_token": token_of(self.client.get("/login")), "username": username, "password": CAST_PASSWORD}
        assert self.client.post("/login", data=form).status_code == 302
        self.csrf = token_of(self.client.get("/account/"))

    def get(self, address):
        return self.client.get(address)

    def post(self, address, **form):
        return self.client.post(address, data={"csrf_token": self.csrf, **form})

    def api(self, method, path, **body):
        headers = {"X-CSRFToken": self.csrf}
        more = {"json": body} if method == "POST" else {}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)


class Program:
    """A token."""

    def __init__(self, app, store, actor):
        self.secret, _ = tokens.create(SYSTEM, store, actor.id, name="test")
        self.client = app.test_client()

    def api(self, method, path, **body):
        more = {"json": body} if method == "POST" else {}
        headers = {"Authorization": f"Bearer {self.secret}"}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)


def text(answer) -> str:
    return answer.get_data(as_text=True)


def number_of(store, id):
    return store.data.r_customer.find_one({"_id": id})["archive_no"]


def test_a_case_is_played_on_its_pages_from_request_to_certificate(app, shipped, people):
    shipped.data.settings.insert_one({"_id": "destruction", "cooling_days": 0})
    ids = enterprises(shipped, 2)
    numbers = [number_of(shipped, id) for id in ids]
    archivist, manager = Browser(app, "archivist"), Browser(app, "general_manager")
    record = archivist.get(f"/admin/r/enterprise/{ids[0]}/")
    assert f"/admin/destruction/new/?type=enterprise&amp;numbers={numbers[0]}" in text(record)
    form = {"type": "enterprise", "numbers": "\n".join(numbers), "reason": REASON}
    answer = archivist.post("/admin/destruction/new/", **form)
    assert answer.status_code == 302
    place = answer.location
    case_id = place.rstrip("/").rpartition("/")[2]
    assert archivist.post(f"{place}do/submit").status_code == 302
    hash = cases.find(shipped, case_id)["manifest"]["hash"]
    own = archivist.get(place)
    assert "do/approve" not in text(own)
    assert "do/approve" in text(manager.get(place))
    wrong = manager.post(f"{place}do/approve", manifest_hash=hash, password="wrong")
    assert wrong.status_code == 422
    assert "p-approve-bad" in text(wrong)
    assert manager.post(f"{place}do/approve", manifest_hash=hash, password=CAST_PASSWORD).status_code == 302
    assert people.approver.id in text(archivist.get(place))
    start = {"manifest_hash": hash, "password": CAST_PASSWORD, "supervisor": people.approver.id}
    assert archivist.post(f"{place}do/start", **start).status_code == 302
    assert archivist.post(f"{place}do/confirm", manifest_hash=hash, password=CAST_PASSWORD).status_code == 403
    assert manager.post(f"{place}do/confirm", manifest_hash=hash, password=CAST_PASSWORD).status_code == 302
    assert shipped.data.runs.count_documents({"kind": "destruction", "params.case": case_id}) == 1
    assert "hx-trigger" in text(archivist.get(f"{place}progress"))
    carry_out(shipped, case_id)
    assert archivist.get(f"{place}progress").headers["HX-Refresh"] == "true"
    assert manager.post(f"{place}do/confirm", manifest_hash=hash, password=CAST_PASSWORD).status_code == 302
    page = text(manager.get(f"{place}certificate/"))
    assert hash in page
    assert "单个" not in page
    assert manager.get(f"{place}certificate.json").json["content"]["destroyed"] == 2
    assert archivist.get(f"/admin/r/enterprise/{ids[0]}/").status_code == 404
    assert broken(shipped) == []


def test_who_may_open_which_page(app, shipped, people):
    ids = enterprises(shipped, 1)
    case = listed(shipped, people, ids)
    pages = ("/admin/destruction/", f"/admin/destruction/{case['_id']}/", "/admin/holds/")
    for username, status in (("auditor", 200), ("admin", 200), ("general_manager", 200), ("sales", 403)):
        person = Browser(app, username)
        for page in pages:
            assert person.get(page).status_code == status, (username, page)
    assert Browser(app, "auditor").get("/admin/destruction/new/").status_code == 403
    assert Browser(app, "archivist").get("/admin/holds/").status_code == 403
    assert Browser(app, "legal").get("/admin/holds/new/").status_code == 200
    assert app.test_client().get("/admin/destruction/").status_code == 302
    assert Browser(app, "admin").get("/admin/destruction/XH-2000-0001/").status_code == 404


def test_held_shows_to_whoever_may_view_holds_and_to_nobody_else(app, shipped, people, cast):
    ids = enterprises(shipped, 2)
    lawyer = Browser(app, "legal")
    form = {"type": "customer", "numbers": number_of(shipped, ids[0]), "reason": "诉讼", "reference": "民初 7 号"}
    assert lawyer.post("/admin/holds/new/", **form).status_code == 302
    assert "民初 7 号" in text(lawyer.get("/admin/holds/"))
    assert "保全中" in text(lawyer.get(f"/admin/r/enterprise/{ids[0]}/"))
    assert "保全中" not in text(Browser(app, "archivist").get(f"/admin/r/enterprise/{ids[0]}/"))
    program = Program(app, shipped, people.lawyer)
    assert program.api("GET", f"/records/enterprise/{ids[0]}").json["held"] is True
    assert program.api("GET", f"/records/enterprise/{ids[1]}").json["held"] is False
    assert "held" not in Program(app, shipped, cast["archivist"]).api("GET", f"/records/enterprise/{ids[0]}").json


def test_a_program_proposes_and_holds_but_signs_nothing(app, shipped, people):
    shipped.data.settings.insert_one({"_id": "destruction", "cooling_days": 0})
    ids = enterprises(shipped, 3)
    proposer, approver = Program(app, shipped, people.proposer), Program(app, shipped, people.approver)
    made = proposer.api("POST", "/destruction/cases", type="enterprise", ids=ids[:2], reason=REASON)
    assert (made.status_code, made.json["state"]) == (201, "draft")
    path = f"/destruction/cases/{made.json['id']}"
    case = proposer.api("POST", f"{path}/submit").json
    assert (case["state"], case["count"]) == ("listed", 2)
    sign = {"manifest_hash": case["manifest_hash"], "password": CAST_PASSWORD}
    for verb in ("approve", "confirm", "start"):
        refused = approver.api("POST", f"{path}/{verb}", **sign, supervisor="legal")
        assert refused.status_code in (403, 409), verb
    assert cases.find(shipped, made.json["id"])["state"] == CaseState.LISTED
    assert approver.api("GET", path).json["items"][0]["state"] == "pending"
    manager, archivist = Browser(app, "general_manager"), Browser(app, "archivist")
    stale = manager.api("POST", f"{path}/approve", manifest_hash="0" * 64, password=CAST_PASSWORD)
    assert stale.status_code == 412
    assert manager.api("POST", f"{path}/approve", **sign).json["state"] == "armed"
    started = archivist.api("POST", f"{path}/start", **sign, supervisor="general_manager")
    assert started.json["supervisor"] == people.approver.id
    lawyer = Program(app, shipped, people.lawyer)
    placed = lawyer.api("POST", "/holds", type="enterprise", ids=[ids[0]], reason="诉讼", reference="民初 7 号")
    assert (placed.status_code, placed.json["held"]) == (201, 1)
    assert manager.api("POST", f"{path}/confirm", **sign).json["state"] == "running"
    carry_out(shipped, made.json["id"])
    assert broken(shipped, held={ids[0]}) == []
    assert manager.api("POST", f"{path}/confirm", **sign).json["state"] == "certified_live"
    assert approver.api("GET", f"{path}/certificate").json["content"]["skipped"] == {"held": 1}
    assert lawyer.api("DELETE", f"/holds/{placed.json['id']}").json["state"] == "lifted"
    assert lawyer.api("DELETE", f"/holds/{placed.json['id']}").status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/holds", {}, 404),
        ("/holds", {"type": "customer", "ids": ["x"], "reason": "r"}, 404),
        ("/holds", {"type": "customer", "ids": "x", "reason": "r"}, 422),
        ("/holds", {"type": "customer", "ids": [1], "reason": "r"}, 422),
        ("/holds", {"type": "customer", "reason": "r"}, 422),
        ("/holds", {"type": "customer", "ids": [], "reason": "r"}, 422),
        ("/holds", {"type": "customer", "where": {"field": "owner", "op": "eq", "value": "@me"}, "reason": "r"}, 422),
        ("/holds", {"type": "customer", "ids": ["x"], "reason": " "}, 422),
        ("/holds", {"type": "customer", "where": {"$where": "1"}, "reason": "r"}, 422),
        ("/holds", {"type": "customer", "where": {"field": "nothing", "op": "eq", "value": 1}, "reason": "r"}, 403),
        ("/holds", {"typ": "customer"}, 422),
        ("/destruction/cases", {"type": "customer", "ids": ["a" * 26], "reason": "r"}, 404),
        ("/destruction/cases", {"type": "nothing", "ids": ["a" * 26], "reason": "r"}, 404),
        ("/destruction/cases", {"type": "customer", "ids": ["a" * 26], "reason": ""}, 422),
        ("/destruction/cases/XH-2000-0001/submit", {}, 404),
        ("/destruction/cases/XH-2000-0001/explode", {}, 404),
    ],
)
def test_nonsense_is_answered_and_changes_nothing(app, shipped, cast, people, path, body, status):
    from models.operations import users

    users.set_roles(SYSTEM, shipped, cast["admin"].id, ["administrator", "legal"])
    admin = Browser(app, "admin")
    before = {name: shipped.data[name].count_documents({}) for name in ("holds", "cases", "case_items")}
    assert admin.api("POST", path, **body).status_code == status
    assert {name: shipped.data[name].count_documents({}) for name in before} == before


def test_a_destroyed_customer_is_nowhere_any_more(app, shipped, people):
    """Page, list, search, REST, export and the raw key store."""
    (id,) = enterprises(shipped, 1, "消失的公司")
    number = number_of(shipped, id)
    case = running(shipped, people, [id])
    carry_out(shipped, case["_id"])
    certified(shipped, people, case["_id"])
    admin, program = Browser(app, "admin"), Program(app, shipped, people.lawyer)
    assert admin.get(f"/admin/r/customer/{id}/").status_code == 404
    for question in ("消失的公司", number, "xsdgs", "0000"):
        assert id not in text(admin.get(f"/admin/r/customer/?q={question}"))
        assert id not in text(program.api("GET", f"/records/customer?q={question}"))
    assert program.api("GET", f"/records/customer/{id}").status_code == 404
    assert program.api("GET", f"/records/customer/{id}/revisions").status_code == 404
    assert id not in text(program.api("GET", "/records/enterprise/export?format=jsonl"))
    for name in shipped.keys.list_collection_names():
        assert not shipped.keys[name].find_one({"_id": id})
    assert number in text(admin.get(f"/admin/destruction/{case['_id']}/"))  # the number is accounted for
    assert Door(shipped, SYSTEM).open("enterprise").numbers_standing([number]) == set()
