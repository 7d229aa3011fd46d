"""Putting a definition together with its base and the kinds it includes, before anything is compiled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.definitions.field_definitions import FieldDefinition, overridden
from models.definitions.numbering import Numbering, default_numbering
from models.definitions.record_types import Section, TypeDefinition
from models.definitions.workflow import DEFAULT, Workflow

Definitions = Mapping[str, TypeDefinition]


@dataclass(frozen=True, slots=True)
class LinkedField:
    """A field of a type with the definition that brings it."""

    definition: FieldDefinition
    origin: TypeDefinition
    taken: bool
    """It comes from the base or an included kind."""
    said: Mapping[str, Any]
    """What the type says differently about it; `definition` has it already."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A type with everything it takes from others."""

    definition: TypeDefinition
    base: str
    kinds: tuple[str, ...]
    """Types whose records a list of this type may hold; empty where nothing extends it."""
    fields: tuple[LinkedField, ...]
    sections: tuple[Section, ...]
    workflow: Workflow
    workflow_file: str
    """Where the states and transitions were written."""
    numbering: Numbering
    title: str | None
    icon: str
    group: str
    retention_class: str | None


def kinds_of(name: str, definitions: Definitions) -> tuple[str, ...]:
    """Concrete types stored together with `name`: itself where it takes records, and what extends it."""
    extending = tuple(sorted(other.type for other in definitions.values() if other.extends == name))
    if not extending or definitions[name].abstract:
        return extending
    return (name, *extending)


def link(name: str, definitions: Definitions) -> Linked:
    """Merge: fields of the base, of included kinds, then its own; overrides laid over what is taken."""
    definition = definitions[name]
    base = definitions.get(definition.extends) if definition.extends else None
    first = base or definition
    return Linked(
        definition=definition,
        base=first.type,
        kinds=kinds_of(name, definitions),
        fields=tuple(_fields(definition, base, definitions)),
        sections=_sections(definition, base, definitions),
        workflow=definition.workflow or first.workflow or DEFAULT,
        workflow_file=definition.file if definition.workflow else first.file,
        numbering=definition.numbering or default_numbering(name),
        title=definition.title or first.title,
        icon=definition.icon or first.icon or "folder",
        group=definition.group or first.group or "archives",
        retention_class=definition.retention_class or first.retention_class,
    )


def _fields(definition: TypeDefinition, base: TypeDefinition | None, definitions: Definitions) -> Iterator[LinkedField]:
    said = definition.override or {}
    for one in base.fields if base else ():
        yield _taken(one, base, said)
    for include in definition.include:
        kind = definitions.get(include.type)
        for one in kind.fields if kind else ():
            yield _taken(_shown_when(one, include.visible_when), kind, said)
    for one in definition.fields:
        yield LinkedField(one, definition, taken=False, said={})


def _taken(one: FieldDefinition, origin: TypeDefinition | None, said: Mapping[str, Any]) -> LinkedField:
    assert origin is not None
    own = said.get(one.name, {})
    parts = tuple(overridden(part, said.get(f"{one.name}.{part.name}", {})) for part in one.fields)
    merged = overridden(replace(one, fields=parts), own) if own or parts != one.fields else one
    return LinkedField(merged, origin, taken=True, said=own)


def _shown_when(one: FieldDefinition, condition: Mapping[str, Any] | None) -> FieldDefinition:
    if condition is None or one.frame:
        return one
    own = one.visible_when
    return replace(one, visible_when={"all": [condition, own]} if own else condition)


def _sections(definition: TypeDefinition, base: TypeDefinition | None, definitions: Definitions) -> tuple[Section, ...]:
    found: dict[str, Section] = {}
    included = [definitions[include.type] for include in definition.include if include.type in definitions]
    for one in (base, *included, definition):
        found.update({section.name: section for section in one.sections} if one else {})
    return tuple(found.values())
