"""The transitions of a compiled type: what a `Transition` says, with its fields, its guard and its effects resolved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models.definitions.conditions import Condition, parse_condition
from models.definitions.faults import Place, quoted, unknown_word
from models.definitions.fields import Field
from models.definitions.workflow import SYSTEM, Transition, Workflow
from models.errors import N_, ArchiveError

REASON = "reason"
"""Key of a request for a step beside the names of fields."""
LATE: Mapping[str, tuple[str, ...]] = {
    "moment": ("@now",), "date": ("@today",), "user": ("@me",), "text": ("@reason",), "long_text": ("@reason",),
}  # fmt: skip
"""Field type → words of an effect that are bound when it happens."""
SETTABLE_FRAME = ("owner", "department")


@dataclass(frozen=True, slots=True)
class Moment:
    """When an effect happens, and for whom."""

    now: datetime
    today: date
    me: str
    reason: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Effect:
    """A field the system writes, and with what: a stored value, a late word, or None to empty it."""

    field: Field
    value: Any
    late: bool = False

    def bind(self, moment: Moment) -> Any:
        """The stored value it comes to."""
        if not self.late:
            return self.value
        words = {
            "@now": moment.now, "@today": moment.today.isoformat(), "@me": moment.me, "@reason": moment.reason or None,
        }  # fmt: skip
        return words[self.value]


@dataclass(frozen=True, eq=False, slots=True)
class Edge:
    """One transition of one compiled type."""

    transition: Transition
    required: tuple[Field, ...]
    fields: tuple[Field, ...]
    """What the request for it may hold: the required fields, then the further ones."""
    guard: Condition | None
    effects: tuple[Effect, ...]

    @property
    def name(self) -> str:
        """What REST calls it."""
        return self.transition.name

    @property
    def of_system(self) -> bool:
        """Whether no person takes it."""
        return SYSTEM in self.transition.who

    @property
    def has_inputs(self) -> bool:
        """Whether its request holds anything."""
        return bool(self.fields) or self.transition.reason

    def leaves(self, state: str) -> bool:
        """Whether it begins in a state."""
        return state in self.transition.start


@dataclass(frozen=True, eq=False, slots=True)
class Steps:
    """Everything that moves the records of a type."""

    edges: tuple[Edge, ...] = ()
    entering: Mapping[str, tuple[Effect, ...]] | None = None
    """Name of a state → what the system writes when a record enters it."""

    def find(self, name: str) -> Edge | None:
        """The transition called `name`."""
        return next((edge for edge in self.edges if edge.name == name), None)

    def from_state(self, state: str) -> list[Edge]:
        """The transitions that leave a state, in the order of the type."""
        return [edge for edge in self.edges if edge.leaves(state)]

    def effects_of(self, state: str) -> tuple[Effect, ...]:
        """What is written when a record enters a state."""
        return (self.entering or {}).get(state, ())


Words = Mapping[str, Field]
"""Addresses and ids of fields in use, and system keys."""


def compile_steps(workflow: Workflow, words: Words, place: Place) -> Steps:
    """Resolve everything a workflow names. Faults are reported at their place.

    :param place: where the definition stands that brings the workflow
    """
    edges = [_edge(edge, words, place.at("transitions", at)) for at, edge in enumerate(workflow.transitions)]
    entering = {
        state.name: _effects(state.effects, words, place.at("states", "list", at), reason=False)
        for at, state in enumerate(workflow.states)
        if state.effects
    }
    return Steps(tuple(edges), entering)


def _edge(transition: Transition, words: Words, place: Place) -> Edge:
    required = _named(transition.required, words, place.at("required"))
    further = _named(transition.fields, words, place.at("fields"))
    for one in further:
        if one.system:
            words_ = N_("{name} is written by the system: no request fills it")
            place.at("fields").fault(words_, name=quoted(one.address))
        if one in required:
            place.at("fields").fault(N_("{name} is required already"), name=quoted(one.address))
    return Edge(
        transition,
        required=tuple(required),
        fields=tuple(one for one in (*required, *further) if not one.system),
        guard=_guard(transition.when, words, place.at("when")) if transition.when else None,
        effects=_effects(transition.effects, words, place, reason=transition.reason),
    )


def _named(names: Iterable[str], words: Words, place: Place) -> list[Field]:
    found: list[Field] = []
    for name in names:
        one = _resolved(name, words, place)
        if one is None:
            continue
        if one.frame or one.computed or one.in_rows or one.name == REASON:
            place.fault(N_("{name} cannot be filled with a step"), name=quoted(name))
        elif one not in found:
            found.append(one)
    return found


def _resolved(name: str, words: Words, place: Place) -> Field | None:
    if name not in words:
        unknown_word(place, name, sorted({one.address for one in words.values() if not one.frame}))
    return words.get(name)


def _guard(tree: Mapping[str, Any], words: Words, place: Place) -> Condition | None:
    before = len(place.faults)

    def resolve(word: str) -> Field | None:
        return _resolved(word, words, place)

    try:
        return parse_condition(tree, resolve, deciding=True)
    except ArchiveError as error:
        if len(place.faults) == before:
            place.fault(N_("cannot be used: {reason}"), reason=error)
        return None


def _effects(
    effects: Iterable[Mapping[str, Any]], words: Words, place: Place, *, reason: bool
) -> tuple[Effect, ...]:
    made = (
        _effect(effect, words, place.at("effects", number), reason=reason) for number, effect in enumerate(effects)
    )
    return tuple(one for one in made if one is not None)


def _effect(effect: Mapping[str, Any], words: Words, place: Place, *, reason: bool) -> Effect | None:
    one = _resolved(effect["set"], words, place.at("set"))
    if one is None:
        return None
    if one.computed or one.in_rows or one.type.name == "object" or (one.frame and one.frame not in SETTABLE_FRAME):
        place.at("set").fault(N_("{name} cannot be set by a step"), name=quoted(effect["set"]))
        return None
    raw = effect["to"]
    if isinstance(raw, str) and raw in LATE.get(one.type.name, ()) and not one.many:
        if raw == "@reason" and not reason:
            place.at("to").fault(N_("@reason needs `reason: true`: it is not asked for here"))
        return Effect(one, raw, late=True)
    try:
        return Effect(one, one.type.parse(raw, one))
    except ArchiveError as error:
        place.at("to").fault(N_("does not fit the field: {reason}"), reason=error)
        return None
