"""Every page the panel has, and every state of one that a person can bring about: where, as whom, and how.

A route that answers GET is walked through here or named in `NO_PAGES`; a test holds it.
"""

import io
import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

from jobs.working import perform
from models.operations import cases, holds, import_runs, records, runs, uploads, users
from models.operations.leases import claim
from models.operations.users import FIRST_LINK
from models.sessions import digest_of
from tests.attack.panel import SYSTEM
from tests.browser.house import KINDS, PASSWORD, House
from tests.destroying import carry_out

NO_PAGES = {
    "static": "files",
    "health.healthz": "for watchers", "health.readyz": "for watchers", "health.metrics": "for watchers",
    "work.find": "leads to a list", "records.narrow": "leads to a list",
    "records.lookup": "choices of a picker, as JSON",
    "records.count": "part of a list", "records.suggest": "part of a list without rows",
    "records.builder": "dialog of a list", "records.condition": "part of that dialog",
    "records.columns": "dialog of a list", "records.timeline": "older part of the timeline of a record",
    "records.diff": "part of the timeline of a record", "jobs.progress": "part of the page of a run",
    "destruction.progress": "part of the page of a case", "destruction.certificate_file": "a file",
    "records.import_progress": "part of the page of an import", "records.import_failed": "a file",
}  # fmt: skip
"""Endpoint → why nobody opens it for itself. Those of `/api/` are for programs."""
LIST = "/admin/r/customer/"
PHONE = 360
UPLOADED = "客户名称,联系电话,备忘\n甲公司,13812345678,1\n乙公司,123,\n,13812345678,\n丙公司,1,2,3,4\n"
UPLOADS = ("uploaded", "checked", "under_way")
TYPED = ("集团", "本部", "报表", UPLOADED, *(f"{name}.csv" for name in UPLOADS))
"""What people type on the way, in any language."""
NOWHERE = json.dumps({"all": [{"field": "type", "op": "eq", "value": "tenant"}]})
NO_SUCH = json.dumps({"field": "no_such", "op": "eq", "value": 1})
LOOKS = (400, 405, 409, 413, 429, 500, 503)
"""Errors that no honest click brings about; the test's own application answers them at `/look/<status>`."""


@dataclass(frozen=True)
class Stop:
    """A page in one state.

    :param path: with places such as `{enterprise}` for the ids of `places_of`
    :param status: what opening the address answers
    :param then: what a person does there to reach the state meant
    :param desk: only where there is room: phones do without
    """

    path: str
    user: str | None = "admin"
    status: int = 200
    then: Callable[[Page], None] | None = None
    desk: bool = False

    def __str__(self) -> str:
        return f"{self.path} as {self.user or 'nobody'}" + (f", {self.then.__name__}" if self.then else "")


def settled(page: Page) -> None:
    """Wait until what the page fetches for itself stands."""
    page.wait_for_load_state("load")
    page.wait_for_selector("body:not(:has(.htmx-request))")


def sent(page: Page, button: str) -> None:
    """Press a button that brings the next page."""
    with page.expect_navigation():
        page.click(button)


def wrong_password(page: Page, name: str = "") -> None:
    page.fill("[name=username]", name or f"nobody-{secrets.token_hex(4)}")
    page.fill("[name=password]", "wrong")
    sent(page, "form.gate-form button.go")


def wrong_too_often(page: Page) -> None:
    name = f"nobody-{secrets.token_hex(4)}"
    for _ in range(6):
        wrong_password(page, name)
    assert page.locator("[role=alert]").count()


def sent_as_it_is(page: Page) -> None:
    """Send the form of the page without what it wants."""
    page.eval_on_selector_all("#content form, main form", "all => all.forEach(one => { one.noValidate = true })")
    sent(page, "form.gate-form button.go" if "/admin/" not in page.url else "#content form button.go")


def builder_open(page: Page) -> None:
    page.click(".chip.add")
    page.wait_for_selector("#narrow select[name=op]")


def columns_open(page: Page) -> None:
    page.click("[data-opens=columns]")
    page.wait_for_selector("#columns .ticks")


def keys_open(page: Page) -> None:
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")


def menu_open(page: Page) -> None:
    page.click(".who-menu summary")


def rows_picked(page: Page) -> None:
    for number in (0, 2):
        page.locator("td.pick input").nth(number).check(force=True)


def change_open(page: Page) -> None:
    page.locator(".chg-box summary").first.click()
    page.wait_for_selector(".chg-box .chg")


def wrong_values(page: Page) -> None:
    page.fill("[name^=customer_name_]", "")
    page.locator("input[type=email], input[name*=email]").first.fill("no address")
    page.eval_on_selector_all("form", "all => all.forEach(one => { one.noValidate = true })")
    sent(page, ".savebar .go")
    page.wait_for_selector("#trouble")


