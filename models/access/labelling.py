"""Putting names to the references in records that are handed out, each by the reader's plan of its target."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from models.access.actions import Action
from models.access.cells import Cell, Record
from models.definitions.fields import Field
from models.errors import RecordNotFound

if TYPE_CHECKING:
    from models.access.door_part import DoorPart


def references_in(fields: Iterable[Field]) -> list[Field]:
    """The stored references among some fields and the parts of objects among them."""
    parts = (part for one in fields for part in (one, *one.fields) if part.active)
    return [one for one in parts if one.type.name == "reference" and not one.computed and not one.in_rows]


def label_cells(door: "DoorPart", fields: Iterable[Field], records: Iterable[Record], *, habit: bool = False) -> None:
    """Give every readable reference its labels, with one question for each target.

    :param fields: of which the records have cells
    """
    references = references_in(fields)
    if not references:
        return
    cells = [cell for record in records for cell in _cells(record, references)]
    by_target: dict[str, set[str]] = {}
    for cell in cells:
        by_target.setdefault(cell.field.target or "", set()).update(ids_of(cell))
    known = {target: labels_in(door, target, ids, habit=habit) for target, ids in by_target.items()}
    lost = {id for target, ids in by_target.items() for id in ids - known[target].keys()}
    gone = destroyed(door, lost) if lost else {}
    for cell in cells:
        cell.labels = known[cell.field.target or ""]
        cell.stubs = gone


def _cells(record: Record, references: Iterable[Field]) -> Iterator[Cell]:
    for one in references:
        cell = record.find(one.address) or record.cells.get(one.address)
        if cell is not None and cell.mark == "value":
            yield cell


def ids_of(cell: Cell) -> list[str]:
    """The ids a readable reference holds."""
    return cell.value if isinstance(cell.value, list) else [cell.value]


def labels_in(
    door: "DoorPart", target: str, ids: Iterable[str], *, habit: bool = False, action: Action = Action.VIEW
) -> dict[str, str]:
    """Id → label, for those the actor may call by one.

    :param action: under which the names are read: what leaves in a file is exported
    """
    try:
        opened = door.door.open(target)
    except RecordNotFound:
        return {}
    return opened.labels(ids, habit=habit, action=action)


def destroyed(door: "DoorPart", ids: Iterable[str]) -> dict[str, str]:
    """Id → the case under which its record was destroyed, for those that were. Whoever holds the id may know."""
    found = door.store.data.tombstones.find({"_id": {"$in": sorted(ids)}}, {"case": 1})
    return {one["_id"]: str(one.get("case") or "") for one in found}
