"""Conditions: one small tree that yields true or false, as a MongoDB filter, in Python, and as a sentence.

`{"all": […]}`, `{"any": […]}`, `{"not": {…}}` or `{"field": NAME, "op": OP, "value": V}`. Nothing stored is ever
evaluated as code. Where an actor may not read a cell, what is asked of it is *unknown*: `not` of unknown is
unknown, and only true selects a record.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.definitions.condition_operators import (
    EVERYTHING,
    NOTHING,
    OPERATORS,
    Filter,
    all_of,
    any_of,
    negated,
)
from models.definitions.condition_words import joined, leaf_words, negation
from models.definitions.fields import Field
from models.definitions.operands import Bound, Day, Fixed, Operand, operand_of
from models.errors import N_, AccessDenied, MalformedQuery

__all__ = ["EVERYTHING", "NOTHING", "OPERATORS", "Bound", "Condition", "operators_of", "parse_condition"]

MOST_DEPTH = 8
MOST_LEAVES = 50
MOST_VALUES = 500
MOST_PIECE = 200
"""Characters of the piece that `starts` and `contains` look for."""

Cell = Callable[[Field], Filter | bool]
"""Of a field: the filter of records whose cell the actor may read, or True or False where it is so everywhere."""
Readable = Callable[[Field], bool]


class Condition:
    """A node of the tree."""

    def fields(self) -> set[Field]:
        """Every field it asks of."""
        return {leaf.field for leaf in self.leaves()}

    def filter(self, bound: Bound, cell: Cell | None = None) -> Filter:
        """The records for which it is true, as a MongoDB filter."""
        return self.push(bound, cell, wanted=True)

    def holds(self, document: Mapping[str, Any], bound: Bound, readable: Readable | None = None) -> bool:
        """Whether it is true of a raw record document (sealed values are asked through `s`)."""
        return self.judge(document, bound, readable) is True

    def leaves(self) -> Iterator["Leaf"]:
        """The questions it is made of."""
        raise NotImplementedError

    def push(self, bound: Bound, cell: Cell | None, *, wanted: bool) -> Filter:
        """Filter of the records for which it is known to be `wanted`."""
        raise NotImplementedError

    def judge(self, document: Mapping[str, Any], bound: Bound, readable: Readable | None) -> bool | None:
        """True, False, or None where it hangs on a cell that may not be read."""
        raise NotImplementedError

    def to_json(self, *, names: bool = False) -> dict[str, Any]:
        """The tree, with field ids (as stored) or names (as people write it)."""
        raise NotImplementedError

    def sentence(self, locale: str = "zh_Hans_CN") -> str:
        """For people, in zh_Hans_CN, zh_Hant_TW or English."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Leaf(Condition):
    """One question to one field."""

    field: Field
    op: str
    value: Any
    """As it was written."""
    operands: tuple[Operand, ...]

    def leaves(self) -> Iterator["Leaf"]:
        yield self

    def push(self, bound: Bound, cell: Cell | None, *, wanted: bool) -> Filter:
        known = True if cell is None else cell(self.field)
        if known is False:
            return NOTHING
        asked = OPERATORS[self.op].filter(self.field, self.operands, bound)
        asked = asked if wanted else negated(asked)
        return asked if known is True else all_of([asked, known])

    def judge(self, document: Mapping[str, Any], bound: Bound, readable: Readable | None) -> bool | None:
        if readable is not None and not readable(self.field):
            return None
        return OPERATORS[self.op].holds(self.field, self.operands, bound, document)

    def to_json(self, *, names: bool = False) -> dict[str, Any]:
        return {"field": self.field.address if names else self.field.id, "op": self.op, "value": self.value}

    def sentence(self, locale: str = "zh_Hans_CN") -> str:
        return leaf_words(self.field, self.op, self.value, self.operands, locale)


@dataclass(frozen=True, eq=False)
class Group(Condition):
    """All or any of several conditions; never of none."""

    kind: str
    parts: tuple[Condition, ...]

    def leaves(self) -> Iterator[Leaf]:
        for part in self.parts:
            yield from part.leaves()

    def push(self, bound: Bound, cell: Cell | None, *, wanted: bool) -> Filter:
        together = all_of if (self.kind == "all") == wanted else any_of
        return together([part.push(bound, cell, wanted=wanted) for part in self.parts])

    def judge(self, document: Mapping[str, Any], bound: Bound, readable: Readable | None) -> bool | None:
        decisive = self.kind == "any"
        unknown = False
        for part in self.parts:
            answer = part.judge(document, bound, readable)
            if answer is decisive:
                return decisive
            unknown = unknown or answer is None
        return None if unknown else not decisive

    def to_json(self, *, names: bool = False) -> dict[str, Any]:
        return {self.kind: [part.to_json(names=names) for part in self.parts]}

    def sentence(self, locale: str = "zh_Hans_CN") -> str:
        nested = [isinstance(part, Group) and len(part.parts) > 1 for part in self.parts]
        return joined(self.kind, [part.sentence(locale) for part in self.parts], nested, locale)


