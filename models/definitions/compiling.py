"""From linked definitions to compiled types. Everything that cannot be put together is reported, nothing raised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.definitions.compiled_type import CompiledType, unique_path
from models.definitions.conditions import parse_condition
from models.definitions.faults import Faults, Place, unknown_word
from models.definitions.field_definitions import FieldDefinition
from models.definitions.field_types import FIELD_TYPES
from models.definitions.fields import Field, Option
from models.definitions.formulas import parse_formula
from models.definitions.grades import Grade
from models.definitions.index_plan import PlannedIndex, plan_indexes
from models.definitions.linking import Definitions, Linked, LinkedField, kinds_of, link
from models.definitions.record_types import TypeDefinition
from models.definitions.steps import compile_steps
from models.definitions.system_fields import system_fields
from models.definitions.upgrades import Step
from models.definitions.workflow import State
from models.errors import N_, ArchiveError

LATE_DEFAULTS: Mapping[str, str] = {"moment": "@now", "date": "@today", "user": "@me"}
"""Field type → the default that is bound when a record is made."""


@dataclass(frozen=True)
class Stored:
    """What the archive knows of a type beside its definition."""

    version: int = 1
    steps: tuple[Step, ...] = ()
    keyed: int = 0


@dataclass
class Compiling:
    """A type on its way: what was linked, the fields made so far, where to report."""

    linked: Linked
    faults: Faults
    fields: list[Field] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    """Field id → where its author wrote it."""
    by_word: dict[str, Field] = field(default_factory=dict)
    """What a condition or formula may name: addresses and ids of fields in use, and system keys."""

    def place(self, one: Field) -> Place:
        """Where to report what is wrong with a field."""
        return self.places[one.id]


def compile_family(
    base: str, definitions: Definitions, stored: Mapping[str, Stored], faults: Faults
) -> dict[str, CompiledType]:
    """A base and the types that extend it, compiled together because they share a collection.

    :param base: a type that extends nothing
    """
    members = [base, *(kind for kind in kinds_of(base, definitions) if kind != base)]
    plain = {name: _compile(name, definitions, stored.get(name, Stored()), faults) for name in members}
    planned = _indexes(plain.values())
    done = {name: replace(one, planned=planned) for name, one in plain.items()}
    kinds = [done[name] for name in members if name != base]
    if kinds:
        _narrow(done[base], kinds)
    return done


def _compile(name: str, definitions: Definitions, stored: Stored, faults: Faults) -> CompiledType:
    linked = link(name, definitions)
    work = Compiling(linked, faults)
    kinds = {kind: definitions[kind].labels for kind in linked.kinds or (name,)}
    system = system_fields(kinds, _states_of(linked, definitions))
    for one in linked.fields:
        _add_field(work, one)
    system = _shown_system(system, work.fields)
    work.by_word = _words(work, system)
    made = {one.id: one for one in work.fields}
    for one in linked.fields:
        _finish(work, made[one.definition.id], one.definition)
    return _type_of(work, system, stored)


def _states_of(linked: Linked, definitions: Definitions) -> tuple[State, ...]:
    """The states a list of the type may hold: its own, then those that only a kind of it has."""
    kinds = [link(kind, definitions).workflow for kind in linked.kinds if kind != linked.definition.type]
    found: dict[str, State] = {}
    for workflow in kinds or [linked.workflow]:
        for state in workflow:
            found.setdefault(state.name, state)
    return tuple(found.values())


def _type_of(work: Compiling, system: Mapping[str, Field], stored: Stored) -> CompiledType:
    linked = work.linked
    definition = linked.definition
    return CompiledType(
        name=definition.type,
        base=linked.base,
        kinds=linked.kinds,
        abstract=definition.abstract,
        version=stored.version,
        labels=definition.labels,
        help=definition.help or {},
        icon=linked.icon,
        group=linked.group,
        sections=linked.sections,
        fields=tuple(work.fields),
        title=_title(work, system),
        numbering=linked.numbering,
        states=linked.workflow,
        workflow=compile_steps(linked.workflow, work.by_word, Place(work.faults, linked.workflow_file)),
        system=system,
        retention_class=linked.retention_class,
        steps=stored.steps,
        keyed=stored.keyed,
        definition=definition,
    )


def _title(work: Compiling, system: Mapping[str, Field]) -> Field:
    wanted = work.linked.title
    if wanted is None:
        return system["archive_no"]
    return next((one for one in work.fields if one.name == wanted and one.active), system["archive_no"])


def _add_field(work: Compiling, one: LinkedField) -> None:
    definition = one.definition
    place = Place(work.faults, one.origin.file, f"fields.{definition.name}")
    section = definition.section or next((section.name for section in work.linked.sections), "")
    made = make_field(definition, section)
    work.fields.append(made)
    work.places[made.id] = place
    for part in made.fields:
        work.places[part.id] = place.at("fields", part.name)
    if not one.taken:
        _refuse_sorting_sealed(work, made, definition)


def _refuse_sorting_sealed(work: Compiling, made: Field, definition: FieldDefinition) -> None:
    """Sorting a sealed value would need it in clear. A kind that seals a field of its base just loses the sorting."""
    for part, said in ((made, definition), *zip(made.fields, definition.fields, strict=True)):
        if part.sealed and said.sort:
            work.place(part).at("sort").fault(N_("is sealed: a sealed field cannot be sorted by"))


def make_field(definition: FieldDefinition, section: str = "", holder: Field | None = None) -> Field:
    """The field without what refers to other fields (formula, visible_when); sub-fields take what they do not say."""
    grade = _grade(definition, holder)
    sealed = _sealed(definition, grade, holder)
    made = Field(
        id=definition.id,
        name=definition.name,
        labels=definition.labels,
        type=FIELD_TYPES[definition.type],
        section=holder.section if holder else section,
        grade=grade,
        sealed=sealed,
        purpose=definition.purpose or (holder.purpose if holder else ""),
        required=definition.required,
        many=definition.many,
        active=definition.active,
        list=definition.list,
        sort=definition.sort and not sealed,
        search=definition.search,
        unique=definition.unique,
        options=tuple(Option(option.key, option.labels, option.active) for option in definition.options),
        currency=definition.currency or "CNY",
        open_end=definition.open_end,
        validators=definition.validators or {},
        frame=definition.frame,
        system=definition.system or bool(holder and holder.system),
        source=definition.source or (holder.source if holder else None),
        target=definition.target,
        relation=definition.relation or ("link" if definition.target else None),
        inverse=definition.inverse,
        copies=definition.copies,
        parent_id=holder.id if holder else None,
        parent_name=holder.name if holder else None,
        in_rows=bool(holder and holder.type.name == "rows"),
        help=definition.help or {},
        numbering=definition.numbering,
    )
    if definition.fields:
        settle(made, fields=tuple(make_field(part, holder=made) for part in definition.fields))
    return made


def settle(one: Field, **parts: Any) -> None:
    """Complete a field while its type is compiled. Fields refer to one another, so they exist before they are whole."""
    for name, value in parts.items():
        object.__setattr__(one, name, value)


def _grade(definition: FieldDefinition, holder: Field | None) -> Grade:
    if definition.grade:
        return Grade.by_name(definition.grade)
    return holder.grade if holder else Grade.CONFIDENTIAL


def _sealed(definition: FieldDefinition, grade: Grade, holder: Field | None) -> bool:
    """Whether the value is encrypted before it is stored: as said, else by grade and kind of value."""
    if definition.type == "object" or definition.relation == "reverse" or definition.frame:
        return False
    if holder is not None and holder.type.name == "rows":
        return holder.sealed
    if definition.sealed is not None:
        return definition.sealed
    if definition.type == "formula":
        return False
    return grade == Grade.SECRET or (grade == Grade.CONFIDENTIAL and FIELD_TYPES[definition.type].sealed_by_default)


def _shown_system(system: Mapping[str, Field], fields: Iterable[Field]) -> dict[str, Field]:
    """System keys as the type shows them: one field where both have one name, else its labels, grade and section."""
    shown = dict(system)
    for one in fields:
        if one.frame is None or not one.active:
            continue
        key = system[one.frame]
        settle(one, options=one.options or key.options, sort=True)
        if one.name == one.frame:
            shown[one.frame] = one
        else:
            face = replace(key, labels=one.labels, help=one.help, section=one.section, list=one.list)
            shown[one.frame] = replace(face, grade=one.grade)
    return shown


def _words(work: Compiling, system: Mapping[str, Field]) -> dict[str, Field]:
    words = dict(system)
    for one in work.fields:
        for part in (one, *one.fields):
            if one.active and part.active and not part.in_rows:
                words[part.id] = words[part.address] = part
    return words


def _finish(work: Compiling, one: Field, definition: FieldDefinition) -> None:
    """Conditions, defaults and the formula. A field that is off has none: what it asks for may be gone."""
    for made, said in ((one, definition), *zip(one.fields, definition.fields, strict=True)):
        spot = work.place(made)
        if not (one.active and made.active):
            continue
        if said.visible_when is not None:
            _with_condition(work, made, said.visible_when, spot.at("visible_when"))
        if said.default is not None:
            _with_default(made, said.default, spot.at("default"))
    if definition.formula is not None and one.active:
        _with_formula(work, one, definition)


def _with_condition(work: Compiling, one: Field, tree: Mapping[str, Any], place: Place) -> None:
    before = len(work.faults)

    def resolve(word: str) -> Field | None:
        found = work.by_word.get(word)
        if found is None:
            unknown_word(place, word, [name for name, field in work.by_word.items() if field.address == name])
        elif found.id == one.id:
            place.fault(N_("a field cannot decide about itself"))
        return found

    try:
        settle(one, visible_when=parse_condition(tree, resolve, deciding=True))
    except ArchiveError as error:
        if len(work.faults) == before:
            place.fault(N_("cannot be used: {reason}"), reason=error)


def _with_default(one: Field, raw: Any, place: Place) -> None:
    if LATE_DEFAULTS.get(one.type.name) == raw and not one.many:
        settle(one, default=raw)
        return
    try:
        settle(one, default=one.type.parse(raw, one))
    except ArchiveError as error:
        place.fault(N_("does not fit the field: {reason}"), reason=error)


def _with_formula(work: Compiling, one: Field, definition: FieldDefinition) -> None:
    place = work.place(one)
    try:
        formula = parse_formula(definition.formula or "", work.by_word.get)
    except ArchiveError as error:
        place.at("formula").fault(N_("cannot be used: {reason}"), reason=error)
        return
    sources = [work.by_word[word] for word in formula.depends]
    grade = max([one.grade, *(source.grade for source in sources)])
    sealed = any(source.sealed for source in sources)
    settle(one, formula=formula, depends=frozenset(formula.depends), grade=grade, sealed=one.sealed or sealed)
    if definition.grade and Grade.by_name(definition.grade) < grade:
        words = N_("is below what the formula reads: it must be at least {grade}")
        place.at("grade").fault(words, grade=grade.word)
    if definition.sealed is False and sealed:
        place.at("sealed").fault(N_("a formula over sealed fields is sealed"))


def _indexes(types: Iterable[CompiledType]) -> tuple[PlannedIndex, ...]:
    stored = [compiled for compiled in types if not compiled.abstract]
    sorts: dict[str, tuple[str, list[str]]] = {}
    uniques: dict[str, str] = {}
    references: dict[str, str] = {}
    for compiled in stored:
        for one in compiled.walk():
            if one.active and not one.frame and one.sort:
                sorts.setdefault(one.id, (one.sort_path, []))[1].append(compiled.name)
            if one.active and not one.frame and one.unique:
                uniques[one.id] = unique_path(one)
            if one.active and one.type.name == "reference" and not (one.computed or one.in_rows or one.sealed):
                references[one.id] = one.path
    return plan_indexes(sorts, uniques, len(stored), references)


def _narrow(base: CompiledType, kinds: list[CompiledType]) -> None:
    """The base as a list of all its kinds may use it: only what holds in every one of them."""
    for one in base.walk():
        every = [one, *(kind.by_id[one.id] for kind in kinds)]
        settle(
            one,
            grade=max(each.grade for each in every),
            sealed=any(each.sealed for each in every),
            sort=all(each.sort for each in every),
            search=all(each.search for each in every),
            required=all(each.required for each in every),
        )


def bases(definitions: Mapping[str, TypeDefinition]) -> list[str]:
    """Types that extend nothing, by name."""
    return sorted(name for name, one in definitions.items() if one.extends is None)
