"""What ships, brought into a store: roles, types, grants. Safe to repeat: what stands is left as people made it."""

import hashlib
from pathlib import Path
from typing import Any

from models.definitions.compiled import registry_for
from models.definitions.record_types import TypeDefinition
from models.definitions.sources import read_definition
from models.definitions.stored_types import current_documents
from models.operations import grants, roles, rules, types
from models.operations.migrations import ensure_record_indexes
from models.store import Store, read_stamps
from models.users import Actor, Role, documents

FOLDER = Path(__file__).parent
REASON = "shipped with the first release"
MARK = "shipped"
SINGLE = ("roles.yaml", "grants.yaml", "rules.yaml")
"""What ships beside the types."""


def apply_shipped(store: Store, actor: Actor | None = None) -> None:
    """Add the shipped roles, types, grants and rules that are missing.

    A role or type that stands is not touched: administrators may have changed it, and changes of a later
    release are migrations. Grants are applied only where there are none at all, since one that is missing
    may have been taken away on purpose.
    """
    actor = actor or Actor.system_actor("system:shipped", REASON)
    _add_roles(store, actor)
    standing = current_documents(store)
    missing = {name: one for name, one in shipped_definitions().items() if name not in standing}
    if missing:
        types.apply(actor, store, missing, reason=REASON)
    if store.data.grants_config.find_one({}, {"_id": 1}) is None:
        grants.apply(store, actor, shipped_grants(), source="grants.yaml", reason=REASON)
    ensure_record_indexes(store, registry_for(store, read_stamps(store)))
    rules.ship(store, actor, read_definition(FOLDER / "rules.yaml"), "rules.yaml")


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
    return read_definition(FOLDER / "grants.yaml")


def shipped_roles() -> list[dict[str, Any]]:
    """The shipped roles: id, labels, help."""
    return read_definition(FOLDER / "roles.yaml")["roles"]


def _add_roles(store: Store, actor: Actor) -> None:
    standing = {role.id for role in documents(store, Role).only("id")}
    for role in shipped_roles():
        if role["id"] not in standing:
            roles.add(actor, store, **role)
