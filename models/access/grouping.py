"""Counting and adding up rows by the values of a field, as far as that tells no value the actor may not read.

A group of one is a value. So the key must be readable on every row; what is measured must be too, or an
administrator has opened it for groups (`use: [group]`): then a group that is too small tells nothing, and the
least and the greatest value are told of none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bson import Decimal128

from models.access.judge import Filter, Judge
from models.access.query import judge_use, refuse
from models.definitions.fields import Field
from models.errors import N_, MalformedQuery

SMALLEST = 5
"""Rows a group needs before it tells of a field that is only opened."""
MOST_GROUPS = 1000
NUMBERS = frozenset({"integer", "decimal", "money"})
ORDERED = NUMBERS | {"date", "moment"}
KEYS = frozenset({"text", "name", "boolean", "date", "choice", "department", "user", "plate", *NUMBERS})
WORDS = {"sum": NUMBERS, "avg": NUMBERS, "min": ORDERED, "max": ORDERED}
"""Measure → field types it can be taken of."""


@dataclass(frozen=True)
class Measure:
    """What is told of each group.

    :param opened: the field may be grouped without being readable everywhere
    """

    name: str
    word: str
    field: Field | None = None
    opened: bool = False


@dataclass(frozen=True)
class Groups:
    """Groups, the largest first, in the REST shape; `capped` when there are more."""

    groups: list[dict[str, Any]]
    capped: bool


def can_be_key(field: Field, judges: list[Judge]) -> bool:
    """Whether this actor may group by a field."""
    kind_fits = field.type.name in KEYS and not (field.sealed or field.computed or field.many or field.parent_id)
    return kind_fits and all(reads_everywhere(judge, field) for judge in judges)


def reads_everywhere(judge: Judge, field: Field) -> bool:
    """Whether the whole value may be read on every row the actor may view."""
    return judge_use(judge, field, "") is True


def key_for(name: str, find: Callable[[str], Field | None], judges: list[Judge]) -> Field:
    """:raises AccessDenied: unknown, off, hidden, or not to be grouped by"""
    field = find(name)
    if field is None or not can_be_key(field, judges):
        raise refuse()
    return field


def measure_for(name: str, find: Callable[[str], Field | None], judges: list[Judge]) -> Measure:
    """Read `count` or `<word>:<field>`.

    :raises MalformedQuery: no measure
    :raises AccessDenied: a field that may not be measured so, for whatever reason
    """
    word, colon, address = name.partition(":")
    if name == "count":
        return Measure(name, word)
    if not colon or word not in WORDS or not address:
        raise MalformedQuery("bad_measure", N_("A measure is count, or sum, avg, min or max of a field: sum:area."))
    field = find(address)
    if field is None or field.type.name not in WORDS[word] or field.sealed or field.computed or field.many:
        raise refuse()
    if all(reads_everywhere(judge, field) for judge in judges):
        return Measure(name, word, field)
    if word in ("min", "max") or not all(judge_use(judge, field, "group") is True for judge in judges):
        raise refuse()
    return Measure(name, word, field, opened=True)


def pipeline(where: Filter, key: Field, measures: list[Measure]) -> list[dict[str, Any]]:
    """The aggregation; `$literal` is not needed: every path comes from a compiled type."""
    group: dict[str, Any] = {"_id": f"${key.path}", "rows": {"$sum": 1}}
    for place, measure in enumerate(measures):
        if measure.field is not None:
            path = f"${measure.field.path}"
            group[f"m{place}"] = {f"${measure.word}": path}
            group[f"n{place}"] = {"$sum": {"$cond": [{"$gt": [path, None]}, 1, 0]}}
    return [
        {"$match": where},
        {"$group": group},
        {"$sort": {"rows": -1, "_id": 1}},
        {"$limit": MOST_GROUPS + 1},
    ]


def groups_from(found: list[Mapping[str, Any]], key: Field, measures: list[Measure]) -> Groups:
    """The answer, small groups silent about what is only opened."""
    return Groups([_group(one, key, measures) for one in found[:MOST_GROUPS]], len(found) > MOST_GROUPS)


def _group(one: Mapping[str, Any], key: Field, measures: list[Measure]) -> dict[str, Any]:
    value = one["_id"]
    body: dict[str, Any] = {"value": None if value is None else key.type.to_json(value, key)}
    for place, measure in enumerate(measures):
        if measure.field is None:
            body[measure.name] = one["rows"]
        elif measure.opened and one[f"n{place}"] < SMALLEST:
            body[measure.name] = None
        else:
            body[measure.name] = _measured(one[f"m{place}"], one[f"n{place}"], measure)
    return body


def _measured(value: Any, rows: int, measure: Measure) -> Any:
    """A measure in the REST shape of its field; a mean of whole numbers is a decimal."""
    field: Field = measure.field  # type: ignore[assignment]
    if not rows or value is None:
        return None
    if measure.word == "avg" and field.type.name == "integer":
        return float(value)
    if field.type.name in ("integer", "money"):
        value = round(value.to_decimal() if isinstance(value, Decimal128) else value)
    elif field.type.name == "decimal" and not isinstance(value, Decimal128):
        value = Decimal128(Decimal(str(value)))
    return field.type.to_json(value, field)
