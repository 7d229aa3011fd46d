"""Triggers of retention rules, and the legal minimum that no request gets under."""

from collections.abc import Sequence

from models.access.door import Door
from models.definitions.compiled import CompiledType
from models.errors import N_, DefinitionError
from models.lifecycle.retention import allowed_on, day_of, periods_of
from models.store import Store

TRIGGERS = {"trashed_at": "life.trashed_at", "created_at": "created_at"}
"""Triggers that are no field of a type."""


def trigger_of(kind: CompiledType, trigger: str) -> str:
    """Where the trigger of a rule lies in the documents of a kind.

    :raises DefinitionError: the kind has no such date or moment stored in clear
    """
    if trigger in TRIGGERS:
        return TRIGGERS[trigger]
    field = kind.find(trigger)
    if field is None or field.sealed or field.in_rows or field.many or field.type.name not in ("date", "moment"):
        words = N_("{trigger} is no date or moment of {type} that is stored in clear")
        raise DefinitionError("retention", words, trigger=trigger, type=kind.name)
    return field.path


def under_minimum(store: Store, door: Door, kind: CompiledType, ids: Sequence[str]) -> set[str]:
    """Which of some records no request may destroy yet: the legal minimum of a rule is not over, or cannot be told."""
    today, kept = store.clock.today(), set()
    for rule in store.data.retention_rules.find({"types": kind.name, "minimum": {"$ne": None}}):
        _, minimum = periods_of(rule)
        path = trigger_of(kind, rule["trigger"])
        for id, value in door.open(kind.name).trigger_of(ids, path).items():
            allowed_day = allowed_on(day_of(value, store.clock.zone), minimum)
            if allowed_day is None or allowed_day > today:
                kept.add(id)
    return kept
