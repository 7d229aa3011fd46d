"""Values of sealed fields, put in by every way people and programs have, stand in no file an installation keeps.

A whole panel of its own: `dossier up` with its web, worker, ticker and Valkey, over a mongod that hides nothing
in its files.
"""

import json
import re
import secrets
from dataclasses import dataclass
from types import SimpleNamespace

import pymongo
import pytest
import requests

from admin_app.services import EmbeddedMongo
from models.definitions.identity_types import resident_check_digit
from tests.panel import Panel, dossier
from tests.planting import UNPACKED, files_holding, flush

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PASSWORD = f"tamper {secrets.token_hex(12)}"
LIST = "/admin/r/individual/"


@dataclass
class Planter:
    """Makes values that begin alike within one run, so that one search of a file finds any of them.

    :param run: what every text holds
    """

    run: str
    digits: str
    made: list[str]

    @classmethod
    def of_this_run(cls) -> "Planter":
        digits = f"{secrets.randbelow(10**6):06}"
        return cls(secrets.token_hex(7), digits, [])

    def text(self, before: str = "") -> str:
        return f"{before}{self.run}{secrets.token_hex(3)}"

    def phone(self) -> str:
        return f"137{self.digits}{secrets.randbelow(100):02}"

    def plate(self) -> str:
        made = f"京K{secrets.randbelow(10**5):05}"
        self.made.append(made)
        return made

    def id_number(self) -> str:
        day = f"19{secrets.randbelow(60) + 40}0{secrets.randbelow(9) + 1}1{secrets.randbelow(10)}"
        body = f"110105{day}{secrets.randbelow(900) + 100}"
        made = body + resident_check_digit(body)
        self.made.append(made)
        return made

    def marks(self) -> list[str]:
        """What to search for."""
        return [self.run, f"137{self.digits}", *self.made]

    def form(self) -> dict:
        """Inputs of the form of an individual, every shape of a sealed value among them."""
        return {
            "customer_name_35k2": self.text("王"), "phone_qee7": [self.phone(), self.phone()],
            "address_qk29.text": self.text("朝阳路"), "address_qk29.country": "CN",
            "email_uoqq": f"{self.text()}@example.com",
            "im_accounts_vbtc.here": "1", "im_accounts_vbtc.key": "wechat", "im_accounts_vbtc.value": self.text(),
            "preferences_mlhm": [self.text(), self.text()], "project_progress_pn9z": self.text("进展"),
            "health_status_d6te": self.text(), "legal_hold_reason_cyud": self.text(), "plate_no_mbhw": self.plate(),
            "number_xzqy": self.id_number(), "current_dey9": self.text(), "family_members_tmvc.here": "1",
            "family_members_tmvc.row": "1", "family_members_tmvc.1.name_35ws": self.text("李"),
            "communication_log_t7rm.here": "1", "communication_log_t7rm.row": "1",
            "communication_log_t7rm.1.summary_c2ct": self.text("通话"),
        }  # fmt: skip

    def body(self) -> dict:
        """The same for REST and files."""
        return {
            "customer_name": self.text("赵"), "phone": [self.phone()], "email": f"{self.text()}@example.com",
            "address": {"text": self.text("建国路")}, "health_status": self.text(), "project_progress": self.text(),
            "preferences": [self.text()], "family_members": [{"name": self.text("钱")}],
        }  # fmt: skip


class Browser:
    """Somebody signed in to a panel."""

    def __init__(self, url: str):
        self.url, self.http = url, requests.Session()

    def get(self, path: str, **args) -> requests.Response:
        return self.http.get(self.url + path, params=args, timeout=30)

    def post(self, path: str, form: dict, page: str = "/admin/") -> requests.Response:
        token = TOKEN.search(self.get(page).text)[1]
        answer = self.http.post(self.url + path, data={**form, "csrf_token": token}, timeout=30, allow_redirects=False)
        assert answer.status_code < 500, answer.text
        return answer


