"""Paging by position instead of by number: every page costs the same, at any depth.

An order is one or more sort keys and always ends in `_id`. Rows whose first key is empty form a section
of their own that comes last in both directions (MongoDB would put them first or last by direction).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

NEVER_EMPTY = frozenset(
    {"_id", "type", "archive_no", "rev", "state", "created_at", "created_by", "updated_at", "updated_by"}
)
Filter = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """Sort keys: (path in the document, descending)."""

    keys: tuple[tuple[str, bool], ...]

    @property
    def sections(self) -> tuple[str, ...]:
        """`filled` rows first, then `empty` ones; a key that is never empty has one section only."""
        first = self.keys[0][0]
        return ("all",) if first in NEVER_EMPTY else ("filled", "empty")

    def section_filter(self, section: str) -> Filter:
        """The rows of a section."""
        first = self.keys[0][0]
        known: dict[str, Filter] = {"filled": {first: {"$ne": None}}, "empty": {first: None}}
        return known.get(section, {})

    def sort(self, section: str, *, backwards: bool = False) -> list[tuple[str, int]]:
        """The MongoDB sort of a section; empty rows are ordered by `_id`."""
        keys = self._keys(section)
        return [(path, -1 if down != backwards else 1) for path, down in keys]

    def beyond(self, section: str, position: list[Any], *, backwards: bool = False) -> Filter:
        """The rows after a position (before it, when going backwards)."""
        keys = self._keys(section)
        ways: list[Filter] = []
        for place, (path, down) in enumerate(keys):
            after = _after(path, position[place], down != backwards)
            if after is not None:
                same = {path: value for (path, _), value in zip(keys[:place], position, strict=False)}
                ways.append({**same, **after} if not (same.keys() & after.keys()) else {"$and": [same, after]})
        if len(ways) == 1:
            return ways[0]
        first, down = keys[0]
        if position[0] is None or (down != backwards and first not in NEVER_EMPTY):
            return {"$or": ways}
        # the bound on the first key lets the planner walk one index range; the rest only sorts out ties
        return {first: {"$lte" if down != backwards else "$gte": position[0]}, "$or": ways}

    def position(self, section: str, document: Mapping[str, Any]) -> list[Any]:
        """Where a row stands in its section."""
        return [at_path(document, path) for path, _ in self._keys(section)]

    def section_of(self, document: Mapping[str, Any]) -> str:
        """The section a row belongs to."""
        if len(self.sections) == 1:
            return "all"
        return "empty" if at_path(document, self.keys[0][0]) is None else "filled"

    def _keys(self, section: str) -> tuple[tuple[str, bool], ...]:
        if section == "empty":
            return (*self.keys[1:], ("_id", self.keys[0][1]))
        return (*self.keys, ("_id", self.keys[0][1]))


def _after(path: str, value: Any, down: bool) -> Filter | None:
    """Rows strictly after a value. Empty sorts lowest, and comparisons in MongoDB never cross types to it."""
    if value is None:
        return None if down else {path: {"$ne": None}}
    if not down:
        return {path: {"$gt": value}}
    return {path: {"$lt": value}} if path in NEVER_EMPTY else {"$or": [{path: {"$lt": value}}, {path: None}]}


def at_path(document: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, None where it breaks off."""
    first, *rest = _parts(path)
    found: Any = document.get(first)
    for part in rest:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


@lru_cache(maxsize=10_000)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))
