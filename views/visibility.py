"""Whether a field has anything to say on this record: its `visible_when`, judged on what the reader may see.

A condition over a field the reader may not read behaves as false and says nothing.
"""

import json
from typing import Any

from models.access.cells import Cell, Record
from models.definitions.fields import Field
from views.access import current_door

FILLED = ("value", "masked", "filled")


class Sight:
    """The readable values of one record as a document that conditions can be asked of."""

    def __init__(self, record: Record):
        values: dict[str, Any] = {}
        for cell in record.cells.values():
            if cell.cells:
                values[cell.field.id] = {sub.field.id: sub.value for sub in cell.cells.values() if sub.mark == "value"}
            elif cell.mark == "value" and not cell.field.frame:
                values[cell.field.id] = cell.value
        self.readable = {cell.field.id for cell in record.every_cell() if cell.mark in ("value", "empty")}
        self.document = {
            "_id": record.id, "type": record.type, "rev": record.revision, "state": record.state, "v": values,
            "archive_no": record.archive_no, "dept": record.department, "owner": record.owner,
            "created_at": record.created_at, "created_by": record.created_by,
            "updated_at": record.updated_at, "updated_by": record.updated_by, "s": [], "d": {}, "life": {},
        }  # fmt: skip

    def holds(self, condition: Any) -> bool:
        """Whether it holds on what the reader may see."""
        asked = condition.fields()
        if not all(field.frame or field.id in self.readable for field in asked):
            return False
        return bool(condition.holds(self.document, current_door().bound))

    def shows(self, field: Field, cell: Cell | None) -> bool:
        """A field whose condition does not hold is left out, unless it holds a value all the same."""
        if field.visible_when is None or (cell is not None and cell.mark in FILLED):
            return True
        return self.holds(field.visible_when)


def rule_for_form(field: Field, inputs: set[str], by_id: dict[str, Field]) -> str:
    """The condition as JSON for the script of the form; "" where it reads anything that is not on the form.

    :param inputs: ids of the fields with inputs on this form
    """
    condition = field.visible_when
    if condition is None or not all(one.id in inputs for one in condition.fields()):
        return ""
    return json.dumps(_by_id(condition.to_json(), {one.address: one.id for one in by_id.values()}))


def _by_id(tree: Any, ids: dict[str, str]) -> Any:
    if isinstance(tree, list):
        return [_by_id(part, ids) for part in tree]
    if isinstance(tree, dict):
        made = {key: _by_id(part, ids) for key, part in tree.items()}
        if "field" in made:
            made["field"] = ids.get(made["field"], made["field"])
        return made
    return tree
