"""Formulas: a value computed from other fields of the same record, when it is read. Pure, typed, small.

`count(purchases)`, `total(purchases, 'amount')`, `years_since(born_on)`, `price * (1 - discount / 100)`,
`if(level == 'gold', 0.8, 1)`. What cannot be computed is empty.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from typing import Any

from simpleeval import InvalidExpression, SimpleEval

from models.definitions.fields import Field
from models.definitions.formula_functions import FUNCTIONS, LATE, OPERATORS
from models.definitions.formula_kinds import check_kinds
from models.definitions.formula_values import kind_of, plain_value
from models.errors import N_, MalformedQuery

MOST_CHARACTERS = 500
MOST_NODES = 200
MOST_TEXT = 2_000
"""Characters of a computed text."""
_CALLED_IF = re.compile(r"\bif\s*\(")
_NODES = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Attribute, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div,
    ast.Mod, ast.UnaryOp, ast.USub, ast.Not, ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.Eq, ast.NotEq, ast.Lt,
    ast.LtE, ast.Gt, ast.GtE, ast.IfExp, ast.Call,
)  # fmt: skip
_ARITHMETIC = Context(prec=28, traps=[InvalidOperation, DivisionByZero, Overflow])
_NO_VALUE = (InvalidExpression, ArithmeticError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True, eq=False)
class Formula:
    """A checked formula."""

    text: str
    kind: str
    """What it yields: number, text, boolean or date."""
    sources: Mapping[str, Field]
    """Address → field, of everything it reads."""
    tree: ast.Expression

    @property
    def depends(self) -> frozenset[str]:
        """Ids of the fields it reads."""
        return frozenset(field.id for field in self.sources.values())

    def evaluate(self, values: Mapping[str, Any], today: date) -> Any:
        """The value for a record, or None: str, int, Decimal, bool or date.

        :param values: field id → stored value, unsealed, of the whole record (`v`)
        :param today: the day in the zone of the installation
        """
        names = {address: plain_value(_stored(values, field), field) for address, field in self.sources.items()}
        functions = FUNCTIONS | {name: make(today) for name, make in LATE.items()}
        machine = SimpleEval(operators=OPERATORS, functions=functions, names=names)
        try:
            with localcontext(_ARITHMETIC):
                return _result(machine.eval(self.text, previously_parsed=self.tree.body))
        except _NO_VALUE:
            return None


def parse_formula(text: str, resolve: Callable[[str], Field | None]) -> Formula:
    """Check a formula against the fields it names.

    :param resolve: name or `object.part` → field of the same record
    :raises MalformedQuery: what is wrong, with the name that is wrong
    """
    tree = _Names().visit(_parsed(text))
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    called = {function.id for function in calls if isinstance(function, ast.Name)}
    sources = {name: _source(name, resolve) for name in _names_in(tree)}
    unknown = sorted(called - FUNCTIONS.keys() - LATE.keys())
    if unknown:
        raise MalformedQuery("bad_formula", N_("There is no function “{name}”."), name=unknown[0])
    kind = check_kinds(tree.body, sources)
    return Formula(text, kind, sources, tree)


class _Names(ast.NodeTransformer):
    """`object.part` becomes one name, numbers become exact."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if not isinstance(node.value, ast.Name):
            raise _bad()
        return ast.copy_location(ast.Name(f"{node.value.id}.{node.attr}", ast.Load()), node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool | str):
            return node
        if not isinstance(node.value, int | float) or abs(node.value) > 10**20:
            raise _bad()
        exact: Any = Decimal(str(node.value))
        return ast.copy_location(ast.Constant(exact), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise _bad()
        node.args = [self.visit(argument) for argument in node.args]
        return node


def _parsed(text: Any) -> ast.Expression:
    if not isinstance(text, str) or not text.strip() or len(text) > MOST_CHARACTERS:
        raise MalformedQuery("bad_formula", N_("A formula has 1 to {most} characters."), most=MOST_CHARACTERS)
    tree = _expression(text.strip()) or _expression(_CALLED_IF.sub("when(", text.strip()))
    if tree is None:
        raise _bad()
    nodes = list(ast.walk(tree))
    if len(nodes) > MOST_NODES or not all(isinstance(node, _NODES) for node in nodes):
        raise _bad()
    return tree


def _expression(text: str) -> ast.Expression | None:
    try:
        return ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _names_in(tree: ast.Expression) -> list[str]:
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions})


def _source(name: str, resolve: Callable[[str], Field | None]) -> Field:
    field = resolve(name)
    if field is None:
        raise MalformedQuery("bad_formula", N_("There is no field “{name}”."), name=name)
    if field.computed or field.frame or field.in_rows or kind_of(field) is None:
        raise MalformedQuery("bad_formula", N_("“{name}” cannot stand in a formula."), name=name)
    return field


def _stored(values: Mapping[str, Any], field: Field) -> Any:
    if field.parent_id is None:
        return values.get(field.id)
    whole = values.get(field.parent_id)
    return whole.get(field.id) if isinstance(whole, Mapping) else None


def _result(value: Any) -> Any:
    """As it is shown: whole numbers as int; empty text and what is no scalar as None."""
    if isinstance(value, bool | date):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value) >= 10**20:
            return None
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value[:MOST_TEXT] or None if isinstance(value, str) else None


def _bad() -> MalformedQuery:
    words = N_("A formula has field names, numbers, 'text', + - * / %, comparisons, and, or, not, if and functions.")
    return MalformedQuery("bad_formula", words)
