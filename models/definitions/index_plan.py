"""Which indexes the collection of a record type has, and why. Nothing is queried at length outside this plan.

System keys that can be sorted by but have no line here (`created_by`, `updated_by`, `revision`, `type`, and
`department` and `owner` beyond their own rows) are sorted by the database in memory, within its two seconds.
"""

from collections.abc import Iterator, Mapping, Sequence
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

    def stands_in(self, standing: Mapping[str, Any]) -> bool:
        """Whether the collection has it.

        :param standing: name → what the database says of the index, as `index_information` gives it
        """
        found = standing.get(self.name)
        return found is not None and found.get("partialFilterExpression") == self.partial

    def model(self) -> IndexModel:
        """As the driver wants it."""
        options: dict[str, Any] = {"name": self.name}
        if self.unique:
            options["unique"] = True
        if self.partial:
            options["partialFilterExpression"] = dict(self.partial)
        return IndexModel([(path, ASCENDING) for path in self.paths], **options)


FIELD_INDEXES = ("sort:", "unique:", "ref:")
"""How the names of indexes begin that exist for one field."""
NONE: Mapping[str, str] = {}
TRASHED = {"life.trashed_at": {"$type": "date"}}
"""The part of a query that lets the trash use its index."""
DUE = {"life.due_on": {"$gt": ""}}
"""The part of a query that lets the search for due records use its index."""

FOUND = "d.verification.findings.rule"
"""Where a record says which rules it did not pass."""

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
    PlannedIndex("findings", (FOUND, "updated_at"), "what verification found", partial={FOUND: {"$exists": True}}),
    PlannedIndex("check", ("d.verification.rules", "d.verification.check_on"), "what is to be verified"),
)


def plan_indexes(
    sorts: Mapping[str, tuple[str, Sequence[str]]],
    uniques: Mapping[str, str],
    stored: int,
    references: Mapping[str, str] = NONE,
) -> tuple[PlannedIndex, ...]:
    """The plan of one collection.

    :param sorts: id of a field that can be sorted by → its path, and the types stored there that have it
    :param uniques: id of a field whose values must stand once → its path
    :param stored: how many types there are in the collection
    :param references: id of a stored reference → its path
    """
    return tuple(_plan(sorts, uniques, stored, references))


def _plan(
    sorts: Mapping[str, tuple[str, Sequence[str]]],
    uniques: Mapping[str, str],
    stored: int,
    references: Mapping[str, str],
) -> Iterator[PlannedIndex]:
    yield from _ALWAYS
    for field_id, (path, types) in sorts.items():
        # Only their lists can be sorted by it; the records of the others would stand in it as so many blanks.
        some = sorted(types) if len(types) < stored else []
        why = f"lists of {', '.join(some)} by this field" if some else "lists by this field"
        partial = {"type": {"$in": some}} if some else None
        yield PlannedIndex(f"sort:{field_id}", ("type", path, "_id"), why, partial=partial)
    for field_id, path in uniques.items():
        there = {path: {"$exists": True}}
        yield PlannedIndex(f"unique:{field_id}", (path,), "a value stands once", unique=True, partial=there)
    for field_id, path in references.items():
        there = {path: {"$exists": True}}
        yield PlannedIndex(f"ref:{field_id}", (path, "updated_at"), "what refers to a record", partial=there)
