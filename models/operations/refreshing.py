"""Bringing stored records to the version of their type that is in force, in the background.

Reading already does it for each record it meets; filters, orders and searches go by what is stored, so that a
type whose values, search keys, order or uniqueness changed is `stale` until all its records were rewritten.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from models.access.documents import derived_keys, open_value, sealed_value, upgraded
from models.access.door import Door, TypeDoor
from models.crypto.envelope import UNREADABLE
from models.crypto.keys import DataKey
from models.definitions.fields import Field
from models.definitions.stored_types import current_documents
from models.errors import RecordNotFound
from models.search import keys_of
from models.store import Store
from models.users import Actor

ACTOR = Actor.system_actor("job:refresh")
BATCH = 500
ROUND_SECONDS = 20.0
SETTLED = timedelta(minutes=2)
"""After this long no process still writes under the former version of a type."""


@dataclass
class Refreshed:
    """What a pass over one type did."""

    records: int = 0
    collisions: int = 0
    """Records whose value should be unique but stands on another already: they keep it, outside of the index."""
    whole: bool = True
    """Nothing was left for want of time."""


def refresh_stale(store: Store) -> int:
    """One bounded round over the stale types; safe in several processes at once. Returns the records rewritten."""
    end = time.monotonic() + ROUND_SECONDS
    done = 0
    for name, document in sorted(current_documents(store).items()):
        if not document.get("stale"):
            continue
        found = refresh(store, name, enough=lambda: time.monotonic() > end)
        done += found.records
        if found.whole and not found.records and document["at"] < store.clock.now() - SETTLED:
            store.data.record_types.update_one({"_id": document["_id"]}, {"$set": {"stale": False}})
    return done


def refresh(store: Store, name: str, *, enough: Callable[[], bool] = lambda: False) -> Refreshed:
    """Rewrite the outdated records of one type, in batches.

    :param enough: asked between batches; what is left waits for the next round
    """
    door = Door(store, ACTOR).open(name)
    result, after = Refreshed(), ""
    while batch := door.outdated(after, BATCH):
        after = batch[-1]["_id"]
        _refresh_batch(door, batch, result)
        if enough():
            result.whole = False
            break
    return result


def _refresh_batch(door: TypeDoor, batch: list[dict[str, Any]], result: Refreshed) -> None:
    keys = door.store.keyring.fetch([document["_id"] for document in batch])
    changes = {document["_id"]: (document, _paths(door, document, keys.get(document["_id"]))) for document in batch}
    refused = door.refresh(list(changes.values()))
    if refused:
        again = [(document, _not_unique(paths)) for document, paths in (changes[id] for id in refused)]
        door.refresh(again)
        result.collisions += len(again)
    result.records += len(batch)


def _paths(door: TypeDoor, document: Mapping[str, Any], key: DataKey | None) -> dict[str, Any]:
    """What the version in force stores otherwise than the document does; None unsets."""
    kind, tokens = door.compiled, door.store.keyring.tokens
    now = upgraded(kind, document, key)
    known = {id: value for id, value in now["v"].items() if id in kind.by_id}
    plain = {id: open_value(kind.by_id[id], value, key) for id, value in known.items()}
    readable = {id: value for id, value in plain.items() if _is_readable(value)}
    closed = plain.keys() - readable.keys()
    closed |= {part.id for id in closed for part in kind.by_id[id].fields}
    paths: dict[str, Any] = {"tv": kind.version}
    for id, value in document["v"].items():
        if now["v"].get(id) is not value:
            paths[f"v.{id}"] = None if plain.get(id) is None else _sealed(kind.by_id[id], plain[id], key)
    for id, value in (now.get("unfit") or {}).items():
        paths[f"unfit.{id}"] = value if isinstance(value, bytes) else _sealed(kind.by_id[id], value, key)
    paths["s"] = [*_kept(document, closed), *keys_of(kind, readable, tokens)]
    derived = derived_keys(kind, readable, tokens)
    unique = {id: kept for id, kept in (document["d"].get("unique") or {}).items() if id in closed}
    derived["unique"] = (derived.get("unique") or {}) | unique or None
    return paths | {f"d.{name}": derived.get(name) for name in ("sort", "unique", "keyed")}


def _sealed(field: Field, value: Any, key: DataKey | None) -> Any:
    """A value as it is stored. Without its key a record gave only what lies in clear, which is stored in clear.

    :raises RecordNotFound: it would have to be sealed for a record whose key is gone; never stored open instead
    """
    if key is not None:
        return sealed_value(field, value, key)
    parts = [part for part in field.fields if part.id in value] if field.type.name == "object" else [field]
    if any(part.sealed for part in parts):
        raise RecordNotFound
    return value


def _kept(document: Mapping[str, Any], closed: set[str]) -> list[str]:
    """Search keys of values that no longer open: they can be neither made anew nor taken for gone."""
    return [key for key in document.get("s") or [] if key.partition(":")[0] in closed]


def _is_readable(value: Any) -> bool:
    return value is not UNREADABLE and not (isinstance(value, dict) and UNREADABLE in value.values())


def _not_unique(paths: Mapping[str, Any]) -> dict[str, Any]:
    return {**paths, "d.unique": None}
