"""What a judged change sets and unsets in a stored document, sealed and with everything derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.access.documents import changed_keys, sealed_value, unique_key
from models.access.door import TypeDoor
from models.access.writing import Change
from models.crypto.keys import DataKey
from models.crypto.tokens import Tokens
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field


@dataclass(frozen=True)
class Loaded:
    """A record about to be changed: its document, its key, its plain values by field id.

    :param moved: ids of fields whose values the version in force reads otherwise than they were written
    """

    document: dict[str, Any]
    kind: CompiledType
    key: DataKey | None
    values: dict[str, Any]
    moved: frozenset[str] = frozenset()


def stamped(door: TypeDoor) -> dict[str, Any]:
    return {"updated_at": door.store.clock.now(), "updated_by": door.actor.id}


def paths_of(door: TypeDoor, loaded: Loaded, change: Change) -> dict[str, Any]:
    """What a change sets in the stored document; None unsets."""
    kind, tokens = loaded.kind, door.store.keyring.tokens
    changes = stamped(door) | change.frame | {"tv": kind.version}
    for id, value in change.values.items():
        changes |= _value_paths(kind.by_id[id], loaded, value, tokens)
    for id in loaded.moved - change.values.keys():
        changes[f"v.{id}"] = _sealed(kind.by_id[id], loaded.values.get(id), loaded)
    for id, value in (loaded.document.get("unfit") or {}).items():
        changes[f"unfit.{id}"] = _sealed(kind.by_id[id], value, loaded)
    rekeyed = {id: loaded.values.get(id) for id in loaded.moved} | change.values
    if rekeyed:
        changes["s"] = changed_keys(kind, loaded.document.get("s") or [], rekeyed, tokens)
    return changes


def _value_paths(field: Field, loaded: Loaded, value: Any, tokens: Tokens) -> dict[str, Any]:
    """One changed field: the value, and what is derived from it to sort by and to keep unique."""
    if field.type.name == "object" and field.id not in loaded.moved:
        return _object_paths(field, loaded, value)
    paths = {f"v.{field.id}": _sealed(field, value, loaded)}
    if field.sort and field.type.has_sort_key and not field.sealed:
        paths[f"d.sort.{field.id}"] = None if value is None else field.type.sort_key(value)
    if field.unique:
        paths[f"d.unique.{field.id}"] = None if value is None else unique_key(field, value, tokens)
    return paths


def _sealed(field: Field, value: Any, loaded: Loaded) -> Any:
    """A value as it is stored; one that is sealed already stays so."""
    return value if value is None or isinstance(value, bytes) else sealed_value(field, value, loaded.key)


def _object_paths(field: Field, loaded: Loaded, value: Mapping[str, Any] | None) -> dict[str, Any]:
    """Only the parts that changed: untouched ciphertext stays as it is."""
    if not value:
        return {f"v.{field.id}": None}
    before = loaded.values.get(field.id) or {}
    paths: dict[str, Any] = {}
    for sub in field.fields:
        new = value.get(sub.id)
        if new != before.get(sub.id):
            paths[f"v.{field.id}.{sub.id}"] = None if new is None else sealed_value(sub, new, loaded.key)
    return paths


def applied(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it would be."""
    after = _copied(document)
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = after
        for part in parents:
            place = place.setdefault(part, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return after


def _copied(tree: Any) -> Any:
    return {key: _copied(value) for key, value in tree.items()} if isinstance(tree, Mapping) else tree
