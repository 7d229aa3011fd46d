"""What a condition compares with: values that stand, and those known only when it is asked (@me, @today …)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from models.definitions.fields import Field
from models.definitions.text_rules import comparable, spellings
from models.definitions.time_types import add_days, day_in
from models.definitions.zones import day_start, local_zone
from models.errors import N_, FieldValueError, MalformedQuery

_TODAY = re.compile(r"@today(?:([+-])(\d{1,5}))?")
_DAY_FORM = re.compile(r"\s*\d{4}(?:[-/.]\d{1,2}[-/.]\d{1,2}|\d{4}|\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*[日号]?)\s*")


def _no_tokens(field: Field, kind: str, value: str) -> list[str]:
    raise LookupError(f"a condition on the sealed field {field.id} needs the token keys")


@dataclass(frozen=True)
class Bound:
    """Who asks and when: everything a condition leaves open.

    :param tokens: (field, kind, normalised value) → its tokens under every accepted epoch
    :param zone: in which days begin; the zone of the process where it is None
    """

    me: str
    departments: tuple[str, ...]
    today: date
    tokens: Callable[[Field, str, str], list[str]] = _no_tokens
    zone: ZoneInfo | None = None


class Span(NamedTuple):
    """Moments of one day: from `start`, before `end`."""

    start: datetime
    end: datetime


class Me:
    """The actor."""

    def bind(self, bound: Bound) -> list[Any]:
        return [bound.me]


class MyDepartments:
    """The actor's departments and those below them."""

    def bind(self, bound: Bound) -> list[Any]:
        return list(bound.departments)


@dataclass(frozen=True)
class Today:
    """The current day, shifted."""

    days: int
    as_span: bool

    def bind(self, bound: Bound) -> list[Any]:
        day = add_days(bound.today, self.days)
        return [_span(day, bound) if self.as_span else day.isoformat()]


@dataclass(frozen=True)
class Day:
    """A whole day asked of a moment field."""

    day: date

    def bind(self, bound: Bound) -> list[Any]:
        return [_span(self.day, bound)]


@dataclass(frozen=True)
class Fixed:
    """A value that stands, in the ways it may be stored."""

    values: tuple[Any, ...]

    def bind(self, bound: Bound) -> list[Any]:
        return list(self.values)


Operand = Me | MyDepartments | Today | Day | Fixed


def operand_of(raw: Any, field: Field) -> Operand:
    """Read one value of a condition with the type of its field.

    :raises MalformedQuery: it could never be a value of the field
    """
    late = _late(raw, field.type.name)
    if late is not None:
        return late
    try:
        if field.type.name == "moment" and isinstance(raw, str) and _DAY_FORM.fullmatch(raw):
            return Day(day_in(comparable(raw), raw)[0])
        value = field.type.operand(raw, field)
    except FieldValueError as error:
        raise MalformedQuery("bad_value", error.words, **error.places) from None
    if value is None:
        raise MalformedQuery("bad_value", N_("A condition needs a value; ask “empty” for what is not filled."))
    if field.sealed:
        return Fixed((_normalised(value, field),))
    return Fixed(spellings(value) if isinstance(value, str) and field.type.text_like else (value,))


def bind_all(operands: Iterable[Operand], bound: Bound) -> list[Any]:
    """Every value the operands stand for now."""
    return [value for operand in operands for value in operand.bind(bound)]


def _late(raw: Any, type_name: str) -> Operand | None:
    """`@…` words, where the type of the field knows them; elsewhere they are text like any other."""
    if not isinstance(raw, str) or not raw.startswith("@"):
        return None
    if raw == "@me" and type_name == "user":
        return Me()
    if raw == "@my_departments" and type_name == "department":
        return MyDepartments()
    found = _TODAY.fullmatch(raw)
    if found and type_name in ("date", "moment"):
        days = int(found[2] or 0)
        return Today(-days if found[1] == "-" else days, as_span=type_name == "moment")
    return None


def _normalised(value: Any, field: Field) -> str:
    text = field.type.normalise(value)
    return text[0] if isinstance(text, list) else text


def _span(day: date, bound: Bound) -> Span:
    zone = bound.zone or local_zone()
    day = min(max(day, date(1000, 1, 2)), date(9998, 12, 30))
    return Span(day_start(day, zone), day_start(day + timedelta(days=1), zone))
