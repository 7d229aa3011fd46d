"""How records of a type are numbered: `QY-2026-000123`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from string import Formatter
from typing import Any

from models.definitions.faults import Place, quoted
from models.definitions.shapes import Key, read_mapping, text
from models.errors import N_

DEFAULT_PATTERN = "{prefix}-{year}-{seq:06d}"
_PLACES = ("prefix", "year", "month", "day", "seq")


@dataclass(frozen=True, slots=True)
class Numbering:
    """The rule of one type. Numbers count up within a prefix and the span of days that the pattern shows."""

    prefix: str
    pattern: str = DEFAULT_PATTERN

    def format(self, day: date, number: int) -> str:
        """The archive number `number` issued on `day`."""
        return self.pattern.format(
            prefix=self.prefix, year=day.year, month=f"{day.month:02d}", day=f"{day.day:02d}", seq=number
        )

    def form(self, day: date) -> str:
        """The regular expression of every number of the series of `day`, and of no other series."""
        head, _, rest = self.pattern.partition("{seq")
        tail = rest.partition("}")[2]
        before, after = (Numbering(self.prefix, part).format(day, 0) for part in (head, tail))
        return f"^{re.escape(before)}[0-9]+{re.escape(after)}$"

    def series(self, day: date) -> str:
        """What counts on its own: a pattern with a year starts anew each year, one without never does."""
        shown = {name for _, name, _, _ in Formatter().parse(self.pattern) if name}
        spans = [f"{day.year:04d}" * ("year" in shown), f"{day.month:02d}" * ("month" in shown)]
        return "-".join([self.prefix, *filter(None, [*spans, f"{day.day:02d}" * ("day" in shown)])])


def read_numbering(value: Any, place: Place) -> Numbering | None:
    """A numbering rule out of a definition, faults reported at their place."""
    keys = {"prefix": Key(_prefix, required=True), "pattern": Key(_pattern)}
    read = read_mapping(value, place, keys)
    if not read.get("prefix") or read.get("pattern", "") is None:
        return None
    return Numbering(**read)


def default_numbering(type_name: str) -> Numbering:
    """For a type that says nothing: its own name in capitals."""
    return Numbering(prefix=type_name.upper().replace("_", "")[:12])


_prefix = text(12, r"[A-Z][A-Z0-9]*", N_("{value} must be capital letters and digits, beginning with a letter"))
_pattern_text = text(60)


def _pattern(value: Any, place: Place) -> str | None:
    pattern = _pattern_text(value, place)
    if pattern is None:
        return None
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError:
        place.fault(N_("{value} has a brace too many or too few"), value=quoted(pattern))
        return None
    names = [name for _, name, _, _ in parts if name is not None]
    wrong = [part for part in parts if part[1] is not None and not _fits(part)]
    if wrong:
        place.fault(N_("{value} may hold only {known}"), value=quoted(pattern), known=_known())
    elif names.count("seq") != 1 or names.count("prefix") != 1:
        place.fault(N_("{value} must hold prefix and seq once each"), value=quoted(pattern))
    elif ("day" in names and "month" not in names) or ("month" in names and "year" not in names):
        place.fault(N_("{value} would issue a number twice: a month needs its year, a day its month"), value=pattern)
    else:
        return pattern
    return None


def _fits(part: tuple[str, str | None, str | None, str | None]) -> bool:
    _, name, form, conversion = part
    if conversion or name not in _PLACES:
        return False
    if name == "seq":
        return not form or (len(form) == 3 and form[0] == "0" and form[1] in "123456789" and form[2] == "d")
    return not form


def _known() -> str:
    return "{prefix} {year} {month} {day} {seq} {seq:06d}"


def numbering_tree(numbering: Numbering) -> Mapping[str, Any]:
    """Back into the shape of a definition."""
    return {"prefix": numbering.prefix, "pattern": numbering.pattern}
