"""What a new version of a type may change while records written under the former one stand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.definitions.compiled_type import CompiledType
from models.definitions.faults import Faults, Place
from models.definitions.field_definitions import FieldDefinition
from models.definitions.fields import Field
from models.definitions.linking import Definitions
from models.definitions.record_types import TypeDefinition
from models.definitions.upgrades import Step, may_become
from models.errors import N_


@dataclass(frozen=True, slots=True)
class Probe:
    """A change that is harmless only while no record holds what it touches."""

    place: Place
    collection: str
    query: Mapping[str, object]
    words: str
    """What to say when a record does."""


def keep_removed(new: TypeDefinition, former: TypeDefinition, definitions: Definitions) -> TypeDefinition:
    """The new definition with what it leaves out of the former one switched off instead of lost.

    A field that now comes from the base or from an included kind has moved, and is not kept a second time.
    """
    sources = [new.extends or "", *(include.type for include in new.include)]
    elsewhere = {one.id for name in sources if name in definitions for one in definitions[name].fields}
    elsewhere |= {part.id for one in new.fields for part in one.fields}
    kept = _with_removed(new.fields, [one for one in former.fields if one.id not in elsewhere])
    return replace(new, fields=kept)


def _with_removed(
    fields: tuple[FieldDefinition, ...], former: "list[FieldDefinition]"
) -> tuple[FieldDefinition, ...]:
    before = {one.id: one for one in former}
    here = {one.id for one in fields}
    found = [_whole(one, before[one.id]) if one.id in before else one for one in fields]
    return (*found, *(_switched_off(one) for one in former if one.id not in here))


def _whole(one: FieldDefinition, former: FieldDefinition) -> FieldDefinition:
    """The field with the sub-fields and options it leaves out switched off."""
    keys = {option.key for option in one.options}
    gone = tuple(replace(option, active=False) for option in former.options if option.key not in keys)
    if former.fields and one.type == former.type:
        return replace(one, fields=_with_removed(one.fields, list(former.fields)), options=(*one.options, *gone))
    return replace(one, options=(*one.options, *gone)) if gone and one.options else one


def _switched_off(one: FieldDefinition) -> FieldDefinition:
    """Out of use. It asks for nothing that may be gone too: no section, condition or default."""
    return replace(
        one, active=False, section=None, visible_when=None, default=None, required=False, list=False, copies=()
    )


def check_definition(new: TypeDefinition, former: TypeDefinition, faults: Faults) -> None:
    """What a definition never changes, whether or not records stand."""
    place = Place(faults, new.file)
    if new.extends != former.extends:
        place.at("extends").fault(N_("a type cannot move to another base: its records lie with the old one"))
    if new.abstract != former.abstract:
        place.at("abstract").fault(N_("a type cannot begin or cease to be abstract"))
    here = {include.type for include in new.include}
    for include in former.include:
        if include.type not in here:
            words = N_("the fields of {type} stay included: switch off those that are not wanted")
            place.at("include").fault(words, type=include.type)


def check_fields(new: CompiledType, former: CompiledType, file: str, faults: Faults) -> list[Probe]:
    """What fields may change: refuse what never fits, and say what to look for in the records."""
    probes: list[Probe] = []
    for one in new.walk():
        was = former.by_id.get(one.id)
        if was is not None:
            place = Place(faults, file, f"fields.{one.address}")
            _check_field(one, was, place)
            probes += _probes(one, was, new, place)
    names = {state.name for state in new.states}
    for state in former.states:
        if state.name not in names:
            query = {"type": new.name, "state": state.name}
            words = N_("records stand in the state {name}: it cannot be taken away")
            probes.append(Probe(Place(faults, file, f"states.{state.name}"), new.collection, query, words))
    return probes


def _check_field(one: Field, was: Field, place: Place) -> None:
    if one.parent_id != was.parent_id or one.in_rows != was.in_rows:
        place.at("id").fault(N_("a field cannot move into or out of another: make a new one"))
    elif one.frame != was.frame:
        place.at("frame").fault(N_("a field cannot begin or cease to show a system key: make a new one"))
    elif one.computed != was.computed and one.active and was.active:
        place.at("relation").fault(N_("a field cannot begin or cease to be computed: make a new one"))
    elif not may_become(was.type.name, was.many, one.type.name, one.many):
        words = N_("a field of type {was} cannot become {now}: make a new one")
        place.at("type").fault(words, was=_kind(was), now=_kind(one))
    elif one.type.name == "money" and one.currency != was.currency:
        place.at("currency").fault(N_("stored amounts would become another currency: make a new field"))


def _kind(one: Field) -> str:
    return f"{one.type.name} (many)" if one.many else one.type.name


def _probes(one: Field, was: Field, new: CompiledType, place: Place) -> list[Probe]:
    if one.sealed == was.sealed or one.computed or one.frame or one.in_rows:
        return []
    words = N_("records hold values of this field: it cannot be sealed or opened over them")
    return [Probe(place.at("sealed"), new.collection, {"type": new.name, one.path: {"$exists": True}}, words)]


def is_rekeyed(new: CompiledType, former: CompiledType) -> bool:
    """Whether records need other search keys, order or uniqueness beside their values than they have."""
    return any(
        _kept_beside(one) != _kept_beside(was)
        for one in new.walk()
        if (was := former.by_id.get(one.id)) is not None
    )


def _kept_beside(one: Field) -> tuple[bool, bool, bool]:
    ordered = one.active and one.sort and one.type.has_sort_key
    return one.search, ordered, one.active and one.unique


def steps_between(new: CompiledType, former: CompiledType) -> tuple[Step, ...]:
    """The former steps, and one for each field that holds another kind of value in the new version."""
    changed = (
        Step(new.version, one.id, was.type.name, was.many)
        for one in new.walk()
        if (was := former.by_id.get(one.id)) is not None and _kind(one) != _kind(was)
    )
    return (*former.steps, *changed)
