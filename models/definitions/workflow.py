"""The states of a record type and the named edges between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.definitions.faults import Place, quoted, unknown_word
from models.definitions.fields import in_language
from models.definitions.shapes import A_WORD, Key, flag, labels, one_of, read_mapping, sequence, text, tree
from models.errors import N_

LOOKS = ("new", "waiting", "working", "done", "resting", "leaving", "gone")
"""How settled a record in this state looks: from a dashed circle to a full one; the last two are destruction's."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a record is."""

    name: str
    labels: Mapping[str, str]
    look: str = "working"

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
    when: Mapping[str, Any] | None = None
    required: tuple[str, ...] = ()
    reason: bool = False
    effects: tuple[Mapping[str, Any], ...] = ()
    clock: str | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """All states of a type, the first one of a new record, and the transitions between them."""

    initial: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...] = field(default=())

    def __iter__(self) -> Iterator[State]:
        return iter(self.states)

    def find(self, name: str) -> State | None:
        """The state called `name`."""
        return next((state for state in self.states if state.name == name), None)


FILED = State("filed", {"zh-Hans": "已归档", "zh-Hant": "已歸檔", "en": "Filed"}, "done")
DEFAULT = Workflow("filed", (FILED,))

_name = text(40, r"[a-z][a-z0-9_]*", A_WORD)
_STATE = {"name": Key(_name, True), "labels": Key(labels(), True), "look": Key(one_of(*LOOKS))}
_TRANSITION = {
    "name": Key(_name, True),
    "labels": Key(labels(), True),
    "from": Key(sequence(_name, 40), True),
    "to": Key(_name, True),
    "who": Key(sequence(text(60), 40)),
    "when": Key(tree),
    "required": Key(sequence(text(100), 100)),
    "reason": Key(flag),
    "effects": Key(sequence(tree, 20)),
    "clock": Key(_name),
}


def read_workflow(states: Any, transitions: Any, place: Place) -> Workflow | None:
    """The states (and transitions) of a definition, faults reported at their place."""
    known = {"initial": Key(_name, True), "list": Key(sequence(_state, 40), True)}
    read = read_mapping(states, place.at("states"), known)
    found: tuple[State, ...] = read.get("list") or ()
    edges = sequence(_transition, 200)(transitions or [], place.at("transitions")) or ()
    if not found or not read.get("initial"):
        return None
    names = [state.name for state in found]
    _refuse_doubles(names, place.at("states", "list"))
    if read["initial"] not in names:
        unknown_word(place.at("states", "initial"), read["initial"], names)
    _check_edges(edges, names, place.at("transitions"))
    return Workflow(read["initial"], found, edges)


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


def _refuse_doubles(names: list[str], place: Place) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        place.fault(N_("{name} stands here twice"), name=quoted(name))


def states_tree(workflow: Workflow) -> dict[str, Any]:
    """The `states` of a definition."""
    return {
        "initial": workflow.initial,
        "list": [{"name": state.name, "labels": dict(state.labels), "look": state.look} for state in workflow.states],
    }


def transitions_tree(workflow: Workflow) -> list[dict[str, Any]]:
    """The `transitions` of a definition."""
    trees = []
    for edge in workflow.transitions:
        tree_ = {"name": edge.name, "labels": dict(edge.labels), "from": list(edge.start), "to": edge.end}
        optional = {
            "who": list(edge.who),
            "when": edge.when,
            "required": list(edge.required),
            "reason": edge.reason,
            "effects": [dict(effect) for effect in edge.effects],
            "clock": edge.clock,
        }
        trees.append(tree_ | {key: value for key, value in optional.items() if value})
    return trees
