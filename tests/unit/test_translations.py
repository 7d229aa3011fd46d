"""Every sentence for people stands in three languages: what is marked in the source is in both Chinese catalogues."""

from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir

from admin_app import catalogues

ROOT = Path(__file__).parents[2]
PACKAGES = ("admin_app", "jobs", "models", "seed", "views")
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


@cache
def marked():
    """Every marked sentence with the place it was first found at."""
    found = {}
    for package in PACKAGES:
        for file, line, words, *_ in extract_from_dir(ROOT / package, METHODS, {}, KEYWORDS):
            for one in words if isinstance(words, tuple) else (words,):
                if one:
                    found.setdefault(one, f"{package}/{file}:{line}")
    return found


def translated(locale):
    """Sentence → its translations, from every catalogue of a language."""
    found = {}
    for source in catalogues.sources():
        if source.parents[1].name == locale:
            for message in catalogues.read(source):
                ids = message.id if isinstance(message.id, tuple) else (message.id,)
                texts = message.string if isinstance(message.string, tuple) else (message.string,)
                found.update({one: texts for one in ids if one and all(texts)})
    return found


@pytest.mark.parametrize("locale", ["zh_Hans_CN", "zh_Hant_TW"])
def test_every_marked_sentence_is_translated(locale):
    known = translated(locale)
    assert {words: place for words, place in marked().items() if words not in known} == {}


@pytest.mark.parametrize("locale", ["zh_Hans_CN", "zh_Hant_TW"])
def test_a_translation_has_the_places_of_its_source(locale):
    for words, texts in translated(locale).items():
        if "%(" not in words:
            for text in texts:
                assert places(text) == places(words), words


def places(text):
    try:
        return sorted({name for _, name, _, _ in Formatter().parse(text) if name})
    except ValueError:  # braces that are no places: JSON in an example
        return []


def test_every_template_can_be_read():
    """Extraction passes over a template it cannot parse, and with it over its sentences."""
    from jinja2 import Environment

    reader = Environment(extensions=["jinja2.ext.i18n"])
    for template in (ROOT / "admin_app" / "templates").rglob("*.html"):
        reader.parse(template.read_text(encoding="utf-8"), name=str(template))
