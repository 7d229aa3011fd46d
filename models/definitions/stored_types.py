"""How record types stand in the database: `record_types` holds every version whole, one of each type is current.

`{_id: "<type>@<version>", type, version, current, definition, steps, keyed, stale, at, by, reason}`; it is `stale`
while records may stand that an older version wrote or keyed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING

from models.definitions.compiling import Stored
from models.definitions.record_types import TypeDefinition, load_type
from models.definitions.upgrades import Step
from models.store import Store


def ensure_indexes(store: Store) -> None:
    """One current version per type, and its history in order."""
    current = {"current": True}
    store.data.record_types.create_index([("type", ASCENDING)], unique=True, partialFilterExpression=current)
    store.data.record_types.create_index([("type", ASCENDING), ("version", DESCENDING)])


def current_documents(store: Store, session: Any = None) -> dict[str, dict[str, Any]]:
    """The current version of each type, by its name."""
    return {one["type"]: one for one in store.data.record_types.find({"current": True}, session=session)}


def versions_of(store: Store, name: str) -> list[dict[str, Any]]:
    """Every version of a type, newest first: version, definition, at, by, reason."""
    return list(store.data.record_types.find({"type": name}).sort("version", DESCENDING))


def definitions_in(documents: Iterable[Mapping[str, Any]]) -> dict[str, TypeDefinition]:
    """The definitions of stored documents, by name.

    :raises DefinitionFaults: an older or damaged document that the schema no longer takes
    """
    return {one["type"]: load_type(one["definition"], f"record_types/{one['type']}") for one in documents}


def stored_in(document: Mapping[str, Any]) -> Stored:
    """Version and steps of a stored document."""
    steps = tuple(Step.from_tree(step) for step in document.get("steps", ()))
    return Stored(document["version"], steps, document.get("keyed", 0))
