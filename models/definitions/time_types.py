"""Days and moments."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from models.definitions.base_type import EQUALITY, ORDER, FieldType, Json
from models.definitions.text_rules import clean_line, comparable, shown, text_of
from models.definitions.zones import local_zone
from models.errors import N_, FieldValueError

if TYPE_CHECKING:
    from models.definitions.fields import Field

OPEN_END = "9999-12-31"
"""Stored for 长期: valid without end. A value, not an empty field."""
_OPEN_WORDS = frozenset(
    ("长期", "長期", "永久", "长期有效", "長期有效", "无固定期限", "無固定期限", "long-term", "long term", "permanent",
     "no end", "no expiry", OPEN_END)
)  # fmt: skip
_OPEN_RENDERED: Mapping[str, str] = {"zh_Hans_CN": "长期", "zh_Hant_TW": "長期"}

_SPELLINGS = re.compile(
    r"(?P<y>\d{4})(?:"
    r"(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})|(?P<m2>\d{2})(?P<d2>\d{2})|"
    r"\s*年\s*(?P<m3>\d{1,2})\s*月\s*(?P<d3>\d{1,2})\s*[日号]?)"
)
_MIDNIGHT = re.compile(r"[T ]0{1,2}:00(?::00(?:\.0{1,9})?)?Z?")
_CLOCK = re.compile(
    r"(?:[T ]\s*|(?<=[日号]))(?P<h>\d{1,2})[:时点](?P<min>\d{1,2})分?"
    r"(?::?(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?秒?)?\s*(?P<zone>Z|z|[+-]\d{2}:?\d{2})?"
)
FIRST_YEAR, LAST_YEAR = 1000, 9998


class DateType(FieldType):
    """A day, stored as YYYY-MM-DD so that it sorts and compares as text."""

    name = "date"
    widget = "date"
    operators = (*EQUALITY, *ORDER)
    can_be_many = True
    json_schema = {"type": "string", "format": "date"}  # noqa: RUF012

    def read_one(self, raw: Any, field: "Field") -> str | None:
        if isinstance(raw, date):  # a datetime is one too
            raw = raw.isoformat()
        text = text_of(raw)
        if len(text) == 10 and text[4] == "-" and _is_plain_day(text):
            return text
        if len(text) > 100:
            raise _not_a_day(raw)
        text = comparable(clean_line(text))
        if not text:
            return None
        if text.casefold() in _OPEN_WORDS:
            if not field.open_end:
                raise FieldValueError("no_open_end", N_("This field needs a day; it cannot be without end."))
            return OPEN_END
        day, rest = day_in(text, raw)
        if rest and not _MIDNIGHT.fullmatch(rest):
            raise _not_a_day(raw)
        return day.isoformat()

    def check_one(self, value: str, field: "Field") -> None:
        rules = field.validators
        if not rules or value == OPEN_END:
            return
        least, most = rules.get("min"), rules.get("max")
        if least is not None and value < str(least):
            raise FieldValueError("too_early", N_("The earliest day allowed here is {least}."), least=str(least))
        if most is not None and value > str(most):
            raise FieldValueError("too_late", N_("The latest day allowed here is {most}."), most=str(most))

    def render_one(self, value: str, field: "Field", locale: str) -> str:
        return _OPEN_RENDERED.get(locale, "long-term") if value == OPEN_END else value


class MomentType(FieldType):
    """A moment to the millisecond, stored in UTC; text without an offset is in the zone of the installation."""

    name = "moment"
    widget = "moment"
    operators = (*EQUALITY, *ORDER)
    json_schema = {"type": "string", "format": "date-time"}  # noqa: RUF012

    def read_one(self, raw: Any, field: "Field") -> datetime | None:
        if isinstance(raw, datetime):
            raw = raw.isoformat()
        text = text_of(raw)
        if len(text) > 100:
            raise _not_a_moment(raw)
        text = comparable(clean_line(text))
        return moment_in(text, raw) if text else None

    def render_one(self, value: datetime, field: "Field", locale: str) -> str:
        local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(local_zone())
        text = local.replace(tzinfo=None).isoformat(" ", "milliseconds" if local.microsecond else "seconds")
        # An hour that the zone passes twice needs its offset the second time.
        return text + local.isoformat()[-6:] if local.fold else text

    def json_one(self, value: datetime, field: "Field") -> Json:
        return json_moment(value)

    def normalise_one(self, value: datetime) -> str:
        return json_moment(value)


def _is_plain_day(text: str) -> bool:
    """Whether `text` is YYYY-MM-DD as stored: nearly all that machines send."""
    try:
        return text.isascii() and "1000" <= text[:4] <= "9998" and date.fromisoformat(text) is not None
    except ValueError:
        return False


def day_in(text: str, raw: Any) -> tuple[date, str]:
    """The day at the start of `text` and what follows it.

    :raises FieldValueError: no day that exists
    """
    found = _SPELLINGS.match(text)
    if found is None:
        raise _not_a_day(raw)
    month = found["m"] or found["m2"] or found["m3"]
    try:
        day = date(int(found["y"]), int(month), int(found["d"] or found["d2"] or found["d3"]))
    except ValueError:
        raise FieldValueError("no_such_day", N_("{given} is not in the calendar."), given=shown(raw)) from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise FieldValueError("no_such_day", N_("{given} is not in the calendar."), given=shown(raw))
    return day, text[found.end() :]


def moment_in(text: str, raw: Any) -> datetime:
    """The moment written in `text`, in UTC, cut to milliseconds.

    :raises FieldValueError: no moment that exists
    """
    day, rest = day_in(text, raw)
    if not FIRST_YEAR < day.year < LAST_YEAR:  # its neighbours exist in every zone
        raise _not_a_moment(raw)
    if not rest:
        return datetime(day.year, day.month, day.day, tzinfo=local_zone()).astimezone(UTC)
    clock = _CLOCK.fullmatch(text, len(text) - len(rest))
    if clock is None:
        raise _not_a_moment(raw)
    thousandths = int((clock["f"] or "0")[:3].ljust(3, "0"))
    try:
        moment = datetime(
            day.year, day.month, day.day, int(clock["h"]), int(clock["min"]), int(clock["s"] or 0), thousandths * 1000
        )
        if clock["zone"]:
            return datetime.fromisoformat(moment.isoformat() + clock["zone"].upper()).astimezone(UTC)
    except ValueError:
        raise _not_a_moment(raw) from None
    return moment.replace(tzinfo=local_zone()).astimezone(UTC)


def aware(value: datetime) -> datetime:
    """A stored moment with its zone, whether or not the driver gave one."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def json_moment(value: datetime) -> str:
    """RFC 3339 in UTC: 2026-05-01T08:30:00Z, with milliseconds only where there are some."""
    moment = aware(value).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond >= 1000 else "seconds") + "Z"


def add_days(day: date, days: int) -> date:
    """`day` shifted, kept inside the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def _not_a_day(raw: Any) -> FieldValueError:
    words = N_("{given} is not a day, such as 2026-05-01 or 2026年5月1日.")
    return FieldValueError("not_a_day", words, given=shown(raw))


def _not_a_moment(raw: Any) -> FieldValueError:
    words = N_("{given} is not a day and time, such as 2026-05-01 08:30.")
    return FieldValueError("not_a_moment", words, given=shown(raw))
