"""The one door to record data: everything that reads or writes a record collection goes through here.

Reading: `Door(store, actor)` reads the version stamps once and binds plans; `open(type)` gives the door of
one type. Every method that hands out customer data returns only after its audit entry is acknowledged, or,
where the door is *patient*, has its entry under way: whoever opened it so calls `settle` before anything leaves.
Writing verbs live in `models.operations`, which judge a change and hand it to `models.access.record_writes`.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from models.access.actions import Action
from models.access.derived_verbs import DerivedVerbs
from models.access.destruction_verbs import DestructionVerbs
from models.access.export_verbs import ExportVerbs
from models.access.grants import policy_for
from models.access.judge import Judge
from models.access.pages import Pages
from models.access.plan import AccessPlan, compile_plan, system_plan
from models.access.query import Query
from models.access.record_writes import RecordWrites
from models.access.references import References
from models.access.retention_verbs import RetentionVerbs
from models.access.revisions import Revisions
from models.access.system_verbs import SystemVerbs
from models.audit.log import Entry, Ticket
from models.definitions.compiled import CompiledType, registry_for
from models.definitions.conditions import Bound
from models.errors import RecordNotFound
from models.store import Stamps, Store, read_stamps
from models.users import Actor

__all__ = ["Door", "Query", "TypeDoor"]


class Door:
    """The archive for one actor, as of one request.

    :param patient: entries about what is read are waited for all together, in `settle`: a page is drawn meanwhile
    """

    def __init__(self, store: Store, actor: Actor, stamps: Stamps | None = None, *, patient: bool = False):
        self.store = store
        self.actor = actor
        self.stamps = stamps or read_stamps(store)
        self.registry = registry_for(store, self.stamps)
        self.policy = policy_for(store, self.stamps)
        self.now = store.clock.now()
        self.bound = Bound(
            me=actor.id,
            departments=actor.departments,
            today=store.clock.today(),
            zone=store.clock.zone,
            tokens=lambda field, kind, value: store.keyring.tokens.all_of(field.id, kind, value),
        )
        self._judges: dict[tuple[str, Action], Judge] = {}
        self._plans: dict[str, AccessPlan] = {}
        self._patient = patient
        self._tickets: list[Ticket] = []

    @cached_property
    def sees_holds(self) -> bool:
        """Whether the actor may know what is held."""
        return self.policy.may(self.actor, "holds:view", self.now)

    def log(self, entry: Entry) -> None:
        """Write an entry about what is read.

        :raises Unavailable: it is known not to stand
        """
        ticket = self.store.audit.submit(entry)
        if self._patient:
            self._tickets.append(ticket)
        else:
            ticket.wait()

    def settle(self) -> None:
        """Wait for every entry under way; from now on each waits at once.

        :raises Unavailable: one of them is not known to stand
        """
        self._patient = False
        tickets, self._tickets = self._tickets, []
        for ticket in tickets:
            ticket.wait()

    def types(self) -> "list[TypeDoor]":
        """The types this actor may open, in the order of the registry."""
        return [door for name in self.registry.names if (door := self._door(name)).opens()]

    def open(self, type_name: str) -> "TypeDoor":
        """:raises RecordNotFound: there is no such type, or not for this actor"""
        door = self._door(type_name)
        if not door.opens():
            raise RecordNotFound
        return door

    def _door(self, type_name: str) -> "TypeDoor":
        return TypeDoor(self, self.registry.get(type_name))

    def plan(self, compiled: CompiledType) -> AccessPlan:
        """The compiled plan of this actor's roles (and lends) for one concrete type."""
        if compiled.name not in self._plans:
            self._plans[compiled.name] = self._plan_of(compiled)
        return self._plans[compiled.name]

    def _plan_of(self, compiled: CompiledType) -> AccessPlan:
        if self.actor.system:
            return self._kept_plan(("system", compiled.name), lambda: system_plan(compiled))
        held = self.policy.holders_of(self.actor)
        roles = frozenset(f"role:{role}" for role in self.actor.roles)
        return self._kept_plan((held, roles, compiled.name), lambda: compile_plan(self.policy, held, roles, compiled))

    def _kept_plan(self, key: tuple[Any, ...], build: Callable[[], AccessPlan]) -> AccessPlan:
        version = (self.stamps.types, self.stamps.grants)
        kept: tuple[Any, dict[Any, AccessPlan]] | None = self.store.caches.get("plans")
        if kept is None or kept[0] != version:
            kept = self.store.caches["plans"] = (version, {})
        if key not in kept[1]:
            kept[1][key] = build()
        return kept[1][key]

    def judge(self, compiled: CompiledType, action: Action) -> Judge:
        """The plan bound to this actor and moment, for one action."""
        key = (compiled.name, action)
        if key not in self._judges:
            self._judges[key] = Judge(self.plan(compiled), action, self.bound, self.now)
        return self._judges[key]


class TypeDoor(
    Pages, Revisions, References, ExportVerbs, RecordWrites, SystemVerbs, DerivedVerbs, DestructionVerbs,
    RetentionVerbs,
):
    """The records of one type (a base type: of all its kinds, each row by the plan of its own kind)."""
