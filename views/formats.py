"""How values look on a page: moments as people say them, masked text under its tape."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask, g
from flask_babel import get_locale, gettext
from markupsafe import Markup, escape

from models.definitions.fields import Field
from models.users import LOCALES
from views.access import current_store

STARS = re.compile(r"(\*+)")


def locale() -> str:
    """The Babel locale of this page, as the models spell it; found once per request."""
    if "locale" not in g:
        g.locale = str(get_locale() or LOCALES[0])
    return g.locale


class OfField:
    """What every part of a page that shows a field says of it."""

    field: Field

    @property
    def label(self) -> str:
        return self.field.label(locale())

    @property
    def grade(self) -> int:
        """0 public … 3 secret."""
        return int(self.field.grade) // 10


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


def ahead_moment(moment: datetime) -> str:
    """今天 18:00 · 明天 02:00 · 12-31 02:00: a moment to come, in the installation's zone."""
    local = moment.astimezone(zone())
    if local.date() == current_store().clock.today() + timedelta(days=1):
        return gettext("tomorrow %(time)s", time=f"{local:%H:%M}")
    return friendly_moment(moment)


def exact_moment(moment: datetime | None) -> str:
    """To the second, for a tooltip or a sheet that is compared."""
    return f"{moment.astimezone(zone()):%Y-%m-%d %H:%M:%S}" if moment else ""


def machine_moment(moment: datetime) -> str:
    """For programs (`datetime` of a time element): to the millisecond, which is what is kept."""
    return moment.isoformat(timespec="milliseconds")


def tape(text: str) -> str:
    """Masked text as HTML, its stars under redaction tape."""
    parts = STARS.split(str(text))
    return "".join(f"<i>{part}</i>" if part.startswith("*") else str(escape(part)) for part in parts)


def taped_plain(text: str) -> Markup:
    """Masked text inside a change: the same tape, its own element instead of one of the mask's."""
    return Markup(tape(text).replace("<i>", '<span class="tape">').replace("</i>", "</span>"))


def today_words() -> str:
    """11 月 20 日 周五, in the language of the page."""
    from babel.dates import format_date

    locale = get_locale()
    pattern = "M 月 d 日 EEE" if str(locale).startswith("zh") else "EEEE, d MMMM"
    return format_date(current_store().clock.today(), pattern, locale=locale)


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        friendly=friendly_moment, ahead=ahead_moment, exact=exact_moment, machine=machine_moment,
        taped_plain=taped_plain,
    )
