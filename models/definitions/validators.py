"""The `validators` of a field: which ones its type has, and whether each is one that can ever be met."""

import re
from collections.abc import Mapping
from typing import Any

from models.definitions.faults import Place, quoted, unknown_word
from models.definitions.field_types import FIELD_TYPES
from models.definitions.fields import Field
from models.definitions.patterns import MOST_CHARACTERS, compile_pattern
from models.definitions.shapes import Check, one_of, text, whole
from models.definitions.text_types import FORMATS
from models.errors import N_, FieldValueError

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _number(value: Any, place: Place) -> int | float | str | None:
    """A number, or text that is one where more digits are wanted than a float keeps."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,10})?", value)):
        return value
    place.fault(N_("must be a number, not {value}"), value=quoted(value))
    return None


def _day(value: Any, place: Place) -> str | None:
    probe = Field("day", "day", {}, FIELD_TYPES["date"])
    try:
        if isinstance(value, str) and _DAY.fullmatch(value) and probe.type.parse(value, probe):
            return value
    except FieldValueError:
        pass
    place.fault(N_("must be a day as in 2026-12-31, not {value}"), value=quoted(value))
    return None


def _pattern(value: Any, place: Place) -> str | None:
    if text(MOST_CHARACTERS)(value, place) is None:
        return None
    try:
        compile_pattern(value)
    except FieldValueError as error:
        place.fault(N_("cannot be used: {reason}"), reason=error)
        return None
    return value


def _length(most: int) -> dict[str, Check]:
    return {"min_length": whole(0, most), "max_length": whole(1, most)}


_TEXT: dict[str, Check] = {**_length(4_000), "pattern": _pattern, "format": one_of(*FORMATS)}
_RANGE: dict[str, Check] = {"min": _number, "max": _number}

VALIDATORS: Mapping[str, Mapping[str, Check]] = {
    "text": _TEXT,
    "name": {**_TEXT, **_length(500)},
    "long_text": {**_TEXT, **_length(100_000)},
    "integer": _RANGE,
    "decimal": {**_RANGE, "decimals": whole(0, 10)},
    "money": _RANGE,
    "date": {"min": _day, "max": _day},
    "address": {"max_length": whole(1, 500)},
    "phone": {"max_items": whole(1, 20)},
    "rows": {"max_items": whole(1, 200)},
    "map": {"max_items": whole(1, 100)},
}
"""Field type → validator → what checks its parameter. A type without a line has none."""

_ITEMS: dict[str, Check] = {"max_items": whole(1, 100)}
_PAIRS = (("min", "max"), ("min_length", "max_length"))


def read_validators(value: Mapping[str, Any], kind: str, many: bool, place: Place) -> dict[str, Any]:
    """The validators of a field of type `kind`, faults reported at their place."""
    known = {**VALIDATORS.get(kind, {}), **(_ITEMS if many else {})}
    read: dict[str, Any] = {}
    for name, parameter in value.items():
        if name in known:
            read[name] = known[name](parameter, place.at(name))
        elif known:
            unknown_word(place, name, known)
        else:
            place.fault(N_("{type} has no validators"), type=kind)
    for least, most in _PAIRS:
        low, high = read.get(least), read.get(most)
        if low is not None and high is not None and _is_greater(low, high):
            place.fault(N_("{least} is greater than {most}: nothing would fit"), least=least, most=most)
    return {name: parameter for name, parameter in read.items() if parameter is not None}


def _is_greater(low: Any, high: Any) -> bool:
    if isinstance(low, str) and _DAY.fullmatch(low):
        return low > str(high)
    return float(low) > float(high)
