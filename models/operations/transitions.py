"""Steps: a record moves from one state of its type to another along a named edge, and in no other way.

A step may be taken by whoever holds the action `transition` for the record by one of the roles the edge names
(by any, where it names none), while its condition holds. It may fill the fields the edge names and no others,
each as far as the actor may write it there: a step never opens a field. Only the effects of the edge, which
its author wrote into the type, are the system's own. The row is judged with its new values before it moves:
that the move may take it out of the actor's reach is what steps are for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import Binary

from models.access.actions import Action
from models.access.cells import Record
from models.access.documents import Values, value_at
from models.access.door import TypeDoor
from models.access.judge import Judge, Level
from models.access.levels import Read, Write
from models.access.query import refuse
from models.access.reading import Reader
from models.access.writing import Change, ChangeReader, missing
from models.crypto.envelope import seal
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.definitions.steps import REASON, Edge
from models.errors import N_, FieldValueError, InvalidRecord, RecordNotFound, UnknownKey, WrongState
from models.operations import records, references
from models.operations.effects import apply_effects, frame_effects, moment_of
from models.operations.paths import Loaded, applied, paths_of

MOST_REASON = 2000
"""Characters of a reason."""


@dataclass(frozen=True)
class Offer:
    """A step that an actor may take with a record as it is, or would with the fields it asks for.

    :param inputs: fields they may enter with it
    :param lacking: required fields that are empty and that they may not enter, as far as they may know of them
    """

    edge: Edge
    inputs: tuple[Field, ...]
    lacking: tuple[Field, ...] = field(default=())


def take(
    door: TypeDoor, id: str, name: str, body: Mapping[str, Any], *, expected: int, reason: str | None = None
) -> Record:
    """Move a record along an edge.

    :param body: fields the edge names, in the REST shape
    :param expected: the revision the actor was looking at
    :param reason: kept sealed with the revision
    :raises RecordNotFound: no such record, or its type has no such step
    :raises AccessDenied: not the actor's step, or not their field
    :raises StaleRecord, WrongState, UnknownKey, AlreadyFilled, InvalidRecord: nothing was written
    """
    loaded = records.load(door, id, Action.TRANSITION)
    edge = loaded.kind.workflow.find(name)
    if edge is None:
        raise RecordNotFound
    judge = door.judge(loaded.kind, Action.TRANSITION)
    if not may_take(door, judge, edge, loaded.document):
        raise refuse()
    change = _read(door, loaded, edge, judge, body)
    records.refuse_trashed(loaded.document)
    records.refuse_stale(loaded.document, expected)
    if not edge.leaves(loaded.document["state"]):
        raise WrongState
    references.check(door, loaded.kind, change, loaded.values)
    return _move(door, loaded, edge, judge, change, _reason(edge, reason))


def may_take(door: TypeDoor, judge: Judge, edge: Edge, document: Mapping[str, Any]) -> bool:
    """Whether one of the actor's roles both has the action for this row and is named by the edge."""
    if judge.plan.everything:
        return True
    if edge.of_system:
        return False
    holders = judge.holders(document)
    named = set(edge.transition.who)
    if not named or holders & named:
        return bool(holders)
    # a scope lent to the person stands for one of their roles
    return f"user:{door.actor.id}" in holders and bool(named & door.actor.holders)


def takes_somewhere(door: TypeDoor, edge: Edge) -> bool:
    """Whether the actor takes a step of this type with some record, its condition left aside."""
    named = set(edge.transition.who)
    if not door.may(Action.TRANSITION):
        return False
    if door.actor.system:
        return True
    return not edge.of_system and (not named or bool(named & door.actor.holders))


def offers(door: TypeDoor, id: str) -> list[Offer]:
    """The steps an actor may take with a record now, in the order of the type.

    A step whose condition does not hold is left out, unless it hangs on a field that the step itself asks for.

    :raises RecordNotFound: unknown or out of scope
    """
    document, kind = door.fetch(id)
    judge = door.judge(kind, Action.TRANSITION)
    if not judge.holds(document) or document["life"].get("trashed_at") or document["life"].get("lock"):
        return []
    levels = records.levels_of(judge, document)
    reader = Reader(judge, ())
    found = []
    for edge in kind.workflow.from_state(document["state"]):
        if not may_take(door, judge, edge, document):
            continue
        inputs = tuple(one for one in edge.fields if _enterable(one, reader, levels, document))
        if _may_hold(door, judge, edge, document, levels, inputs):
            found.append(Offer(edge, inputs, _lacking(door, edge, document, inputs)))
    return found


def _enterable(one: Field, reader: Reader, levels: Mapping[str, Level], document: Mapping[str, Any]) -> bool:
    if one.type.name == "object":
        return any(sub.active and _enterable(sub, reader, levels, document) for sub in one.fields)
    write = reader.level(one, levels).write
    return write == Write.EDIT or (write == Write.FILL and value_at(document["v"], one) is None)


def _may_hold(
    door: TypeDoor, judge: Judge, edge: Edge, document: Mapping[str, Any], levels: Mapping[str, Level],
    inputs: tuple[Field, ...],
) -> bool:  # fmt: skip
    if edge.guard is None or _holds(door, judge, edge, document, levels):
        return True
    asked = {part for one in inputs for part in (one, *one.fields)}
    return bool(edge.guard.fields() & asked)


