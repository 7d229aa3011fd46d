"""What putting definitions in force would change: versions, steps of older documents, what records must not hold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.definitions.compatibility import (
    Probe,
    check_definition,
    check_fields,
    is_rekeyed,
    keep_removed,
    steps_between,
)
from models.definitions.compiled import TypeRegistry, compile_all
from models.definitions.compiling import Stored
from models.definitions.condition_names import with_ids
from models.definitions.faults import Faults
from models.definitions.record_types import TypeDefinition
from models.definitions.stored_types import current_documents, definitions_in, stored_in
from models.store import Store


@dataclass(frozen=True)
class TypePlan:
    """What applying would do."""

    before: Mapping[str, dict[str, Any]]
    definitions: Mapping[str, TypeDefinition]
    registry: TypeRegistry
    changed: Mapping[str, Stored]
    """Types that get a new version, with what is stored beside their definition."""
    probes: tuple[Probe, ...]
    faults: Faults


def plan_types(store: Store, given: Mapping[str, TypeDefinition]) -> TypePlan:
    """Put `given` together with what is in force, and judge the change.

    :raises DefinitionFaults: they do not fit one another; what only records can tell is left in `probes`
    """
    before = current_documents(store)
    former = definitions_in(before.values())
    stored = {name: stored_in(document) for name, document in before.items()}
    wanted = {**former, **given}
    for name in given.keys() & former.keys():
        wanted[name] = keep_removed(given[name], former[name], wanted)
    faults = Faults()
    for name in given.keys() & former.keys():
        check_definition(wanted[name], former[name], faults)
    faults.raise_if_any()
    registry = compile_all(wanted, stored)
    wanted = {name: with_ids(one, registry.get(name)) for name, one in wanted.items()}
    touched = {name for name, one in wanted.items() if name not in former or one.to_tree() != former[name].to_tree()}
    changed = _with_dependents(touched, wanted)
    raised = {name: _raised(stored.get(name), name in changed) for name in wanted}
    registry = compile_all(wanted, raised)
    plan = TypePlan(before, wanted, registry, {name: raised[name] for name in changed}, (), faults)
    return _compared(plan, compile_all(former, stored))


def _raised(stored: Stored | None, is_changed: bool) -> Stored:
    if stored is None:
        return Stored(1)
    return replace(stored, version=stored.version + is_changed)


def _with_dependents(touched: set[str], definitions: Mapping[str, TypeDefinition]) -> set[str]:
    """Types that are compiled otherwise when `touched` change: their kinds, what includes them, and their bases."""
    kinds = {
        name for name, one in definitions.items()
        if one.extends in touched or any(include.type in touched for include in one.include)
    }  # fmt: skip
    bases = {definitions[name].extends for name in touched | kinds}
    return touched | kinds | {base for base in bases if base is not None}


def _compared(plan: TypePlan, old: TypeRegistry) -> TypePlan:
    """The plan with what the version in force forbids, asks of the records, or makes them do."""
    changed = dict(plan.changed)
    probes: list[Probe] = []
    for name, stored in plan.changed.items():
        new, former = plan.registry.get(name), old.types.get(name)
        if former and not new.abstract:
            keyed = stored.version if is_rekeyed(new, former) else stored.keyed
            changed[name] = replace(stored, steps=steps_between(new, former), keyed=keyed)
            probes += check_fields(new, former, plan.definitions[name].file, plan.faults)
    return replace(plan, changed=changed, probes=tuple(probes))


def is_stale(stored: Stored, before: Mapping[str, Any] | None) -> bool:
    """Whether the version in force asks more of older documents than the one before, or that one is not done yet."""
    if before is None:
        return False
    newest = max([stored.keyed, *(step.version for step in stored.steps)])
    return newest == stored.version or bool(before.get("stale"))
