"""Which language a page speaks: the account's, else the browser session's, else what the browser asks for."""

from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from flask import Flask, current_app, g, request, session
from flask_babel import Babel, get_translations
from markupsafe import Markup

from models.users import LABEL_KEYS, LOCALES
from views.access import signed_in
from views.formats import locale

TRANSLATIONS = Path(__file__).parent / "translations"
MOST_KEPT = 10_000
"""Sentences of templates, each in each language, that an application remembers."""
NAMES = {"zh_Hans_CN": "简体", "zh_Hant_TW": "繁體", "en": "English"}
ACCEPTED = {"zh-hans": 0, "zh-cn": 0, "zh-sg": 0, "zh-hant": 1, "zh-tw": 1, "zh-hk": 1, "zh-mo": 1, "zh": 0, "en": 2}


def areas() -> list[Path]:
    """The catalogue folders: one per part of the program, so that parts never meet in one file."""
    return sorted(folder for folder in TRANSLATIONS.iterdir() if folder.is_dir())


def init_app(app: Flask) -> None:
    settings = app.extensions["dossier"].settings
    app.config.update(
        BABEL_DEFAULT_LOCALE=settings.locale,
        BABEL_DEFAULT_TIMEZONE=settings.tz,
        BABEL_TRANSLATION_DIRECTORIES=";".join(str(folder) for folder in areas()),
    )
    app.extensions["dossier.words"] = {}
    Babel(app, locale_selector=_selected)
    app.jinja_env.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(_=_words, language_names=NAMES, page_language=page_language, locale_name=locale)


def _selected() -> Locale | None:
    chosen = select_locale()
    return _parsed(chosen) if chosen else None


@cache
def _parsed(name: str) -> Locale:
    """Parsing a name asks the file system whether it is known, each time."""
    return Locale.parse(name)


def select_locale() -> str | None:
    """The Babel locale of this request, or None for the installation's default.

    A program says in which language it wants its messages; only where it does not, its account decides.
    """
    accepted = _accepted()
    if accepted and request.path.startswith("/api/"):
        return accepted
    account = signed_in()
    chosen = account.locale if account else session.get("locale")
    return chosen if chosen in LOCALES else accepted


def _accepted() -> str | None:
    """The first language of `Accept-Language` that we speak."""
    for wanted, _quality in request.accept_languages:
        tag = wanted.lower()
        for prefix, index in ACCEPTED.items():
            if tag == prefix or tag.startswith(prefix + "-"):
                return LOCALES[index]
    return None


def page_language() -> str:
    """The `lang` attribute of the page."""
    return LABEL_KEYS.get(locale(), "zh-Hans")


def _translations() -> Any:
    """The catalogues of this page; flask-babel finds them anew for every word, which a page has hundreds of."""
    if "translations" not in g:
        g.translations = get_translations()
    return g.translations


def _words(words: str, **values: Any) -> Markup:
    """`_("…")` of a template: as Jinja's own new style, which takes ten times as long for fifty words a page."""
    kept: dict[tuple[str, str], Markup] = current_app.extensions["dossier.words"]
    key = (locale(), words)
    known = kept.get(key)
    if known is None:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        known = kept[key] = Markup(_gettext(words))
    return known % values if values or "%" in known else known


def _gettext(words: str) -> str:
    return _translations().ugettext(words)


def _ngettext(one: str, many: str, count: int) -> str:
    return _translations().ungettext(one, many, count)
