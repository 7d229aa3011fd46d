"""The shipped roles over REST: what the type says of a field is what the record shows of it."""

import pytest

from models.store import bump_stamp
from tests.attack.panel import process
from tests.attack.shipped import add_customers, ship, somebody
from tests.attack.unchanged import unchanged

FRAME = {"id", "type", "revision", "state", "archive_no", "department", "owner", "findings", "held"} | {
    "created_at", "created_by", "updated_at", "updated_by"
}  # fmt: skip
SEES = {"administrator", "archivist", "service_clerk", "service_head", "sales", "sales_director", "general_manager",
        "quality", "legal", "auditor", "contractor"}  # fmt: skip
CREATES = {"administrator", "archivist", "service_clerk", "service_head", "sales", "sales_director"}
EXPORTS = SEES - {"archivist", "quality", "auditor", "contractor"}
READS_NAMES = SEES - {"quality", "auditor"}
ROLES = sorted(SEES | {"permission_admin"})


@pytest.fixture
def stage(store):
    ship(store)
    app = process(store)
    people = {role: somebody(app, store, role) for role in ROLES}
    return store, people, add_customers(store, people["sales"].user.id)


def shape_fits(value, read):
    """Whether what stands in a record is what the level of its field allows."""
    if isinstance(value, dict) and "masked" in value:
        return read in ("masked", "full")
    if isinstance(value, dict) and value.keys() & {"fillable", "filled"}:
        return True
    return value is None or read == "full"


def test_every_role_sees_what_its_types_say(stage):
    _, people, ids = stage
    for role, program in people.items():
        names = {one["name"] for one in program.get("/types").json["items"]}
        customers = {"customer", "enterprise", "individual", "tenant"}
        assert names & customers == (customers if role in SEES else set()), role
        assert bool(names - customers) == (role in SEES - {"contractor"}), role
        for kind, id in ids.items():
            answer = program.get(f"/records/{kind}/{id}")
            assert answer.status_code == (200 if role in SEES else 404), (role, answer.text)
            if role not in SEES:
                continue
            fields = {one["name"]: one for one in program.get(f"/types/{kind}").json["fields"]}
            own = {name: value for name, value in answer.json.items() if name not in FRAME}
            assert own.keys() <= fields.keys(), role
            for name, value in own.items():
                if fields[name]["type"] != "object":
                    assert shape_fits(value, fields[name]["read"]), (role, name, value)
            assert ("customer_name" in own and own["customer_name"] is not None) == (role in READS_NAMES), role


def test_every_role_creates_and_exports_what_it_may(stage):
    _, people, _ = stage
    for role, program in people.items():
        body = {"customer_name": "远山贸易有限公司"}
        expected = 201 if role in CREATES else 403 if role in SEES else 404
        made = program.post("/records/enterprise", json=body)
        assert made.status_code == expected, (role, made.text)
        kind = program.post("/records/customer", json=body)
        assert kind.status_code == (409 if role in SEES else 404), (role, kind.text)
        answer = program.get("/records/enterprise/export", params={"format": "csv"})
        assert answer.status_code == (200 if role in EXPORTS else 403 if role in SEES else 404), (role, answer.text)


def test_a_fill_is_taken_once_and_never_read(stage):
    store, people, ids = stage
    clerk, path = people["service_clerk"], f"/records/individual/{ids['individual']}"
    told = {one["name"]: one for one in clerk.get("/types/individual").json["fields"]}
    assert (told["health_status"]["read"], told["health_status"]["write"]) == ("none", "fill")
    assert clerk.get(path).json["health_status"] == {"fillable": True}
    filled = clerk.patch(path, json={"health_status": "青霉素过敏"}, match=1)
    assert (filled.status_code, filled.json["health_status"]) == (200, {"filled": True})
    assert "青霉素" not in filled.text
    with unchanged(store):
        for value in ("别的", "青霉素过敏", None):
            again = clerk.patch(path, json={"health_status": value}, match=2)
            assert (again.status_code, again.json["code"]) == (409, "already_filled"), again.text
    assert people["administrator"].get(path).json["health_status"] == "青霉素过敏"


def test_a_list_of_all_kinds_goes_by_the_plan_of_each(stage):
    _, people, ids = stage
    rows = people["service_clerk"].get("/records/customer", params={"sort": "-archive_no", "count": 1}).json
    assert {one["id"] for one in rows["items"]} == set(ids.values())
    assert {one["type"] for one in rows["items"]} == set(ids)
    found = people["service_clerk"].get("/records/customer", params={"q": "zsf"}).json["items"]
    assert [one["id"] for one in found] == [ids["individual"]]


def test_the_log_answers_whoever_may_read_it(stage):
    _, people, _ = stage
    may = {role for role, program in people.items() if program.get("/audit/entries").status_code == 200}
    assert may == {"administrator", "permission_admin", "general_manager", "legal", "auditor"}


def test_when_the_log_does_not_answer_nothing_is_told(stage, monkeypatch):
    from models.audit.log import AuditLog
    from models.errors import Unavailable

    store, people, ids = stage
    bump_stamp(store, "settings")

    def silent(self, entry):
        raise Unavailable

    monkeypatch.setattr(AuditLog, "submit", silent)
    for path in (f"/records/individual/{ids['individual']}", "/records/customer", "/records/individual/" + "a" * 26):
        answer = people["sales"].get(path)
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable"), answer.text
        assert answer.headers["Retry-After"]
        assert "张三丰" not in answer.text


def test_what_was_read_is_thrown_away_when_its_entry_does_not_come_to_stand(stage, monkeypatch):
    from models.audit.log import Ticket
    from models.errors import Unavailable

    _, people, ids = stage

    def lost(self):
        raise Unavailable

    monkeypatch.setattr(Ticket, "wait", lost)
    for path in (
        f"/records/individual/{ids['individual']}",
        f"/records/individual/{ids['individual']}/revisions",
        "/records/customer",
        "/records/customer/export?format=csv&fields=customer_name",
    ):
        answer = people["sales"].get(path)
        assert (answer.status_code, answer.json["code"]) == (503, "unavailable"), answer.text
        assert "张三丰" not in answer.text


def test_too_many_at_once_is_429(stage, monkeypatch):
    from werkzeug.exceptions import TooManyRequests

    def many(*_):
        raise TooManyRequests

    monkeypatch.setattr("models.access.door.Door.types", many)
    answer = stage[1]["sales"].get("/types")
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (429, "too_many_requests", "1")
