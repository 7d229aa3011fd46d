"""A plausible value for any field of any type, by its field type: what `generate --full` and new types use."""

from collections.abc import Callable, Mapping
from datetime import date
from random import Random
from typing import Any

from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from seed import numbers
from seed.customers import address, email, money, past_day, phones, pick
from seed.people import person_name
from seed.places import PLATE_SIGNS, places
from seed.words import SENTENCES, SHORT

Values = dict[str, Any]

_NEVER = frozenset({"attachment", "reference", "formula", "sequence", "user", "department"})
"""Types a generator cannot fill: files, other records and people are not made up here."""


def fill(compiled: CompiledType, values: Values, rng: Random) -> Values:
    """`values` with every other field of the type that people write filled as well."""
    whole = dict(values)
    for field in compiled.active:
        if not is_fillable(field):
            continue
        if field.type.name == "object":
            whole[field.name] = _object(field, whole.get(field.name) or {}, rng)
        elif field.name not in whole:
            whole[field.name] = value_of(field, rng)
    return {name: value for name, value in whole.items() if value not in (None, "", [], {})}


def is_fillable(field: Field) -> bool:
    """Whether a value can be made up for it: people write it, and its type is no file, record or person."""
    return field.active and not (field.system or field.computed or field.frame) and field.type.name not in _NEVER


def value_of(field: Field, rng: Random) -> Any:
    """A value in REST shape that fits the field's own rules; None where its type is not known here."""
    make = FILLERS.get(field.type.name)
    if make is None:
        return None
    value = make(field, rng)
    return [value] if field.many and field.type.name not in ("phone", "choices") else value


def _object(field: Field, given: Mapping[str, Any], rng: Random) -> Values:
    made = {part.name: value_of(part, rng) for part in field.fields if is_fillable(part)}
    if field.type.name == "object" and "number" in made:
        made["kind"] = "id_card"
    return made | dict(given)


def _rows(field: Field, rng: Random) -> list[Values]:
    return [
        {part.name: value for part in field.fields if is_fillable(part) and (value := value_of(part, rng)) is not None}
        for _ in range(1 + int(rng.random() * 3))
    ]


def _text(field: Field, rng: Random) -> str:
    if field.validators.get("pattern"):
        return numbers.sim_number(rng)
    if field.name.endswith(("_no", "number")):
        return f"N{int(rng.random() * 10**8):08d}"
    return pick(rng, SHORT)


def _whole(field: Field, rng: Random) -> int:
    least = int(field.validators.get("min", 0))
    if least >= 1900:  # a year
        first = max(least, 1955)
        return first + int(rng.random() * min(50, 2026 - first))
    most = int(field.validators.get("max", 200))
    return least + int(rng.random() * (min(most, least + 200) - least + 1))


def _decimal(field: Field, rng: Random) -> str:
    most = float(field.validators.get("max", 5000))
    return f"{rng.random() * most:.2f}"


def _date(field: Field, rng: Random) -> str:
    if field.open_end:
        return "9999-12-31" if rng.random() < 0.2 else date(2027 + int(rng.random() * 15), 6, 30).isoformat()
    return past_day(rng, 1, 2000)


def _moment(field: Field, rng: Random) -> str:
    return f"{past_day(rng, 1, 700)}T{1 + int(rng.random() * 9):02d}:{int(rng.random() * 60):02d}:00Z"


def _choices(field: Field, rng: Random) -> list[str]:
    return sorted({_option(field, rng), _option(field, rng)})


def _option(field: Field, rng: Random) -> str:
    return pick(rng, [option.key for option in field.options if option.active])


def _identity(field: Field, rng: Random) -> str:
    born = date.fromordinal(date(1960, 1, 1).toordinal() + int(rng.random() * 16000))
    return numbers.identity_number(rng, pick(rng, places()).code, born, female=rng.random() < 0.5)


FILLERS: dict[str, Callable[[Field, Random], Any]] = {
    "text": _text,
    "name": lambda field, rng: person_name(rng, female=rng.random() < 0.5),
    "long_text": lambda field, rng: pick(rng, SENTENCES),
    "integer": _whole,
    "decimal": _decimal,
    "money": lambda field, rng: money(100 * int(rng.random() * 100_000)),
    "boolean": lambda field, rng: rng.random() < 0.5,
    "date": _date,
    "moment": _moment,
    "choice": _option,
    "choices": _choices,
    "phone": lambda field, rng: phones(rng),
    "email": lambda field, rng: email(rng),
    "id_number": _identity,
    "credit_code": lambda field, rng: numbers.credit_code(rng, pick(rng, places()).code),
    "bank_account": lambda field, rng: numbers.bank_card(rng),
    "plate": lambda field, rng: numbers.plate(rng, pick(rng, tuple(PLATE_SIGNS.values()))),
    "address": lambda field, rng: address(rng, pick(rng, places()), office=False),
    "rows": _rows,
    "map": lambda field, rng: {"微信": f"wx{int(rng.random() * 10**8):08d}", "QQ": f"{int(rng.random() * 10**9):09d}"},
}
