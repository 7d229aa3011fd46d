"""What the system writes beside a person: when a record enters a state, and with a step that moves it."""

from collections.abc import Iterable
from typing import Any

from models.access.door import TypeDoor
from models.definitions.steps import Effect, Moment


def moment_of(door: TypeDoor, reason: str | None = None) -> Moment:
    """Now, for the actor of a door."""
    clock = door.store.clock
    return Moment(clock.now(), clock.today(), door.actor.id, reason)


def apply_effects(effects: Iterable[Effect], values: dict[str, Any], moment: Moment) -> None:
    """Put what the effects come to among the plain values of a record (field id → value, nothing where empty).

    Effects on system keys are left out: they lie beside the values.
    """
    for effect in effects:
        one, value = effect.field, effect.bind(moment)
        if one.frame:
            continue
        if one.parent_id:
            whole = {**(values.get(one.parent_id) or {}), one.id: value}
            _put(values, one.parent_id, {id: part for id, part in whole.items() if part is not None} or None)
        else:
            _put(values, one.id, value)


def frame_effects(effects: Iterable[Effect], moment: Moment) -> dict[str, Any]:
    """Document key → new value, for the effects on system keys."""
    return {effect.field.path: effect.bind(moment) for effect in effects if effect.field.frame}


def _put(values: dict[str, Any], id: str, value: Any) -> None:
    if value is None:
        values.pop(id, None)
    else:
        values[id] = value
