"""How long records are kept: periods by the calendar, rounded so that nothing is destroyed before the law allows.

A period begins on the day after its trigger and ends with the day of the same number (Civil Code, articles 201
and 202); where the month has no such day, with the last day of the month. That day still belongs to the period: the
record is due on the next one.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from models.errors import N_, FieldValueError

MOST_YEARS = 100
FAR = "9999"
"""Begins the stored form of 长期: a date without an end triggers nothing."""
_FORM = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?")


@dataclass(frozen=True, slots=True)
class Period:
    """A span by the calendar, such as P3Y or P1Y6M."""

    years: int = 0
    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `P3Y`, `P6M`, `P30D`, `P1Y6M`.

        :raises FieldValueError: no period, none at all, or one of more than a hundred years
        """
        found = _FORM.fullmatch(text.strip().upper())
        period = cls(*(int(part or 0) for part in found.groups())) if found else cls()
        if period == cls() or period.years + period.months / 12 + period.days / 366 > MOST_YEARS:
            raise FieldValueError("period", N_("Write a period like P3Y, P6M or P30D, up to a hundred years."))
        return period

    def __str__(self) -> str:
        parts = ((self.years, "Y"), (self.months, "M"), (self.days, "D"))
        return "P" + "".join(f"{count}{letter}" for count, letter in parts if count)

    def last_day(self, trigger: date) -> date:
        """The last day that still belongs to the period.

        :raises OverflowError: beyond the year 9999
        """
        months = trigger.year * 12 + trigger.month - 1 + self.years * 12 + self.months
        year, month = divmod(months, 12)
        if year > date.max.year:
            raise OverflowError
        day = min(trigger.day, monthrange(year, month + 1)[1])
        return date(year, month + 1, day) + timedelta(days=self.days)


def due_on(trigger: date, period: Period | None, minimum: Period | None = None) -> date | None:
    """The first day on which a record may be destroyed; None: never by itself. No period, no destruction.

    :param minimum: what the law asks for at least; the later of the two holds
    """
    if period is None:
        return None
    try:
        last = max(one.last_day(trigger) for one in (period, minimum) if one is not None)
        return last + timedelta(days=1)
    except OverflowError:
        return None


def allowed_on(trigger: date | None, minimum: Period | None) -> date | None:
    """The first day on which a record may be destroyed on request; None: the minimum cannot be told to be over."""
    if minimum is None:
        return date.min
    return None if trigger is None else due_on(trigger, minimum)


def day_of(value: Any, zone: ZoneInfo) -> date | None:
    """The day, in the zone of the archive, that a stored date or moment names; None where it names none.

    :param value: `YYYY-MM-DD`, or an aware moment
    """
    if isinstance(value, datetime):
        return value.astimezone(zone).date()
    if isinstance(value, str) and not value.startswith(FAR):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def is_due(due: str | None, today: date) -> bool:
    """Whether the day a record carries has come. ISO days compare as text, and so does the database."""
    return due is not None and due <= today.isoformat()


def periods_of(rule: Mapping[str, Any]) -> tuple[Period | None, Period | None]:
    """Period and legal minimum of a stored rule."""
    period, minimum = rule.get("period"), rule.get("minimum")
    return Period.parse(period) if period else None, Period.parse(minimum) if minimum else None
