"""Record types: judged, put in force, written out. Every version stays in `record_types`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models.definitions.compatibility import Probe
from models.definitions.compiled import TypeRegistry, compile_all, registry_for
from models.definitions.condition_names import with_names
from models.definitions.faults import Faults, Place, unknown_word
from models.definitions.record_types import TypeDefinition, load_type
from models.definitions.sources import read_definition
from models.definitions.stored_types import current_documents, definitions_in, versions_of
from models.definitions.workflow import SYSTEM
from models.errors import N_, DefinitionError, StaleRecord
from models.operations.changes import allowed, committed, entry_for
from models.operations.migrations import ensure_record_indexes, holds_record
from models.operations.type_plans import TypePlan, is_stale, plan_types
from models.store import Store, read_stamps
from models.users import Actor

MANAGE, VIEW = "types:manage", "types:view"
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Applied:
    """What `apply` put in force."""

    versions: Mapping[str, int]
    """Types that have a new version, with its number."""
    registry: TypeRegistry


def read_definitions(path: Path) -> dict[str, TypeDefinition]:
    """The definitions in a file, or in every YAML file of a folder, by type name.

    :raises DefinitionFaults: with everything that is wrong with any of them
    """
    files = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES) if path.is_dir() else [path]
    if not files:
        raise DefinitionError(str(path), N_("holds no *.yaml"))
    faults = Faults()
    found: dict[str, TypeDefinition] = {}
    for file in files:
        try:
            definition = load_type(read_definition(file), str(file))
        except DefinitionError as error:
            faults.add(error)
            continue
        if definition.type in found:
            words = N_("{type} is already defined in {file}")
            fault = DefinitionError(f"{file}: type", words, type=definition.type, file=found[definition.type].file)
            faults.add(fault)
        found[definition.type] = definition
    faults.raise_if_any()
    return found


def validate(path: Path, known: Mapping[str, TypeDefinition] | None = None) -> TypeRegistry:
    """Judge definitions without putting them in force.

    :param known: types they may extend or refer to, where they do not define them themselves
    :raises DefinitionFaults: with everything that is wrong
    """
    return compile_all({**(known or {}), **read_definitions(path)})


def apply(actor: Actor, store: Store, definitions: Mapping[str, TypeDefinition], *, reason: str) -> Applied:
    """Put definitions in force, all or none; types that are not among them stay as they are.

    What a definition leaves out of the version in force is switched off, not lost. A type has a new version
    when it changed, or when one it is compiled with did.

    :raises AccessDenied: the actor may not manage types
    :raises DefinitionFaults: they do not fit one another, or not the records that stand
    :raises StaleRecord: somebody else changed the same type meanwhile
    """
    allowed(actor, store, MANAGE)
    plan = plan_types(store, definitions)
    for probe in plan.probes:
        _refuse_over_records(store, probe, plan.faults)
    for name in plan.changed:
        _refuse_unknown_roles(store, plan.definitions[name], plan.faults)
    plan.faults.raise_if_any()
    ensure_record_indexes(store, plan.registry)
    if not plan.changed:
        return Applied({}, plan.registry)
    versions = {name: stored.version for name, stored in plan.changed.items()}
    entry = entry_for(actor, "types:apply", "record_types", sorted(versions), versions=versions)
    committed(store, entry, lambda session: _store(store, plan, actor, reason, session), stamp="types")
    ensure_record_indexes(store, plan.registry, drop_others=True)
    return Applied(versions, registry_for(store, read_stamps(store)))


def _refuse_unknown_roles(store: Store, definition: TypeDefinition, faults: Faults) -> None:
    """A step named for a role that is not there could be taken by nobody, and by whoever is given it later."""
    known = {role["_id"] for role in store.data.roles.find({}, {"_id": 1})}
    if definition.workflow is None or not known:  # an archive that is only being set up has no roles yet
        return
    for number, edge in enumerate(definition.workflow.transitions):
        place = Place(faults, definition.file).at("transitions", number, "who")
        for word in edge.who:
            if word != SYSTEM and word.removeprefix("role:") not in known:
                unknown_word(place, word, sorted(f"role:{one}" for one in known))


def _refuse_over_records(store: Store, probe: Probe, faults: Faults) -> None:
    if holds_record(store, probe.collection, probe.query):
        probe.place.fault(probe.words, name=probe.place.path.rsplit(".", 1)[-1])


def _store(store: Store, plan: TypePlan, actor: Actor, reason: str, session: ClientSession) -> None:
    """Every changed type as a new current version; the former one stays.

    :raises StaleRecord: the version it was planned upon is no longer current
    """
    now = store.clock.now()
    for name, stored in plan.changed.items():
        version = stored.version
        if name in plan.before:
            chosen = {"_id": plan.before[name]["_id"], "current": True}
            past = {"$unset": {"current": ""}}
            if not store.data.record_types.update_one(chosen, past, session=session).matched_count:
                raise StaleRecord(version - 1)
        document = {
            "_id": f"{name}@{version}",
            "type": name,
            "version": version,
            "current": True,
            "definition": plan.definitions[name].to_tree(),
            "steps": [step.to_tree() for step in stored.steps],
            "keyed": stored.keyed,
            "stale": is_stale(stored, plan.before.get(name)),
            "at": now,
            "by": actor.id,
            "reason": reason,
        }
        try:
            store.data.record_types.insert_one(document, session=session)
        except DuplicateKeyError:
            raise StaleRecord(version) from None


def history(actor: Actor, store: Store, name: str) -> list[dict[str, Any]]:
    """Every version of a type, newest first: version, definition, at, by, reason.

    :raises AccessDenied: the actor may not see types
    """
    allowed(actor, store, VIEW)
    return versions_of(store, name)


def export(actor: Actor, store: Store, folder: Path) -> list[Path]:
    """Write every type in force as YAML that `apply` takes back without a change.

    :raises AccessDenied: the actor may not see types
    """
    stamps = allowed(actor, store, VIEW)
    registry = registry_for(store, stamps)
    folder.mkdir(parents=True, exist_ok=True)
    definitions = definitions_in(current_documents(store).values())
    return [_write(folder, with_names(one, registry.get(name))) for name, one in sorted(definitions.items())]


def _write(folder: Path, definition: TypeDefinition) -> Path:
    path = folder / f"{definition.type}.yaml"
    path.write_text(as_yaml(definition), encoding="utf-8")
    return path


def as_yaml(definition: TypeDefinition) -> str:
    """A definition as its file: keys in the order of the schema, small mappings on one line."""
    dumped = yaml.dump(
        definition.to_tree(), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None
    )
    return str(dumped)


class _Dumper(yaml.SafeDumper):
    """Without anchors: what stands twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
