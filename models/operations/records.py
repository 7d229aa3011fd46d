"""The verbs on records: create, update, trash, restore, revert; through the actor's door.

Each judges the change on the row as it is and as it would be, writes it in one transaction with its
revision, and returns when the audit entry is acknowledged. What is refused has touched nothing.
"""

from collections.abc import Mapping
from typing import Any

from pymongo.errors import DuplicateKeyError

from models.access.actions import Action
from models.access.cells import Record
from models.access.documents import build, open_value, upgraded, value_at
from models.access.door import TypeDoor
from models.access.judge import ALL_LEVELS, Judge, Level
from models.access.levels import Write
from models.access.query import refuse
from models.access.reading import Reader
from models.access.writing import Change, ChangeReader, check_after, missing
from models.crypto.envelope import UNREADABLE
from models.crypto.keys import DataKey
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.errors import N_, AccessDenied, InvalidRecord, RecordNotFound, StaleRecord, WrongState
from models.operations import guesses, numbers, references, verification
from models.operations.commits import Idempotent, Refused, commit, log_committed, revision_of
from models.operations.effects import apply_effects, moment_of
from models.operations.paths import Loaded, applied, paths_of, stamped
from models.store import new_id

NOTHING: Mapping[str, Any] = {}


def create(door: TypeDoor, body: Mapping[str, Any], *, key: str | None = None) -> Record:
    """A new record of the door's (concrete) type.

    :param key: idempotency key: the same key and body give the record made the first time, for 24 hours
    :raises AccessDenied, UnknownKey, InvalidRecord, WrongState: nothing was written
    """
    if door.compiled.abstract:
        raise WrongState("name_the_kind", N_("Choose the kind of record first: this type only gathers them."))
    kind = door.kinds[0]
    if not door.may(Action.CREATE):
        raise refuse()
    repeated = Idempotent(door, key, body) if key else None
    if repeated and (found := repeated.find()):
        return door.get(found)
    judge = door.judge(kind, Action.CREATE)
    levels = most_levels(judge, kind)
    reader = ChangeReader(kind, Reader(judge, ()), levels, door.knows, {}, {})
    change = reader.read(references.resolved(door, kind, body))
    references.check(door, kind, change, {})
    references.fill_copies(door, kind, change, {}, judge, levels)
    values = defaults(door, kind, change.values, kind.states.initial)
    if lacking := missing(kind, values, door.knows):
        raise InvalidRecord(lacking)
    data_key = door.store.keyring.new_key(new_id())
    own = {"dept": door.actor.department, "owner": None if door.actor.system else door.actor.id}
    document = build(
        kind,
        values,
        key=data_key,
        tokens=door.store.keyring.tokens,
        archive_no=None,
        department=change.frame.get("dept", own["dept"]),
        owner=change.frame.get("owner", own["owner"]),
        actor=door.actor.id,
        at=door.store.clock.now(),
    )
    judge_after(judge, document, kind, change.touched)
    return _insert(door, kind, document, data_key, change.touched, repeated)


def defaults(door: TypeDoor, kind: CompiledType, given: Mapping[str, Any], state: str) -> dict[str, Any]:
    """The values of a new record: what was given, the type's defaults where nothing was, what entering a state sets."""
    values = {id: value for id, value in given.items() if value is not None}
    for field in kind.active:
        if field.default is not None and field.id not in given and not field.computed and not field.frame:
            values[field.id] = _default(door, field)
    if effects := kind.workflow.effects_of(state):
        apply_effects(effects, values, moment_of(door))
    return values


def _default(door: TypeDoor, field: Field) -> Any:
    clock = door.store.clock
    late = {"@now": clock.now, "@today": lambda: clock.today().isoformat(), "@me": lambda: door.actor.id}
    if isinstance(field.default, str) and field.default in late:
        return late[field.default]()
    return field.default


def _insert(
    door: TypeDoor,
    kind: CompiledType,
    document: dict[str, Any],
    data_key: DataKey,
    touched: list[str],
    repeated: Idempotent | None,
) -> Record:
    guesses.refuse_in_pause(door, kind, touched)
    entry = _prepared(door, "create", kind, document["_id"], touched, 1)
    door.store.keyring.put([data_key])

    def work(session: Any) -> None:
        if repeated:
            _keep(repeated, document["_id"], session)
        document["archive_no"] = numbers.issue(door.store, kind.numbering, session)
        revision = revision_of(document, "create", touched, entry, content=document["v"])
        door.insert(document, revision, session)

    try:
        commit(door, kind, work)
    except _MadeBefore:
        return door.get(repeated.find() or "")  # type: ignore[union-attr]
    verification.judge_written(door, kind, document["_id"])
    log_committed(door, entry)
    return door.shown(document, kind, data_key)


class _MadeBefore(Exception):
    """Another request with the same idempotency key was first."""


def _keep(repeated: Idempotent, id: str, session: Any) -> None:
    try:
        repeated.keep(id, session)
    except DuplicateKeyError:
        raise _MadeBefore from None