@pytest.fixture
def house(short_folder):
    """A panel of its own over an unpacked mongod; gives folder, url and how to run a command."""
    data = short_folder / "data"
    (data / "tmp").mkdir(parents=True, mode=0o700)
    data.chmod(0o700)
    server = EmbeddedMongo(short_folder / "db", short_folder / "s", extra=UNPACKED)
    server.start()
    head, mark, options = server.url.partition("/?")
    more = {"DOSSIER_MONGO_URL": f"{head}/archive{'?' if mark else ''}{options}", "TMPDIR": str(data / "tmp")}

    def command(*words):
        return dossier("--data-dir", data, *words, cwd=short_folder, **more)

    opened = command("user", "add", "root", "--role", "administrator", "--password", PASSWORD, "--locale", "en")
    assert opened.returncode == 0, opened.stderr
    panel = Panel(data, **more).start()
    yield SimpleNamespace(folder=short_folder, data=data, server=server, url=panel.url, panel=panel, command=command)
    panel.stop()
    server.stop()


def test_planted_values_of_sealed_fields_stand_in_no_file_of_an_installation(house):
    planter, clear = Planter.of_this_run(), secrets.token_hex(10)
    person = Browser(house.url)
    by_pages(person, planter, clear)
    token = by_programs(house, planter)
    by_files(house, planter)
    refused_sign_ins(house, planter)
    person.post("/logout", {})
    house.panel.stop()
    with pymongo.MongoClient(house.server.url) as client:
        flush(client)
    kept = [house.folder / "db", house.data]  # mongod runs on: when it ends it takes its journal with it
    names = {path.relative_to(house.folder).as_posix() for folder in kept for path in folder.rglob("*")}
    for part in ("journal/", "collection", "index", "mongo.log", "appendonly", "panel.log"):
        assert [name for name in names if part in name], (part, sorted(names))
    found = files_holding([clear], *kept)[clear]
    assert [path for path in found if "journal" in path.parts], "the search must find what is there"
    assert [path for path in found if path.name.startswith("collection")]
    assert files_holding([*planter.marks(), PASSWORD, token], *kept) == {}
    assert not list((house.data / "tmp").iterdir())


def by_pages(person: Browser, planter: Planter, clear: str) -> None:
    """Create, edit, revert, conflict, trash, restore, refused values, search, filter, export."""
    person.http.get(person.url + "/login", timeout=30)
    answer = person.post("/login", {"username": "root", "password": PASSWORD}, page="/login")
    assert answer.status_code == 302
    made = person.post(f"{LIST}new/", {**planter.form(), "purchase_place_96en": clear})
    assert made.status_code == 302, made.text
    page = made.headers["Location"]
    first = planter.form()
    assert person.post(f"{page}edit/", {"revision": "1", **first}).status_code == 302
    stale = person.post(f"{page}edit/", {"revision": "1", **planter.form()})
    assert stale.status_code == 200
    refused = {"phone_qee7": planter.text(), "email_uoqq": planter.text(), "number_xzqy": planter.text(),
               "plate_no_mbhw": planter.text(), "age_4bfx": planter.text(),
               "purchased_on_9rp1": planter.text()}  # fmt: skip
    assert person.post(f"{page}edit/", {"revision": "2", **refused}).status_code == 200
    assert person.post(f"{page}revisions/1/revert", {"revision": "2"}).status_code == 302
    assert person.post(f"{page}trash", {"revision": "3"}).status_code == 302
    assert person.post(f"{page}restore", {"revision": "4"}).status_code == 302
    name, phone = first["customer_name_35k2"], first["phone_qee7"][0]
    for q in (name, phone, phone[-4:] + planter.run, first["plate_no_mbhw"]):
        assert person.get(LIST, q=q).status_code == 200
        person.get("/admin/find", q=q)
    for field, value in (("phone", phone), ("customer_name", name), ("email", planter.text()), ("nothing", name)):
        where = json.dumps({"field": field, "op": "eq", "value": value})
        for rest in ("", "count", "suggest"):
            assert person.get(LIST + rest, where=where).status_code in (200, 403, 422)
        person.get(f"{LIST}narrow", field=field, op="eq", value=value)
    person.post(f"{LIST}columns", {"column": [planter.text()], "sort": planter.text(), "back": f"/{planter.text()}"})
    for form in ("csv", "xlsx", "jsonl"):
        answer = person.post(f"{LIST}export/download", {"format": form})
        assert answer.status_code == 200
        assert len(answer.content) > 200
    for path in (
        page,
        f"{page}compare/",
        f"{page}revisions/2/diff",
        f"/admin/r/{planter.text()}/",
        f"/{planter.text()}",
    ):
        person.get(path)


