"""What an actor may know of a type: its fields, and the most that is given on each of them anywhere."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.access.actions import Action
from models.access.judge import Judge
from models.access.levels import Read, Write
from models.access.listing import of_kind
from models.access.query import judge_use, sortable
from models.definitions.conditions import operators_of
from models.definitions.fields import Field

if TYPE_CHECKING:
    from models.access.door_part import DoorPart


@dataclass(frozen=True)
class FieldAccess:
    """One field, with the most that this actor has on it on any row."""

    field: Field
    read: Read
    write: Write
    filter: bool
    sort: bool
    search: bool
    group: bool

    @property
    def operators(self) -> tuple[str, ...]:
        """What a condition may ask of it."""
        return operators_of(self.field) if self.filter else ()


def object_parts(field: Field) -> Iterable[Field]:
    """The active sub-fields of an object, each with an access of its own; rows share the access of their list."""
    return (sub for sub in field.fields if sub.active and field.type.name == "object")


def field_access(door: "DoorPart", field: Field) -> FieldAccess:
    """The most that is given on a field, over all kinds and rows; kept with the plans where nothing of it ends."""
    plans = [door.door.plan(kind) for kind in door.kinds]
    if not plans or not all(plan.lasting for plan in plans):
        return _most_access(door, field)
    known, key = plans[0].facts, ("access", door.compiled.name, field.id)
    if key not in known:
        known[key] = _most_access(door, field)
    return known[key]


def step_access(door: "DoorPart", known: FieldAccess) -> FieldAccess:
    """The same field with the most that may be written of it by a step, over all kinds and rows."""
    ones = [(kind, of_kind(kind, known.field)) for kind in door.viewed if known.field.id in kind.by_id]
    write = max((_most(door.judge(kind, Action.TRANSITION), one)[1] for kind, one in ones), default=Write.NONE)
    return replace(known, write=Write.NONE if known.field.system or known.field.computed else write)


def _most_access(door: "DoorPart", field: Field) -> FieldAccess:
    ones = [(kind, of_kind(kind, field)) for kind in door.viewed if field.frame or field.id in kind.by_id]
    views = [door.judge(kind, Action.VIEW) for kind, _ in ones]
    writes = [(door.judge(kind, action), one) for kind, one in ones for action in (Action.EDIT, Action.CREATE)]
    read = max((_most(view, one)[0] for view, (_, one) in zip(views, ones, strict=True)), default=Read.NONE)
    write = max((_most(judge, one)[1] for judge, one in writes), default=Write.NONE)

    def usable(use: str) -> bool:
        return bool(ones) and all(
            judge_use(view, one, use) is not False for view, (_, one) in zip(views, ones, strict=True)
        )

    return FieldAccess(
        field,
        Read.FULL if field.frame else read,
        Write.NONE if field.system or field.computed else write,
        filter=usable("filter"),
        sort=bool(views) and sortable(field, views),
        search=field.search and usable("search"),
        group=usable("group") and not field.sealed and not field.parent_id,
    )


def _most(judge: Judge, field: Field) -> tuple[Read, Write]:
    level = judge.most(field)
    return level.read, level.write
