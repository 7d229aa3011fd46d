"""How often somebody may learn that a unique value is taken on a record they cannot see.

Each *taken* tells that such a value stands somewhere. Whoever may ask for the field on every record learns
nothing new; anybody else has some a day, then pauses that double. Inside a pause a write with such a value is
refused before it is tried, or the refusal itself would tell. Both are in the log.
"""

from collections.abc import Iterable
from datetime import timedelta

from models import attempts
from models.access.actions import Action
from models.access.door import TypeDoor
from models.access.query import judge_use
from models.attempts import Rule
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.errors import TooManyAttempts

GUESSES = Rule("taken", free=20, longest=timedelta(hours=12), memory=timedelta(hours=24))


def refuse_in_pause(door: TypeDoor, kind: CompiledType, touched: Iterable[str]) -> None:
    """
    :param touched: ids of the fields a write sets
    :raises TooManyAttempts: the actor has learnt enough for now
    """
    telling = [id for id in touched if id in kind.by_id and _would_tell(door, kind, kind.by_id[id])]
    if not telling:
        return
    until = attempts.paused_until(door.store, GUESSES, door.actor.id)
    if until:
        _log(door, "taken_refused", kind, telling)
        raise TooManyAttempts(max(1, int((until - door.store.clock.now()).total_seconds())))


def count(door: TypeDoor, kind: CompiledType, field: Field) -> None:
    """The actor is about to learn that a value of a field is taken."""
    if _would_tell(door, kind, field):
        attempts.take(door.store, GUESSES, door.actor.id)
        _log(door, "taken", kind, [field.id])


def _log(door: TypeDoor, action: str, kind: CompiledType, fields: list[str]) -> None:
    """Who tried which field. The record that holds the value is not named: the log is read, too."""
    door.store.audit.append(door.entry(action, kind.name, [], fields))


def _would_tell(door: TypeDoor, kind: CompiledType, field: Field) -> bool:
    """Whether *taken* would tell of a record, or of a cell, that the actor cannot ask for."""
    if not field.unique or door.actor.system:
        return False
    judge = door.judge(kind, Action.VIEW)
    return judge.row_filter() != {} or judge_use(judge, field, "filter") is not True
