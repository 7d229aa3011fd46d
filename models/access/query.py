"""A question to a list, and whether this actor may ask it.

Anything the actor may not use in a question is refused with the same words, never dropped; and a tree
that cannot be read at all is said to be malformed before any name in it is looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from models.access.judge import Judge
from models.access.keyset import Order
from models.definitions.compiled import CompiledType
from models.definitions.conditions import Condition, parse_condition
from models.definitions.fields import Field
from models.errors import N_, AccessDenied, MalformedQuery

PAGE_LIMIT = 200
DEFAULT_ORDER = Order((("updated_at", True),))


@dataclass
class Query:
    """What a list page, REST list or export asks for.

    :param where: condition tree by field names
    :param sort: `f`, `-f`, `-f,g`
    :param after: cursor of the page before; `before` goes back
    :param jump: text of a value of the first sort key: start at the first row not before it
    :param fields: columns by address, None for the default ones
    :param findings: only rows with a finding the actor may know everywhere: `any`, a result, or a rule
    :param habit: show what is confidential masked although the plan gives it (a habit of list pages)
    """

    where: Mapping[str, Any] | None = None
    q: str = ""
    sort: str = ""
    limit: int = 50
    after: str | None = None
    before: str | None = None
    jump: str | None = None
    fields: list[str] | None = None
    trash: bool = False
    findings: str = ""
    habit: bool = False


def refuse() -> AccessDenied:
    """The one answer to unknown, off, hidden and unusable names alike."""
    return AccessDenied()


class Names(Protocol):
    """What leads from the names in a question to fields."""

    def find(self, address: str) -> Field | None:
        """The field in use that people call so."""


def condition_for(where: Mapping[str, Any], names: Names, judge: Judge) -> Condition:
    """Read a tree in the names of one type, every leaf usable by this actor.

    :raises MalformedQuery: not a tree
    :raises AccessDenied: some leaf may not be asked
    """

    def resolve(name: str) -> Field | None:
        field = names.find(name)
        return field if field is not None and judge_use(judge, field, "filter") is not False else None

    return parse_condition(where, resolve)


def judge_use(judge: Judge, field: Field, use: str) -> Any:
    """`Judge.usable`, with system keys open to whoever may view the type."""
    if field.computed or field.in_rows:
        return False
    return True if field.frame else judge.usable(field, use)


def cells_for(judge: Judge) -> Callable[[Field], Any]:
    """Per leaf: where its answer is known to this actor."""
    return lambda field: judge_use(judge, field, "filter")


def order_for(sort: str, compiled: CompiledType, judges: list[Judge]) -> tuple[Order, list[Field]]:
    """The order a `sort` text names, for an actor who must be able to sort by it in every kind.

    :raises AccessDenied: unknown, off, hidden, or not sortable
    :raises MalformedQuery: more than three keys, or none
    """
    if not sort:
        return DEFAULT_ORDER, [compiled.system["updated_at"]]
    names = sort.split(",")
    if len(names) > 3 or not all(names):
        raise MalformedQuery("bad_sort", N_("Sort by one to three fields, such as -updated_at."))
    keys: list[tuple[str, bool]] = []
    fields = []
    for name in names:
        field = compiled.find(name.lstrip("-"))
        if field is None or len(name) - len(name.lstrip("-")) > 1 or not sortable(field, judges):
            raise refuse()
        keys.append((field.sort_path, name.startswith("-")))
        fields.append(field)
    if len({path for path, _ in keys}) < len(keys):
        raise MalformedQuery("bad_sort", N_("Each field sorts once."))
    return Order(tuple(key for key in keys if key[0] != "_id") or (("_id", keys[0][1]),)), fields


def sortable(field: Field, judges: list[Judge]) -> bool:
    """Whether a list may be put in this order by this actor."""
    if field.sealed or field.computed or field.parent_id or not (field.sort or field.frame):
        return False
    return all(judge_use(judge, field, "sort") is True for judge in judges)


def columns_for(names: list[str] | None, compiled: CompiledType, knows: Callable[[Field], bool]) -> list[Field]:
    """The fields a list shows, by address.

    :raises AccessDenied: one of them is unknown, off or hidden
    """
    if names is None:
        return [field for field in compiled.active if knows(field)]
    found = []
    for name in names:
        field = compiled.find(name)
        if field is None or not knows(field):
            raise refuse()
        if field not in found:
            found.append(field)
    return found
