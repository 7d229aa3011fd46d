"""Grants, scopes, ceilings and reach as they are stored, and the policy they make together.

One collection, `grants_config`, holds all four; a policy is everything in it at one version stamp. Any entry may
have `from` and `until` (aware UTC). An entry with `origin` ("lend:<id>", "delegation:<id>") is no part of the
configuration: a step or a person made it for a time, and it is neither exported nor compared.
Conditions stay trees here: they gain their fields when a plan is compiled for one type.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from models.access.levels import Read, Write
from models.store import Stamps, Store
from models.users import Actor


@dataclass(frozen=True, slots=True)
class Grant:
    """What a holder (`role:x` or `user:y`) may read and write of one target where their scope holds.

    :param target: a field id, a grade word (exactly that grade), or `*`
    :param use: what is opened although the value is masked or conditional (`USES`)
    :param until: a lend ends here (aware UTC)
    """

    id: str
    holder: str
    type: str
    target: str
    read: Read = Read.NONE
    write: Write = Write.NONE
    use: frozenset[str] = frozenset()
    when: str | None = None
    record_id: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where (on which rows) an action holds for a holder; on a system resource, simply that it does."""

    id: str
    holder: str
    type: str | None
    resource: str | None
    actions: frozenset[str]
    when: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The only "deny": an upper bound for those who hold one of `holders`, or hold none of `outside`."""

    id: str
    type: str
    target: str
    read_at_most: Read
    write_at_most: Write
    holders: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    when: str | None = None

    def applies_to(self, held: frozenset[str]) -> bool:
        """Whether it bounds somebody with these roles (`role:x`)."""
        if self.outside:
            return not (self.outside & held)
        return bool(self.holders & held)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a role may hand out. It gives no sight."""

    id: str
    role: str
    types: frozenset[str]
    grade: str
    read: Read
    write: Write


@dataclass(frozen=True)
class Policy:
    """All of it, at one version."""

    grants: tuple[Grant, ...] = ()
    scopes: tuple[Scope, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    reaches: tuple[Reach, ...] = ()

    @cached_property
    def holders(self) -> frozenset[str]:
        """Every holder that is given anything; users outside it share the plan of their roles."""
        return frozenset({grant.holder for grant in self.grants} | {scope.holder for scope in self.scopes})

    def holders_of(self, actor: Actor) -> frozenset[str]:
        """The holders whose grants this actor has: their roles, and themselves where something is lent to them."""
        held = {f"role:{role}" for role in actor.roles}
        held.add(f"user:{actor.id}")
        return frozenset(held) & self.holders

    def may(self, actor: Actor, need: str, now: datetime) -> bool:
        """Whether a scope gives `<resource>:<verb>`; a person has the needs of all their scopes."""
        if actor.system:
            return True
        resource, _, verb = need.partition(":")
        held = self.holders_of(actor)
        return any(
            scope.resource == resource and verb in scope.actions and scope.holder in held and not _over(scope, now)
            for scope in self.scopes
        )


def _over(entry: Scope | Grant, now: datetime) -> bool:
    return entry.until is not None and entry.until <= now


def may(store: Store, stamps: Stamps, actor: Actor, need: str) -> bool:
    """Whether the actor may do `<resource>:<verb>`, as of this request."""
    return policy_for(store, stamps).may(actor, need, store.clock.now())


def policy_for(store: Store, stamps: Stamps) -> Policy:
    """The policy in force at `stamps.grants`, read once per version and process.

    What begins or ends at a moment is left out or in here, for the version rises at that moment.
    """
    kept = store.caches.get("policy")
    if kept and kept[0] == stamps.grants:
        return kept[1]
    policy = policy_at(store.data.grants_config.find(), store.clock.now())
    store.caches["policy"] = (stamps.grants, policy)
    return policy


def policy_at(documents: Iterable[Mapping[str, Any]], moment: datetime) -> Policy:
    """The policy that stored entries make at a moment (aware UTC): without those over or still to come."""
    return policy_from(entry for entry in documents if in_force(entry, moment))


def in_force(entry: Mapping[str, Any], moment: datetime) -> bool:
    """Whether a stored entry counts at a moment: from `from` on, until before `until`."""
    begins, ends = entry.get("from"), entry.get("until")
    return (begins is None or begins <= moment) and (ends is None or moment < ends)


def policy_from(documents: Iterable[Mapping[str, Any]]) -> Policy:
    """Read stored entries; an entry of an unknown kind is a newer program's and stops the start."""
    entries: dict[str, list[Any]] = {kind: [] for kind in _READERS}
    for document in documents:
        entries[document["kind"]].append(_READERS[document["kind"]](document))
    return Policy(*(tuple(entries[kind]) for kind in ("grant", "scope", "ceiling", "reach")))


def _grant(document: Mapping[str, Any]) -> Grant:
    return Grant(
        id=document["_id"],
        holder=document["holder"],
        type=document["type"],
        target=document["target"],
        read=_read(document.get("read")),
        write=_write(document.get("write")),
        use=frozenset(document.get("use") or ()),
        when=_when(document),
        record_id=document.get("record_id"),
        until=document.get("until"),
    )


def _scope(document: Mapping[str, Any]) -> Scope:
    return Scope(
        id=document["_id"],
        holder=document["holder"],
        type=document.get("type"),
        resource=document.get("resource"),
        actions=frozenset(document["actions"]),
        when=_when(document),
        until=document.get("until"),
    )


def _ceiling(document: Mapping[str, Any]) -> Ceiling:
    return Ceiling(
        id=document["_id"],
        type=document["type"],
        target=document["target"],
        read_at_most=_read(document.get("read_at_most", "full")),
        write_at_most=_write(document.get("write_at_most", "edit")),
        holders=frozenset(document.get("holders") or ()),
        outside=frozenset(document.get("outside") or ()),
        when=_when(document),
    )


def _reach(document: Mapping[str, Any]) -> Reach:
    return Reach(
        id=document["_id"],
        role=document["role"],
        types=frozenset(document["types"]),
        grade=document["grade"],
        read=_read(document.get("read", "full")),
        write=_write(document.get("write", "edit")),
    )


def _read(word: str | None) -> Read:
    return Read[(word or "none").upper()]


def _write(word: str | None) -> Write:
    return Write[(word or "none").upper()]


def _when(document: Mapping[str, Any]) -> str | None:
    """A condition as canonical text: equal conditions are equal strings."""
    tree = document.get("when")
    return json.dumps(tree, sort_keys=True, ensure_ascii=False) if tree else None


_READERS = {"grant": _grant, "scope": _scope, "ceiling": _ceiling, "reach": _reach}
