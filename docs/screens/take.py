"""Take the pictures of this folder from a running panel with demo data.

    python docs/screens/take.py http://127.0.0.1:5000 PASSWORD

Sizes are those of an office screen (1440 × 900) and of a phone (360 × 800, drawn at 2×).
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
PHONE = {"width": 360, "height": 800}
CUSTOMERS = "/admin/r/customer/"
ENTERPRISES = "/admin/r/enterprise/?sort=archive_no"


def window(browser: Browser, base: str, user: str | None, password: str, *, theme: str, phone: bool) -> Page:
    """A page of a new window, signed in where a user is named."""
    context = browser.new_context(
        base_url=base, locale="zh-CN", color_scheme=theme, viewport=PHONE if phone else DESK,
        device_scale_factor=2 if phone else 1,
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
    first_record(page)
    page.click("[data-key=e]")
    page.wait_for_url("**/edit/")
    shoot(page, "02-form")
    page.goto(f"{CUSTOMERS}export/")
    shoot(page, "02-export")


def main(base: str, password: str) -> None:
    program = next(found for name in PROGRAMS if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        shoot(window(browser, base, None, password, theme="light", phone=False), "09-login")
        desk = window(browser, base, "service_clerk", password, theme="light", phone=False)
        pages(desk, "")
        others(desk)
        pages(window(browser, base, "service_clerk", password, theme="dark", phone=False), "-dark")
        pages(window(browser, base, "service_clerk", password, theme="light", phone=True), "-phone")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
