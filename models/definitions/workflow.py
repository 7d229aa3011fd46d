"""The states of a record type and the named edges between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.definitions.faults import Place, quoted, unknown_word
from models.definitions.fields import in_language
from models.definitions.shapes import A_WORD, Key, flag, labels, one_of, plain, read_mapping, sequence, text, tree
from models.errors import N_

LOOKS = ("new", "waiting", "working", "done", "resting", "leaving", "gone")
"""How settled a record in this state looks: from a dashed circle to a full one; the last two are destruction's."""

OPEN_LOOKS = frozenset({"new", "waiting", "working"})
SYSTEM = "system"
"""In `who`: nobody takes this step, the system does."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a record is."""

    name: str
    labels: Mapping[str, str]
    look: str = "working"
    effects: tuple[Mapping[str, Any], ...] = ()
    """What the system writes when a record enters this state, whichever way: `{set: field, to: value}`."""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has something to do with a record in this state."""
        return self.look in OPEN_LOOKS

    def label(self, language: str) -> str:
        """What people call it."""
        return in_language(self.labels, language)


@dataclass(frozen=True, slots=True)
class Transition:
    """A named edge between states. Nothing but what stands here moves a record."""

    name: str
    labels: Mapping[str, str]
    start: tuple[str, ...]
    """Names of the states it leaves from (`from` in a definition)."""
    end: str
    """Name of the state it arrives at (`to`)."""
    who: tuple[str, ...] = ()
    """`role:<id>` of those who may take it where they hold the action `transition`; empty: whoever holds it."""
    when: Mapping[str, Any] | None = None
    """Judged on the record as the request would leave it, before it moves."""
    required: tuple[str, ...] = ()
    """Addresses of fields that are filled before, or by the same request."""
    fields: tuple[str, ...] = ()
    """Addresses of further fields the same request may fill or change."""
    reason: bool = False
    """Whether one has to be given."""
    effects: tuple[Mapping[str, Any], ...] = ()
    """What the system writes with it: `{set: field, to: value}`."""
    clock: str | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """All states of a type, the first one of a new record, and the transitions between them."""

    initial: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...] = field(default=())
    imported: str | None = None
    """Name of the state of records that a loader brings in; where it is not said, they begin like any other."""

    def __iter__(self) -> Iterator[State]:
        return iter(self.states)

    def find(self, name: str) -> State | None:
        """The state called `name`."""
        return next((state for state in self.states if state.name == name), None)

    @property
    def brought_in(self) -> str:
        """Name of the state in which loaded records begin."""
        return self.imported or self.initial


FILED = State("filed", {"zh-Hans": "已归档", "zh-Hant": "已歸檔", "en": "Filed"}, "done")
DEFAULT = Workflow("filed", (FILED,))

_name = text(40, r"[a-z][a-z0-9_]*", A_WORD)
_who = text(60, r"system|role:[a-z][a-z0-9_]{0,39}", N_("{value} is neither role:<id> nor system"))


def _effect(value: Any, place: Place) -> Mapping[str, Any] | None:
    """`{set: field, to: value}`. Whether the value fits the field is judged when the type is compiled."""
    if not isinstance(value, dict):
        place.fault(N_("must hold keys with values"))
        return None
    read = read_mapping(value, place, {"set": Key(text(100), True), "to": Key(plain)})
    if "to" not in value:
        place.fault(N_("{key} is missing"), key="to")
    return {"set": read["set"], "to": read.get("to")} if read.get("set") and "to" in value else None


_STATE = {
    "name": Key(_name, True),
    "labels": Key(labels(), True),
    "look": Key(one_of(*LOOKS)),
    "effects": Key(sequence(_effect, 20)),
}
_TRANSITION = {
    "name": Key(_name, True),
    "labels": Key(labels(), True),
    "from": Key(sequence(_name, 40), True),
    "to": Key(_name, True),
    "who": Key(sequence(_who, 40)),
    "when": Key(tree),
    "required": Key(sequence(text(100), 100)),
    "fields": Key(sequence(text(100), 100)),
    "reason": Key(flag),
    "effects": Key(sequence(_effect, 20)),
    "clock": Key(_name),
}


def read_workflow(states: Any, transitions: Any, place: Place) -> Workflow | None:
    """The states (and transitions) of a definition, faults reported at their place."""
    known = {"initial": Key(_name, True), "imported": Key(_name), "list": Key(sequence(_state, 40), True)}
    read = read_mapping(states, place.at("states"), known)
    found: tuple[State, ...] = read.get("list") or ()
    edges = sequence(_transition, 200)(transitions or [], place.at("transitions")) or ()
    if not found or not read.get("initial"):
        return None
    names = [state.name for state in found]
    _refuse_doubles(names, place.at("states", "list"))
    for key in ("initial", "imported"):
        if read.get(key) and read[key] not in names:
            unknown_word(place.at("states", key), read[key], names)
    _check_edges(edges, names, place.at("transitions"))
    return Workflow(read["initial"], found, edges, read.get("imported"))


def _state(value: Any, place: Place) -> State | None:
    read = read_mapping(value, place, _STATE)
    return State(**read) if read.get("name") and read.get("labels") and "look" not in _missing(read) else None


def _transition(value: Any, place: Place) -> Transition | None:
    read = read_mapping(value, place, _TRANSITION)
    if _missing(read) or not {"name", "labels", "from", "to"} <= read.keys():
        return None
    read["start"], read["end"] = read.pop("from"), read.pop("to")
    return Transition(**read)


def _missing(read: Mapping[str, Any]) -> set[str]:
    return {key for key, value in read.items() if value is None}


def _check_edges(edges: tuple[Transition, ...], names: list[str], place: Place) -> None:
    _refuse_doubles([edge.name for edge in edges], place)
    for number, edge in enumerate(edges):
        for name in (*edge.start, edge.end):
            if name not in names:
                unknown_word(place.at(number), name, names)
        if not edge.start:
            place.at(number, "from").fault(N_("names no state"))
        if SYSTEM in edge.who and len(edge.who) > 1:
            place.at(number, "who").fault(N_("a step of the system is nobody else's"))


def _refuse_doubles(names: list[str], place: Place) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        place.fault(N_("{name} stands here twice"), name=quoted(name))


def states_tree(workflow: Workflow) -> dict[str, Any]:
    """The `states` of a definition."""
    imported = {"imported": workflow.imported} if workflow.imported else {}
    return {"initial": workflow.initial, **imported, "list": [_state_tree(state) for state in workflow.states]}


def _state_tree(state: State) -> dict[str, Any]:
    tree_ = {"name": state.name, "labels": dict(state.labels), "look": state.look}
    return {**tree_, "effects": [dict(effect) for effect in state.effects]} if state.effects else tree_


def transitions_tree(workflow: Workflow) -> list[dict[str, Any]]:
    """The `transitions` of a definition."""
    trees = []
    for edge in workflow.transitions:
        tree_ = {"name": edge.name, "labels": dict(edge.labels), "from": list(edge.start), "to": edge.end}
        optional = {
            "who": list(edge.who),
            "when": edge.when,
            "required": list(edge.required),
            "fields": list(edge.fields),
            "reason": edge.reason,
            "effects": [dict(effect) for effect in edge.effects],
            "clock": edge.clock,
        }
        trees.append(tree_ | {key: value for key, value in optional.items() if value})
    return trees
