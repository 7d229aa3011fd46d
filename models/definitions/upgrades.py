"""Bringing values written under an older version of a type to the one in force. Pure: nothing is read or written here.

A field keeps its id for ever, so only a change of its *kind of value* concerns stored documents. Each such
change is a step; a document that was last written before it makes the step when it is next read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.definitions.field_types import FIELD_TYPES
from models.definitions.fields import Field
from models.errors import FieldValueError

WIDER: Mapping[str, frozenset[str]] = {
    "text": frozenset({"long_text", "name", "email", "plate", "credit_code", "id_number", "bank_account", "choice"}),
    "name": frozenset({"text", "long_text"}),
    "email": frozenset({"text"}),
    "plate": frozenset({"text"}),
    "credit_code": frozenset({"text"}),
    "id_number": frozenset({"text"}),
    "bank_account": frozenset({"text"}),
    "long_text": frozenset({"text"}),
    "integer": frozenset({"decimal", "money", "text"}),
    "decimal": frozenset({"integer", "money", "text"}),
    "money": frozenset({"decimal", "text"}),
    "boolean": frozenset({"choice", "text"}),
    "choice": frozenset({"choices", "text"}),
    "choices": frozenset({"choice"}),
    "date": frozenset({"text", "moment"}),
    "moment": frozenset({"date", "text"}),
}
"""Kind of value → kinds it may become. What does not fit the new one is kept aside, so none of these loses anything."""


@dataclass(frozen=True, slots=True)
class Step:
    """A field became another kind of value in `version` of its type."""

    version: int
    field_id: str
    was: str
    """Name of the former field type."""
    was_many: bool = False

    def to_tree(self) -> dict[str, Any]:
        """As stored with the definition."""
        return {"version": self.version, "field": self.field_id, "was": self.was, "was_many": self.was_many}

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> "Step":
        """Out of what `to_tree` made."""
        return cls(int(tree["version"]), tree["field"], tree["was"], bool(tree.get("was_many")))


@dataclass(frozen=True, slots=True)
class Upgraded:
    """Values as the version in force has them, and those that do not fit it, as they were."""

    values: dict[str, Any]
    unfit: dict[str, Any]


def may_become(was: str, was_many: bool, now: str, now_many: bool) -> bool:
    """A field may change its kind of value so: equal, wider, or one into a list."""
    if was == now:
        return now_many or not was_many
    return now in WIDER.get(was, ()) and not was_many and not now_many


def due_steps(steps: Sequence[Step], written_under: int) -> tuple[Step, ...]:
    """The steps a document of that type version still has to make."""
    return tuple(step for step in steps if step.version > written_under)


def upgrade(values: Mapping[str, Any], steps: Sequence[Step], by_id: Mapping[str, Field]) -> Upgraded:
    """Make `steps` on plain values (field id → stored shape; sub-fields within their object).

    Only the first step of a field matters: from what it was when written, straight to what it is now.
    """
    found, unfit = dict(values), {}
    for step in {step.field_id: step for step in reversed(steps)}.values():
        field = by_id.get(step.field_id)
        if field is None:
            continue
        holder = _holder(found, field)
        if holder is None or holder.get(field.id) is None:
            continue
        value = holder[field.id]
        fitted = _fit(value, step, field)
        if fitted is None:
            unfit[field.id] = holder.pop(field.id)
        else:
            holder[field.id] = fitted
    return Upgraded(found, unfit)


def _holder(values: dict[str, Any], field: Field) -> dict[str, Any] | None:
    """Where the value of `field` lies: copied first, because the caller's document stays as it is."""
    if field.parent_id is None:
        return values
    inside = values.get(field.parent_id)
    if not isinstance(inside, dict):
        return None
    values[field.parent_id] = dict(inside)
    return values[field.parent_id]


def _fit(value: Any, step: Step, field: Field) -> Any:
    """The value in its new kind, or None when it does not fit."""
    former = replace(field, type=FIELD_TYPES[step.was], many=step.was_many)
    try:
        if step.was == field.type.name:
            fitted = [value] if field.many and not isinstance(value, list) else value
            field.type.check(fitted, field)
            return fitted
        return field.type.parse(former.type.render(value, former), field)
    except FieldValueError:
        return None
