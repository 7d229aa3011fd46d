"""The operators of conditions, each with its MongoDB filter and its Python predicate.

To add one: a class with both, an entry in OPERATORS, its words in `condition_words`.
A filter and its predicate agree on every document, stored wrongly or not: a property test holds them equal.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from models.definitions.fields import Field
from models.definitions.operands import Bound, Fixed, Operand, Span, bind_all
from models.definitions.stored_values import (
    SOMETHING,
    groups_at,
    is_something,
    less,
    matching,
    not_less,
    same,
    values_at,
)

Filter = dict[str, Any]
EVERYTHING: Filter = {}
NOTHING: Filter = {"_id": {"$in": []}}


class Operator:
    """One question a condition can ask of a field."""

    name: ClassVar[str]
    shape: ClassVar[str] = "one"
    """What its value is: one value, a pair, several, or a flag."""

    def filter(self, field: Field, operands: Sequence[Operand], bound: Bound) -> Filter:
        """The documents for which it holds."""
        raise NotImplementedError

    def holds(self, field: Field, operands: Sequence[Operand], bound: Bound, document: Any) -> bool:
        """Whether it holds for a raw record document."""
        raise NotImplementedError


class Equal(Operator):
    """One of the values is the one asked for."""

    name = "eq"

    def filter(self, field: Field, operands: Sequence[Operand], bound: Bound) -> Filter:
        if field.sealed:
            return _member("s", _tokens(field, operands, bound))
        wanted = bind_all(operands, bound)
        spans = [_range(field, {"$gte": span.start, "$lt": span.end}) for span in wanted if isinstance(span, Span)]
        points = [value for value in wanted if not isinstance(value, Span)]
        return any_of([*spans, _member(compared_path(field), points)])

    def holds(self, field: Field, operands: Sequence[Operand], bound: Bound, document: Any) -> bool:
        if field.sealed:
            tokens = _tokens(field, operands, bound)
            return any(key in tokens for key in values_at(document, "s") if isinstance(key, str))
        wanted = bind_all(operands, bound)
        spans = [value for value in wanted if isinstance(value, Span)]
        points = [value for value in wanted if not isinstance(value, Span)]
        values = values_at(document, compared_path(field))
        if any(same(value, point) for value in values for point in points):
            return True
        return any(_within(group, span) for span in spans for group in groups_at(document, field))


class NotEqual(Operator):
    """Not equal: holds for the empty field too."""

    name = "ne"

    def filter(self, field: Field, operands: Sequence[Operand], bound: Bound) -> Filter:
        return negated(OPERATORS["eq"].filter(field, operands, bound))

    def holds(self, field: Field, operands: Sequence[Operand], bound: Bound, document: Any) -> bool:
        return not OPERATORS["eq"].holds(field, operands, bound, document)


class In(Equal):
    """One of the values is one of those asked for. Of none: holds never."""

    name = "in"
    shape = "several"


class Empty(Operator):
    """Missing, null and an empty list are one and the same."""

    name = "empty"
    shape = "flag"

    def filter(self, field: Field, operands: Sequence[Operand], bound: Bound) -> Filter:
        if _flag(operands):
            return {field.path: {"$not": {"$type": SOMETHING}}}
        return {field.path: {"$type": SOMETHING}}

    def holds(self, field: Field, operands: Sequence[Operand], bound: Bound, document: Any) -> bool:
        return _flag(operands) != any(is_something(value) for value in values_at(document, field.path))


class _Order(Operator):
    """Before or after one value. A day asked of a moment counts as a whole."""

    sign: ClassVar[str]
    side: ClassVar[int]
    """Of a day: 0 its first moment decides, 1 the first moment after it."""
    span_sign: ClassVar[str]

    def filter(self, field: Field, operands: Sequence[Operand], bound: Bound) -> Filter:
        edge = operands[0].bind(bound)[0]
        if isinstance(edge, Span):
            return {field.path: {self.span_sign: edge[self.side]}}
        return {field.path: {self.sign: edge}}

    def holds(self, field: Field, operands: Sequence[Operand], bound: Bound, document: Any) -> bool:
        edge = operands[0].bind(bound)[0]
        sign, point = (self.span_sign, edge[self.side]) if isinstance(edge, Span) else (self.sign, edge)
        return any(_SIGNS[sign](value, point) for value in values_at(document, field.path))


class Greater(_Order):
    name, sign, span_sign, side = "gt", "$gt", "$gte", 1


class GreaterOrEqual(_Order):
    name, sign, span_sign, side = "gte", "$gte", "$gte", 0


class Less(_Order):
    name, sign, span_sign, side = "lt", "$lt", "$lt", 0


class LessOrEqual(_Order):
    name, sign, span_sign, side = "lte", "$lte", "$lt", 1


class Between(Operator):
    """From one value to another, both included, in one and the same element of a list."""

    name = "between"
    shape = "pair"

    def filter(self, field: Field, operands: Sequence[Operand], bound: Bound) -> Filter:
        return _range(field, dict(self._edges(operands, bound)))

    def holds(self, field: Field, operands: Sequence[Operand], bound: Bound, document: Any) -> bool:
        edges = self._edges(operands, bound)
        return any(
            all(any(_SIGNS[sign](value, edge) for value in group) for sign, edge in edges)
            for group in groups_at(document, field)
        )

    def _edges(self, operands: Sequence[Operand], bound: Bound) -> list[tuple[str, Any]]:
        first, last = (operand.bind(bound)[0] for operand in operands)
        upper = ("$lt", last.end) if isinstance(last, Span) else ("$lte", last)
        return [("$gte", first.start if isinstance(first, Span) else first), upper]


class Contains(Operator):
    """Text that holds a piece of text, whatever the case of Latin letters and the width of signs."""

    name = "contains"

    def filter(self, field: Field, operands: Sequence[Operand], bound: Bound) -> Filter:
        return {field.path: {"$regex": self.pattern(operands)}}

    def holds(self, field: Field, operands: Sequence[Operand], bound: Bound, document: Any) -> bool:
        pattern = self.pattern(operands)
        return any(matching(pattern, value) for value in values_at(document, field.path))

    def pattern(self, operands: Sequence[Operand]) -> str:
        """The piece as a regular expression in which nothing is special."""
        return piece_pattern(_text(operands))


class Starts(Contains):
    """Text that begins with a piece of text."""

    name = "starts"

    def pattern(self, operands: Sequence[Operand]) -> str:
        return "^" + super().pattern(operands)


def piece_pattern(piece: str) -> str:
    """A regular expression in which nothing is special: either case of Latin letters, either width of signs."""
    return "".join(map(_any_spelling, piece))


def compared_path(field: Field) -> str:
    """Where the text lies that equality compares: the number of a phone, the text of an address."""
    return f"{field.path}.{field.type.compared_part}" if field.type.compared_part else field.path


def any_of(filters: Sequence[Filter]) -> Filter:
    """Documents that one of the filters selects."""
    kept = [part for part in filters if part is not NOTHING]
    if any(part == EVERYTHING for part in kept):
        return EVERYTHING
    if len(kept) > 1:
        return {"$or": kept}
    return kept[0] if kept else NOTHING


def all_of(filters: Sequence[Filter]) -> Filter:
    """Documents that every filter selects."""
    kept = [part for part in filters if part != EVERYTHING]
    if any(part is NOTHING for part in kept):
        return NOTHING
    if len(kept) > 1:
        return {"$and": kept}
    return kept[0] if kept else EVERYTHING


def negated(part: Filter) -> Filter:
    """Documents that the filter does not select."""
    if part is NOTHING:
        return EVERYTHING
    return NOTHING if part == EVERYTHING else {"$nor": [part]}


def _member(path: str, values: list[Any]) -> Filter:
    if not values:
        return NOTHING
    return {path: values[0]} if len(values) == 1 else {path: {"$in": values}}


def _range(field: Field, edges: dict[str, Any]) -> Filter:
    """Both ends on the same element, where there may be several."""
    inner = {"$elemMatch": edges} if field.many else edges
    if not field.in_rows:
        return {field.path: inner}
    top, _, part = field.path.rpartition(".")
    return {top: {"$elemMatch": {part: inner}}}


def _within(group: list[Any], span: Span) -> bool:
    return any(not_less(value, span.start) for value in group) and any(less(value, span.end) for value in group)


def _tokens(field: Field, operands: Sequence[Operand], bound: Bound) -> list[str]:
    values = bind_all(operands, bound)
    return [f"{field.id}:eq:{token}" for value in values for token in bound.tokens(field, "eq", value)]


def _flag(operands: Sequence[Operand]) -> bool:
    return _first(operands) is True


def _text(operands: Sequence[Operand]) -> str:
    return str(_first(operands))


def _first(operands: Sequence[Operand]) -> Any:
    operand = operands[0]
    return operand.values[0] if isinstance(operand, Fixed) else None


def _any_spelling(char: str) -> str:
    """One character as a pattern: either case of a Latin letter, either width of a sign."""
    if char.isascii() and char.isalpha():
        return f"[{char.lower()}{char.upper()}]"
    if char.isascii() and char.isdigit():
        return char
    if "!" <= char <= "~":
        return f"[{re.escape(char)}{chr(ord(char) + 0xFEE0)}]"
    if "！" <= char <= "～":
        return f"[{re.escape(chr(ord(char) - 0xFEE0))}{char}]"
    return re.escape(char)


_SIGNS = {
    "$gt": lambda value, edge: less(edge, value),
    "$gte": not_less,
    "$lt": less,
    "$lte": lambda value, edge: not_less(edge, value),
}

_ALL = (Equal, NotEqual, In, Empty, Greater, GreaterOrEqual, Less, LessOrEqual, Between, Starts, Contains)
OPERATORS: dict[str, Operator] = {kind.name: kind() for kind in _ALL}
