"""Holds: placed and lifted by who may, one compare-and-set on each record, resumable after a crash.

`holds`  {_id: number, type, ids, where?: condition by field ids, reason, reference, state, by, name, placed_at,
          held, refused: [ids past the tombstone], lifted_at?, lifted_by?, version}

A hold by condition also binds records it has not reached one by one: the lock of a case asks for it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from pymongo.client_session import ClientSession

from models.access.door import Door, TypeDoor
from models.definitions.compiled import CompiledType
from models.definitions.condition_operators import EVERYTHING, Filter
from models.errors import N_, AccessDenied, MalformedQuery, RecordNotFound, StaleRecord, WrongState
from models.lifecycle.holds import STANDING, UNFINISHED, HoldState
from models.operations.changes import allowed, committed, entry_for
from models.operations.keeping import check_words, chosen, next_number, of_person, system_door
from models.store import Store
from models.users import Actor

MANAGE, VIEW = "holds:manage", "holds:view"
BATCH = 1000
MOST_HELD = 100_000
STUCK = timedelta(seconds=60)
"""A hold that is still being placed after so long was left by a crash."""


class Placed(NamedTuple):
    """What became of a hold: how many records it holds, and those it came too late for."""

    id: str
    held: int
    refused: list[str]


def place(
    actor: Actor,
    store: Store,
    type_name: str,
    *,
    ids: Sequence[str] | None = None,
    where: Mapping[str, Any] | None = None,
    reason: str,
    reference: str = "",
) -> Placed:
    """Hold records: nothing destroys them until it is lifted.

    :raises AccessDenied, RecordNotFound, MalformedQuery, InvalidRecord: nothing was held
    :raises WrongState: it came too late for every one of them
    """
    stamps = allowed(actor, store, MANAGE)
    door = Door(store, actor, stamps).open(type_name)
    reason = check_words("reason", reason, 200)
    reference = check_words("reference", reference, 80) if reference.strip() else ""
    found = chosen(door, ids, where, MOST_HELD)
    document: dict[str, Any] = {
        "_id": next_number(store, "BQ"),
        "type": door.compiled.name,
        "base": door.compiled.base,
        "ids": found,
        "where": _stored(door, where) if where is not None else None,
        "reason": reason,
        "reference": reference,
        "state": HoldState.PLACING,
        "by": actor.id,
        "name": actor.name,
        "person": of_person(actor),
        "placed_at": store.clock.now(),
        "version": 1,
    }
    entry = entry_for(
        actor, "holds:place", door.compiled.name, found, hold=document["_id"], count=len(found),
        by_condition=where is not None,
    )  # fmt: skip
    committed(store, entry, lambda session: store.data.holds.insert_one(document, session=session), stamp=None)
    return _told(store, finish(store, document["_id"]))


def _told(store: Store, hold: Mapping[str, Any]) -> Placed:
    if hold["where"] is None and not hold["held"]:
        _lift(store, hold, "system:holds")
        raise WrongState("condemned", N_("It is too late: these records are already being destroyed."))
    return Placed(hold["_id"], hold["held"], hold["refused"])


def _stored(door: TypeDoor, where: Mapping[str, Any]) -> dict[str, Any]:
    """The condition by field ids. It will be asked of every record, by nobody in particular."""
    if '"@me"' in (text := json.dumps(where)) or '"@my_departments"' in text:
        raise MalformedQuery("bad_value", N_("A hold cannot depend on who asks: name the person or department."))
    return door.stored_condition(where, door.compiled).to_json()


def lift(actor: Actor, store: Store, hold_id: str) -> None:
    """End a hold. Others on the same records stay.

    :raises RecordNotFound: there is no such hold
    :raises WrongState: it is lifted already
    """
    allowed(actor, store, MANAGE)
    hold = find(store, hold_id)
    if hold["state"] not in STANDING:
        raise WrongState("lifted", N_("This hold has been lifted already."))
    _lift(store, hold, actor.id, actor)


def _lift(store: Store, hold: Mapping[str, Any], by: str, actor: Actor | None = None) -> None:
    changes = {"state": HoldState.LIFTING, "lifted_at": store.clock.now(), "lifted_by": by}
    who = actor or Actor.system_actor(by)
    entry = entry_for(who, "holds:lift", hold["type"], hold["ids"], hold=hold["_id"], count=len(hold["ids"]))
    committed(store, entry, lambda session: _move(store, hold, changes, session), stamp=None)
    finish(store, hold["_id"])


def _move(store: Store, hold: Mapping[str, Any], changes: Mapping[str, Any], session: ClientSession | None) -> None:
    seen = {"_id": hold["_id"], "state": hold["state"], "version": hold["version"]}
    update = {"$set": dict(changes), "$inc": {"version": 1}}
    if not store.data.holds.update_one(seen, update, session=session).matched_count:
        raise StaleRecord


def finish(store: Store, hold_id: str) -> dict[str, Any]:
    """Bring a hold that is being placed or lifted to its end. Safe to repeat, in several processes at once."""
    hold = find(store, hold_id)
    door = system_door(store).open(hold["base"])
    ids = hold["ids"]
    if hold["state"] == HoldState.PLACING:
        held: set[str] = set()
        for start in range(0, len(ids), BATCH):
            held |= door.hold(ids[start : start + BATCH], hold_id)
        refused = [id for id in ids if id not in held]
        _end(store, hold, {"state": HoldState.PLACED, "held": len(held), "refused": refused})
    elif hold["state"] == HoldState.LIFTING:
        for start in range(0, len(ids), BATCH):
            door.unhold(ids[start : start + BATCH], hold_id)
        _end(store, hold, {"state": HoldState.LIFTED})
    return find(store, hold_id)


def _end(store: Store, hold: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Another process that finishes the same hold may be first; a lift may have come between: it then does the rest."""
    seen = {"_id": hold["_id"], "state": hold["state"], "version": hold["version"]}
    moved = store.data.holds.update_one(seen, {"$set": dict(changes), "$inc": {"version": 1}}).matched_count
    if not moved and store.data.holds.find_one({"_id": hold["_id"], "state": {"$in": ["lifting", "lifted"]}}):
        system_door(store).open(hold["base"]).unhold(hold["ids"], hold["_id"])


