"""What a verification rule may ask of values: pure functions, each with the reasons it may give.

A check gets plain values and says passed, failed or warned, with a reason out of `REASONS`, and on which day time alone
could change its answer. It never says the value. What is unusual but possible is a warning.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from models.definitions.fields import Field
from models.definitions.identity_types import resident_check_digit
from models.definitions.text_rules import clean_code
from models.errors import N_, FieldValueError

NEVER = "9999-12-31"
"""A day that does not come: 长期, and the next look at what time cannot change."""
MOST_AGE = 130
PROVINCES = frozenset({*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66)})
NEIGHBOURS = frozenset({71, 81, 82, 83})
"""Taiwan, Hong Kong, Macao: residence cards of 港澳台居民 begin with 81, 82, 83."""
REASONS: dict[str, str] = {
    "missing": N_("It is not filled in."),
    "length": N_("It has the wrong number of characters."),
    "characters": N_("It holds characters such a number never has."),
    "check_digit": N_("The check digit does not fit."),
    "nonsense": N_("It is a number nobody has."),
    "birth_date": N_("The birth date inside is impossible."),
    "birth_future": N_("The birth date inside lies in the future."),
    "age": N_("The holder would be older than anybody."),
    "region": N_("The region inside is not known."),
    "old_card": N_("It is a number of the first generation: those cards are no longer valid."),
    "kind": N_("It does not look like a document of this kind."),
    "differs": N_("It does not agree with another field."),
    "form": N_("It is not written as it should be."),
    "unlikely": N_("Its check digit does not fit a card; accounts of companies need none."),
    "expired": N_("It has expired."),
    "expiring": N_("It expires soon."),
    "future": N_("It lies in the future."),
    "old": N_("It was confirmed too long ago."),
    "order": N_("The end lies before the beginning."),
    "rule_error": N_("The rule could not be worked out. The data are not at fault."),
}
"""Every reason a finding may carry, with its sentence."""


class Outcome(NamedTuple):
    """What a check says.

    :param check_on: the next day on which time alone can change this, `YYYY-MM-DD`
    """

    result: str
    reason: str = ""
    check_on: str = NEVER


PASSED = Outcome("passed")
EMPTY = Outcome("skipped", "empty")
UNREAD = Outcome("skipped", "unreadable")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check is asked about.

    :param fields: those of the rule, the judged one first
    :param today: the day in the zone of the archive
    """

    fields: Sequence[Field]
    today: date
    parameters: Mapping[str, int]


Check = Callable[[Sequence[Any], Asked], Outcome]


def filled(values: Sequence[Any], asked: Asked) -> Outcome:
    """One of the fields at least has a value."""
    return PASSED if any(value is not None for value in values) else Outcome("failed", "missing")


def form(values: Sequence[Any], asked: Asked) -> Outcome:
    """The value is still one that could be entered."""
    field, value = asked.fields[0], values[0]
    if field.type.name in ("id_number", "credit_code") and nonsense(value):
        return Outcome("failed", "nonsense")
    try:
        field.type.parse(field.type.to_json(value, field), field)
    except FieldValueError as wrong:
        return Outcome("failed", _FORM_REASONS.get(wrong.code, "form"))
    return PASSED


_FORM_REASONS = {
    "check_digit": "check_digit", "credit_length": "length", "id_length": "length", "credit_alphabet": "characters",
    "credit_region": "region", "birth_date": "birth_date", "not_an_id_number": "characters",
}  # fmt: skip


def nonsense(value: Any) -> bool:
    """Digits that pass every sum and that nobody has: eighteen zeros, all the same."""
    code = clean_code(value) if isinstance(value, str) else ""
    return len(code) >= 15 and len(set(code[:17])) == 1


def id_document(values: Sequence[Any], asked: Asked) -> Outcome:
    """Number of an identity document, and its kind where a second field says it.

    Fails on what cannot be (length, check digit, dates), warns on what is unusual. Numbers of 港澳台居民 (81, 82, 83),
    of foreigners (9), of 15 digits and of other documents have rules of their own.
    """
    code, kind = clean_code(values[0]), values[1] if len(values) > 1 else None
    if len(code) == 18:
        outcome = _resident(code, asked.today)
    elif len(code) == 15 and code.isdigit():
        outcome = _first_generation(code, asked.today)
    elif kind == "id_card":
        return Outcome("failed", "length")
    else:
        return form(values, asked)
    fits = _KINDS.get(str(kind))
    if outcome.result == "passed" and fits is not None and not fits(code):
        return Outcome("warned", "kind", outcome.check_on)
    return outcome


_KINDS: Mapping[str, Callable[[str], bool]] = {
    "id_card": lambda code: code[0] != "9" and code[:2] not in ("81", "82", "83"),
    "hkmt_permit": lambda code: code[:2] in ("81", "82", "83"),
    "foreign_permit": lambda code: code[0] == "9",
    "passport": lambda code: False,
    "officer_card": lambda code: False,
}


