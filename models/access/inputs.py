"""Which cells of a record may be entered here, as the judge of a change takes them: what a form shows.

What may be read is judged by the right to view, what may be written by the right to edit, and their scopes may
differ. A cell that may be written but not read is shown blind: whether it is filled, and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from models.access.cells import Cell, Record
from models.access.judge import Level
from models.access.keyset import at_path
from models.access.levels import Write
from models.access.reading import Reader
from models.access.writing import FRAME_WRITABLE
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field


def inputs_of(
    record: Record,
    document: Mapping[str, Any],
    reader: Reader,
    levels: Mapping[str, Level],
    knows: Callable[[Field], bool],
) -> dict[str, Cell]:
    """Cells by address, sub-fields of objects under their own; what is absent would be refused.

    :param document: the record as it is stored, of the present version
    :param reader: the actor's reader under the action that writes
    :param levels: field id → level on this row, under that action
    """
    found: dict[str, Cell] = {}
    for one in _leaves(record.compiled):
        level = reader.level(one, levels)
        filled = at_path(document, one.path) is not None
        if level.write == Write.NONE or (level.write == Write.FILL and filled) or not knows(one):
            continue
        cell = record.find(one.address) or Cell(one, "filled" if filled else "fillable")
        found[one.address] = replace(cell, write=level.write)
    return found


def _leaves(kind: CompiledType) -> Iterator[Field]:
    """What holds a value of its own and is written by people."""
    for one in kind.active:
        if one.type.name == "object":
            yield from (sub for sub in one.fields if sub.active)
        elif not one.frame or one.frame in FRAME_WRITABLE:
            yield one
