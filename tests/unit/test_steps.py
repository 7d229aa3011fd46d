"""The language of steps: what an author may write, and the words for what does not fit."""

from datetime import date

import pytest

from models.definitions.compiled import compile_all
from models.definitions.faults import DefinitionFaults
from models.definitions.record_types import load_type
from models.definitions.steps import Moment
from tests.drawn_types import a_type, choice, definitions, edge, field, labels, with_states

FIELDS = (
    field("note"), field("day", "date"), field("who", "user"), choice("kind", "a", "b"),
    field("sign", "object", fields=[field("at", "moment", id="at_bb11"), field("by", id="by_bb11")]),
    field("made", "date", system=True), field("sum", "formula", formula="kind"),
    field("secret", "text", grade="secret"), field("reason", id="reason_cc11"),
)  # fmt: skip


def drawn(*edges, **said):
    return a_type(*FIELDS, **with_states(**said), transitions=list(edges))


def compiled(*edges, **said):
    return compile_all(definitions(drawn(*edges, **said))).get("permit")


def state(name, **said):
    return {"name": name, "labels": labels(), **said}


FAULTS = {
    "a role that is none": (drawn(edge(who=["clerk"])), "transitions[0].who[0]: 'clerk' is neither role:<id> nor"),
    "the system and somebody": (drawn(edge(who=["system", "role:a"])), "transitions[0].who: a step of the system is"),
    "from nowhere": (drawn(edge(**{"from": []})), "transitions[0].from: names no state"),
    "imported to nowhere": (drawn(imported="opne"), "states.imported: 'opne' is not known here; did you mean 'open'?"),
    "required and not there": (drawn(edge(required=["nota"])), "transitions[0].required: 'nota' is not known here"),
    "required and computed": (drawn(edge(required=["sum"])), "transitions[0].required: 'sum' cannot be filled with"),
    "a system key": (drawn(edge(fields=["owner"])), "transitions[0].fields: 'owner' cannot be filled with a step"),
    "the key of the reason": (drawn(edge(fields=["reason"])), "transitions[0].fields: 'reason' cannot be filled"),
    "written by the system": (drawn(edge(fields=["made"])), "transitions[0].fields: 'made' is written by the system"),
    "named twice": (
        drawn(edge(required=["note"], fields=["note"])), "transitions[0].fields: 'note' is required already"
    ),
    "a condition on nothing": (
        drawn(edge(when={"field": "kin", "op": "eq", "value": "a"})), "transitions[0].when: 'kin' is not known here"
    ),
    "a condition on a seal": (
        drawn(edge(when={"field": "secret", "op": "starts", "value": "a"})),
        "transitions[0].when: cannot be used: A sealed field can decide only by equality",
    ),
    "an effect on nothing": (
        drawn(edge(effects=[{"set": "nota", "to": 1}])), "transitions[0].effects[0].set: 'nota' is not known here"
    ),
    "an effect without a value": (
        drawn(edge(effects=[{"set": "note"}])), "transitions[0].effects[0]: to is missing"
    ),
    "an effect on what is computed": (
        drawn(edge(effects=[{"set": "sum", "to": "a"}])), "transitions[0].effects[0].set: 'sum' cannot be set by a step"
    ),
    "an effect that does not fit": (
        drawn(edge(effects=[{"set": "kind", "to": "c"}])), "transitions[0].effects[0].to: does not fit the field"
    ),
    "an effect on the state": (
        drawn(edge(effects=[{"set": "state", "to": "open"}])), "effects[0].set: 'state' cannot be set by a step"
    ),
    "a reason nobody is asked for": (
        drawn(edge(effects=[{"set": "note", "to": "@reason"}])), "effects[0].to: @reason needs `reason: true`"
    ),
    "an effect of a state": (
        drawn(list=[state("open", effects=[{"set": "day", "to": "never"}]), state("shut")]),
        "states.list[0].effects[0].to: does not fit the field",
    ),
    "an effect that is no mapping": (drawn(edge(effects=["note"])), "effects[0]: must hold keys with values"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_does_not_fit_is_said_with_its_place(case):
    tree, words = FAULTS[case]
    with pytest.raises(DefinitionFaults) as caught:
        compile_all(definitions(tree))
    assert words in str(caught.value)
    assert str(caught.value).startswith("permit.yaml: ")


def test_a_step_keeps_its_shape_and_resolves_what_it_names():
    tree = drawn(
        edge(
            who=["role:clerk"], required=["sign.at"], fields=["note"], reason=True,
            when={"field": "created_by", "op": "ne", "value": "@me"},
            effects=[{"set": "note", "to": "@reason"}, {"set": "who", "to": "@me"}, {"set": "day", "to": None}],
        ),
        imported="shut",
    )  # fmt: skip
    definition = load_type(tree, "f")
    assert load_type(definition.to_tree(), "f") == definition
    found = compiled(*tree["transitions"], imported="shut").workflow.find("shut")
    assert [one.address for one in found.fields] == ["sign.at", "note"]
    assert {one.name for one in found.guard.fields()} == {"created_by"}
    moment = Moment(now=None, today=date(2026, 11, 24), me="u1", reason="weil")
    assert [(one.field.address, one.bind(moment)) for one in found.effects] == [
        ("note", "weil"), ("who", "u1"), ("day", None),
    ]  # fmt: skip
    assert definition.workflow.brought_in == "shut"


def test_a_list_of_a_base_offers_the_states_of_all_its_kinds():
    kinds = compile_all(definitions(
        a_type(name="job", abstract=True),
        a_type(name="one", extends="job", numbering={"prefix": "A"}, **with_states()),
        a_type(name="two", extends="job", numbering={"prefix": "B"}, states={"initial": "x", "list": [state("x")]}),
    ))  # fmt: skip
    assert [option.key for option in kinds.get("job").system["state"].options] == ["open", "shut", "x"]


COPIES = {
    "from nothing": (["note=nam"], "'nam' is not known here"),
    "to nothing": (["not=name"], "'not' is not known here"),
    "of another make": (["day=name"], "'day' and 'name' are not of one type"),
    "less protected": (["open_note=name"], "'open_note' is less protected than 'name'"),
    "onto a system key": (["owner=name"], "'owner' cannot hold a copy"),
}


@pytest.mark.parametrize("case", COPIES)
def test_a_copy_is_as_secret_as_what_it_copies(case):
    copies, words = COPIES[case]
    target = a_type(field("name", grade="confidential"), name="client")
    own = a_type(
        field("client", "reference", target="client", copies=copies, id="client_dd11"), field("note", id="note_dd11"),
        field("day", "date", id="day_dd11"), field("open_note", grade="internal"),
    )  # fmt: skip
    with pytest.raises(DefinitionFaults) as caught:
        compile_all(definitions(target, own))
    assert f"permit.yaml: fields.client.copies: {words}" in str(caught.value)
