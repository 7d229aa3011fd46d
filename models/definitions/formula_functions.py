"""Functions and operators of formulas. Each gets plain values, None where a field is empty."""

import ast
import operator
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MOST_TEXT = 2_000


def count(items: tuple[Any, ...] | None) -> Decimal:
    """How many; none is 0."""
    return Decimal(len(items or ()))


def total(rows: tuple[dict[str, Any], ...] | None, part: str) -> Decimal | None:
    """Sum of one part over all rows; empty where there are no rows."""
    return _folded(sum, (row.get(part) for row in rows or ()))


def average(rows: tuple[dict[str, Any], ...] | None, part: str) -> Decimal | None:
    """Mean of one part over the rows that fill it."""
    found = [row[part] for row in rows or () if row.get(part) is not None]
    return sum(found) / Decimal(len(found)) if found else None


def newest(rows: tuple[dict[str, Any], ...] | None, part: str) -> Any:
    """The greatest of one part over all rows, such as the last day."""
    return _folded(max, (row.get(part) for row in rows or ()))


def oldest(rows: tuple[dict[str, Any], ...] | None, part: str) -> Any:
    """The least of one part over all rows, such as the first day."""
    return _folded(min, (row.get(part) for row in rows or ()))


def add(*values: Any) -> Any:
    """Sum of what is filled."""
    return _folded(sum, values)


def least(*values: Any) -> Any:
    """The least of what is filled."""
    return _folded(min, values)


def greatest(*values: Any) -> Any:
    """The greatest of what is filled."""
    return _folded(max, values)


def coalesce(*values: Any) -> Any:
    """The first that is filled."""
    return next((value for value in values if value is not None), None)


def when(condition: Any, then: Any, otherwise: Any) -> Any:
    """`if(condition, then, otherwise)`; an empty condition is no."""
    return then if condition else otherwise


def rounded(number: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    """Half away from zero, as clerks do; at most 10 places."""
    if not 0 <= places <= 10:
        raise ValueError("places")
    return number.quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP)


def text(*values: Any) -> str:
    """What is filled, written one after the other."""
    return "".join(_written(value) for value in values if value is not None)[:MOST_TEXT]


def days_between(first: date, last: date) -> Decimal:
    """Days from the first day to the last."""
    return Decimal((last - first).days)


def full_years(start: date, end: date) -> Decimal:
    """Full years from one day to another; who was born on 29 February is a year older on 1 March."""
    return Decimal(end.year - start.year - ((end.month, end.day) < (start.month, start.day)))


def of_filled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, empty where one of its values is empty."""
    return lambda *values: None if None in values else function(*values)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "count": count, "total": total, "average": average, "newest": newest, "oldest": oldest, "sum": add, "min": least,
    "max": greatest, "coalesce": coalesce, "when": when, "round": of_filled(rounded), "abs": of_filled(abs),
    "text": text, "length": lambda value: Decimal(len(value or "")), "year": of_filled(lambda day: Decimal(day.year)),
    "month": of_filled(lambda day: Decimal(day.month)), "days_between": of_filled(days_between),
    "is_empty": lambda value: value is None or value == (),
    "contains": lambda where, what: where is not None and what is not None and what in where,
}  # fmt: skip
LATE: dict[str, Callable[[date], Callable[..., Any]]] = {
    "years_since": lambda today: of_filled(lambda day: full_years(day, today)),
    "days_since": lambda today: of_filled(lambda day: days_between(day, today)),
    "today": lambda today: lambda: today,
}
"""Functions of the current day."""


def _folded(fold: Callable[[list[Any]], Any], values: Iterable[Any]) -> Any:
    found = [value for value in values if value is not None]
    return fold(found) if found else None


def _written(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison that an empty value fails."""
    return lambda first, second: first is not None and second is not None and compare(first, second)


def _plus(first: Any, second: Any) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return (first + second)[:MOST_TEXT]
    return first + second


OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: _plus, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Mod: operator.mod,
    ast.USub: operator.neg, ast.Not: operator.not_, ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.Lt: _ordered(operator.lt), ast.LtE: _ordered(operator.le), ast.Gt: _ordered(operator.gt),
    ast.GtE: _ordered(operator.ge),
}  # fmt: skip
