"""The schema of a record type: what its YAML in `seed/types/` and its document in `record_types` may say.

One schema for both. Reading checks everything a definition says on its own; what needs its base, its kinds
or other types is checked where they are put together (`type_rules.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from models.definitions.faults import Faults, Place, quoted
from models.definitions.field_definitions import FieldDefinition, field_list, field_tree, read_override
from models.definitions.numbering import Numbering, numbering_tree, read_numbering
from models.definitions.shapes import (
    A_WORD,
    TOO_MANY,
    Key,
    flag,
    labels,
    mapping_of,
    one_of,
    read_mapping,
    sequence,
    text,
    tree,
)
from models.definitions.workflow import Workflow, read_workflow, states_tree, transitions_tree
from models.errors import N_

MOST_FIELDS = 400
TYPE_GROUPS = ("archives", "registers")
"""Headings of the navigation under which types stand."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading under which fields stand."""

    name: str
    labels: Mapping[str, str]
    help: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Include:
    """The fields and sections of another kind of the same base, with the same ids, shown where a condition holds."""

    type: str
    visible_when: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class TypeDefinition:
    """A record type as its author wrote it, checked. Attributes are the keys of the schema."""

    type: str
    labels: Mapping[str, str]
    file: str
    """How messages call the place it came from; no part of the definition."""
    extends: str | None = None
    abstract: bool = False
    include: tuple[Include, ...] = ()
    override: Mapping[str, Mapping[str, Any]] | None = None
    help: Mapping[str, str] | None = None
    numbering: Numbering | None = None
    title: str | None = None
    icon: str | None = None
    group: str | None = None
    """Under which heading of the navigation it stands: one of `TYPE_GROUPS`."""
    retention_class: str | None = None
    workflow: Workflow | None = None
    """`states` and `transitions` of the schema."""
    sections: tuple[Section, ...] = ()
    fields: tuple[FieldDefinition, ...] = ()
    clocks: tuple[Mapping[str, Any], ...] = ()
    print: tuple[Mapping[str, Any], ...] = ()
    reports: tuple[Mapping[str, Any], ...] = ()

    def to_tree(self) -> dict[str, Any]:
        """Plain data in the shape of the schema, defaults left out. Two definitions that mean the same are equal."""
        return definition_tree(self)


type_name = text(40, r"[a-z][a-z0-9_]*", A_WORD)
_word = text(40, r"[a-z][a-z0-9_-]*", N_("{value} must be small letters, digits, - and _, beginning with a letter"))


def load_type(source: Mapping[str, Any], file: str) -> TypeDefinition:
    """Read one definition out of plain data.

    :param file: how messages call it: a path, or `record_types/<name>`
    :raises DefinitionFaults: with everything that is wrong
    """
    faults = Faults()
    definition = read_type(source, Place(faults, file))
    faults.raise_if_any()
    assert definition is not None
    return definition


def read_type(source: Any, place: Place) -> TypeDefinition | None:
    """Read one definition, reporting faults at `place`; None when it has too many to go on with."""
    before = len(place.faults)
    read = read_mapping(source, place, _KEYS)
    states, transitions = read.pop("states", None), read.pop("transitions", None)
    if states is not None:
        read["workflow"] = read_workflow(states, transitions, place)
    elif transitions:
        place.at("transitions").fault(N_("needs `states` beside it"))
    if len(place.faults) > before or not {"type", "labels"} <= read.keys():
        return None
    definition = TypeDefinition(file=place.file, **{**read, "override": read.get("override") or None})
    _check_alone(definition, place)
    return definition


def _check_alone(definition: TypeDefinition, place: Place) -> None:
    if definition.extends is None:
        for key in ("include", "override"):
            if getattr(definition, key):
                place.at(key).fault(N_("needs `extends`: there is no base to take from"))
    elif definition.abstract:
        place.at("abstract").fault(N_("a type that extends another takes records; only a base may be abstract"))
    if definition.extends == definition.type:
        place.at("extends").fault(N_("a type cannot extend itself"))
    names = [section.name for section in definition.sections]
    for name in sorted({name for name in names if names.count(name) > 1}):
        place.at("sections").fault(N_("{name} stands here twice"), name=quoted(name))
    if len(definition.fields) > MOST_FIELDS:
        place.at("fields").fault(TOO_MANY, count=len(definition.fields), most=MOST_FIELDS)


def _section(value: Any, place: Place) -> Section | None:
    keys = {"name": Key(_word, True), "labels": Key(labels(), True), "help": Key(labels(600))}
    read = read_mapping(value, place, keys)
    return Section(**read) if read.get("name") and read.get("labels") else None


def _include(value: Any, place: Place) -> Include | None:
    read = read_mapping(value, place, {"type": Key(type_name, True), "visible_when": Key(tree)})
    return Include(**read) if read.get("type") else None


def _named_part(value: Any, place: Place) -> Mapping[str, Any] | None:
    """A clock, print template or report: named and labelled; what else it says is read by what uses it."""
    if not isinstance(value, dict):
        place.fault(N_("must hold keys with values"))
        return None
    named = {key: value[key] for key in ("name", "labels") if key in value}
    read = read_mapping(named, place, {"name": Key(_word, True), "labels": Key(labels(), True)})
    rest = {key: one for key, one in value.items() if key not in named}
    return {**read, **rest} if not rest or tree(rest, place) else None


_named_parts = sequence(_named_part, 100)

_KEYS: dict[str, Key] = {
    "type": Key(type_name, required=True),
    "labels": Key(labels(), required=True),
    "extends": Key(type_name),
    "abstract": Key(flag),
    "include": Key(sequence(_include, 8)),
    "override": Key(mapping_of(read_override, MOST_FIELDS)),
    "help": Key(labels(600)),
    "numbering": Key(read_numbering),
    "title": Key(text(60)),
    "icon": Key(_word),
    "group": Key(one_of(*TYPE_GROUPS)),
    "retention_class": Key(_word),
    "states": Key(lambda value, place: value),
    "transitions": Key(lambda value, place: value),
    "sections": Key(sequence(_section, 60)),
    "fields": Key(field_list),
    "clocks": Key(_named_parts),
    "print": Key(_named_parts),
    "reports": Key(_named_parts),
}


def definition_tree(definition: TypeDefinition) -> dict[str, Any]:
    """See `TypeDefinition.to_tree`."""
    trees: dict[str, Any] = {
        "type": definition.type,
        "extends": definition.extends,
        "labels": dict(definition.labels),
        "help": definition.help,
        "abstract": definition.abstract,
        "include": [_without_nothing(part) for part in definition.include],
        "override": {address: dict(part) for address, part in (definition.override or {}).items()},
        "numbering": definition.numbering and numbering_tree(definition.numbering),
        "title": definition.title,
        "icon": definition.icon,
        "group": definition.group,
        "retention_class": definition.retention_class,
        "states": definition.workflow and states_tree(definition.workflow),
        "transitions": definition.workflow and transitions_tree(definition.workflow),
        "sections": [_without_nothing(section) for section in definition.sections],
        "fields": [field_tree(one) for one in definition.fields],
        "clocks": [dict(part) for part in definition.clocks],
        "print": [dict(part) for part in definition.print],
        "reports": [dict(part) for part in definition.reports],
    }
    return {key: value for key, value in trees.items() if value}


def _without_nothing(part: Section | Include) -> dict[str, Any]:
    pairs = ((one.name, getattr(part, one.name)) for one in fields(part))
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in pairs if value is not None}
