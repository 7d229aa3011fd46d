"""What kind of value each part of a formula yields, checked before it is ever computed."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.definitions.fields import Field
from models.definitions.formula_values import kind_of
from models.errors import N_, MalformedQuery

SCALARS = frozenset(("number", "text", "boolean", "date"))


def check_kinds(node: ast.expr, sources: Mapping[str, Field]) -> str:
    """The kind of the whole.

    :raises MalformedQuery: kinds that do not go together, or a whole that is a list
    """
    kind = _kind(node, sources)
    if kind not in SCALARS:
        raise _wrong(ast.unparse(node))
    return kind


def _kind(node: ast.expr, sources: Mapping[str, Field]) -> str:
    kind = _READERS[type(node)](node, sources)
    if kind is None:
        raise _wrong(_source(node))
    return kind


def _constant(node: ast.Constant, sources: Mapping[str, Field]) -> str:
    if isinstance(node.value, bool):
        return "boolean"
    return "text" if isinstance(node.value, str) else "number"


def _name(node: ast.Name, sources: Mapping[str, Field]) -> str | None:
    return kind_of(sources[node.id])


def _binary(node: ast.BinOp, sources: Mapping[str, Field]) -> str | None:
    kinds = (_kind(node.left, sources), _kind(node.right, sources))
    if kinds == ("text", "text") and isinstance(node.op, ast.Add):
        return "text"
    return "number" if kinds == ("number", "number") else None


def _unary(node: ast.UnaryOp, sources: Mapping[str, Field]) -> str | None:
    kind = _kind(node.operand, sources)
    if isinstance(node.op, ast.Not):
        return "boolean" if kind in SCALARS else None
    return "number" if kind == "number" else None


def _boolean(node: ast.BoolOp, sources: Mapping[str, Field]) -> str | None:
    return "boolean" if {_kind(part, sources) for part in node.values} == {"boolean"} else None


def _compare(node: ast.Compare, sources: Mapping[str, Field]) -> str | None:
    kinds = {_kind(part, sources) for part in (node.left, *node.comparators)}
    return "boolean" if len(kinds) == 1 and kinds <= SCALARS else None


def _choice(node: ast.IfExp, sources: Mapping[str, Field]) -> str | None:
    if _kind(node.test, sources) != "boolean":
        return None
    return _one_kind([_kind(node.body, sources), _kind(node.orelse, sources)])


def _call(node: ast.Call, sources: Mapping[str, Field]) -> str | None:
    assert isinstance(node.func, ast.Name)
    if node.func.id in _OVER_ROWS:
        return _over_rows(node, sources)
    kinds = [_kind(argument, sources) for argument in node.args]
    return _RESULTS[node.func.id](kinds)


def _over_rows(node: ast.Call, sources: Mapping[str, Field]) -> str | None:
    """`total(rows, 'part')`: the part must be there and be of a kind that the function takes."""
    if len(node.args) != 2 or not isinstance(node.args[0], ast.Name) or not isinstance(node.args[1], ast.Constant):
        return None
    rows = sources[node.args[0].id]
    part = next((part for part in rows.fields if part.name == node.args[1].value and part.active), None)
    if part is None or rows.type.name != "rows":
        return None
    kind = kind_of(part)
    return kind if kind in _OVER_ROWS[node.func.id] else None  # type: ignore[attr-defined]


def _one_kind(kinds: Sequence[str]) -> str | None:
    return kinds[0] if kinds and set(kinds) == {kinds[0]} and kinds[0] in SCALARS else None


def _takes(result: str, *shapes: tuple[str, ...]) -> Callable[[Sequence[str]], str | None]:
    """A function of fixed parameters: each shape is one list of kinds it accepts."""
    return lambda kinds: result if tuple(kinds) in shapes else None


def _ordered(kinds: Sequence[str]) -> str | None:
    kind = _one_kind(kinds)
    return kind if kind in ("number", "date") else None


def _when(kinds: Sequence[str]) -> str | None:
    return _one_kind(kinds[1:]) if len(kinds) == 3 and kinds[0] == "boolean" else None


_OVER_ROWS = {"total": ("number",), "average": ("number",), "newest": ("number", "date"), "oldest": ("number", "date")}
_RESULTS: dict[str, Callable[[Sequence[str]], str | None]] = {
    "count": _takes("number", ("list",), ("rows",)),
    "sum": lambda kinds: "number" if kinds and set(kinds) == {"number"} else None,
    "min": _ordered,
    "max": _ordered,
    "coalesce": _one_kind,
    "when": _when,
    "round": _takes("number", ("number",), ("number", "number")),
    "abs": _takes("number", ("number",)),
    "text": lambda kinds: "text" if kinds and set(kinds) <= SCALARS else None,
    "length": _takes("number", ("text",), ("list",)),
    "year": _takes("number", ("date",)),
    "month": _takes("number", ("date",)),
    "days_between": _takes("number", ("date", "date")),
    "is_empty": lambda kinds: "boolean" if len(kinds) == 1 else None,
    "contains": _takes("boolean", ("text", "text"), ("list", "text")),
    "years_since": _takes("number", ("date",)),
    "days_since": _takes("number", ("date",)),
    "today": _takes("date", ()),
}
_READERS: dict[type, Callable[[Any, Mapping[str, Field]], str | None]] = {
    ast.Constant: _constant, ast.Name: _name, ast.BinOp: _binary, ast.UnaryOp: _unary, ast.BoolOp: _boolean,
    ast.Compare: _compare, ast.IfExp: _choice, ast.Call: _call,
}  # fmt: skip


def _source(node: ast.expr) -> str:
    return ast.unparse(node)[:80].replace("Decimal('", "").replace("')", "")


def _wrong(part: str) -> MalformedQuery:
    return MalformedQuery(
        "bad_formula", N_("“{part}” does not go together: look at the kinds of its parts."), part=part
    )
