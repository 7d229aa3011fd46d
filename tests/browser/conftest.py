"""A real Chromium on a real panel: the stage of the attacks, served by a thread of this process."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from models.operations import users
from models.users import User
from tests.attack.panel import SYSTEM
from tests.attack.stage import Stage, build

PASSWORD = "tamper-lantern-98"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium. `make test` brings one; without it the tests fail, they are never skipped."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    assert program, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield opened
        opened.close()


@dataclass
class Panel:
    """The stage behind an address."""

    url: str
    stage: Stage


@pytest.fixture
def panel(store) -> Iterator[Panel]:
    """The stage, served."""
    stage = build(store)
    for person in (stage.boss, stage.s):
        users.set_password(SYSTEM, store, person.user.id, PASSWORD, must_change=False)
    server = make_server("127.0.0.1", 0, stage.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Panel(f"http://127.0.0.1:{server.server_port}", stage)
    server.shutdown()
    thread.join()


@dataclass
class Visitor:
    """Somebody at a browser. `said` is what the console said: it stays empty."""

    page: Page
    said: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(path)
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture
def visit(browser, panel) -> Iterator:
    """Open a window; with a user, signed in. At the end the console of every window was silent."""
    opened: list[tuple[BrowserContext, list[str]]] = []

    def window(user: User | None = None, *, width: int = 1440, height: int = 900, theme: str = "light") -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, base_url=panel.url, locale="en-GB"
        )
        said: list[str] = []
        opened.append((context, said))
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda fault: said.append(f"{page.url}: {fault}"))
        if user is not None:
            page.goto("/login")
            page.fill("[name=username]", user.username)
            page.fill("[name=password]", PASSWORD)
            page.click("form.gate-form button.go")
            page.wait_for_url("**/admin/")
        return Visitor(page, said)

    yield window
    for context, said in opened:
        context.close()
        assert said == []
