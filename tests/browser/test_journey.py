"""The working day of the shipped roles at a browser, on the shipped definitions."""

import csv
import io
import re
import zipfile
from html import unescape

import pytest
from python_calamine import CalamineWorkbook

from models.errors import ArchiveError
from models.operations import records
from tests.browser import reading
from tests.browser.house import KINDS
from tests.panel import dossier
from views.marks import masked_text

ROLES = ("admin", "archivist", "service_clerk", "service_head", "sales", "general_manager", "legal", "quality",
         "auditor", "contractor")  # fmt: skip
STRANGERS = ("permission_admin", "sales_director")
"""Accounts whose scopes do not reach these records."""
PLANT = "planted-{address}-4711"
LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
GRANTED = {
    "bank_account": {"admin": "value", "archivist": "masked", "service_clerk": "masked", "service_head": "masked",
                     "general_manager": "value", "legal": "masked"},
    "contract_price": {"admin": "value", "archivist": "masked", "service_clerk": "masked", "service_head": "masked",
                       "sales": "value", "general_manager": "value", "legal": "value"},
    "customer_name": {"admin": "value", "archivist": "value", "service_clerk": "value", "service_head": "value",
                      "sales": "value", "general_manager": "value", "legal": "value", "contractor": "masked"},
}  # fmt: skip
"""Field → role → look, read off the table of grants by hand; a role not named sees no value and no mask."""


@pytest.fixture(scope="module")
def planted(house):
    """The oldest customer of each kind; what is confidential or secret in it and takes text holds a planted one."""
    found = {}
    for kind in KINDS:
        id, door = house.first(kind), house.door("admin", kind)
        for one in door.compiled.active:
            if one.grade < 20 or one.type.name not in ("text", "long_text") or one.system or one.many or one.options:
                continue
            try:
                value = PLANT.format(address=one.name)
                records.update(door, id, {one.name: value}, expected=door.get(id).revision)
            except ArchiveError:
                continue  # a pattern of its own keeps the generated value
        found[kind] = id
    return found


@pytest.mark.parametrize("username", ROLES)
def test_a_role_sees_what_the_door_gives(house, enter, planted, username):
    page = enter(username).page
    for kind, id in planted.items():
        path, door = f"/admin/r/{kind}/{id}/", house.door(username, kind)
        record, whole = door.get(id), house.door("admin", kind).get(id)
        answer = page.goto(path)
        assert answer.status == 200
        page.wait_for_load_state("networkidle")
        seen, given = reading.shown(page), reading.told(record)
        wrong = []
        for label, cell in given.items():
            look, text = seen.get(label, ("absent", ""))
            if look == "absent" and cell.mark in ("empty", "fillable"):
                continue  # its condition does not hold
            if look != cell.mark or (look == "masked" and text != masked_text(cell, reading.LOCALE)):
                wrong.append((label, look, text, cell.mark))
            if look == "value" and not text:
                wrong.append((label, "nothing written"))
        wrong += [(label, look) for label, (look, _) in seen.items() if label not in given and look != "locked"]
        for name, looks in GRANTED.items():
            label = record.compiled.by_address[name].label(reading.LOCALE)
            expected = looks.get(username)
            if expected != {"masked": "masked", "value": "value"}.get(seen.get(label, ("", ""))[0]):
                wrong.append((label, "by the grants", expected, seen.get(label)))
        never = {one.label(reading.LOCALE) for one in reading.unknown(door, record.compiled) if not one.parent_name}
        wrong += [(label, "must not be known of") for label in never & set(seen) - set(given)]
        assert not wrong, (kind, wrong)
        _nothing_hidden_in(page, record, whole, kind, id)


def _nothing_hidden_in(page, record, whole, kind, id):
    """No byte of list, record, form and comparison holds a value this person may not read."""
    readable = {address for address, _ in reading.texts(record)}
    masked = [cell.value for cell in record.every_cell() if cell.mark == "masked"]
    open_words = " ".join([*(text for _, text in reading.texts(record)), *map(str, masked), record.title])
    hidden = {text for address, text in reading.texts(whole) if address not in readable and text not in open_words}
    assert hidden or record.cells.keys() == whole.cells.keys()
    base = f"/admin/r/{kind}/"
    for path in (base, f"{base}{id}/", f"{base}{id}/edit/", f"{base}{id}/compare/?from=1", f"{base}export/"):
        body = unescape(page.request.get(path).text())
        assert [text for text in hidden if text in body] == [], path