def finish_stuck(store: Store) -> int:
    """Bring holds that a crash left half way to their end. Returns how many."""
    since = store.clock.now() - STUCK
    stuck = {
        "state": {"$in": [*UNFINISHED]},
        "$or": [{"placed_at": {"$lt": since}, "state": "placing"}, {"lifted_at": {"$lt": since}, "state": "lifting"}],
    }
    found = [one["_id"] for one in store.data.holds.find(stuck, {"_id": 1})]
    for hold_id in found:
        finish(store, hold_id)
    return len(found)


def being_placed(store: Store, base: str) -> bool:
    """Whether a hold on records of a collection is on its way to them: nothing is locked meanwhile."""
    return store.data.holds.find_one({"base": base, "state": HoldState.PLACING}, {"_id": 1}) is not None


def standing_filters(store: Store, door: TypeDoor, kind: CompiledType) -> list[Filter]:
    """What holds by condition bind among the records of a kind. A condition that can no longer be read binds all."""
    asked = {"base": kind.base, "where": {"$ne": None}, "state": {"$in": [*STANDING]}}
    found: list[Filter] = []
    for hold in store.data.holds.find(asked, {"where": 1, "type": 1}):
        if hold["type"] not in (kind.name, kind.base):
            continue
        try:
            found.append(door.stored_condition(hold["where"], kind).filter(door.door.bound))
        except (AccessDenied, MalformedQuery):
            found.append(EVERYTHING)
    return found


def find(store: Store, hold_id: str) -> dict[str, Any]:
    """
    :raises RecordNotFound: there is no such hold
    """
    hold = store.data.holds.find_one({"_id": str(hold_id)})
    if hold is None:
        raise RecordNotFound
    return hold


def listed(store: Store, *, state: str = "", limit: int = 100) -> list[dict[str, Any]]:
    """Holds, the newest first, without the ids they name."""
    asked = {"state": state} if state else {}
    return list(store.data.holds.find(asked, {"ids": 0}).sort([("placed_at", -1), ("_id", -1)]).limit(limit))


def on_record(store: Store, hold_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The standing holds that a record names."""
    asked = {"_id": {"$in": list(hold_ids)}, "state": {"$in": [*STANDING]}}
    return list(store.data.holds.find(asked, {"ids": 0}).sort("_id"))


def ensure_indexes(store: Store) -> None:
    """Harmless when they stand."""
    store.data.holds.create_index([("base", 1), ("state", 1)])
    store.data.holds.create_index([("placed_at", -1)])