@dataclass(frozen=True, eq=False)
class Not(Condition):
    """The opposite of a condition."""

    part: Condition

    def leaves(self) -> Iterator[Leaf]:
        return self.part.leaves()

    def push(self, bound: Bound, cell: Cell | None, *, wanted: bool) -> Filter:
        return self.part.push(bound, cell, wanted=not wanted)

    def judge(self, document: Mapping[str, Any], bound: Bound, readable: Readable | None) -> bool | None:
        answer = self.part.judge(document, bound, readable)
        return None if answer is None else not answer

    def to_json(self, *, names: bool = False) -> dict[str, Any]:
        return {"not": self.part.to_json(names=names)}

    def sentence(self, locale: str = "zh_Hans_CN") -> str:
        return negation(self.part.sentence(locale), locale)


def operators_of(field: Field) -> tuple[str, ...]:
    """What may be asked of a field: computed fields nothing, sealed ones equality and whether they are empty."""
    if field.computed or not field.type.operators:
        return ()
    if not field.sealed:
        return field.type.operators
    if field.in_rows:
        return ()
    return ("eq", "in", "empty") if "eq" in field.type.token_kinds else ("empty",)


def parse_condition(tree: Any, resolve: Callable[[str], Field | None], *, deciding: bool = False) -> Condition:
    """Read a tree. Its form is judged first, then every field resolved, then the values read.

    :param resolve: name (requests) or id (stored conditions) → field, None where it may not be asked or is not there
    :param deciding: it decides about access, visibility or fate; operators on sealed fields are then said to be
        impossible in the words of a definition
    :raises MalformedQuery: no tree, too large, an operator or value that does not fit its field
    :raises AccessDenied: a field that does not resolve; the same answer whatever the reason
    """
    names = list(_names_in(tree))
    if len(names) > MOST_LEAVES:
        raise MalformedQuery("too_many_leaves", N_("A condition has at most {most} questions."), most=MOST_LEAVES)
    resolved = {name: resolve(name) for name in names}
    fields = {name: field for name, field in resolved.items() if field is not None}
    if len(fields) < len(resolved):
        raise AccessDenied()
    return _built(tree, fields, deciding)


def _names_in(node: Any, depth: int = 1) -> Iterator[str]:
    """The fields named in a tree, which is judged by the way."""
    if depth > MOST_DEPTH:
        raise MalformedQuery("too_deep", N_("A condition is at most {most} levels deep."), most=MOST_DEPTH)
    if not isinstance(node, Mapping):
        raise _no_tree()
    keys = set(node)
    if keys == {"all"} or keys == {"any"}:
        (parts,) = node.values()
        if not isinstance(parts, list) or not 0 < len(parts) <= MOST_LEAVES:
            raise _no_tree()
        for part in parts:
            yield from _names_in(part, depth + 1)
    elif keys == {"not"}:
        yield from _names_in(node["not"], depth + 1)
    elif keys == {"field", "op", "value"}:
        if not isinstance(node["field"], str) or len(node["field"]) > MOST_PIECE:
            raise _no_tree()
        if not isinstance(node["op"], str) or node["op"] not in OPERATORS:
            raise _no_tree()
        _check_shape(OPERATORS[node["op"]].shape, node["value"])
        yield node["field"]
    else:
        raise _no_tree()


def _check_shape(shape: str, value: Any) -> None:
    if shape == "flag":
        fits = isinstance(value, bool)
    elif shape == "pair":
        fits = isinstance(value, list) and len(value) == 2 and None not in value
    elif shape == "several":
        fits = isinstance(value, list) or value == "@my_departments"
        if isinstance(value, list) and len(value) > MOST_VALUES:
            words = N_("A condition asks for at most {most} values at once.")
            raise MalformedQuery("too_many_values", words, most=MOST_VALUES)
    else:
        fits = value is not None and not isinstance(value, list)
    if not fits:
        raise _no_tree()


def _built(node: Mapping[str, Any], fields: Mapping[str, Field], deciding: bool) -> Condition:
    if "field" in node:
        return _leaf(fields[node["field"]], node["op"], node["value"], deciding)
    if "not" in node:
        return Not(_built(node["not"], fields, deciding))
    ((kind, parts),) = node.items()
    return Group(kind, tuple(_built(part, fields, deciding) for part in parts))


def _leaf(field: Field, op: str, value: Any, deciding: bool) -> Leaf:
    if op not in operators_of(field):
        if deciding and field.sealed:
            words = N_("A sealed field can decide only by equality, by a list of values, or by being empty.")
            raise MalformedQuery("sealed_operator", words)
        raise MalformedQuery("bad_operator", N_("“{op}” cannot be asked of this field."), op=op)
    if op == "empty":
        return Leaf(field, op, value, (Fixed((value,)),))
    if op in ("starts", "contains") and not (isinstance(value, str) and len(value) <= MOST_PIECE):
        raise MalformedQuery("bad_value", N_("A piece of text has at most {most} characters."), most=MOST_PIECE)
    raws = value if isinstance(value, list) else [value]
    operands = tuple(operand_of(raw, field) for raw in raws)
    if field.sealed and any(isinstance(operand, Day) or getattr(operand, "as_span", False) for operand in operands):
        raise MalformedQuery("bad_value", N_("A sealed moment can only be asked for exactly."))
    return Leaf(field, op, value, operands)


def _no_tree() -> MalformedQuery:
    words = N_("A condition is made of all, any, not, and of questions with field, op and value.")
    return MalformedQuery("malformed", words)
