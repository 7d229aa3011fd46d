"""A real Chromium on a real panel: the stage of the attacks in a thread, or the whole house in its processes."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from models.operations import users
from models.users import User
from tests.attack.panel import SYSTEM
from tests.attack.stage import Stage, build
from tests.browser.house import PASSWORD, House, open_house

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium. `make test` brings one; without it the tests fail, they are never skipped."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    assert program, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


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


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """`dossier up` with the demonstration, one for the process."""
    with open_house() as opened:
        yield opened


@dataclass
class Visitor:
    """Somebody at a browser. `said` is what the console said: it stays empty."""

    page: Page
    said: list[str]

    def open(self, path: str) -> Page:
        self.page.goto(path)
        self.page.wait_for_load_state("networkidle")
        return self.page


@contextmanager
def windows(browser: Browser, url: str) -> Iterator[Callable[..., Visitor]]:
    """Open windows; with a user name, signed in. At the end the console of every window was silent."""
    opened: list[tuple[BrowserContext, list[str]]] = []

    def window(username: str | None = None, *, width: int = 1440, height: int = 900, theme: str = "light",
               locale: str = "en-GB", expected: str = "\0", **more) -> Visitor:  # fmt: skip
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, base_url=url, locale=locale, **more
        )
        said: list[str] = []
        opened.append((context, said))
        page = context.new_page()
        page.on("console", lambda message: expected in message.text or said.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda fault: said.append(f"{page.url}: {fault}"))
        if username is not None:
            page.goto("/login")
            page.fill("[name=username]", username)
            page.fill("[name=password]", PASSWORD)
            page.click("form.gate-form button.go")
            page.wait_for_url(lambda url: "/login" not in url)
        return Visitor(page, said)

    try:
        yield window
    finally:
        for context, _ in opened:
            context.close()
    assert [words for _, said in opened for words in said] == []


@pytest.fixture
def visit(browser, panel) -> Iterator[Callable[..., Visitor]]:
    """Windows on the stage."""
    with windows(browser, panel.url) as window:

        def of_user(user: User | None = None, **more) -> Visitor:
            return window(user and user.username, **more)

        yield of_user


@pytest.fixture
def enter(browser, house) -> Iterator[Callable[..., Visitor]]:
    """Windows on the house, in Chinese."""
    with windows(browser, house.url) as window:
        yield lambda username=None, **more: window(username, **{"locale": "zh-CN"} | more)
