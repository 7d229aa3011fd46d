"""From the request over a second person's approval to the certificate, in the browser; and a hold that stops it."""

from tests.browser.house import PASSWORD
from tests.panel import within

CARRIED_OUT_SECONDS = 60


def _propose(visitor, house, id, reason):
    """From the record to a submitted case; its address."""
    page = visitor.open(f"/admin/r/enterprise/{id}/")
    page.click("a[href*='/admin/destruction/new/']")
    page.fill("[name=reason]", reason)
    page.click("#content form .go")
    page.wait_for_url("**/admin/destruction/XH-*/")
    page.click("form[action$='do/submit'] .go")
    page.wait_for_selector("text=已列册")
    return page.url


def _sign(visitor, address, verb, supervisor=None):
    page = visitor.open(address)
    form = f"form[action$='do/{verb}']"
    if supervisor:
        page.select_option(f"{form} [name=supervisor]", supervisor)
    page.fill(f"{form} [name=password]", PASSWORD)
    with page.expect_navigation():
        page.click(f"{form} .btn[type=submit]")
    return page


def _some(house, place):
    found = house.store.data.r_customer.find({"type": "enterprise", "life.trashed_at": None}).sort("archive_no", 1)
    return list(found)[place]["_id"]


def test_a_customer_is_destroyed_with_two_persons_and_a_certificate(house, enter):
    id = _some(house, 5)
    number = house.store.data.r_customer.find_one({"_id": id})["archive_no"]
    archivist, manager = enter("archivist"), enter("general_manager")
    address = _propose(archivist, house, id, "客户要求删除")
    assert archivist.page.locator("form[action$='do/approve']").count() == 0
    _sign(manager, address, "approve")
    _sign(archivist, address, "start", house.actor("general_manager").id)
    _sign(manager, address, "confirm")
    case_id = address.rstrip("/").rpartition("/")[2]
    cases = house.store.data.cases
    assert within(CARRIED_OUT_SECONDS, lambda: cases.find_one({"_id": case_id})["state"] == "verified_live")
    page = _sign(manager, address, "confirm")
    page.click("a[href$='/certificate/']")
    page.wait_for_selector(".a4")
    assert case_id in page.inner_text(".a4")
    assert page.request.get(f"/admin/r/enterprise/{id}/").status == 404
    assert id not in page.request.get(f"/admin/r/customer/?q={number}").text()
    assert page.request.get(f"/api/v1/records/customer/{id}").status == 404
    assert number not in page.request.get("/api/v1/records/enterprise/export?format=csv").text()
    keys = house.store.keys
    assert all(not keys[name].find_one({"_id": id}) for name in keys.list_collection_names())


def test_a_hold_after_the_approval_stops_it(house, enter):
    id = _some(house, 6)
    number = house.store.data.r_customer.find_one({"_id": id})["archive_no"]
    archivist, manager, lawyer = enter("archivist"), enter("general_manager"), enter("legal")
    address = _propose(archivist, house, id, "合同终止")
    _sign(manager, address, "approve")
    page = lawyer.open("/admin/holds/new/")
    page.select_option("[name=type]", "customer")
    page.fill("[name=numbers]", number)
    page.fill("[name=reason]", "诉讼")
    page.click("#content form .go")
    page.wait_for_url("**/admin/holds/")
    assert page.goto(f"/admin/r/enterprise/{id}/").status == 200
    assert "保全中" in page.inner_text(".rec-head")
    _sign(archivist, address, "start", house.actor("general_manager").id)
    _sign(manager, address, "confirm")
    case_id = address.rstrip("/").rpartition("/")[2]
    cases = house.store.data.cases
    assert within(CARRIED_OUT_SECONDS, lambda: cases.find_one({"_id": case_id})["state"] == "cancelled")
    page = manager.open(f"{address}?show=stopped")
    assert "有保全" in page.inner_text("table.caselist")
    assert manager.page.request.get(f"/admin/r/enterprise/{id}/").status == 200