def update(door: TypeDoor, id: str, body: Mapping[str, Any], *, expected: int, also: Action | None = None) -> Record:
    """Change fields of a record.

    :param expected: the revision the change was made against
    :param also: a second action that has to hold for the record, before and after
    :raises RecordNotFound, AccessDenied, UnknownKey, AlreadyFilled, StaleRecord, InvalidRecord, WrongState:
    """
    loaded, change = _read(door, id, body, expected, also)
    return _write(door, loaded, change, "edit", also) if change else door.get(id)


def rehearse_update(
    door: TypeDoor, id: str, body: Mapping[str, Any], *, expected: int, also: Action | None = None
) -> None:
    """Judge what `update` judges, and write nothing. Whether a unique value is taken is not asked.

    :raises: as `update`
    """
    loaded, change = _read(door, id, body, expected, also)
    if change:
        _judged(door, loaded, change, also)


def _read(
    door: TypeDoor, id: str, body: Mapping[str, Any], expected: int, also: Action | None
) -> tuple[Loaded, Change]:
    """The record to be changed, and the change as it may be made to the record as it is."""
    loaded = load(door, id, Action.EDIT)
    if also is not None and not door.judge(loaded.kind, also).holds(loaded.document):
        raise refuse()
    judge = door.judge(loaded.kind, Action.EDIT)
    levels = levels_of(judge, loaded.document)
    reader = ChangeReader(loaded.kind, Reader(judge, ()), levels, door.knows, loaded.values, loaded.document)
    # what is not allowed is refused before it is said to be late
    change = reader.read(references.resolved(door, loaded.kind, body))
    refuse_trashed(loaded.document)
    refuse_stale(loaded.document, expected)
    references.check(door, loaded.kind, change, loaded.values)
    references.fill_copies(door, loaded.kind, change, loaded.values, judge, levels)
    return loaded, change


def trash(door: TypeDoor, id: str, *, expected: int) -> Record:
    """Move a record to the trash. Its content stays whole.

    :raises RecordNotFound, AccessDenied, StaleRecord, WrongState:
    """
    loaded = load(door, id, Action.DELETE)
    refuse_trashed(loaded.document)
    return _move(door, loaded, "trash", door.store.clock.now(), expected)


def restore(door: TypeDoor, id: str, *, expected: int) -> Record:
    """Take a record out of the trash.

    :raises RecordNotFound, AccessDenied, StaleRecord, WrongState:
    """
    loaded = load(door, id, Action.RESTORE)
    if not loaded.document["life"].get("trashed_at"):
        raise WrongState(words=N_("The record is not in the trash."))
    return _move(door, loaded, "restore", None, expected)


def revert(door: TypeDoor, id: str, number: int, *, expected: int) -> Record:
    """Make the content of an earlier revision the content of a new one.

    Fields the actor may not know of stay as they are now; one they may see but not write stops the revert.

    :raises RecordNotFound, AccessDenied, StaleRecord, WrongState:
    """
    loaded = load(door, id, Action.REVERT)
    refuse_trashed(loaded.document)
    refuse_stale(loaded.document, expected)
    earlier = _plain(loaded.kind, upgraded(loaded.kind, door.as_of(loaded.document, number), loaded.key), loaded.key)
    change = _difference(door, loaded, earlier)
    return _write(door, loaded, change, "revert") if change else door.get(id)


def load(door: TypeDoor, id: str, action: Action) -> Loaded:
    """Fetch and authorise a record for a change.

    :raises RecordNotFound, AccessDenied:
    """
    stored, kind = door.fetch(id, action)
    key = door.store.keyring.fetch([id]).get(id)
    document = dict(upgraded(kind, stored, key))
    moved = frozenset(id for id, value in stored["v"].items() if document["v"].get(id) is not value)
    return Loaded(document, kind, key, _plain(kind, document, key), moved)


def _plain(kind: CompiledType, document: Mapping[str, Any], key: DataKey | None) -> dict[str, Any]:
    return {id: open_value(kind.by_id[id], value, key) for id, value in document["v"].items() if id in kind.by_id}


def refuse_trashed(document: Mapping[str, Any]) -> None:
    """:raises WrongState: the record lies in the trash"""
    if document["life"].get("trashed_at"):
        raise WrongState(words=N_("The record is in the trash. Restore it first."))


def refuse_stale(document: Mapping[str, Any], expected: int) -> None:
    """:raises StaleRecord: it has another revision"""
    if document["rev"] != expected:
        raise StaleRecord(document["rev"])


def levels_of(judge: Judge, document: Mapping[str, Any]) -> Mapping[str, Level]:
    """Field id → level on one row; empty for the system, which needs none."""
    return {} if judge.plan.everything else judge.levels(document)


def most_levels(judge: Judge, kind: CompiledType) -> dict[str, Level]:
    """Field id → the most the actor is given anywhere: how a body is read before there is a row to judge."""
    fields = [*kind.by_id.values(), *kind.system.values()]
    return {field.id: ALL_LEVELS if judge.plan.everything else judge.most(field) for field in fields}