def by_programs(house: SimpleNamespace, planter: Planter) -> str:
    """REST with a token: create and repeat, change, refuse, ask, export; gives the token."""
    answer = house.command("token", "create", "--user", "root")
    assert answer.returncode == 0, answer.stderr
    token = re.search(r"dsr_\S+", answer.stdout)[0]
    http = requests.Session()
    http.headers["Authorization"] = f"Bearer {token}"
    base = f"{house.url}/api/v1/records/individual"
    body = planter.body()
    key = {"Idempotency-Key": planter.text()}
    made, again = (http.post(base, json=body, headers=key, timeout=30) for _ in range(2))
    assert (made.status_code, again.json()["id"]) == (201, made.json()["id"]), made.text
    one = f"{base}/{made.json()['id']}"
    assert http.patch(one, json=planter.body(), headers={"If-Match": '"1"'}, timeout=30).status_code == 200
    for odd in (
        {"phone": planter.text()},
        {planter.text(): 1},
        {"gender": planter.text()},
        {"id_document": {"number": "1"}},
    ):
        assert http.patch(one, json=odd, headers={"If-Match": '"2"'}, timeout=30).status_code == 422
    assert (
        http.post(
            base, data=f'{{"{planter.text()}', headers={"Content-Type": "application/json"}, timeout=30
        ).status_code
        == 400
    )
    for args in (
        {"q": body["customer_name"]}, {"q": body["phone"][0]}, {"sort": planter.text()}, {planter.text(): "1"},
        {"where": json.dumps({"field": "phone", "op": "eq", "value": body["phone"][0]})},
        {"after": planter.text()},
    ):  # fmt: skip
        assert http.get(base, params=args, timeout=30).status_code < 500
        assert http.get(f"{base}/export", params=args, timeout=30).status_code < 500
    http.get(f"{base}/group", params={"by": planter.text()}, timeout=30)
    http.get(base, headers={"Authorization": f"Bearer {planter.text()}", "If-None-Match": planter.text()}, timeout=30)
    return token


def by_files(house: SimpleNamespace, planter: Planter) -> None:
    """Load of good and bad rows, alone and again, and an export at the console; the files are the operator's own."""
    rows = [planter.body() for _ in range(5)]
    bad = [{**planter.body(), "phone": [planter.text()]}, {**planter.body(), "nothing": planter.text()},
           {**planter.body(), "gender": planter.text()}, {"phone": [planter.phone()]}]  # fmt: skip
    files = house.folder / "operator"
    files.mkdir()
    path = files / "in.jsonl"
    path.write_text("\n".join(map(json.dumps, rows + bad)) + f'\n{{"{planter.text()}\n', encoding="utf-8")
    for options in (
        (),
        ("--mode", "upsert", "--key", "email"),
        ("--dry-run",),
        ("--mode", "update", "--key", planter.text()),
    ):
        answer = house.command(
            "load", path, "--type", "individual", "--report", files / "report.csv", "--as", "root", *options
        )
        assert answer.returncode == 1, answer.stderr
        assert "fault of the program" not in answer.stderr
    for form in ("csv", "xlsx", "jsonl"):
        answer = house.command("export", "--type", "individual", "--out", files / f"out.{form}", "--as", "root")
        assert answer.returncode == 0, answer.stderr
    where = json.dumps({"field": "customer_name", "op": "eq", "value": rows[0]["customer_name"]})
    house.command("export", "--type", "individual", "--out", files / "out.jsonl", "--as", "root", "--where", where)
    assert rows[0]["customer_name"] in (files / "out.jsonl").read_text(encoding="utf-8")


def refused_sign_ins(house: SimpleNamespace, planter: Planter) -> None:
    """Who takes one box for the other, or pastes a number, leaves it in no log."""
    stranger = Browser(house.url)
    for username, password in ((PASSWORD, "root"), (planter.phone(), planter.text()), (planter.text(), PASSWORD)):
        stranger.post("/login", {"username": username, "password": password}, page="/login")
    stranger.get(f"/admin/?next={planter.text()}")
