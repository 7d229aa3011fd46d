"""Between stored documents and plain values: sealing, opening, search keys, the frame of a new record.

Every record document is made here, whoever makes it: a form, REST, a loader or the generator.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.crypto.envelope import UNREADABLE, seal, unseal
from models.crypto.keys import DataKey
from models.crypto.tokens import Tokens
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.definitions.upgrades import due_steps, upgrade
from models.errors import RecordNotFound, SealBroken
from models.search import keys_of

Values = dict[str, Any]
"""Field id → stored shape; an object is a dict by sub-field id. Empty fields are absent."""


def seal_values(compiled: CompiledType, values: Mapping[str, Any], key: DataKey) -> dict[str, Any]:
    """The `v` part: sealed fields become ciphertext bound to record, field and key."""
    return {id: sealed_value(compiled.by_id[id], value, key) for id, value in values.items() if value is not None}


def sealed_value(field: Field, value: Any, key: DataKey | None) -> Any:
    """One value as it is stored.

    :raises RecordNotFound: the key of its record is gone: nothing may be sealed for it again
    """
    if field.type.name == "object":
        subs = {sub.id: sub for sub in field.fields}
        return {id: sealed_value(subs[id], part, key) for id, part in value.items() if part is not None}
    if not field.sealed:
        return value
    if key is None:
        raise RecordNotFound
    return seal(key, field.id, value)


def open_value(field: Field, stored: Any, key: DataKey | None) -> Any:
    """The plain value of what is stored; `UNREADABLE` where its key is gone or its seal is broken."""
    if field.type.name == "object":
        subs = {sub.id: sub for sub in field.fields}
        return {id: open_value(subs[id], part, key) for id, part in stored.items() if id in subs}
    return opened(key, field.id, stored) if isinstance(stored, bytes) else stored


def opened(key: DataKey | None, name: str, sealed: bytes) -> Any:
    """What was sealed under a name; `UNREADABLE` where the key is gone or the seal is broken."""
    try:
        return unseal(key, name, sealed) if key is not None else UNREADABLE
    except SealBroken:
        return UNREADABLE


def value_at(values: Mapping[str, Any], field: Field) -> Any:
    """The value of a field or sub-field among values in the shape of `v`, stored or plain; None where it is empty."""
    return (values.get(field.parent_id) or {}).get(field.id) if field.parent_id else values.get(field.id)


def upgraded(compiled: CompiledType, document: Mapping[str, Any], key: DataKey | None) -> Mapping[str, Any]:
    """A stored document as the version in force reads it.

    Values of fields that became another kind since it was written stand in it plain, in their new kind; those
    that do not fit stand under `unfit`. The document itself stays as it is.
    """
    steps = due_steps(compiled.steps, document.get("tv", compiled.version))
    if not steps:
        return document
    stored, by_id = document.get("v") or {}, compiled.by_id
    tops = {by_id[step.field_id].parent_id or step.field_id for step in steps if step.field_id in by_id}
    plain = {id: open_value(by_id[id], stored[id], key) for id in tops if id in stored}
    result = upgrade({id: value for id, value in plain.items() if _readable(value)}, steps, by_id)
    values = {id: value for id, value in stored.items() if id not in result.unfit} | result.values
    return {**document, "v": values, "unfit": {**(document.get("unfit") or {}), **result.unfit}}


def _readable(value: Any) -> bool:
    return value is not UNREADABLE and not (isinstance(value, dict) and UNREADABLE in value.values())


def sort_keys(compiled: CompiledType, values: Mapping[str, Any]) -> dict[str, Any]:
    """Stored sort keys (`d.sort`) of the sortable fields that need one."""
    return {
        field.id: field.type.sort_key(values[field.id])
        for field in compiled.active
        if field.sort and field.type.has_sort_key and not field.sealed and field.id in values
    }


def unique_keys(compiled: CompiledType, values: Mapping[str, Any], tokens: Tokens) -> dict[str, Any]:
    """What may stand once in the collection (`d.unique`): normalised text, or its token where it is sealed."""
    return {
        field.id: unique_key(field, values[field.id], tokens)
        for field in compiled.active
        if field.unique and not field.frame and values.get(field.id) is not None
    }


def unique_key(field: Field, value: Any, tokens: Tokens) -> str:
    """One unique value as it is compared."""
    normal = str(field.type.normalise(value))
    return tokens.of(field.id, "eq", normal) if field.sealed else normal


def derived_keys(compiled: CompiledType, values: Mapping[str, Any], tokens: Tokens) -> dict[str, Any]:
    """What `d` holds for the database beside the values, and under which version of the type."""
    derived = {
        "sort": sort_keys(compiled, values),
        "unique": unique_keys(compiled, values, tokens),
        "keyed": compiled.keyed,
    }
    return {name: keys for name, keys in derived.items() if keys}


def build(
    compiled: CompiledType,
    values: Mapping[str, Any],
    *,
    key: DataKey,
    tokens: Tokens,
    archive_no: str | None,
    department: str | None,
    owner: str | None,
    actor: str,
    at: datetime,
    state: str | None = None,
) -> dict[str, Any]:
    """A whole new record document, revision 1.

    :param state: in which it begins; the first one of its type where it is not said
    """
    return {
        "_id": key.record_id,
        "type": compiled.name,
        "tv": compiled.version,
        "archive_no": archive_no,
        "rev": 1,
        "state": state or compiled.states.initial,
        "dept": department,
        "owner": owner,
        "created_at": at,
        "created_by": actor,
        "updated_at": at,
        "updated_by": actor,
        "v": seal_values(compiled, values, key),
        "s": keys_of(compiled, values, tokens),
        "d": derived_keys(compiled, values, tokens),
        "life": {
            "class": None,
            "due_on": None,
            "hold_count": 0,
            "lock": None,
            "condemned": None,
            "restricted": None,
            "trashed_at": None,
            "ever_plain": None,
        },
    }


def changed_keys(compiled: CompiledType, old: list[str], changed: Mapping[str, Any], tokens: Tokens) -> list[str]:
    """The search keys after a change: those of untouched fields stay as they are.

    :param changed: top-level field id → new plain value, None where it was emptied
    """
    gone = set(changed) | {sub.id for id in changed for sub in compiled.by_id[id].fields}
    kept = [key for key in old if key.partition(":")[0] not in gone]
    return kept + keys_of(compiled, {id: value for id, value in changed.items() if value is not None}, tokens)
