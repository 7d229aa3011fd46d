"""Walk through every page in one language and width, and write down whatever is wrong with each."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files

from flask import abort
from flask_babel import Domain, get_locale
from playwright.sync_api import Browser, Error, Page
from werkzeug.serving import make_server

from models.operations.preferences import keep_looks
from models.users import LABEL_KEYS
from tests.attack.panel import process
from tests.browser.conftest import Visitor, windows
from tests.browser.house import House
from tests.browser.leftovers import Vocabulary
from tests.browser.pages import Stop, settled, stops

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""Between the themes nothing but the colours differs: dark is held to these."""
STOCK = re.compile(r"jquery|bootstrap|select2|font-?awesome|x-editable", re.IGNORECASE)
ASSET_TAGS = "[...document.querySelectorAll('script[src], link[href]')].map(one => one.src || one.href)"
HEIGHTS = {1440: 900, 360: 800}
BROWSER_LOCALES = {"zh_Hans_CN": "zh-CN", "zh_Hant_TW": "zh-TW", "en": "en-GB"}
PATIENCE_MS = 15_000
MOST_HEIGHT = 40_000
ANSWERED = "the server responded with a status of"
"""The browser itself says so of an error page; other requests that fail are written down with the answers."""


@dataclass
class Tour:
    """What was wrong, by the kind of fault; each entry names its page."""

    walked: list[Stop] = field(default_factory=list)
    axe: list[tuple] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    layout: list[tuple] = field(default_factory=list)
    words: list[tuple] = field(default_factory=list)


class Listening:
    """Translations that write down what they do not hold."""

    def __init__(self, found, locale: str, lacking: set):
        self._found, self._locale, self._lacking = found, locale, lacking

    def _heard(self, words: str) -> None:
        if self._locale != "en" and words not in self._found._catalog and (words, 0) not in self._found._catalog:
            self._lacking.add((self._locale, words))

    def ugettext(self, words: str) -> str:
        self._heard(words)
        return self._found.ugettext(words)

    def ungettext(self, one: str, many: str, count: int) -> str:
        self._heard(one)
        return self._found.ungettext(one, many, count)


@contextmanager
def listened(patch) -> Iterator[set]:
    """(language, sentence) for every sentence asked for while this holds that has no translation."""
    lacking: set[tuple[str, str]] = set()
    plain = Domain.get_translations

    def listening(domain):
        return Listening(plain(domain), str(get_locale()), lacking)

    with patch.context() as patched:
        patched.setattr(Domain, "get_translations", listening)
        yield lacking


@contextmanager
def served(house: House) -> Iterator[str]:
    """The panel on the house's data, in this process, with every error page at an address; its address."""
    app = process(house.store)
    app.add_url_rule("/look/<int:status>", "look", lambda status: abort(status))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@contextmanager
def speaking(house: House, locale: str) -> Iterator[Callable[[str], None]]:
    """Have accounts speak a language for a while. Other tests live in the house, too: each speaks its own again."""
    own: dict[str, str] = {}

    def speak(username: str) -> None:
        actor = house.actor(username)
        own.setdefault(username, actor.locale)
        keep_looks(house.store, actor, {"locale": locale})

    try:
        yield speak
    finally:
        for username, before in own.items():
            keep_looks(house.store, house.actor(username), {"locale": before})


def walk(browser: Browser, url: str, house: House, places: dict, words: Vocabulary, *, locale: str, width: int,
         themes: tuple[str, ...]) -> Tour:  # fmt: skip
    """Every stop once.

    :param themes: those in which axe looks at each page
    """
    tour, visitors = Tour(), {}
    look = {
        "width": width, "height": HEIGHTS[width], "locale": BROWSER_LOCALES[locale], "reduced_motion": "reduce",
        "expected": ANSWERED,
    }  # fmt: skip
    with windows(browser, url) as window, speaking(house, locale) as speak:
        for stop, address in stops(places, width):
            if stop.user not in visitors:
                if stop.user:
                    speak(stop.user)
                visitors[stop.user] = _entered(window, stop.user, look, url, tour)
            visitor = visitors[stop.user]
            try:
                _look_at(visitor.page, stop, address, tour, locale)
            except Error as never:
                tour.layout.append((str(stop), "not reached", str(never)))
                continue
            _leftovers(visitor.page, stop, tour, words, locale)
            tour.axe += [(str(stop), *found) for theme in themes for found in axe_in(visitor.page, theme)]
            tour.console += [f"{stop}: {said}" for said in visitor.said]
            visitor.said.clear()
            tour.walked.append(stop)
    return tour


def _entered(window: Callable[..., Visitor], user: str | None, look: dict, url: str, tour: Tour) -> Visitor:
    visitor = window(user, **look)
    visitor.page.set_default_timeout(PATIENCE_MS)

    def requested(request) -> None:
        if STOCK.search(request.url) or not request.url.startswith((url, "data:")):
            tour.layout.append(("asked for", request.url))

    def answered(response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            visitor.said.append(f"{response.url}: {response.status}")

    visitor.page.on("request", requested)
    visitor.page.on("response", answered)
    return visitor


def _look_at(page: Page, stop: Stop, address: str, tour: Tour, locale: str) -> None:
    """Go there, do what the stop says, and see that the page fits its window and speaks its language."""
    answer = page.goto(address)
    if answer.status != stop.status:
        tour.layout.append((str(stop), "answered", answer.status))
    settled(page)
    if stop.then:
        stop.then(page)
        settled(page)
    if (wider := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
        tour.layout.append((str(stop), f"{wider} px wider than the window"))
    if (lang := page.evaluate("document.documentElement.lang")) != LABEL_KEYS[locale]:
        tour.layout.append((str(stop), f"lang is {lang}"))
    tour.layout += [(str(stop), asset) for asset in page.evaluate(ASSET_TAGS) if STOCK.search(asset)]


def _leftovers(page: Page, stop: Stop, tour: Tour, words: Vocabulary, locale: str) -> None:
    tour.words += [(locale, str(stop), *found) for found in words.foreign(page, locale)]


@contextmanager
def _unrolled(page: Page) -> Iterator[None]:
    """The window as tall as the page: what lies half under the bar at its foot would count as too small a target."""
    shape = page.viewport_size
    assert shape is not None
    height = page.evaluate("Math.max(document.documentElement.scrollHeight, document.body.scrollHeight)")
    page.set_viewport_size({"width": shape["width"], "height": max(shape["height"], min(height + 200, MOST_HEIGHT))})
    yield
    page.set_viewport_size(shape)


def axe_in(page: Page, theme: str) -> list[tuple[str, str, str]]:
    """(theme, rule, element) of everything axe finds."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_selector(f"html[data-bs-theme={theme}]")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    with _unrolled(page):
        found = page.evaluate(
            "rules => axe.run(rules).then(found => found.violations)", COLOURS if theme == "dark" else RULES
        )
    return [(theme, one["id"], node["html"][:160]) for one in found for node in one["nodes"]]