@pytest.mark.parametrize("username", STRANGERS)
def test_who_has_no_scope_finds_nothing(enter, planted, username):
    page = enter(username).page
    for kind, id in planted.items():
        answer = page.request.get(f"/admin/r/{kind}/{id}/")
        assert answer.status == 404
        assert "planted" not in answer.text()


def test_an_account_made_by_command_signs_in(house, enter):
    words = ("--data-dir", house.folder, "user", "add", "made_by_command", "--role", "service_clerk",
             "--department", "property", "--password", "tamper-lantern-98", "--keep-password")  # fmt: skip
    made = dossier(*words, cwd=house.folder)
    assert made.returncode == 0, made.stderr
    token = dossier("--data-dir", house.folder, "token", "create", "--user", "made_by_command", cwd=house.folder)
    page = enter("made_by_command").page
    answer = page.request.get("/api/v1/types", headers={"Authorization": f"Bearer {token.stdout.strip()}"})
    assert answer.status == 200


def _save(page):
    page.click(".savebar .go")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_saved_untouched_changes_nothing(house, enter, planted, kind):
    before = house.door("admin", kind).get(planted[kind]).revision
    _save(enter("admin").open(f"/admin/r/{kind}/{planted[kind]}/edit/"))
    assert house.door("admin", kind).get(planted[kind]).revision == before


def _create(visitor, kind, name):
    """A new customer by the form; its address."""
    page = visitor.open(f"/admin/r/{kind}/new/")
    page.fill("[name^=customer_name_]", name)
    _save(page)
    assert re.fullmatch(rf"/admin/r/{kind}/[a-z2-7]{{26}}/", page.url.removeprefix(page.url.split("/admin")[0]))
    return page.url


def test_a_customer_is_made_edited_in_conflict_trashed_restored_compared_and_reverted(house, enter):
    mine, theirs = enter("admin"), enter("archivist")
    address = _create(mine, "enterprise", "星河精密制造有限公司")
    page, other = mine.open(f"{address}edit/"), theirs.open(f"{address}edit/")
    other.fill("[name^=customer_name_]", "星河重工有限公司")
    _save(other)
    page.fill("[name^=customer_name_]", "星河智能装备有限公司")
    _save(page)
    assert page.locator(".merge").is_visible()
    page.locator("input[value=mine]").first.check()
    page.click(".slowbar .go")
    page.wait_for_url(address)
    assert page.inner_text("h1") == "星河智能装备有限公司"
    page.click("form[action$=trash] button")
    page.wait_for_load_state("networkidle")
    assert "星河智能装备有限公司" in mine.open("/admin/r/enterprise/trash/").inner_text("tbody")
    page = mine.open(address)
    page.click("form[action$=restore] button")
    page.wait_for_load_state("networkidle")
    page = mine.open(f"{address}compare/?from=1&to=2")
    words = page.inner_text(".merge")
    assert "星河精密制造有限公司" in words
    assert "星河重工有限公司" in words
    page.click("form[action$=revert] button")
    page.wait_for_load_state("networkidle")
    assert mine.open(address).inner_text("h1") == "星河精密制造有限公司"


def test_initials_find_a_customer(enter):
    visitor = enter("admin")
    _create(visitor, "enterprise", "云岭茶业有限公司")
    page = visitor.open("/admin/r/customer/")
    page.fill("input[name=q]", "ylcy")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=ylcy*")
    assert "云岭茶业有限公司" in page.inner_text("tbody")


def _exported(page, form, where):
    page.goto(f"/admin/r/enterprise/export/?q={where}")
    page.check(f"input[value={form}]", force=True)
    page.click("[data-tick=all]")
    with page.expect_download() as waiting:
        page.click(".slowbar .go")
    download = waiting.value
    return open(download.path(), "rb").read()


def test_exports_are_read_back(enter):
    visitor = enter("admin", accept_downloads=True)
    page = visitor.page
    name = "=HYPERLINK(1)远帆贸易"
    _create(visitor, "enterprise", name)
    _create(visitor, "enterprise", "+远帆贸易二部")
    raw = _exported(page, "csv", "远帆贸易")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(rows) == 3
    assert not [cell for row in rows for cell in row if cell.startswith(LIVE)]
    assert any(name in cell for row in rows for cell in row)
    book = _exported(page, "xlsx", "远帆贸易")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [row[: len(rows[0])] for row in sheet[:1]] == [rows[0]]
    assert {name, "+远帆贸易二部"} <= {cell for row in sheet for cell in row}
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert not [one for one in parts.namelist() if b"<f>" in parts.read(one) or b"<f " in parts.read(one)]
