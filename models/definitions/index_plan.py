"""Which indexes the collection of a record type has, and why. Nothing is queried at length outside this plan.

System keys that can be sorted by but have no line here (`created_by`, `updated_by`, `revision`, `type`, and
`department` and `owner` beyond their own rows) are sorted by the database in memory, within its two seconds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, IndexModel

MOST_SORTABLE = 8
"""Fields of one type that can be sorted by."""
MOST_INDEXES = 40
"""Indexes of one collection."""


@dataclass(frozen=True, slots=True)
class PlannedIndex:
    """One index and what it is for."""

    name: str
    paths: tuple[str, ...]
    why: str
    unique: bool = False
    partial: Mapping[str, Any] | None = None

    def model(self) -> IndexModel:
        """As the driver wants it."""
        options: dict[str, Any] = {"name": self.name}
        if self.unique:
            options["unique"] = True
        if self.partial:
            options["partialFilterExpression"] = dict(self.partial)
        return IndexModel([(path, ASCENDING) for path in self.paths], **options)


FIELD_INDEXES = ("sort:", "unique:")
"""How the names of indexes begin that exist for one field."""
TRASHED = {"life.trashed_at": {"$type": "date"}}
"""The part of a query that lets the trash use its index."""
DUE = {"life.due_on": {"$gt": ""}}
"""The part of a query that lets the search for due records use its index."""

_ALWAYS = (
    PlannedIndex("archive_no", ("archive_no",), "an archive number stands once", unique=True),
    PlannedIndex("number", ("type", "archive_no", "_id"), "lists by archive number"),
    PlannedIndex("keys", ("s", "updated_at"), "search keys and tokens, newest first"),
    PlannedIndex("updated", ("type", "updated_at", "_id"), "lists by last change"),
    PlannedIndex("created", ("type", "created_at", "_id"), "lists by creation"),
    PlannedIndex("state", ("type", "state", "_id"), "lists by state"),
    PlannedIndex("dept", ("dept", "updated_at"), "records of a department"),
    PlannedIndex("owner", ("owner", "updated_at"), "records of a person"),
    PlannedIndex("trash", ("type", "life.trashed_at", "_id"), "the trash", partial=TRASHED),
    PlannedIndex("due", ("life.due_on",), "what is due by retention", partial=DUE),
    PlannedIndex("check", ("d.verification.rules", "d.verification.check_on"), "what is to be verified"),
)


def plan_indexes(sorts: Iterable[tuple[str, str]], uniques: Iterable[tuple[str, str]]) -> tuple[PlannedIndex, ...]:
    """The plan of one collection.

    :param sorts: field id and path of what can be sorted by, over all types stored there; the same id counts once
    :param uniques: field id and path of what must stand once
    """
    return tuple(_plan(dict(sorts), dict(uniques)))


def _plan(sorts: Mapping[str, str], uniques: Mapping[str, str]) -> Iterator[PlannedIndex]:
    yield from _ALWAYS
    for field_id, path in sorts.items():
        yield PlannedIndex(f"sort:{field_id}", ("type", path, "_id"), "lists by this field")
    for field_id, path in uniques.items():
        there = {path: {"$exists": True}}
        yield PlannedIndex(f"unique:{field_id}", (path,), "a value stands once", unique=True, partial=there)