def met_by_another(page: Page) -> None:
    """Somebody saves the name while it is being changed here."""
    other = page.context.new_page()
    other.goto(page.url)
    page.reload()
    for tab, words in ((other, "（集团）"), (page, "（本部）")):
        name = tab.locator("[name^=customer_name_]")
        name.fill(re.sub("（.*?）", "", name.input_value()) + words + str(page.viewport_size["width"]))
        sent(tab, ".savebar .go")
    other.close()
    page.wait_for_selector(".merge")


def token_made(page: Page) -> None:
    page.fill("form[action$=tokens] [name=name]", "报表")
    sent(page, "form[action$=tokens] button")


def password_handed(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    sent(page, "form[action$='/password'] button")


STOPS = (
    Stop("/login", None), Stop("/login", None, then=wrong_password), Stop("/login", None, then=wrong_too_often),
    Stop("/first-sign-in?token={first}", None), Stop("/first-sign-in?token={first}", None, then=sent_as_it_is),
    Stop("/account/password", "newcomer"), Stop("/account/password", "newcomer", then=sent_as_it_is),
    Stop("/admin/"), Stop("/admin/", then=menu_open), Stop("/admin/", "service_clerk"),
    Stop("/admin/", "permission_admin"),
    Stop(LIST), Stop(LIST, "service_clerk"), Stop(LIST, "contractor"), Stop(LIST, then=rows_picked),
    Stop(LIST, then=builder_open), Stop(LIST, then=columns_open, desk=True), Stop(LIST, then=keys_open),
    Stop(f"{LIST}?q=99999999&where={NOWHERE}".replace("{", "{{").replace("}", "}}")),
    Stop(f"{LIST}?where={NO_SUCH}".replace("{", "{{").replace("}", "}}"), status=403),
    Stop(f"{LIST}trash/"), Stop("/admin/r/tenant/trash/"), Stop(f"{LIST}export/"),
    *(Stop(f"/admin/r/{kind}/{{{kind}}}/") for kind in KINDS), Stop("/admin/r/enterprise/{trashed}/"),
    Stop("/admin/r/enterprise/{enterprise}/", then=change_open),
    Stop("/admin/r/enterprise/{enterprise}/", "service_clerk"), Stop("/admin/r/tenant/{tenant}/", "contractor"),
    *(Stop(f"/admin/r/{kind}/{{{kind}}}/edit/") for kind in KINDS),
    Stop("/admin/r/enterprise/{enterprise}/edit/", "service_clerk"),
    Stop("/admin/r/enterprise/{enterprise}/edit/", then=wrong_values),
    Stop("/admin/r/enterprise/{enterprise}/edit/", then=met_by_another),
    Stop("/admin/r/complaint/", "service_clerk"), Stop("/admin/r/complaint/{complaint}/", "front_desk"),
    Stop("/admin/r/complaint/{complaint}/transitions/judge/", "front_desk"),
    Stop("/admin/r/complaint/{complaint}/transitions/refuse/", "front_desk", then=sent_as_it_is),
    Stop("/admin/r/individual/new/"), Stop("/admin/r/individual/new/", then=wrong_values),
    Stop("/admin/r/enterprise/import/"), Stop("/admin/r/enterprise/import/{uploaded}/"),
    Stop("/admin/r/enterprise/import/{checked}/"), Stop("/admin/r/enterprise/import/{under_way}/"),
    Stop("/admin/r/enterprise/{enterprise}/compare/"), Stop("/admin/r/enterprise/{enterprise}/compare/?from=1&to=2"),
    Stop("/account/"), Stop("/account/", then=token_made), Stop("/account/password"),
    Stop("/account/password", then=sent_as_it_is),
    Stop("/admin/users/"), Stop("/admin/users/?q=99999999"), Stop("/admin/users/new/"),
    Stop("/admin/users/new/", then=sent_as_it_is), Stop("/admin/users/{clerk}/"),
    Stop("/admin/users/{director}/", then=password_handed),
    Stop("/admin/roles/"), Stop("/admin/roles/new/"), Stop("/admin/roles/new/", then=sent_as_it_is),
    Stop("/admin/roles/service_clerk/"),
    Stop("/admin/departments/"), Stop("/admin/departments/new/"), Stop("/admin/departments/new/", then=sent_as_it_is),
    Stop("/admin/departments/service/"),
    Stop("/admin/tasks/?whose=all"), Stop("/admin/tasks/", "legal"), Stop("/admin/verification/"),
    Stop("/admin/verification/", "service_head"), Stop(LIST + "?findings=any", "service_clerk"),
    Stop("/admin/jobs/"), Stop("/admin/jobs/?state=cancelled"), Stop("/admin/jobs/{run}/"),
    Stop("/admin/jobs/", "archivist"),
    Stop("/admin/destruction/"), Stop("/admin/destruction/?state=closed"), Stop("/admin/destruction/new/"),
    Stop("/admin/destruction/new/", then=sent_as_it_is), Stop("/admin/destruction/{listed}/", "general_manager"),
    Stop("/admin/destruction/{certified}/"), Stop("/admin/destruction/{certified}/certificate/"),
    Stop("/admin/retention/"), Stop("/admin/holds/", "legal"), Stop("/admin/holds/new/", "legal"),
    Stop("/admin/holds/new/", "legal", then=sent_as_it_is),
    Stop("/admin/users/", "service_clerk", status=403), Stop("/admin/r/enterprise/nowhere/", status=404),
    Stop("/nowhere", status=404), *(Stop(f"/look/{status}", status=status) for status in LOOKS),
)  # fmt: skip


def places_of(house: House) -> dict[str, str]:
    """The ids that stand in addresses; what the stops need beside the demonstration is made here."""
    found = {kind: house.first(kind) for kind in KINDS}
    trashed = house.store.data.r_customer.find_one({"type": "enterprise"}, {"_id": 1}, sort=[("archive_no", -1)])["_id"]
    door = house.door("admin", "enterprise")
    records.trash(door, trashed, expected=door.get(trashed).revision)
    users.add(SYSTEM, house.store, username="newcomer", name="新人", password=PASSWORD, roles=["service_clerk"])
    house.store.data.meta.replace_one({"_id": FIRST_LINK}, {"digest": digest_of("once")}, upsert=True)
    run = runs.request(house.store, SYSTEM, "verification", id="verification@2026-11-24T02:00")
    claim(house.store, run, "machine:1", seconds=3600).advance(done=30, total=120, counts={"passed": 29, "failed": 1})
    return found | cases_of(house) | imports_of(house) | {
        "trashed": trashed, "run": run, "first": "once",
        "complaint": house.store.data.r_complaint.find_one({"state": "recorded"}, {"_id": 1})["_id"],
        "clerk": house.actor("service_clerk").id, "director": house.actor("sales_director").id,
    }  # fmt: skip


def cases_of(house: House) -> dict[str, str]:
    """A case that waits for approval, with a record that is held, and one that is certified."""
    some = house.store.data.r_customer.find({"type": "enterprise"}, {"_id": 1}).sort("archive_no", -1).skip(2).limit(4)
    ids = [one["_id"] for one in some]
    part = {name: house.actor(name).through("session") for name in ("archivist", "general_manager", "legal")}
    keeper, manager, store = part["archivist"], part["general_manager"], house.store
    holds.place(part["legal"], store, "customer", ids=ids[:1], reason="诉讼", reference="(2026) 民初 7 号")
    first = cases.propose(keeper, store, "customer", ids=ids[:2], reason="客户要求删除，合同已终止")
    waiting = cases.submit(keeper, store, first["_id"])
    second = cases.propose(keeper, store, "customer", ids=ids[2:], reason="试用客户，从未成交")
    case = cases.submit(keeper, store, second["_id"])
    how = {"signed_hash": case["manifest"]["hash"], "password": PASSWORD}
    cases.approve(manager, store, case["_id"], **how)
    cases.advance(store, case["_id"])
    cases.start(keeper, store, case["_id"], supervisor=manager.id, **how)
    cases.confirm(manager, store, case["_id"], **how)
    carry_out(store, case["_id"])
    cases.confirm(manager, store, case["_id"], **how)
    return {"listed": waiting["_id"], "certified": case["_id"]}


def stops(places: dict[str, str], width: int) -> Iterator[tuple[Stop, str]]:
    """Each stop of a window that wide with its address."""
    for one in STOPS:
        if width > PHONE or not one.desk:
            yield one, one.path.format(**places)


def imports_of(house: House) -> dict[str, str]:
    """Uploads in the three states of their page."""
    door, found = house.door("admin", "enterprise"), {}
    for name in UPLOADS:
        one = uploads.receive(door, io.BytesIO(UPLOADED.encode("gb18030")), f"{name}.csv")
        found[name] = one.id
        if name == "uploaded":
            continue
        run = import_runs.request(door, one, dry_run=True)
        if name == "under_way":
            claim(house.store, run, "machine:1", seconds=3600).advance(done=30, total=120, counts={"added": 30})
        while name == "checked" and perform(house.store, run, "import"):
            pass
    return found
