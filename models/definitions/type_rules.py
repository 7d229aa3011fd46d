"""What must hold between the fields of a type, between a kind and its base, and between types."""

from collections.abc import Iterable, Mapping
from typing import Any

from models.definitions.compiled_type import CompiledType
from models.definitions.faults import Faults, Place, quoted, unknown_word
from models.definitions.field_definitions import FieldDefinition
from models.definitions.fields import Field
from models.definitions.grades import Grade
from models.definitions.index_plan import MOST_INDEXES, MOST_SORTABLE
from models.definitions.linking import Definitions, Linked, LinkedField
from models.definitions.record_types import TypeDefinition
from models.errors import N_

FRAME_TYPES: Mapping[str, tuple[str, ...]] = {
    "id": ("text",), "type": ("choice",), "revision": ("integer",), "state": ("choice",),
    "archive_no": ("sequence", "text"), "department": ("department",), "owner": ("user",),
    "created_at": ("moment",), "created_by": ("user",), "updated_at": ("moment",), "updated_by": ("user",),
}  # fmt: skip
"""System key → field types that can show it."""


def check_relations_between_types(definitions: Definitions, faults: Faults) -> None:
    """Bases and included kinds: what must hold before anything can be put together."""
    for definition in definitions.values():
        place = Place(faults, definition.file)
        if definition.extends is not None:
            _check_base(definition, definitions, place.at("extends"))
        for number, include in enumerate(definition.include):
            _check_include(definition, include.type, definitions, place.at("include", number, "type"))


def _check_base(definition: TypeDefinition, definitions: Definitions, place: Place) -> None:
    base = definitions.get(definition.extends or "")
    if base is None:
        unknown_word(place, definition.extends, list(definitions))
    elif base.extends is not None:
        place.fault(N_("{base} itself extends {other}: one level is possible"), base=base.type, other=base.extends)


def _check_include(definition: TypeDefinition, name: str, definitions: Definitions, place: Place) -> None:
    included = definitions.get(name)
    if included is None:
        unknown_word(place, name, list(definitions))
    elif included is definition or included.extends != definition.extends or included.include:
        place.fault(N_("only another kind of {base} that includes nothing itself"), base=definition.extends)


def check_linked(linked: Linked, faults: Faults) -> None:
    """One type with everything it takes: names, ids, sections, overrides."""
    definition = linked.definition
    place = Place(faults, definition.file)
    _check_doubles(linked, place)
    _check_overrides(linked, place.at("override"))
    sections = [section.name for section in linked.sections]
    for one in linked.fields:
        if one.definition.section and one.definition.section not in sections:
            unknown_word(_spot(one, faults).at("section"), one.definition.section, sections)
    _check_title(linked, place.at("title"))
    _check_frames(linked, faults)


def _spot(one: LinkedField, faults: Faults) -> Place:
    return Place(faults, one.origin.file, f"fields.{one.definition.name}")


def _parts(linked: Linked) -> Iterable[FieldDefinition]:
    for one in linked.fields:
        yield one.definition
        yield from one.definition.fields


def _check_doubles(linked: Linked, place: Place) -> None:
    """Ids are unique over fields and sub-fields, names among the fields in use."""
    seen: set[str] = set()
    for part in _parts(linked):
        if part.id in seen:
            place.at("fields", part.name, "id").fault(N_("{name} stands here twice"), name=quoted(part.id))
        seen.add(part.id)
    names: set[str] = set()
    for one in linked.fields:
        if one.definition.active and one.definition.name in names:
            words = N_("{name} is already the name of another field of this type")
            _spot(one, place.faults).at("name").fault(words, name=quoted(one.definition.name))
        names.update({one.definition.name} if one.definition.active else ())


def _check_overrides(linked: Linked, place: Place) -> None:
    taken: dict[str, FieldDefinition] = {}
    before: dict[str, FieldDefinition] = {}
    for one in linked.fields:
        if one.taken:
            original = next(field for field in one.origin.fields if field.id == one.definition.id)
            for address, now, was in _pairs(one.definition, original):
                taken[address], before[address] = now, was
    for address, said in (linked.definition.override or {}).items():
        spot = place.at(address)
        if address not in taken:
            unknown_word(spot, address, list(taken))
            continue
        _check_narrower(before[address], said, spot)
        section = said.get("section")
        if section and section not in [one.name for one in linked.sections]:
            unknown_word(spot.at("section"), section, [one.name for one in linked.sections])


def _pairs(
    now: FieldDefinition, was: FieldDefinition
) -> Iterable[tuple[str, FieldDefinition, FieldDefinition]]:
    yield now.name, now, was
    for part, former in zip(now.fields, was.fields, strict=True):
        yield f"{now.name}.{part.name}", part, former


def _check_narrower(was: FieldDefinition, said: Mapping[str, Any], place: Place) -> None:
    """A kind may protect a field of its base better, never worse."""
    if "grade" in said and Grade.by_name(said["grade"]) < Grade.by_name(was.grade or "confidential"):
        words = N_("a kind may only raise a grade: the base says {grade}")
        place.at("grade").fault(words, grade=was.grade or "confidential")
    if said.get("sealed") is False and was.sealed:
        place.at("sealed").fault(N_("a kind cannot open what its base seals"))
    for key in ("sort", "search"):
        if said.get(key) and not getattr(was, key):
            place.at(key).fault(N_("a kind may only switch this off"))
    if said.get("required") is False and was.required:
        place.at("required").fault(N_("a kind cannot do without what its base requires"))


