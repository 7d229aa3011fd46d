"""The names of the columns of a table, over one row or several: titles, merged cells, columns without a name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from models.errors import N_
from models.operations.cells import OURS, BadFile, BadRow, Cells, whole

MOST_ROWS = 4
"""Rows a heading may have."""
LONGEST_NAME = 200

NumberedCells = tuple[int, Mapping[int, Any]]


class Merged(NamedTuple):
    """Cells drawn as one: rows by their numbers, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Heading:
    """
    :param names: by place from 0; "" for columns that are passed over
    :param last: number of the last row that belongs to it
    """

    names: dict[int, str]
    last: int

    @property
    def columns(self) -> list[str]:
        """The names by place, "" where there is none."""
        return [self.names.get(place, "") for place in range(max(self.names) + 1)]


def needs_merges(rows: Sequence[NumberedCells]) -> bool:
    """Whether the first row alone cannot be told to be the heading."""
    if not rows:
        return False
    filled = _filled(rows[0][1])
    widest = max((max(_filled(cells), default=0) for _, cells in rows), default=0)
    return len(filled) <= widest or len(set(filled.values())) < len(filled)


def heading_of(rows: Sequence[NumberedCells], merges: Sequence[Merged] = ()) -> Heading:
    """Find the heading among the first rows of a table.

    :raises BadFile: no names, or one of them twice
    """
    rest = list(rows)
    while len(rest) > 1 and _is_title(rest[0], rest[1], merges):
        rest.pop(0)
    if not rest or not _filled(rest[0][1]):
        raise BadFile(N_("The first row has no column names."))
    first, last = rest[0][0], _last_row(rest[0][0], merges)
    levels = {number: _filled(cells) for number, cells in rest if first <= number <= last}
    places = sorted({place for cells in levels.values() for place in cells})
    names = {place: _name(place, first, last, levels, merges) for place in places}
    seen: set[str] = set()
    for name in names.values():
        if "\ufffd" in name:
            raise BadFile(N_("The names of the columns are damaged."))
        if name in seen:
            raise BadFile(N_("Two columns are called “{name}”."), name=name)
        seen.add(name)
    return Heading({place: "" if name.startswith(OURS) else name for place, name in names.items()}, last)


def cells_of(heading: Heading, cells: Mapping[int, Any], raw: Callable[[], list[str]]) -> Cells | BadRow:
    """A row by the names of its columns; what stands under no name is kept under its place.

    :param raw: the row as it stood
    """
    row: Cells = {}
    names = heading.names
    for place, value in cells.items():
        if value is None or value == "":
            continue
        name = names.get(place)
        if name is None:
            if place > max(names):
                words = N_("The row has more cells than there are columns.")
                return BadRow("too_many_cells", words, raw=raw())
            name = f"#{place + 1}"
        if name:
            row[name] = value
    return row


def _filled(cells: Mapping[int, Any]) -> dict[int, str]:
    found = {place: whole(str(value).strip()) for place, value in cells.items() if value is not None}
    return {place: name[:LONGEST_NAME] for place, name in found.items() if name}


def _is_title(row: NumberedCells, below: NumberedCells, merges: Sequence[Merged]) -> bool:
    """One cell over a table: merged over it, or alone above a row of many."""
    filled, next_filled = _filled(row[1]), _filled(below[1])
    if len(filled) != 1:
        return False
    (place,) = filled
    wide = any(one.top == row[0] and one.left == place and one.right > place for one in merges)
    return len(next_filled) > 1 if wide else len(next_filled) > 2


def _last_row(first: int, merges: Sequence[Merged]) -> int:
    """A cell merged downwards ends with the heading; one merged sideways has names below it."""
    last = row = first
    while row <= last and row < first + MOST_ROWS:
        for one in merges:
            if one.top == row:
                last = max(last, one.bottom, one.top + 1 if one.right > one.left and one.bottom == one.top else 0)
        row += 1
    return min(last, first + MOST_ROWS - 1)


def _name(place: int, first: int, last: int, levels: Mapping[int, Mapping[int, str]], merges: Sequence[Merged]) -> str:
    """From the top down, each part once: `联系方式.电话`."""
    parts: list[str] = []
    for row in range(first, last + 1):
        top, left = next(
            ((one.top, one.left) for one in merges if one.top <= row <= one.bottom and one.left <= place <= one.right),
            (row, place),
        )
        part = levels.get(top, {}).get(left, "")
        if part and part not in parts:
            parts.append(part)
    return ".".join(parts)
