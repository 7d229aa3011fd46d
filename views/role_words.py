"""What a role may do, in sentences, read from the grants in force."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from babel.lists import format_list
from flask_babel import get_locale, gettext

from models.access.grants import Grant, Policy, Scope, policy_for
from models.access.levels import Read, Write
from models.definitions.compiled import CompiledType, TypeRegistry, registry_for
from models.definitions.conditions import parse_condition
from models.errors import N_, RecordNotFound
from views.access import current_stamps, current_store, may
from views.formats import locale
from views.shell import type_label

RESOURCES = {
    "users": N_("user accounts"),
    "types": N_("record types"),
    "permissions": N_("permissions"),
    "audit": N_("the audit log"),
    "jobs": N_("jobs"),
    "retention": N_("retention rules"),
    "holds": N_("holds"),
    "cases": N_("destruction cases"),
    "restricted": N_("restricted archives"),
    "settings": N_("settings"),
}
ACTIONS = {
    "view": N_("view"),
    "manage": N_("manage"),
    "create": N_("create"),
    "edit": N_("change"),
    "delete": N_("move to the trash"),
    "restore": N_("restore"),
    "revert": N_("revert"),
    "export": N_("export"),
    "export_secret": N_("export secret fields"),
    "import": N_("import"),
    "reveal": N_("reveal"),
    "approve": N_("approve"),
    "transition": N_("move between states"),
}
GRADES = {
    "public": N_("public fields"),
    "internal": N_("internal fields"),
    "confidential": N_("confidential fields"),
    "secret": N_("secret fields"),
    "*": N_("every field"),
}
LEVELS = {
    (Read.FULL, Write.EDIT): N_("Reads in full and edits: %(fields)s."),
    (Read.FULL, Write.FILL): N_("Reads in full and fills gaps: %(fields)s."),
    (Read.FULL, Write.NONE): N_("Reads in full: %(fields)s."),
    (Read.MASKED, Write.EDIT): N_("Sees masked and edits: %(fields)s."),
    (Read.MASKED, Write.FILL): N_("Sees masked and fills gaps: %(fields)s."),
    (Read.MASKED, Write.NONE): N_("Sees masked: %(fields)s."),
    (Read.NONE, Write.EDIT): N_("Writes without seeing: %(fields)s."),
    (Read.NONE, Write.FILL): N_("Fills gaps without seeing: %(fields)s."),
}


@dataclass(frozen=True)
class Chapter:
    """One subject a role may do something with."""

    title: str
    sentences: tuple[str, ...]


def chapters(role_id: str) -> list[Chapter]:
    """The whole of a role: the system's own parts, then each record type.

    Field by field only for whoever may view permissions: names of fields are knowledge too.
    """
    stamps = current_stamps()
    policy, registry = policy_for(current_store(), stamps), registry_for(current_store(), stamps)
    holder = f"role:{role_id}"
    scopes = [scope for scope in policy.scopes if scope.holder == holder]
    told = [Chapter(gettext("The system"), sentences)] if (sentences := _system(scopes)) else []
    names = sorted({scope.type for scope in scopes if scope.type} | {
        grant.type for grant in policy.grants if grant.holder == holder
    })  # fmt: skip
    for name in names:
        try:
            compiled = registry.get(name)
        except RecordNotFound:  # a grant may outlive its type
            continue
        told.append(Chapter(type_label(compiled), tuple(_records(compiled, registry, policy, holder))))
    return told


def _system(scopes: Iterable[Scope]) -> tuple[str, ...]:
    held: dict[str, list[str]] = defaultdict(list)
    for scope in scopes:
        if scope.resource:
            held[scope.resource] += sorted(scope.actions, key=list(ACTIONS).index)
    order = [name for name in RESOURCES if name in held]
    return tuple(
        gettext("May %(actions)s: %(things)s.", actions=_actions(held[name]), things=gettext(RESOURCES[name]))
        for name in order
    )


def _records(compiled: CompiledType, registry: TypeRegistry, policy: Policy, holder: str) -> Iterable[str]:
    for scope in policy.scopes:
        if scope.holder == holder and scope.type == compiled.name:
            yield _with_condition(
                gettext("Records: may %(actions)s.", actions=_actions(scope.actions)), scope.when, compiled
            )
    if not may("permissions:view"):
        return
    kinds = registry.concrete(compiled.name)
    levels: dict[tuple[Read, Write, str | None], list[str]] = defaultdict(list)
    for grant in policy.grants:
        if grant.holder == holder and grant.type == compiled.name and grant.record_id is None:
            levels[grant.read, grant.write, grant.when].append(_target(grant, compiled, kinds))
    for (read, write, when), fields in sorted(levels.items(), key=_most_first):
        if (read, write) in LEVELS:
            words = gettext(LEVELS[read, write], fields=gettext(", ").join(dict.fromkeys(fields)))
            yield _with_condition(words, when, compiled)


def _most_first(item: tuple[tuple[Read, Write, str | None], list[str]]) -> tuple[int, int, str]:
    (read, write, when), _ = item
    return -read, -write, when or ""


def _target(grant: Grant, compiled: CompiledType, kinds: Iterable[CompiledType]) -> str:
    if grant.target in GRADES:
        return gettext(GRADES[grant.target])
    for one in (compiled, *kinds):
        field = one.by_id.get(grant.target)
        if field is not None:
            holder = one.by_id.get(field.parent_id) if field.parent_id else None
            return " · ".join(part.label(locale()) for part in (holder, field) if part is not None)
    return grant.target


def _with_condition(words: str, when: str | None, compiled: CompiledType) -> str:
    if when is None:
        return words
    known = {**compiled.by_id, **compiled.system}
    condition = parse_condition(json.loads(when), known.get)
    return gettext("%(words)s Only where %(condition)s.", words=words, condition=condition.sentence(locale()))


def _actions(actions: Iterable[str]) -> str:
    order = sorted(set(actions), key=list(ACTIONS).index)
    return format_list([gettext(ACTIONS[action]) for action in order], locale=get_locale())