def judge_after(judge: Judge, document: Mapping[str, Any], kind: CompiledType, touched: list[str]) -> None:
    """The row as it would be lies within the actor's scope, and each changed cell could be written there."""
    if not judge.holds(document):
        raise AccessDenied(private=f"{judge.action}: the row would lie outside the actor's scope")
    check_after(levels_of(judge, document), Reader(judge, ()), kind, touched)


def _write(door: TypeDoor, loaded: Loaded, change: Change, verb: str, also: Action | None = None) -> Record:
    """Judge the row as it would be, then write it."""
    after, changes = _judged(door, loaded, change, also)
    replace(door, loaded, after, changes, change, verb)
    return door.shown(after, loaded.kind, loaded.key)


def _judged(
    door: TypeDoor, loaded: Loaded, change: Change, also: Action | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row as it would be, judged, and the paths that make it so."""
    kind = loaded.kind
    values = {id: value for id, value in {**loaded.values, **change.values}.items() if value is not None}
    if lacking := missing(kind, values, door.knows):
        raise InvalidRecord(lacking)
    if loaded.key is None and any(seals(kind.by_id[id]) for id in change.values):
        raise RecordNotFound  # its key is gone: nothing may be sealed for it again
    changes = paths_of(door, loaded, change)
    after = applied(loaded.document, changes)
    judge_after(door.judge(kind, Action.EDIT), after, kind, change.touched)
    if also is not None and not door.judge(kind, also).holds(after):
        raise refuse()
    return after, changes


def seals(field: Field) -> bool:
    """Whether the field, or a part of it, is sealed."""
    return field.sealed or any(sub.sealed for sub in field.fields)


def _move(door: TypeDoor, loaded: Loaded, verb: str, trashed_at: Any, expected: int) -> Record:
    refuse_stale(loaded.document, expected)
    changes = stamped(door) | {"life.trashed_at": trashed_at}
    after = applied(loaded.document, changes)
    replace(door, loaded, after, changes, Change(), verb)
    return door.shown(after, loaded.kind, loaded.key)


def replace(
    door: TypeDoor, loaded: Loaded, after: dict[str, Any], changes: Mapping[str, Any], change: Change, verb: str,
    *, said: Mapping[str, Any] = NOTHING, kept: Mapping[str, Any] = NOTHING,
) -> None:  # fmt: skip
    """One transaction: the record where it still has the revision expected, and its new revision.

    :param said: what the audit entry says beside ids; never a value
    :param kept: what the revision keeps beside them
    """
    kind, id, expected = loaded.kind, after["_id"], loaded.document["rev"]
    guesses.refuse_in_pause(door, kind, change.touched)
    after["rev"] = expected + 1
    entry = _prepared(door, verb, kind, id, change.touched, after["rev"], said)
    content = after["v"] if any(path.startswith("v.") for path in changes) else None
    revision = revision_of(after, verb, change.touched, entry, content=content) | dict(kept)

    def work(session: Any) -> None:
        if expected == 1:
            door.keep_first(id, session)
        if not door.replace(id, expected, changes, revision, session):
            raise Refused(_why_not(door, id, expected))

    commit(door, kind, work)
    verification.judge_written(door, kind, id)
    log_committed(door, entry)


def _why_not(door: TypeDoor, id: str, expected: int) -> StaleRecord | WrongState:
    now = door.revision_number(id)
    if now != expected:
        return StaleRecord(now)
    return WrongState("locked", N_("The record is locked: its destruction is under way."))


def _prepared(
    door: TypeDoor, verb: str, kind: CompiledType, id: str, touched: list[str], rev: int,
    said: Mapping[str, Any] = NOTHING,
) -> bytes:  # fmt: skip
    return door.store.audit.prepare(door.entry(verb, kind.name, [id], touched, ref=f"{id}:{rev}", rev=rev, **said))


def _difference(door: TypeDoor, loaded: Loaded, earlier: Mapping[str, Any]) -> Change:
    """What has to change for the present content to become an earlier one, as far as it is the actor's to change."""
    judge = door.judge(loaded.kind, Action.EDIT)
    levels, reader, change = levels_of(judge, loaded.document), Reader(judge, ()), Change()
    for field in loaded.kind.active:
        if field.computed or field.frame or field.system:
            continue
        whole = field.type.name == "object"
        for part in [sub for sub in field.fields if sub.active] if whole else [field]:
            old, new = value_at(loaded.values, part), value_at(earlier, part)
            if old == new or not door.knows(part):
                continue
            if new is UNREADABLE:
                raise WrongState("unreadable", N_("This version holds a value that can no longer be opened."))
            if reader.level(part, levels).write < Write.EDIT:
                raise AccessDenied("not_allowed", N_("This version holds a field you may not change."))
            change.touched.append(part.id)
            if whole:
                kept = change.values.get(field.id, loaded.values.get(field.id)) or {}
                change.values[field.id] = {k: v for k, v in {**kept, part.id: new}.items() if v is not None} or None
            else:
                change.values[field.id] = new
    return change

