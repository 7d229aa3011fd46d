"""How values look on a page: moments as people say them, masked text under its tape."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import get_locale, gettext
from markupsafe import Markup, escape

from views.access import current_store

STARS = re.compile(r"(\*+)")


def zone() -> ZoneInfo:
    return current_store().clock.zone


def friendly_moment(moment: datetime | None) -> str:
    """今天 14:02 · 昨天 17:31 · 11-18 18:24 · 2024-11-18, in the installation's zone."""
    if moment is None:
        return ""
    local = moment.astimezone(zone())
    today = current_store().clock.today()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return gettext("today %(time)s", time=clock)
    if local.date() == today - timedelta(days=1):
        return gettext("yesterday %(time)s", time=clock)
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d}"


def exact_moment(moment: datetime | None) -> str:
    """To the second, for a tooltip or a sheet that is compared."""
    return f"{moment.astimezone(zone()):%Y-%m-%d %H:%M:%S}" if moment else ""


def taped(text: str) -> Markup:
    """Masked text with its stars under redaction tape; copying it gives the masked text itself."""
    parts = STARS.split(str(text))
    return Markup("").join(Markup("<i>{}</i>").format(part) if part.startswith("*") else escape(part) for part in parts)


def taped_plain(text: str) -> Markup:
    """Masked text inside a change: the same tape, its own element instead of one of the mask's."""
    parts = STARS.split(str(text))
    tape = Markup('<span class="tape">{}</span>')
    return Markup("").join(tape.format(part) if part.startswith("*") else escape(part) for part in parts)


def today_words() -> str:
    """11 月 20 日 周五, in the language of the page."""
    from babel.dates import format_date

    locale = get_locale()
    pattern = "M 月 d 日 EEE" if str(locale).startswith("zh") else "EEEE, d MMMM"
    return format_date(current_store().clock.today(), pattern, locale=locale)


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(friendly=friendly_moment, exact=exact_moment, taped=taped, taped_plain=taped_plain)