def _holds(
    door: TypeDoor, judge: Judge, edge: Edge, document: Mapping[str, Any], levels: Mapping[str, Level]
) -> bool:
    """A condition on a cell the actor may not read behaves as false and says nothing."""
    if edge.guard is None:
        return True
    if judge.plan.everything:
        return edge.guard.holds(document, door.door.bound)
    reader = Reader(judge, ())
    return edge.guard.holds(document, door.door.bound, lambda one: reader.level(one, levels).read == Read.FULL)


def _lacking(
    door: TypeDoor, edge: Edge, document: Mapping[str, Any], inputs: tuple[Field, ...]
) -> tuple[Field, ...]:
    return tuple(
        one for one in edge.required
        if one not in inputs and value_at(document["v"], one) is None and door.knows(one)
    )  # fmt: skip


def _read(door: TypeDoor, loaded: Loaded, edge: Edge, judge: Judge, body: Mapping[str, Any]) -> Change:
    """The change a request asks for, in the fields of the edge.

    :raises UnknownKey: another field, or one that is not the actor's to know
    """
    named = {one.parent_name or one.name for one in edge.fields}
    if not body.keys() <= named:
        raise UnknownKey
    levels = records.levels_of(judge, loaded.document)
    body = references.resolved(door, loaded.kind, body)
    change = ChangeReader(
        loaded.kind, Reader(judge, ()), levels, door.knows, loaded.values, loaded.document
    ).read(body)
    asked = {part.id for one in edge.fields for part in (one, *one.fields)}
    if not asked.issuperset(change.touched):  # a part of an object beside the one the edge names
        raise UnknownKey
    return change


def _reason(edge: Edge, reason: str | None) -> str | None:
    given = (reason or "").strip()
    if edge.transition.reason and not given:
        raise InvalidRecord({REASON: FieldValueError("required", N_("Say why."))})
    if len(given) > MOST_REASON:
        words = N_("At most {most} characters.")
        raise InvalidRecord({REASON: FieldValueError("length", words, most=MOST_REASON)})
    return given or None


def _move(
    door: TypeDoor, loaded: Loaded, edge: Edge, judge: Judge, change: Change, reason: str | None
) -> Record:
    """Judge the row as it would be, then write it."""
    kind = loaded.kind
    values = {id: value for id, value in {**loaded.values, **change.values}.items() if value is not None}
    _refuse_missing(door, kind, edge, values)
    before = applied(loaded.document, paths_of(door, loaded, change))
    records.judge_after(judge, before, kind, change.touched)
    if not _holds(door, judge, edge, before, records.levels_of(judge, before)):
        raise WrongState(words=N_("The condition of this step does not hold for the record as it is."))
    whole = _with_effects(door, loaded, edge, values, change, reason)
    if loaded.key is None and (reason or any(records.seals(kind.by_id[id]) for id in whole.values)):
        raise RecordNotFound  # its key is gone: nothing may be sealed for it again
    changes = paths_of(door, loaded, whole) | {"state": edge.transition.end}
    after = applied(loaded.document, changes)
    kept: dict[str, Any] = {"edge": edge.name, "was": loaded.document["state"]}
    if reason and loaded.key is not None:
        kept["reason"] = Binary(seal(loaded.key, REASON, reason))
    records.replace(door, loaded, after, changes, whole, "transition", said={"edge": edge.name}, kept=kept)
    return door.shown(after, kind, loaded.key)


def _refuse_missing(door: TypeDoor, kind: CompiledType, edge: Edge, values: Values) -> None:
    """What the type or the step requires and nobody has filled.

    :raises InvalidRecord: as far as the actor may know of it
    :raises WrongState: otherwise, without a word about what it is
    """
    lacking = missing(kind, values, door.knows)
    words = N_("This has to be filled in before this step, or with it.")
    empty = [one for one in edge.required if value_at(values, one) is None]
    lacking |= {one.address: FieldValueError("required", words) for one in empty if door.knows(one)}
    if lacking:
        raise InvalidRecord(lacking)
    if empty:
        raise WrongState


def _with_effects(
    door: TypeDoor, loaded: Loaded, edge: Edge, values: Values, change: Change, reason: str | None
) -> Change:
    """The change with what the system writes beside it."""
    kind, moment = loaded.kind, moment_of(door, reason)
    effects = (*edge.effects, *kind.workflow.effects_of(edge.transition.end))
    after = dict(values)
    apply_effects(effects, after, moment)
    changed = {id for id in values.keys() | after.keys() if values.get(id) != after.get(id)}
    frame = {path: value for path, value in frame_effects(effects, moment).items() if loaded.document[path] != value}
    written = [one.field for one in effects]
    touched = [one.id for one in written if (one.parent_id or one.id) in changed or one.path in frame]
    return Change(
        {**change.values, **{id: after.get(id) for id in changed}},
        {**change.frame, **frame},
        list(dict.fromkeys([*change.touched, *touched])),
    )
