"""Changing who may do what: every change is one change set with who, when, why, before and after.

`change_sets`  {_id, at, by, reason, removed: [entries], added: [entries], version}
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.access.grants import policy_from
from models.access.policy_files import Entry, PolicyReader, to_tree
from models.audit.log import Entry as AuditEntry
from models.definitions.compiled import TypeRegistry, registry_for
from models.errors import N_, AccessDenied
from models.operations.changes import allowed, committed
from models.store import Store, new_id, plan_turns, read_stamps
from models.users import Actor, Role, documents

LAST_KEY = "permissions:manage"


@dataclass(frozen=True)
class Difference:
    """What a configuration would take away from, and add to, the stored one."""

    removed: tuple[Entry, ...]
    added: tuple[Entry, ...]

    def __bool__(self) -> bool:
        return bool(self.removed or self.added)


def read_policy(store: Store, tree: Any, source: str) -> list[Entry]:
    """The stored entries a configuration means.

    :raises DefinitionError: with file, place and reason
    """
    return PolicyReader(source, _registry(store), _roles(store)).entries(tree)


def difference(store: Store, entries: Iterable[Entry]) -> Difference:
    """What applying `entries` would change. Lends stand apart: they end by themselves."""
    wanted = {entry["_id"]: entry for entry in entries}
    stored = {entry["_id"]: entry for entry in _stored(store)}
    return Difference(
        tuple(entry for id, entry in stored.items() if id not in wanted),
        tuple(entry for id, entry in wanted.items() if id not in stored),
    )


def apply(store: Store, actor: Actor, tree: Any, *, source: str, reason: str) -> Difference:
    """Make a configuration the one in force, as one change set. Applying it again changes nothing.

    :raises DefinitionError: it is wrong somewhere; nothing was changed
    :raises AccessDenied: not the actor's to change, or nobody would be left to change it back
    """
    allowed(actor, store, LAST_KEY)
    entries = read_policy(store, tree, source)
    change = difference(store, entries)
    if not change:
        return change
    _keep_a_key(entries)
    _write(store, actor, change, reason)
    return change


def amend(
    store: Store, actor: Actor, *, added: Iterable[Entry], removed: Iterable[Entry], reason: str
) -> Difference:
    """Add and take away single entries, as one change set; all others stay as they are.

    :param added: entries as `read_policy` gives them
    :raises AccessDenied: not the actor's to change, or nobody would be left to change it back
    """
    allowed(actor, store, LAST_KEY)
    stored = {entry["_id"]: entry for entry in _stored(store)}
    change = Difference(
        tuple(stored[one["_id"]] for one in removed if one["_id"] in stored),
        tuple(one for one in added if one["_id"] not in stored),
    )
    if change:
        gone = {one["_id"] for one in change.removed}
        _keep_a_key([*(one for id, one in stored.items() if id not in gone), *change.added])
        _write(store, actor, change, reason)
    return change


def brought(store: Store, actors: Iterable[str]) -> list[Entry]:
    """Every entry that change sets of some actors ever added, whether or not it still stands."""
    sets = store.data.change_sets.find({"by": {"$in": list(actors)}}, {"added": 1})
    return list({entry["_id"]: entry for one in sets for entry in one["added"]}.values())


def standing(store: Store) -> set[str]:
    """Ids of the entries in force, lends left aside."""
    return {entry["_id"] for entry in _stored(store)}


def _write(store: Store, actor: Actor, change: Difference, reason: str) -> None:
    """One change set, in one transaction with its audit entry."""
    id = new_id()
    said = {"change_set": id, "removed": len(change.removed), "added": len(change.added)}
    entry = AuditEntry("permissions:change", actor.id, extra=said)

    def write(session: Any) -> None:
        grants = store.data.grants_config
        grants.delete_many({"_id": {"$in": [one["_id"] for one in change.removed]}}, session=session)
        if change.added:
            grants.insert_many(list(change.added), session=session)
        store.data.change_sets.insert_one(
            {
                "_id": id,
                "at": store.clock.now(),
                "by": actor.id,
                "reason": reason,
                "removed": list(change.removed),
                "added": list(change.added),
            },
            session=session,
        )
        plan_turns(store, _turns(store, session), session)

    committed(store, entry, write, stamp="grants")


def _turns(store: Store, session: Any) -> list[datetime]:
    """Every moment at which an entry of the configuration begins or ends."""
    timed = {"origin": None, "$or": [{"from": {"$ne": None}}, {"until": {"$ne": None}}]}
    found = store.data.grants_config.find(timed, {"from": 1, "until": 1}, session=session)
    return [moment for entry in found for key in ("from", "until") if (moment := entry.get(key)) is not None]


def export(store: Store) -> dict[str, list[Entry]]:
    """The configuration in force, as people write it; `apply` of it changes nothing."""
    return to_tree(_stored(store), _registry(store))


def lines_of(store: Store, change: Difference) -> list[str]:
    """A difference as lines to read, `-` before `+`."""
    registry = _registry(store)
    return [
        f"{sign} {section}: {_text(line)}"
        for sign, entries in (("-", change.removed), ("+", change.added))
        for section, lines in to_tree(entries, registry).items()
        for line in lines
    ]


def _text(line: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in line.items())


def _keep_a_key(entries: Iterable[Entry]) -> None:
    """The right to change rights stays with somebody, now and when all that ends by itself has ended."""
    lasting = policy_from(entry for entry in entries if not entry.get("from") and not entry.get("until"))
    held = any(
        scope.resource and f"{scope.resource}:manage" == LAST_KEY and "manage" in scope.actions
        for scope in lasting.scopes
    )
    if not held:
        raise AccessDenied("last_key", N_("Nobody would be left to manage permissions."))


def _stored(store: Store) -> list[Entry]:
    return list(store.data.grants_config.find({"origin": None}))


def _registry(store: Store) -> TypeRegistry:
    return registry_for(store, read_stamps(store))


def _roles(store: Store) -> frozenset[str]:
    return frozenset(role.id for role in documents(store, Role).only("id"))