def _resident(code: str, today: date) -> Outcome:
    if not code.isascii() or not code[:17].isdigit() or not (code[17].isdigit() or code[17] == "X"):
        return Outcome("failed", "characters")
    if nonsense(code) or code[0] == "0":
        return Outcome("failed", "nonsense")
    if resident_check_digit(code) != code[17]:
        return Outcome("failed", "check_digit")
    born = _day(code[6:14])
    if born is None:
        return Outcome("failed", "birth_date")
    return _born(born, code[1:3] if code[0] == "9" else code[:2], today)


def _first_generation(code: str, today: date) -> Outcome:
    born = _day("19" + code[6:12])
    if nonsense(code):
        return Outcome("failed", "nonsense")
    if born is None:
        return Outcome("failed", "birth_date")
    outcome = _born(born, code[:2], today)
    return Outcome("warned", "old_card") if outcome.result == "passed" else outcome


def _born(born: date, region: str, today: date) -> Outcome:
    if born > today:
        return Outcome("failed", "birth_future", born.isoformat())
    if born.year < today.year - MOST_AGE:
        return Outcome("warned", "age")
    if int(region) not in PROVINCES | NEIGHBOURS:
        return Outcome("warned", "region")
    return PASSED


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def birth_year(values: Sequence[Any], asked: Asked) -> Outcome:
    """The year of birth (second field) is that of the number."""
    code = clean_code(values[0])
    year = code[6:10] if len(code) == 18 else "19" + code[6:8] if len(code) == 15 else ""
    if values[1] is None or not year.isdigit():
        return EMPTY
    return PASSED if int(year) == int(values[1]) else Outcome("failed", "differs")


def sex(values: Sequence[Any], asked: Asked) -> Outcome:
    """The sex (second field) is that of the number: its last digit but one is odd for men."""
    code = clean_code(values[0])
    digit = code[16] if len(code) == 18 else code[14] if len(code) == 15 else ""
    if values[1] not in ("male", "female") or not digit.isdigit():
        return EMPTY
    return PASSED if (int(digit) % 2 == 1) == (values[1] == "male") else Outcome("failed", "differs")


def luhn(values: Sequence[Any], asked: Asked) -> Outcome:
    """The check digit of a bank card. Other accounts are not asked."""
    code = clean_code(values[0])
    if not code.isdigit() or not 16 <= len(code) <= 19:
        return EMPTY
    total = 0
    for place, digit in enumerate(reversed(code)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return PASSED if total % 10 == 0 else Outcome("failed", "unlikely")


def not_expired(values: Sequence[Any], asked: Asked) -> Outcome:
    """The last day of validity is today or later; it counts whole, in the zone of the archive.

    Parameter `warn_days`: a warning so many days before.
    """
    last = values[0]
    if last == NEVER:
        return PASSED
    day, ahead = date.fromisoformat(last), timedelta(days=asked.parameters.get("warn_days", 0))
    if day < asked.today:
        return Outcome("failed", "expired")
    after = _after(day, 1)
    if day - asked.today < ahead:
        return Outcome("warned", "expiring", after)
    return Outcome("passed", "", min(after, (day - ahead + timedelta(days=1)).isoformat()))


def not_future(values: Sequence[Any], asked: Asked) -> Outcome:
    """The day has come."""
    return PASSED if values[0] <= asked.today.isoformat() else Outcome("failed", "future", values[0])


def not_older(values: Sequence[Any], asked: Asked) -> Outcome:
    """The day is at most `days` ago."""
    last = _after(date.fromisoformat(values[0]), asked.parameters["days"])
    if last < asked.today.isoformat():
        return Outcome("failed", "old")
    return Outcome("passed", "", _after(date.fromisoformat(last), 1) if last < NEVER else NEVER)


def in_order(values: Sequence[Any], asked: Asked) -> Outcome:
    """The first day is not before the second: end, then beginning."""
    if values[1] is None:
        return EMPTY
    return PASSED if values[0] >= values[1] else Outcome("failed", "order")


def _after(day: date, days: int) -> str:
    try:
        return (day + timedelta(days=days)).isoformat()
    except OverflowError:
        return NEVER


class Predicate(NamedTuple):
    """A check as rules name it.

    :param types: field types the judged field may have; () any
    :param fields: how many fields it takes at least and at most
    :param parameters: their names; every one is a whole number
    :param needs_value: whether an empty field is passed over
    """

    check: Check
    types: tuple[str, ...] = ()
    fields: tuple[int, int] = (1, 1)
    parameters: tuple[str, ...] = ()
    needs_value: bool = True


PREDICATES: dict[str, Predicate] = {
    "filled": Predicate(filled, fields=(1, 8), needs_value=False),
    "form": Predicate(form, ("phone", "email", "plate", "credit_code", "bank_account", "id_number", "text", "name")),
    "id_document": Predicate(id_document, ("id_number",), (1, 2)),
    "birth_year": Predicate(birth_year, ("id_number",), (2, 2)),
    "sex": Predicate(sex, ("id_number",), (2, 2)),
    "luhn": Predicate(luhn, ("bank_account",)),
    "not_expired": Predicate(not_expired, ("date",), parameters=("warn_days",)),
    "not_future": Predicate(not_future, ("date",)),
    "not_older": Predicate(not_older, ("date",), parameters=("days",)),
    "in_order": Predicate(in_order, ("date",), (2, 2)),
}
"""What a rule may name as its `predicate`."""
