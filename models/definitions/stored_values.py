"""Reading a raw record document in Python the way MongoDB reads it, so that a predicate and a filter agree."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from models.definitions.fields import Field

SOMETHING = [
    "double", "string", "object", "binData", "objectId", "bool", "date", "regex", "javascript", "int", "timestamp",
    "long", "decimal", "minKey", "maxKey",
]  # fmt: skip
"""BSON types of a value that is not empty. `$type` looks at the elements of a list, never at the list itself."""


def nodes_at(document: Any, path: str) -> list[Any]:
    """What lies at a dotted path. Each list on the way is opened once, as MongoDB does."""
    nodes = [document]
    for part in path.split("."):
        found = []
        for node in nodes:
            if isinstance(node, Mapping):
                if part in node:
                    found.append(node[part])
            elif isinstance(node, list):
                found += [item[part] for item in node if isinstance(item, Mapping) and part in item]
        nodes = found
    return nodes


def values_at(document: Any, path: str) -> list[Any]:
    """The values at a path, lists at its end opened."""
    values: list[Any] = []
    for node in nodes_at(document, path):
        if isinstance(node, list):
            values += node
        else:
            values.append(node)
    return values


def groups_at(document: Any, field: Field) -> Iterator[list[Any]]:
    """Values among which both ends of a range must hold: one element of a list, one row, or the value itself."""
    if field.in_rows:
        top, _, part = field.path.rpartition(".")
        rows = [row for node in nodes_at(document, top) if isinstance(node, list) for row in node]
        nodes = [row[part] for row in rows if isinstance(row, Mapping) and part in row]
    elif field.many:
        nodes = nodes_at(document, field.path)
    else:
        yield values_at(document, field.path)
        return
    for node in nodes:
        if field.many:
            yield from ([item] for item in node) if isinstance(node, list) else ()
        else:
            yield node if isinstance(node, list) else [node]


def is_something(value: Any) -> bool:
    """Neither null nor a list inside a list."""
    return value is not None and not isinstance(value, list)


def same(value: Any, other: Any) -> bool:
    """Equality of two scalars as MongoDB sees it: 1 is not true, 1.0 is 1."""
    pair = _comparable_pair(value, other)
    return pair is not None and pair[0] == pair[1]


def less(value: Any, other: Any) -> bool:
    """`value` before `other`; false for what cannot be compared."""
    pair = _comparable_pair(value, other)
    return pair is not None and pair[0] < pair[1]


def not_less(value: Any, other: Any) -> bool:
    """`value` at or after `other`; false for what cannot be compared."""
    pair = _comparable_pair(value, other)
    return pair is not None and pair[0] >= pair[1]


def matching(pattern: str, value: Any) -> bool:
    """Text in which the pattern occurs."""
    return isinstance(value, str) and re.search(pattern, value) is not None


def _comparable_pair(value: Any, other: Any) -> tuple[Any, Any] | None:
    """Both values in one Python type if MongoDB compares them, else None."""
    kind = _kind(value)
    if kind is None or kind != _kind(other):
        return None
    pair = (_plain(value), _plain(other))
    if kind == "number" and (_is_nan(pair[0]) or _is_nan(pair[1])):
        return None
    return pair


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float | Decimal | Decimal128):
        return "number"
    if isinstance(value, str):
        return "text"
    return "moment" if isinstance(value, datetime) else None


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal128):
        return value.to_decimal()
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return value


def _is_nan(number: Any) -> bool:
    return number.is_nan() if isinstance(number, Decimal) else isinstance(number, float) and math.isnan(number)