def _check_title(linked: Linked, place: Place) -> None:
    if linked.title is None:
        return
    named = {one.definition.name: one.definition for one in linked.fields if one.definition.active}
    found = named.get(linked.title)
    if found is None:
        unknown_word(place, linked.title, list(named))
    elif found.type not in ("text", "name", "sequence") or found.many:
        place.fault(N_("a record is called by a text, a name or a number, not by {type}"), type=found.type)


def _check_frames(linked: Linked, faults: Faults) -> None:
    shown: set[str] = set()
    for one in linked.fields:
        frame = one.definition.frame
        if frame is None:
            continue
        spot = _spot(one, faults)
        if one.definition.type not in FRAME_TYPES[frame] or one.definition.many:
            words = N_("{frame} can be shown only as {types}")
            spot.at("type").fault(words, frame=frame, types=", ".join(FRAME_TYPES[frame]))
        if one.definition.active and frame in shown:
            spot.at("frame").fault(N_("{frame} is already shown by another field"), frame=frame)
        shown.update({frame} if one.definition.active else ())


def check_compiled(
    compiled: CompiledType, linked: Linked, types: Mapping[str, CompiledType], faults: Faults
) -> None:
    """What shows only once types are compiled: references, limits."""
    place = Place(faults, linked.definition.file)
    for one in linked.fields:
        spot = _spot(one, faults)
        for part in (one.definition, *one.definition.fields):
            deeper = spot if part is one.definition else spot.at("fields", part.name)
            if part.type == "reference":
                _check_reference(part, compiled, types, deeper)
    sortable = [one for one in compiled.walk() if one.active and one.sort and not one.frame]
    if len(sortable) > MOST_SORTABLE:
        names = ", ".join(one.address for one in sortable)
        words = N_("{count} fields can be sorted by; {most} are allowed: {names}")
        place.at("fields").fault(words, count=len(sortable), most=MOST_SORTABLE, names=names)
    if len(compiled.planned) > MOST_INDEXES:
        words = N_("the collection {name} would have {count} indexes; {most} are allowed")
        place.fault(words, name=compiled.collection, count=len(compiled.planned), most=MOST_INDEXES)


def _check_reference(
    one: FieldDefinition, compiled: CompiledType, types: Mapping[str, CompiledType], place: Place
) -> None:
    target = types.get(one.target or "")
    if target is None:
        if one.active:
            words = N_("{name} is no record type here: a relation to a type still to come has active: false")
            place.at("target").fault(words, name=quoted(one.target))
        return
    if one.relation == "reverse":
        back = target.find(one.inverse or "")
        if back is None or back.target not in (compiled.name, compiled.base) or back.relation == "reverse":
            words = N_("{name} is no reference of {target} to {type}")
            place.at("inverse").fault(words, name=quoted(one.inverse), target=target.name, type=compiled.name)
    _check_copies(one, compiled, target, place.at("copies"))


def _check_copies(one: FieldDefinition, compiled: CompiledType, target: CompiledType, place: Place) -> None:
    """A copy is at least as secret as what it was copied from, in every kind of the target, and of the same make."""
    for own_name, name in compiled.by_id[one.id].copied:
        own, source = compiled.find(own_name), target.find(name)
        if source is None:
            unknown_word(place, name, list(target.addressable))
        if own is None:
            unknown_word(place, own_name, list(compiled.addressable))
        if own is None or source is None:
            continue
        if own.parent_id or own.frame or own.system or own.computed or own.id == one.id:
            place.fault(N_("{name} cannot hold a copy"), name=quoted(own_name))
        elif (own.type.name, own.many) != (source.type.name, source.many):
            place.fault(N_("{own} and {source} are not of one type"), own=quoted(own_name), source=quoted(name))
        elif own.grade < source.grade or (source.sealed and not own.sealed):
            words = N_("{own} is less protected than {source}: what is copied is as secret as it was")
            place.fault(words, own=quoted(own_name), source=quoted(name))


def check_across_families(types: Mapping[str, CompiledType], definitions: Definitions, faults: Faults) -> None:
    """Field ids are unique in the archive: grants, tokens and the log know a field by nothing else."""
    owners: dict[str, CompiledType] = {}
    for name in sorted(types):
        compiled = types[name]
        for one in compiled.walk():
            first = owners.setdefault(one.id, compiled)
            place = Place(faults, definitions[name].file, f"fields.{one.address}")
            if first.base != compiled.base:
                place.at("id").fault(N_("{id} is already a field of {type}"), id=one.id, type=first.name)
            elif _kind(first.by_id[one.id]) != _kind(one):
                place.at("type").fault(N_("{id} is something else in {type}"), id=one.id, type=first.name)
    _check_prefixes(types, definitions, faults)


def _kind(one: Field) -> tuple[Any, ...]:
    return one.type.name, one.many, one.parent_id, one.frame


def _check_prefixes(types: Mapping[str, CompiledType], definitions: Definitions, faults: Faults) -> None:
    prefixes: dict[tuple[str, str], str] = {}
    for name in sorted(types):
        compiled = types[name]
        if compiled.abstract:
            continue
        other = prefixes.setdefault((compiled.base, compiled.numbering.prefix), name)
        if other != name:
            words = N_("{prefix} is the prefix of {type} too: numbers in one collection must differ")
            place = Place(faults, definitions[name].file, "numbering.prefix")
            place.fault(words, prefix=compiled.numbering.prefix, type=other)
