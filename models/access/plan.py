"""The compiled answer to "who may do what here": one plan per (holders, type version, policy version).

A grant counts only where *its own holder* has a scope for the action asked that holds for the row
(permissions.md 3): rows and columns are never united apart. `@me`, departments, the date and ends of
lends are not in a plan; they are bound when it is used (`judge.py`).
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from models.access.actions import Action
from models.access.grants import Ceiling, Grant, Policy, Scope
from models.access.levels import Read, Write
from models.definitions.compiled import CompiledType
from models.definitions.conditions import Condition, parse_condition
from models.definitions.fields import Field


@dataclass(frozen=True, slots=True)
class Term:
    """Some rows on which an action holds. `key` is the condition as canonical text, "" for all rows."""

    key: str
    condition: Condition | None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CellRule:
    """A grant as far as it concerns one field."""

    holder: str
    read: Read
    write: Write
    use: frozenset[str]
    when: Condition | None
    record_id: str | None
    until: datetime | None
    grant: str

    @property
    def conditional(self) -> bool:
        """Whether it can differ between rows on which its holder has a scope."""
        return self.when is not None or self.record_id is not None


@dataclass(frozen=True, slots=True)
class Cap:
    """A ceiling as far as it concerns one field and these holders."""

    read: Read
    write: Write
    when: Condition | None
    unless: Condition | None
    """The negation of `when`, parsed as one, so that a filter can ask for the rows it does not lower."""
    ceiling: str


@dataclass(frozen=True)
class AccessPlan:
    """Everything the policy says to one set of holders about one concrete type.

    :param everything: the system itself: every action, every value
    """

    type: CompiledType
    held: frozenset[str]
    scopes: dict[Action, dict[str, tuple[Term, ...]]] = field(default_factory=dict)
    rules: dict[str, tuple[CellRule, ...]] = field(default_factory=dict)
    caps: dict[str, tuple[Cap, ...]] = field(default_factory=dict)
    everything: bool = False
    facts: dict[Any, Any] = field(default_factory=dict, repr=False)
    """What others worked out from the plan alone, kept as long as the plan."""

    @cached_property
    def conditional(self) -> frozenset[str]:
        """Ids of the fields whose level can differ between rows that lie in the same scopes."""
        ruled = {id for id, rules in self.rules.items() if any(rule.conditional for rule in rules)}
        capped = {id for id, caps in self.caps.items() if any(cap.when for cap in caps)}
        return frozenset((ruled | capped) & self.rules.keys())

    @cached_property
    def lasting(self) -> bool:
        """Whether nothing in it ends by itself: it says the same until the policy changes."""
        terms = (term for by_holder in self.scopes.values() for found in by_holder.values() for term in found)
        rules = (rule for found in self.rules.values() for rule in found)
        return not any(entry.until for entries in (terms, rules) for entry in entries)

    def may(self, action: Action) -> bool:
        """Whether the action holds on some rows at all."""
        return self.everything or bool(self.scopes.get(action))

    def may_view_field(self, field: Field) -> bool:
        """Whether the field may be known of: some grant reads or fills it somewhere."""
        return self.everything or field.id in self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(id for id in self.rules if self._gives(id))

    def _gives(self, id: str) -> bool:
        most_read, most_write = self.static_cap(id)
        return any(
            min(rule.read, most_read) > Read.NONE or min(rule.write, most_write) > Write.NONE for rule in self.rules[id]
        )

    def static_cap(self, field_id: str) -> tuple[Read, Write]:
        """The ceilings that hold on every row."""
        read, write = Read.FULL, Write.EDIT
        for cap in self.caps.get(field_id, ()):
            if cap.when is None:
                read, write = min(read, cap.read), min(write, cap.write)
        return read, write


def compile_plan(policy: Policy, holders: Iterable[str], roles: frozenset[str], compiled: CompiledType) -> AccessPlan:
    """Compile what `policy` gives these holders on one concrete type.

    :param holders: `role:x` and `user:y` entries whose grants count
    :param roles: every `role:x` of the actor, for ceilings (also roles without a grant)
    """
    held = frozenset(holders)
    resolve = resolver_by_id(compiled)
    names = {compiled.name, compiled.base, "*"}

    def condition_of(text: str | None) -> Condition | None:
        return parse_condition(json.loads(text), resolve) if text else None

    scopes = _scopes(policy.scopes, held, names, condition_of)
    fields = [*compiled.by_id.values(), *compiled.system.values()]
    grants = [grant for grant in policy.grants if grant.holder in held and grant.type in names]
    ceilings = [ceiling for ceiling in policy.ceilings if ceiling.type in names and ceiling.applies_to(roles)]
    rules = _by_target(grants, lambda grant: _rule(grant, condition_of(grant.when)))
    caps = _by_target(ceilings, lambda ceiling: _cap(ceiling, condition_of))
    return AccessPlan(
        type=compiled,
        held=held,
        scopes=scopes,
        rules={one.id: found for one in fields if (found := _covering(one, rules))},
        caps={one.id: found for one in fields if (found := _covering(one, caps))},
    )


def system_plan(compiled: CompiledType) -> AccessPlan:
    """The plan of jobs and commands that act for the installation itself."""
    return AccessPlan(type=compiled, held=frozenset(), everything=True)


def resolver_by_id(compiled: CompiledType) -> Callable[[str], Field | None]:
    """How a stored condition names its fields: by id; system keys by their REST names."""

    def resolve(name: str) -> Field | None:
        return compiled.by_id.get(name) or compiled.system.get(name)

    return resolve


def _scopes(
    scopes: Iterable[Scope],
    held: frozenset[str],
    names: set[str],
    condition_of: Callable[[str | None], Condition | None],
) -> dict[Action, dict[str, tuple[Term, ...]]]:
    found: dict[Action, dict[str, list[Term]]] = {}
    for scope in scopes:
        if scope.holder not in held or scope.type not in names:
            continue
        term = Term(scope.when or "", condition_of(scope.when), scope.until)
        for word in scope.actions:
            found.setdefault(Action(word), {}).setdefault(scope.holder, []).append(term)
    return {
        action: {holder: tuple(terms) for holder, terms in by_holder.items()} for action, by_holder in found.items()
    }


def _by_target(entries: Iterable[Grant | Ceiling], build: Callable[[Any], Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for entry in entries:
        found.setdefault(entry.target, []).append(build(entry))
    return found


def _covering(one: Field, by_target: dict[str, list]) -> tuple:
    """What covers a field: entries on its id, on its grade, on everything. Rows share the access of their list."""
    return tuple(entry for target in (one.id, one.grade.word, "*") for entry in by_target.get(target, ()))


def _rule(grant: Grant, when: Condition | None) -> CellRule:
    return CellRule(grant.holder, grant.read, grant.write, grant.use, when, grant.record_id, grant.until, grant.id)


def _cap(ceiling: Ceiling, condition_of: Callable[[str | None], Condition | None]) -> Cap:
    negated = f'{{"not": {ceiling.when}}}' if ceiling.when else None
    return Cap(
        ceiling.read_at_most, ceiling.write_at_most, condition_of(ceiling.when), condition_of(negated), ceiling.id
    )
