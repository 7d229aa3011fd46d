"""Pages of records in a browser: silent, reachable for everybody, and usable without a mouse."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

LIST = "/admin/r/client/"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
STOCK = re.compile(r"jquery|bootstrap|select2|font-?awesome|x-editable", re.IGNORECASE)


def faults(page):
    """What axe finds, one line each."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(
    ("width", "theme"), [(1440, "light"), (1440, "dark"), (360, "light"), (360, "dark"), (768, "light")]
)
def test_every_page_is_reachable_and_fits(panel, visit, width, theme):
    record = f"{LIST}{panel.stage.own}/"
    pages = ["/admin/", LIST, f"{LIST}?q=nobody", f"{LIST}trash/", f"{LIST}new/", f"{LIST}export/", record,
             f"{record}edit/", f"{record}compare/"]  # fmt: skip
    stranger = visit(width=width, theme=theme)
    assert faults(stranger.open("/login")) == []
    visitor = visit(panel.stage.boss.user, width=width, theme=theme)
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    for path in pages:
        page = visitor.open(path)
        assert faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.evaluate("document.documentElement.dataset.bsTheme") == theme
    assert not [url for url in asked if STOCK.search(url) or not url.startswith((panel.url, "data:"))]


def test_the_dialogs_of_a_list_are_reachable(panel, visit):
    page = visit(panel.stage.boss.user).open(LIST)
    for opener, inside in ((".chip.add", "#narrow select[name=op]"), ("[data-opens=columns]", "#columns .ticks")):
        page.click(opener)
        page.wait_for_selector(inside)
        assert faults(page) == []
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert faults(page) == []


def test_a_list_is_used_from_the_keyboard(panel, visit):
    page = visit(panel.stage.boss.user).open(LIST)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("#selection [data-picked]").inner_text() == "1"
    page.keyboard.press("Escape")
    assert not page.locator("#selection").is_visible()
    page.keyboard.press("/")
    page.keyboard.type("李四光")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    assert page.locator("tbody tr").count() == 1
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{panel.stage.ids[1]}/")
    page.keyboard.press("e")
    page.wait_for_url("**/edit/")


def test_rows_of_the_list_lead_on_from_a_record(panel, visit):
    page = visit(panel.stage.boss.user).open(f"{LIST}?sort=name")
    links = page.eval_on_selector_all("tr[data-href]", "rows => rows.map(row => row.dataset.href)")
    page.click("tbody tr:first-child [data-open]")
    page.wait_for_url(f"**{links[0]}")
    page.keyboard.press("j")
    page.wait_for_url(f"**{links[1]}")
    page.click("[data-back-to-list]")
    page.wait_for_url("**?sort=name")


def test_a_draft_is_kept_in_the_window_and_goes_with_the_save(panel, visit):
    visitor = visit(panel.stage.boss.user)
    path = f"{LIST}{panel.stage.own}/edit/"
    page = visitor.open(path)
    page.fill("[name=notes_m2n3]", "half a sentence")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.click("[data-draft-take]")
    assert page.input_value("[name=notes_m2n3]") == "half a sentence"
    page.click(".savebar .go")
    page.wait_for_url(f"**{panel.stage.own}/")
    assert "half a sentence" in page.inner_text("#content")
    visitor.open(path)
    assert not page.locator("[data-draft-note]").is_visible()


def test_a_list_of_values_grows(panel, visit):
    page = visit(panel.stage.boss.user).open(f"{LIST}{panel.stage.own}/edit/")
    box = page.locator("#f-phone_c3d4")
    box.locator("[data-more]").click()
    box.locator("input:not([type=hidden])").nth(1).fill("13900001111")
    page.keyboard.press("Control+s")
    page.wait_for_url(f"**{panel.stage.own}/")
    assert "13900001111" in page.inner_text("#content")
    assert "13812345678" in page.inner_text("#content")


def test_two_people_settle_a_conflict(panel, visit):
    path = f"{LIST}{panel.stage.own}/edit/"
    mine, theirs = visit(panel.stage.boss.user).open(path), visit(panel.stage.s.user).open(path)
    theirs.fill("[name=notes_m2n3]", "theirs")
    theirs.click(".savebar .go")
    theirs.wait_for_url(f"**{panel.stage.own}/")
    mine.fill("[name=notes_m2n3]", "mine")
    mine.select_option("[name=level_j9k1]", "iron")
    mine.click(".savebar .go")
    mine.wait_for_selector(".merge")
    assert faults(mine) == []
    mine.locator("input[value=theirs]").check()
    mine.click(".slowbar .go")
    mine.wait_for_url(f"**{panel.stage.own}/")
    words = mine.inner_text("#content")
    assert "theirs" in words
    assert "Iron" in words


def test_wrong_values_are_shown_and_reached(panel, visit):
    page = visit(panel.stage.boss.user).open(f"{LIST}{panel.stage.own}/edit/")
    page.fill("[name=salary_g7h8]", "many")
    page.click(".savebar .go")
    page.wait_for_selector("#trouble")
    assert page.evaluate("document.activeElement.id") == "trouble"
    assert faults(page) == []
    assert page.input_value("[name=salary_g7h8]") == "many"


def test_the_looks_are_chosen_in_the_head(panel, visit):
    page = visit(panel.stage.boss.user).open(LIST)
    page.click(".who-menu summary")
    page.click("button[name=theme][value=dark]")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    page.click(".who-menu summary")
    page.click("button[name=locale][value=zh_Hans_CN]")
    page.wait_for_load_state("networkidle")
    assert page.inner_text("h1") == "客户"
