"""Verification rules in force: data in MongoDB, brought in by the release, compiled once per version.

`rules`  {_id: rule id, version, tree, shipped: digest of the shipped tree | null, at, by}
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from pymongo import ReplaceOne
from pymongo.client_session import ClientSession

from models.access.door import Door
from models.definitions.compiled import CompiledType, registry_for
from models.lifecycle.rules import RuleDefinition, RuleSet, check_fields, compile_rules, read_rules
from models.operations.changes import allowed, committed, entry_for
from models.store import Stamps, Store, read_stamps
from models.users import Actor

VIEW, MANAGE = "verification:view", "verification:manage"


def ship(store: Store, actor: Actor, tree: Any, where: str) -> int:
    """Bring in the rules of a release: new ones, and a higher version of those nobody has changed here.

    :returns: how many were written
    :raises AccessDenied: without `verification:manage`
    :raises DefinitionFaults: with everything that is wrong
    """
    stamps = allowed(actor, store, MANAGE)
    shipped = read_rules(tree, where)
    check_fields(shipped, registry_for(store, stamps).types, where)
    standing = {one["_id"]: one for one in store.data.rules.find()}
    wanted = [one for one in shipped if _is_newer(one, standing.get(one.id))]
    if not wanted:
        return 0
    now = store.clock.now()
    writes = [ReplaceOne({"_id": one.id}, _stored(one, actor, now), upsert=True) for one in wanted]

    def write(session: ClientSession) -> Any:
        return store.data.rules.bulk_write(writes, session=session)

    entry = entry_for(actor, "verification:rules", "rules", [], rules=[one.id for one in wanted])
    committed(store, entry, write, stamp="settings")
    return len(wanted)


def _stored(one: RuleDefinition, actor: Actor, now: Any) -> dict[str, Any]:
    tree = one.to_tree()
    kept = {"_id": one.id, "version": one.version, "tree": tree, "shipped": _digest(tree)}
    return kept | {"at": now, "by": actor.id}


def _is_newer(one: RuleDefinition, standing: Mapping[str, Any] | None) -> bool:
    if standing is None:
        return True
    untouched = standing.get("shipped") == _digest(standing["tree"])
    return untouched and one.version > standing["version"]


def _digest(tree: Mapping[str, Any]) -> str:
    return sha256(repr(sorted(tree.items())).encode()).hexdigest()[:16]


def in_force(store: Store, stamps: Stamps | None = None) -> tuple[RuleDefinition, ...]:
    """Every rule, in the order of their ids; read once per version of the settings and process."""
    version = (stamps or read_stamps(store)).settings
    kept = store.caches.get("rules")
    if kept and kept[0] == version:
        return kept[1]
    trees = [one["tree"] for one in store.data.rules.find().sort("_id", 1)]
    found = tuple(read_rules({"rules": trees}, "rules"))
    store.caches["rules"] = (version, found)
    return found


def rules_for(door: Door, kind: CompiledType) -> RuleSet:
    """The rules on a kind, compiled once per version of types and rules."""
    version = (door.stamps.types, door.stamps.settings)
    kept = door.store.caches.get("rule_sets")
    if kept is None or kept[0] != version:
        fresh: dict[str, RuleSet] = {}
        kept = door.store.caches["rule_sets"] = (version, fresh)
    if kind.name not in kept[1]:
        kept[1][kind.name] = compile_rules(in_force(door.store, door.stamps), kind)
    return kept[1][kind.name]


def rule_sets(door: Door, kinds: Iterable[CompiledType]) -> dict[str, RuleSet]:
    """The rules of several kinds of one base, by kind; none where no kind has any.

    A kind without rules among others is judged, too: its records would else be looked at again in every batch.
    """
    found = {kind.name: rules_for(door, kind) for kind in kinds if not kind.abstract}
    return found if any(one.rules for one in found.values()) else {}
