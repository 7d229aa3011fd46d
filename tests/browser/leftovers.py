"""Words on a page that are neither data nor of the page's language."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Page

from admin_app import catalogues
from admin_app.languages import NAMES
from models.access.door import TypeDoor
from models.access.query import Query
from models.users import LABEL_KEYS
from tests.browser.house import KINDS, House
from tests.browser.pages import TYPED

SEED = Path(__file__).parents[2] / "seed"
REGISTERS = ("complaint", "repair_ticket", "customer_emergency_contact", "unit")
HAN, LATIN = re.compile(r"[\u3400-\u9fff]+"), re.compile(r"[A-Za-z]{3,}")
EVENT = re.compile(r"[0-9A-F]{4}-[0-9A-F]{4}")
ANYWHERE = {
    "Dossier",
    "Excel",
    "CSV",
    "JSON",
    "JSONL",
    "XLSX",
    "YAML",
    "Lines",
    "Ctrl",
    "Esc",
    "CNY",
    "GMT",
    "Chrome",
    "Chromium",
    "Linux",
    "SIM",
}
DATES = set("年月日时時分秒星期一二三四五六七八九十上下午")
READ = """() => {
  const found = [document.title]
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest("script, style, svg, code, output, [lang]:not(html)")) found.push(node.textContent)
  }
  for (const name of ["title", "placeholder", "aria-label", "alt", "data-words"]) {
    document.querySelectorAll(`[${name}]`).forEach((one) => found.push(one.getAttribute(name)))
  }
  return found
}"""


class Vocabulary:
    """What is data in this house at this moment, and the signs each Chinese language is written with."""

    def __init__(self, house: House):
        self.data = "\n".join(dict.fromkeys(_data(house)))
        self.signs = {locale: _signs(locale) | DATES for locale in LABEL_KEYS if locale != "en"}

    def foreign(self, page: Page, locale: str) -> Iterator[tuple[str, str]]:
        """(run of signs, text it stands in) of what should not be on a page of this language."""
        for text in dict.fromkeys(one.strip() for one in page.evaluate(READ)):
            if EVENT.fullmatch(text):
                continue
            runs = HAN.findall(text) + ([] if locale == "en" else LATIN.findall(text))
            for run in runs:
                if run not in ANYWHERE and run not in self.data and not self._written(run, locale):
                    yield run, text[:120]

    def _written(self, run: str, locale: str) -> bool:
        """Whether this could be a word of the language."""
        return locale != "en" and not LATIN.fullmatch(run) and set(run) <= self.signs[locale]


def _data(house: House) -> Iterator[str]:
    yield from (*NAMES.values(), *TYPED)
    for collection in ("users", "departments", "roles"):
        for one in house.store.data[collection].find():
            yield from _strings([one["_id"], one.get("name"), one.get("username"), one.get("roles")])
    yield from house.store.data.grants_config.distinct("_id")
    for one in (*house.store.data.cases.find(), *house.store.data.holds.find()):
        yield from _strings([one["reason"], one.get("reference"), (one.get("rule") or {}).get("id")])
    for kind in (*KINDS, *REGISTERS):
        for trash in (False, True):
            yield from _records(house.door("admin", kind), trash)


def _records(door: TypeDoor, trash: bool) -> Iterator[str]:
    """Every text in every record of a kind, or in those in the trash."""
    after = None
    while True:
        page = door.page(Query(limit=200, after=after, trash=trash))
        for record in page.items:
            yield from _strings([record.id, record.archive_no, record.title])
            for cell in record.every_cell():
                yield from _strings(cell.value)
        if (after := page.next) is None:
            return


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from (str(key), *_strings(part))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
    elif value is not None:
        yield str(value)


def _signs(locale: str) -> set[str]:
    """Every sign in the catalogues and in the labels of shipped types of a language."""
    texts: list[Any] = []
    for source in catalogues.sources():
        if source.parents[1].name == locale:
            texts += [message.string for message in catalogues.read(source) if message.id]
    for file in SEED.rglob("*.yaml"):
        texts += _labels(yaml.safe_load(file.read_text(encoding="utf-8")), LABEL_KEYS[locale])
    return set("".join(_strings(texts)))


def _labels(tree: Any, language: str) -> Iterator[str]:
    """Every text of a language in a tree of definitions."""
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    if isinstance(tree, dict) and isinstance(tree.get(language), str):
        yield tree[language]
    for part in parts:
        yield from _labels(part, language)
