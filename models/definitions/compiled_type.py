"""What a version of a record type compiles to: the one object everything else asks about a type."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pymongo import IndexModel

from models.definitions.fields import Field, in_language
from models.definitions.index_plan import PlannedIndex
from models.definitions.numbering import Numbering
from models.definitions.record_types import Section, TypeDefinition
from models.definitions.steps import Steps
from models.definitions.upgrades import Step
from models.definitions.workflow import Workflow

NO_STEPS = Steps()


@dataclass(frozen=True, eq=False)
class CompiledType:
    """A record type in force. Compared by identity; `name` and `version` say which one it is."""

    name: str
    base: str
    """The type whose collection holds its records: its own name where it extends nothing."""
    kinds: tuple[str, ...]
    """Concrete types a list of it holds, where it has kinds (itself included if it takes records); else ()."""
    abstract: bool
    version: int
    labels: Mapping[str, str]
    help: Mapping[str, str]
    icon: str
    group: str
    """Under which heading of the navigation it stands."""
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]
    """Top level, in the order of the form; those that are off too."""
    title: Field
    """What a record of this type is called by."""
    numbering: Numbering
    states: Workflow
    system: Mapping[str, Field]
    """System keys by REST name; one that a field of the type shows has the labels, grade and section of that field."""
    workflow: Steps = NO_STEPS
    """The transitions between `states`, with what they name resolved."""
    retention_class: str | None = None
    planned: tuple[PlannedIndex, ...] = ()
    """Indexes of the whole collection, kinds stored beside this one included."""
    steps: tuple[Step, ...] = ()
    """Changes of field types that older documents still have to make, oldest first."""
    keyed: int = 0
    """Version in which what is kept beside values (search keys, order, uniqueness) last changed; 0: never."""
    definition: TypeDefinition | None = None
    """What this was compiled from, without what it takes from others."""

    @cached_property
    def by_id(self) -> dict[str, Field]:
        """Every field and sub-field by its id, also those that are off; system keys are not among them."""
        return {one.id: one for one in self.walk()}

    @cached_property
    def by_address(self) -> dict[str, Field]:
        """Every field and sub-field by its address; where one that is off shares a name, the one in use."""
        known = {one.address: one for one in self.walk() if not one.active}
        return known | {one.address: one for one in self.walk() if one.active}

    @cached_property
    def active(self) -> tuple[Field, ...]:
        """Top-level fields in use; `fields` of an object among them still holds sub-fields that are off."""
        return tuple(one for one in self.fields if one.active)

    @cached_property
    def shown_sections(self) -> tuple[Section, ...]:
        """The sections of a page: a type that names none has one, called as the type is."""
        return self.sections or (Section("", self.labels),)

    @cached_property
    def addressable(self) -> dict[str, Field]:
        """What a query may name: fields and sub-fields in use, and the system keys."""
        own = {
            one.address: one for one in self.walk() if one.active and not one.in_rows and self._holder_is_active(one)
        }
        return {**self.system, **own}

    @cached_property
    def source(self) -> Mapping[str, Any]:
        """Its definition as plain data."""
        return self.definition.to_tree() if self.definition else {}

    @property
    def collection(self) -> str:
        """Name of the collection of its records."""
        return f"r_{self.base}"

    def walk(self) -> Iterator[Field]:
        """Every field, each followed by its sub-fields."""
        for one in self.fields:
            yield one
            yield from one.fields

    def find(self, address: str) -> Field | None:
        """The field in use, or system key, that people call `address`."""
        return self.addressable.get(address)

    def resolve(self, word: str) -> Field | None:
        """The field in use that a stored condition (by id) or a typed one (by address) means."""
        found = self.by_id.get(word)
        if found is not None and self.addressable.get(found.address) is found:
            return found
        return self.addressable.get(word)

    def label(self, language: str) -> str:
        """What people call the type."""
        return in_language(self.labels, language)

    def indexes(self) -> list[IndexModel]:
        """The indexes its collection must have."""
        return [planned.model() for planned in self.planned]

    def _holder_is_active(self, one: Field) -> bool:
        return one.parent_id is None or self.by_id[one.parent_id].active


def unique_path(one: Field) -> str:
    """Where in the record document lies what must stand once in the collection.

    Not the value itself: its normalised text, or its token where it is sealed, written with it.
    """
    return f"d.unique.{one.id}"
