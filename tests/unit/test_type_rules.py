"""What must hold between fields, between a kind and its base, and between types is told with its place."""

from contextlib import suppress

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from models.definitions.compiled import compile_all
from models.definitions.faults import DefinitionFaults, Faults, Place
from models.definitions.field_types import FIELD_TYPES
from models.definitions.record_types import load_type, read_type
from tests.drawn_types import a_type, choice, definitions, edge, everything, field, labels, with_states
from tests.spoilt_types import spoilt


def compile_trees(*trees: dict):
    return compile_all(definitions(*trees))


def faults_of(*trees: dict) -> list[str]:
    with pytest.raises(DefinitionFaults) as caught:
        compile_trees(*trees)
    return [str(fault) for fault in caught.value.faults]


TOGETHER = {
    "section unknown": (
        [a_type(field("f", section="bsaic"), sections=[{"name": "basic", "labels": labels()}])],
        "permit.yaml: fields.f.section: 'bsaic' is not known here; did you mean 'basic'?",
    ),
    "title unknown": ([a_type(field("f"), title="g")], "permit.yaml: title: 'g' is none of f"),
    "title no text": (
        [a_type(field("f", "money"), title="f")],
        "permit.yaml: title: a record is called by a text, a name or a number, not by money",
    ),
    "title off": ([a_type(field("f", active=False), title="f")], "permit.yaml: title: 'f' is none of "),
    "frame type": (
        [a_type(field("f", "text", frame="owner"))], "permit.yaml: fields.f.type: owner can be shown only as user"
    ),
    "frame twice": (
        [a_type(field("f", "user", frame="owner"), field("g", "user", frame="owner"))],
        "permit.yaml: fields.g.frame: owner is already shown by another field",
    ),
    "sub-field id twice": (
        [a_type(field("f"), field("g", "object", fields=[field("h", id="f_aa11")]))],
        "permit.yaml: fields.h.id: 'f_aa11' stands here twice",
    ),
    "transition asks for nothing": (
        [a_type(field("reason"), **with_states(), transitions=[edge(required=["raeson"])])],
        "permit.yaml: transitions[0].required: 'raeson' is not known here; did you mean 'reason'?",
    ),
    "sealed sort": (
        [a_type(field("f", grade="confidential", sort=True))],
        "permit.yaml: fields.f.sort: is sealed: a sealed field cannot be sorted by",
    ),
    "sealed sort of a part": (
        [a_type(field("f", "object", fields=[field("g", grade="secret", sort=True)]))],
        "permit.yaml: fields.f.fields.g.sort: is sealed: a sealed field cannot be sorted by",
    ),
    "sealed sort, said": (
        [a_type(field("f", "date", grade="public", sealed=True, sort=True))], "fields.f.sort: is sealed"
    ),
    "nine sorts": (
        [a_type(*(field(f"f{n}", "date", grade="public", sort=True) for n in range(9)))],
        "permit.yaml: fields: 9 fields can be sorted by; 8 are allowed: f0, f1, f2, f3, f4, f5, f6, f7, f8",
    ),
    "forty-one indexes": (
        [a_type(*(field(f"f{n}", unique=True) for n in range(30)))],
        "permit.yaml: the collection r_permit would have 42 indexes; 40 are allowed",
    ),
    "formula below its source": (
        [a_type(field("f", grade="secret"), field("g", "formula", formula="f", grade="internal"))],
        "permit.yaml: fields.g.grade: is below what the formula reads: it must be at least secret",
    ),
    "formula open over a seal": (
        [a_type(field("f", grade="secret"), field("g", "formula", formula="f", grade="secret", sealed=False))],
        "permit.yaml: fields.g.sealed: a formula over sealed fields is sealed",
    ),
    "formula over nothing": (
        [a_type(field("g", "formula", formula="nothing"))], "permit.yaml: fields.g.formula: cannot be used: "
    ),
    "condition over nothing": (
        [a_type(field("f", visible_when={"field": "g", "op": "eq", "value": "x"}))],
        "permit.yaml: fields.f.visible_when: 'g' is none of id,",
    ),
    "condition over itself": (
        [a_type(field("f", grade="public", visible_when={"field": "f", "op": "eq", "value": "x"}))],
        "permit.yaml: fields.f.visible_when: a field cannot decide about itself",
    ),
    "condition over a formula": (
        [a_type(
            field("f", "integer"), field("g", "formula", formula="f"),
            field("h", visible_when={"field": "g", "op": "empty", "value": True}),
        )],
        "permit.yaml: fields.h.visible_when: cannot be used: “empty” cannot be asked of this field",
    ),
    "condition over a seal": (
        [a_type(
            field("f", grade="secret"),
            field("g", visible_when={"all": [{"not": {"field": "f", "op": "ne", "value": "a"}}]}),
        )],
        "permit.yaml: fields.g.visible_when: cannot be used: A sealed field can decide only by",
    ),
    "target to come": (
        [a_type(field("f", "reference", target="complaint"))],
        "fields.f.target: 'complaint' is no record type here: a relation to a type still to come has active: false",
    ),
    "inverse": (
        [a_type(field("f", "reference", target="permit", relation="reverse", inverse="g", many=True))],
        "permit.yaml: fields.f.inverse: 'g' is no reference of permit to permit",
    ),
    "copies": (
        [a_type(field("f", "reference", target="permit", copies=["g"]))], "permit.yaml: fields.f.copies: 'g' is"
    ),
    "default": (
        [a_type(field("f", "integer", default="many"))],
        "permit.yaml: fields.f.default: does not fit the field: ",
    ),
    "default no option": ([a_type(choice("f", "a", default="b"))], "fields.f.default: does not fit the field: "),
    "no base": ([a_type(extends="custmer")], "permit.yaml: extends: 'custmer' is none of permit"),
    "base of a base": (
        [a_type(name="a", abstract=True), a_type(name="b", extends="a"), a_type(name="c", extends="b")],
        "c.yaml: extends: b itself extends a: one level is possible",
    ),
    "include unknown": (
        [a_type(name="a", abstract=True), a_type(name="b", extends="a", include=[{"type": "x"}])],
        "b.yaml: include[0].type: 'x' is none of a, b",
    ),
    "include a stranger": (
        [a_type(name="a", abstract=True), a_type(name="b", extends="a", include=[{"type": "c"}]), a_type(name="c")],
        "b.yaml: include[0].type: only another kind of a that includes nothing itself",
    ),
    "override nothing": (
        [a_type(field("f"), name="a", abstract=True), a_type(name="b", extends="a", override={"g": {"list": True}})],
        "b.yaml: override.g: 'g' is none of f",
    ),
    "grade lowered": (
        [
            a_type(field("f", grade="confidential"), name="a", abstract=True),
            a_type(name="b", extends="a", override={"f": {"grade": "internal"}}),
        ],
        "b.yaml: override.f.grade: a kind may only raise a grade: the base says confidential",
    ),
    "seal broken": (
        [
            a_type(field("f", sealed=True), name="a", abstract=True),
            a_type(name="b", extends="a", override={"f": {"sealed": False}}),
        ],
        "b.yaml: override.f.sealed: a kind cannot open what its base seals",
    ),
    "sort widened": (
        [a_type(field("f"), name="a", abstract=True), a_type(name="b", extends="a", override={"f": {"sort": True}})],
        "b.yaml: override.f.sort: a kind may only switch this off",
    ),
    "requirement dropped": (
        [
            a_type(field("f", required=True), name="a", abstract=True),
            a_type(name="b", extends="a", override={"f": {"required": False}}),
        ],
        "b.yaml: override.f.required: a kind cannot do without what its base requires",
    ),
    "override section": (
        [
            a_type(field("f"), name="a", abstract=True),
            a_type(name="b", extends="a", override={"f": {"section": "x"}}),
        ],
        "b.yaml: override.f.section: 'x' is none of ",
    ),
    "name of the base again": (
        [a_type(field("f"), name="a", abstract=True), a_type(field("f", id="f_bb22"), name="b", extends="a")],
        "b.yaml: fields.f.name: 'f' is already the name of another field of this type",
    ),
    "id of the base again": (
        [a_type(field("f"), name="a", abstract=True), a_type(field("f"), name="b", extends="a")],
        "b.yaml: fields.f.id: 'f_aa11' stands here twice",
    ),
    "id of another family": (
        [a_type(field("f"), name="a"), a_type(field("f"), name="b")],
        "b.yaml: fields.f.id: f_aa11 is already a field of a",
    ),
    "id with another meaning": (
        [a_type(name="a", abstract=True), a_type(field("f"), name="b", extends="a"),
         a_type(field("f", "date"), name="c", extends="a")],
        "c.yaml: fields.f.type: f_aa11 is something else in b",
    ),
    "prefix twice": (
        [a_type(name="a", abstract=True), a_type(name="b", extends="a", numbering={"prefix": "Q"}),
         a_type(name="c", extends="a", numbering={"prefix": "Q"})],
        "c.yaml: numbering.prefix: Q is the prefix of b too: numbers in one collection must differ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TOGETHER)
def test_a_fault_between_definitions_is_named_with_its_place(case):
    trees, words = TOGETHER[case]
    assert any(words in fault for fault in faults_of(*trees)), faults_of(*trees)


def test_a_fault_of_the_base_is_told_once_however_many_kinds_share_it():
    base = a_type(field("f", grade="secret", sort=True), name="a", abstract=True)
    assert len(faults_of(base, a_type(name="b", extends="a"), a_type(name="c", extends="a"))) == 1


@pytest.mark.parametrize("name", ["validate", "data", "update", "errors", "populate_obj", "process", "keys", "items",
                                  "constructor", "class", "import", "none", "self", "v", "s", "d", "life"])
def test_a_field_name_that_means_something_to_a_library_is_an_ordinary_name(name):
    compiled = compile_trees(a_type(field(name))).get("permit")
    assert compiled.find(name).path == f"v.{name}_aa11"


def test_every_field_type_compiles_and_comes_back_as_it_was():
    definition = load_type(everything(), "f")
    compiled = compile_all({"permit": definition}).get("permit")
    assert {one.type.name for one in compiled.fields} == set(FIELD_TYPES)
    again = load_type(compiled.source, "f")
    assert again == definition
    assert again.to_tree() == definition.to_tree()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_nonsense_anywhere_is_refused_in_words_or_harmless(data):
    faults = Faults()
    definition = read_type(spoilt(data, everything()), Place(faults, "f"))
    if not len(faults):
        with suppress(DefinitionFaults):
            compile_all({definition.type: definition})
            event("compiled")
