"""Record types in force: compiled once per version of the definitions, shared by everything in a process."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models.definitions.compiled_type import CompiledType, unique_path
from models.definitions.compiling import Stored, bases, compile_family
from models.definitions.faults import Faults
from models.definitions.linking import link
from models.definitions.record_types import TypeDefinition
from models.definitions.stored_types import current_documents, definitions_in, stored_in
from models.definitions.type_rules import (
    check_across_families,
    check_compiled,
    check_linked,
    check_relations_between_types,
)
from models.errors import RecordNotFound
from models.store import Stamps, Store

__all__ = ["CompiledType", "TypeRegistry", "compile_all", "registry_for", "unique_path"]


@dataclass(frozen=True)
class TypeRegistry:
    """Every record type of the archive, compiled."""

    types: Mapping[str, CompiledType]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all types, in order."""
        return tuple(sorted(self.types))

    def get(self, name: str) -> CompiledType:
        """The type called `name`.

        :raises RecordNotFound: there is none
        """
        found = self.types.get(name) if isinstance(name, str) else None
        if found is None:
            raise RecordNotFound
        return found

    def concrete(self, name: str) -> tuple[CompiledType, ...]:
        """The types whose records a list of `name` may hold: its kinds, or itself alone.

        :raises RecordNotFound: there is none
        """
        compiled = self.get(name)
        return tuple(self.types[kind] for kind in compiled.kinds) or (compiled,)

    def __iter__(self) -> Iterator[CompiledType]:
        return (self.types[name] for name in self.names)


def compile_all(
    definitions: Mapping[str, TypeDefinition], stored: Mapping[str, Stored] | None = None
) -> TypeRegistry:
    """Check definitions against one another and compile them.

    :param stored: version and steps of each type; version 1 where absent
    :raises DefinitionFaults: with everything that is wrong
    """
    faults = Faults()
    check_relations_between_types(definitions, faults)
    faults.raise_if_any()
    linked = {name: link(name, definitions) for name in definitions}
    for one in linked.values():
        check_linked(one, faults)
    faults.raise_if_any()
    types: dict[str, CompiledType] = {}
    for base in bases(definitions):
        types |= compile_family(base, definitions, stored or {}, faults)
    for name, compiled in types.items():
        check_compiled(compiled, linked[name], types, faults)
    check_across_families(types, definitions, faults)
    faults.raise_if_any()
    return TypeRegistry(MappingProxyType(types))


def registry_for(store: Store, stamps: Stamps) -> TypeRegistry:
    """The types in force under `stamps`, compiled once per process. Only the newest is kept."""
    kept = store.caches.get("types")
    if kept is not None and kept[0] == stamps.types:
        return kept[1]
    registry = read_registry(store)
    store.caches["types"] = (stamps.types, registry)
    return registry


def read_registry(store: Store) -> TypeRegistry:
    """Compile what stands in the database now."""
    documents = current_documents(store)
    stored = {name: stored_in(document) for name, document in documents.items()}
    return compile_all(definitions_in(documents.values()), stored)
