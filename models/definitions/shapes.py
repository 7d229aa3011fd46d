"""Checkers for parts of a definition: each takes a value and its place, reports faults there, returns what it read.

A checker never raises for bad input: it reports and returns None, so that one pass finds everything.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.definitions.faults import Place, quoted, unknown_word
from models.definitions.fields import LANGUAGES
from models.errors import N_

Check = Callable[[Any, Place], Any]

TOO_MANY = N_("has {count} entries; {most} are allowed")
A_WORD = N_("{value} must be small letters, digits and _, beginning with a letter")

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Key:
    """One key a mapping may have."""

    check: Check
    required: bool = False


def read_mapping(value: Any, place: Place, keys: Mapping[str, Key]) -> dict[str, Any]:
    """The known keys of a mapping, each read by its checker; unknown keys are refused with the nearest known one."""
    if not isinstance(value, dict):
        place.fault(N_("must hold keys with values"))
        return {}
    for word in value:
        if word not in keys:
            unknown_word(place, word, keys)
    for name, key in keys.items():
        if key.required and value.get(name) is None:
            place.fault(N_("{key} is missing"), key=name)
    known = ((name, one) for name, one in value.items() if name in keys and one is not None)
    return {name: keys[name].check(one, place.at(name)) for name, one in known}


def text(most: int, pattern: str | None = None, words: str = "") -> Check:
    """A text of 1 to `most` characters; `words` says what is wrong with a `{value}` that does not fit the pattern."""
    compiled = re.compile(pattern) if pattern else None

    def check(value: Any, place: Place) -> str | None:
        if not isinstance(value, str):
            place.fault(N_("must be a text, not {value}"), value=quoted(value))
        elif not value.strip() or len(value) > most:
            place.fault(N_("must have 1 to {most} characters"), most=most)
        elif _CONTROL.search(value):
            place.fault(N_("holds a control character"))
        elif compiled and not compiled.fullmatch(value):
            place.fault(words, value=quoted(value))
        else:
            return value
        return None

    return check


def flag(value: Any, place: Place) -> bool | None:
    """true or false."""
    if isinstance(value, bool):
        return value
    place.fault(N_("must be true or false, not {value}"), value=quoted(value))
    return None


def whole(least: int, most: int) -> Check:
    """A whole number from `least` to `most`."""

    def check(value: Any, place: Place) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        place.fault(N_("must be a whole number from {least} to {most}"), least=least, most=most)
        return None

    return check


def one_of(*words: str) -> Check:
    """A word of a closed list."""

    def check(value: Any, place: Place) -> str | None:
        if isinstance(value, str) and value in words:
            return value
        unknown_word(place, value, words)
        return None

    return check


def labels(most: int = 120) -> Check:
    """The same words in three languages; all three are needed."""
    keys = dict.fromkeys(LANGUAGES, Key(text(most), required=True))

    def check(value: Any, place: Place) -> dict[str, str] | None:
        return read_mapping(value, place, keys)

    return check


def sequence(item: Check, most: int) -> Check:
    """A list of at most `most` items, as a tuple; what could not be read is left out."""

    def check(value: Any, place: Place) -> tuple | None:
        if not isinstance(value, list):
            place.fault(N_("must be a list"))
            return None
        if len(value) > most:
            place.fault(TOO_MANY, count=len(value), most=most)
            return None
        read = (item(one, place.at(number)) for number, one in enumerate(value))
        return tuple(one for one in read if one is not None)

    return check


def mapping_of(item: Check, most: int) -> Check:
    """A mapping with free keys, at most `most` of them."""

    def check(value: Any, place: Place) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            place.fault(N_("must hold keys with values"))
            return None
        if len(value) > most:
            place.fault(TOO_MANY, count=len(value), most=most)
            return None
        return {key: item(one, place.at(key)) for key, one in value.items()}

    return check


def plain(value: Any, place: Place) -> Any:
    """Any plain data that can be stored, kept as it is: what reads it later checks it (a default, parts of a field)."""
    return value if _is_storable(value, place) else None


def tree(value: Any, place: Place) -> dict[str, Any] | None:
    """A mapping whose content is checked by what reads it later (a condition, an effect)."""
    if isinstance(value, dict) and value:
        return value if _is_storable(value, place) else None
    place.fault(N_("must hold keys with values"))
    return None


def _all_true(answers: list[bool]) -> bool:
    """All of them, each asked before: a generator would stop at the first no, and its later faults go unsaid."""
    return all(answers)


def _is_storable(value: Any, place: Place, deepest: int = 24) -> bool:
    """Plain data whose keys are words: nothing that means something to the database."""
    if value is None or isinstance(value, str | bool | int | float):
        return True
    if deepest and isinstance(value, list):
        return _all_true([_is_storable(one, place.at(at), deepest - 1) for at, one in enumerate(value)])
    if deepest and isinstance(value, dict):
        wrong = [key for key in value if not isinstance(key, str) or not _KEY.fullmatch(key)]
        for key in wrong:
            place.fault(N_("{key} cannot be a key here"), key=quoted(key))
        return not wrong and _all_true([_is_storable(one, place.at(key), deepest - 1) for key, one in value.items()])
    place.fault(N_("must be plain text, numbers, lists and keys with values"))
    return False
