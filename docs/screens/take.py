"""Take the pictures of this folder from a running panel with demo data.

    python docs/screens/take.py http://127.0.0.1:5000 PASSWORD

Sizes are those of an office screen (1440 × 900), a tablet (768 × 1024) and a phone (360 × 800, drawn at 2×). For the
picture of a conflict the name of one customer is changed.
"""

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
SWITCHES = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
DESK = {"width": 1440, "height": 900}
TABLET = {"width": 768, "height": 1024}
PHONE = {"width": 360, "height": 800}
CUSTOMERS = "/admin/r/customer/"
ENTERPRISES = "/admin/r/enterprise/?sort=archive_no"


def window(browser: Browser, base: str, user: str | None, password: str, *, theme: str, size: dict) -> Page:
    """A page of a new window, signed in where a user is named."""
    context = browser.new_context(
        base_url=base, locale="zh-CN", color_scheme=theme, viewport=size,
        device_scale_factor=2 if size is PHONE else 1,
    )  # fmt: skip
    page = context.new_page()
    page.goto("/login")
    if user:
        page.fill("[name=username]", user)
        page.fill("[name=password]", password)
        page.click("form.gate-form button.go")
        page.wait_for_url("**/admin/")
    return page


def shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=HERE / f"{name}.png")


def first_record(page: Page) -> None:
    """Open a customer with every field filled."""
    page.goto(ENTERPRISES)
    page.click("tbody tr:nth-child(2) [data-open]")
    page.wait_for_url(re.compile(r"/[a-z2-7]{26}/$"))


def pages(page: Page, ending: str) -> None:
    """List and record: the same in every size and theme."""
    page.goto(CUSTOMERS)
    for number in (1, 3):
        page.locator("td.pick input").nth(number).check()
    shoot(page, f"01-list{ending}")
    first_record(page)
    shoot(page, f"02-record{ending}")


def form(page: Page) -> None:
    """Open the form of that customer."""
    first_record(page)
    page.click("[data-key=e]")
    page.wait_for_url("**/edit/")


def conflict(page: Page, name: str) -> None:
    """Somebody saves the name of that customer while it is being changed here."""
    form(page)
    other = page.context.new_page()
    other.goto(page.url)
    field = "[name^=customer_name_]"
    was = page.input_value(field).split("（")[0]
    for tab, words in ((other, "（集团）"), (page, "（本部）")):
        changed = f"{was}{words}" if tab is page or tab.input_value(field) == was else was
        tab.fill(field, changed)
        with tab.expect_navigation():
            tab.click(".savebar .go")
    page.wait_for_selector(".merge")
    shoot(page, name)


def others(page: Page) -> None:
    """States and forms, on the office screen."""
    page.goto("/admin/")
    shoot(page, "09-work")
    page.goto(f'{CUSTOMERS}?q=zzz&where={{"all":[{{"field":"type","op":"eq","value":"tenant"}}]}}')
    shoot(page, "01-list-nothing")
    page.goto(f'{CUSTOMERS}?where={{"field":"no_such","op":"eq","value":1}}')
    shoot(page, "01-list-refused")
    page.goto(CUSTOMERS)
    page.click(".chip.add")
    page.wait_for_selector("#narrow select[name=op]")
    shoot(page, "01-list-condition")
    form(page)
    shoot(page, "02-form")
    page.goto(f"{CUSTOMERS}export/")
    shoot(page, "02-export")


def main(base: str, password: str) -> None:
    program = next(found for name in PROGRAMS if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        shoot(window(browser, base, None, password, theme="light", size=DESK), "09-login")
        desk = window(browser, base, "service_clerk", password, theme="light", size=DESK)
        pages(desk, "")
        others(desk)
        pages(window(browser, base, "service_clerk", password, theme="dark", size=DESK), "-dark")
        pages(window(browser, base, "service_clerk", password, theme="light", size=PHONE), "-phone")
        tablet = window(browser, base, "service_clerk", password, theme="dark", size=TABLET)
        form(tablet)
        shoot(tablet, "02-form-tablet-dark")
        for size, ending in ((DESK, ""), (PHONE, "-phone")):
            head = window(browser, base, "service_head", password, theme="light", size=size)
            conflict(head, f"03-conflict{ending}")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
