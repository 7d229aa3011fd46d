"""What ships, brought into a store: roles, types, grants. Safe to repeat; so a later release reaches an archive.

What stands is brought to this release as far as nobody has touched it: a type whose definition in force is the one an
earlier release brought, grants that an earlier release brought and nobody took away. What administrators changed stays
as they made it, and `dossier doctor` names it. There is no list of former releases: `record_types` keeps every version
with who put it in force, `change_sets` every entry with who added it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from models.definitions.compiled import registry_for
from models.definitions.faults import DefinitionFaults
from models.definitions.record_types import TypeDefinition
from models.definitions.sources import read_definition
from models.definitions.stored_types import current_documents, versions_of
from models.errors import DefinitionError
from models.operations import grants, retention, roles, rules, types
from models.operations.migrations import ensure_record_indexes
from models.store import Store, read_stamps
from models.users import Actor, Role, documents

FOLDER = Path(__file__).parent
REASON = "shipped with this release"
MARK = "shipped"
SHIPPERS = ("system:shipped", "shipped")
"""Ids under which a release brings what ships; the second is what the first release called itself."""
SOURCE, RULES, RETENTION = "grants.yaml", "rules.yaml", "retention.yaml"
SINGLE = ("roles.yaml", SOURCE, RULES, RETENTION)
"""What ships beside the types."""
Entry = dict[str, Any]


def apply_shipped(store: Store, actor: Actor | None = None) -> None:
    """Add the shipped roles, types, grants and rules that are missing, and renew those nobody has touched."""
    actor = actor or Actor.system_actor(SHIPPERS[0], REASON)
    _add_roles(store, actor)
    left = _bring_types(store, actor)
    refused = _bring_grants(store, actor)
    kept = {"roles": sorted(role["id"] for role in shipped_roles()), "left": left, "left_grants": len(refused)}
    store.data.meta.update_one({"_id": MARK}, {"$set": kept}, upsert=True)
    ensure_record_indexes(store, registry_for(store, read_stamps(store)))
    rules.ship(store, actor, read_definition(FOLDER / RULES), RULES)
    retention.ship(store, actor, read_definition(FOLDER / RETENTION)["rules"])


def ensure_shipped(store: Store) -> bool:
    """`apply_shipped` at a start, unless these very files were brought in before: reading them takes a second.

    :return: True where it had to be done
    """
    digest = _digest()
    if store.data.meta.find_one({"_id": MARK, "digest": digest}):
        return False
    apply_shipped(store)
    store.data.meta.update_one({"_id": MARK}, {"$set": {"digest": digest, "at": store.clock.now()}}, upsert=True)
    return True


def left_alone(store: Store) -> tuple[list[str], int]:
    """What of this release was not brought in because somebody had changed it: names of types, number of grants."""
    found = store.data.meta.find_one({"_id": MARK}) or {}
    return list(found.get("left", ())), int(found.get("left_grants", 0))


def _digest() -> str:
    """Names what ships: SHA-256 over the files."""
    digest = hashlib.sha256()
    for path in (*sorted((FOLDER / "types").glob("*.yaml")), *(FOLDER / name for name in SINGLE)):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def shipped_definitions() -> dict[str, TypeDefinition]:
    """The shipped record types by name.

    :raises DefinitionFaults: with everything that is wrong
    """
    return types.read_definitions(FOLDER / "types")


def shipped_grants() -> dict[str, Any]:
    """The shipped scopes, grants, ceilings and reach, as they stand in their file."""
    return read_definition(FOLDER / SOURCE)


def shipped_roles() -> list[dict[str, Any]]:
    """The shipped roles: id, labels, help."""
    return read_definition(FOLDER / "roles.yaml")["roles"]


# roles


def _add_roles(store: Store, actor: Actor) -> None:
    """Those that are missing, save what was brought once and has been removed since."""
    standing = {role.id for role in documents(store, Role).only("id")}
    brought = set((store.data.meta.find_one({"_id": MARK}) or {}).get("roles", ()))
    for role in shipped_roles():
        if role["id"] not in standing | brought:
            roles.add(actor, store, **role)


# types


def _bring_types(store: Store, actor: Actor) -> list[str]:
    """Put in force what is missing and what is untouched. Returns the names of types that stay as they are."""
    shipped, standing = shipped_definitions(), current_documents(store)
    touched = sorted(name for name in shipped.keys() & standing.keys() if _is_touched(store, name, standing[name]))
    wanted = {name: one for name, one in shipped.items() if name not in touched}
    if not wanted:
        return touched
    try:
        types.apply(actor, store, wanted, reason=REASON)
    except DefinitionFaults:
        if not touched:
            raise
        return sorted({*touched, *_bring_singly(store, actor, wanted)})
    return touched


def _is_touched(store: Store, name: str, current: Mapping[str, Any]) -> bool:
    """Whether the definition in force is another one than a release brought last."""
    brought = next((one for one in versions_of(store, name) if one["by"] in SHIPPERS), None)
    return brought is None or brought["definition"] != current["definition"]


def _bring_singly(store: Store, actor: Actor, wanted: Mapping[str, TypeDefinition]) -> list[str]:
    """Where the whole does not fit what somebody changed: each type by itself. Returns those that do not fit."""
    left = []
    for name, definition in wanted.items():
        try:
            types.apply(actor, store, {name: definition}, reason=REASON)
        except DefinitionError:
            left.append(name)
    return left


# grants


def _bring_grants(store: Store, actor: Actor) -> list[Entry]:
    """Add what this release brings first, take away what an earlier one brought and this one does not.

    An entry at a place (holder, type, target) where earlier ones were taken away is not forced upon it.

    :return: the entries left out
    """
    shipped = _readable(store)
    brought = {entry["_id"]: entry for entry in grants.brought(store, SHIPPERS)}
    if not brought and grants.standing(store):
        return []  # somebody's own configuration, which no release began
    standing, ids = grants.standing(store), {entry["_id"] for entry in shipped}
    gone = [entry for id, entry in brought.items() if id in standing and id not in ids]
    emptied = {_place(entry) for id, entry in brought.items() if id not in standing}
    emptied -= {_place(entry) for id, entry in brought.items() if id in standing}
    fresh = [entry for entry in shipped if entry["_id"] not in brought]
    left = [entry for entry in fresh if _place(entry) in emptied]
    added = [entry for entry in fresh if entry not in left]
    grants.amend(store, actor, added=added, removed=gone, reason=REASON)
    return left


def _place(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    who = entry.get("holder") or entry.get("role") or tuple(entry.get("holders") or entry.get("outside") or ())
    return entry["kind"], who, entry.get("type"), entry.get("resource"), entry.get("target")


def _readable(store: Store) -> list[Entry]:
    """The shipped entries; where a changed type no longer has what one of them names, those that still have a meaning.
    """
    tree = shipped_grants()
    try:
        return grants.read_policy(store, tree, SOURCE)
    except DefinitionError:
        return [entry for line in _lines(tree) for entry in _read_alone(store, line)]


def _lines(tree: Mapping[str, list[Any]]) -> Iterable[dict[str, list[Any]]]:
    return ({section: [line]} for section, lines in tree.items() for line in lines)


def _read_alone(store: Store, tree: dict[str, list[Any]]) -> list[Entry]:
    try:
        return grants.read_policy(store, tree, SOURCE)
    except DefinitionError:
        return []
