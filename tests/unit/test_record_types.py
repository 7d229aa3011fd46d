"""Every fault of a definition is found at once, and each message names file, place and reason."""

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from models.definitions.faults import DefinitionFaults, Faults, Place
from models.definitions.record_types import load_type, read_type
from models.errors import DefinitionError
from tests.drawn_types import a_type, choice, edge, everything, field, labels, with_states
from tests.spoilt_types import spoilt

ALONE = {
    "unknown key": (a_type(colour="red"), "permit.yaml: 'colour' is not known here"),
    "misspelt key": (a_type(feilds=[]), "permit.yaml: 'feilds' is not known here; did you mean 'fields'?"),
    "no labels": ({"type": "permit"}, "permit.yaml: labels is missing"),
    "no type": ({"labels": labels()}, "None.yaml: type is missing"),
    "a language missing": (a_type(labels={"en": "x", "zh-Hans": "x"}), "permit.yaml: labels: zh-Hant is missing"),
    "an empty label": (a_type(labels=labels(" ")), "permit.yaml: labels.en: must have 1 to 120 characters"),
    "a label with a control": (a_type(labels=labels("a\u202eb")), "labels.en: holds a control character"),
    "a label that is a number": (a_type(labels=labels(5)), "labels.en: must be a text, not 5"),
    "a fourth language": (
        a_type(labels={**labels(), "fr": "x"}), "permit.yaml: labels: 'fr' is none of zh-Hans, zh-Hant, en"
    ),
    "type name": (
        a_type(name="Permit$"),
        "Permit$.yaml: type: 'Permit$' must be small letters, digits and _, beginning with a letter",
    ),
    "fields no list": ({"type": "permit", "labels": labels(), "fields": {}}, "permit.yaml: fields: must be a list"),
    "field no mapping": (a_type("x"), "permit.yaml: fields[0]: must hold keys with values"),
    "abstract no flag": (a_type(abstract="yes"), "permit.yaml: abstract: must be true or false, not 'yes'"),
    "field id": (
        a_type(field("f", id="f")),
        "permit.yaml: fields.f.id: 'f' must be the first name, an underscore and four small letters or digits",
    ),
    "field without id": (
        a_type({"name": "f", "labels": labels(), "type": "text"}), "permit.yaml: fields.f: id is missing"
    ),
    "field key": (
        a_type(field("f", requierd=True)), "fields.f: 'requierd' is not known here; did you mean 'required'?"
    ),
    "field name _id": (
        a_type(field("_id", id="id_aa11")),
        "fields._id.name: '_id' must be small letters, digits and _, beginning with a letter",
    ),
    "field name __proto__": (a_type(field("__proto__", id="p_aa11")), "fields.__proto__.name: '__proto__' must be"),
    "field name with a dot": (a_type(field("a.b", id="a_aa11")), "fields[0].name: 'a.b' must be small letters"),
    "field name $set": (a_type(field("$set", id="a_aa11")), "fields[0].name: '$set' must be small letters"),
    "reserved name": (a_type(field("revision")), "fields.revision.name: 'revision' is a reserved name"),
    "reserved by REST": (a_type(field("findings")), "fields.findings.name: 'findings' is a reserved name"),
    "reserved, other frame": (
        a_type(field("owner", "user", frame="created_by")), "fields.owner.name: 'owner' is a reserved name"
    ),
    "field type": (
        a_type(field("f", "strng")), "permit.yaml: fields.f.type: 'strng' is not known here"
    ),
    "field type misspelt": (
        a_type(field("f", "nmae")), "fields.f.type: 'nmae' is not known here; did you mean 'name'?"
    ),
    "field type a list": (a_type(field("f", ["text"])), "fields.f.type: ['text'] is not known here"),
    "grade": (
        a_type(field("f", grade="hidden")),
        "fields.f.grade: 'hidden' is none of public, internal, confidential, secret",
    ),
    "source": (a_type(field("f", source="48")), "fields.f.source: '48' must be A, F or W and a number, as in F48"),
    "id twice": (a_type(field("a"), field("b", id="a_aa11")), "permit.yaml: fields: 'a_aa11' stands here twice"),
    "name twice": (a_type(field("a"), field("a", id="b_aa11")), "permit.yaml: fields: 'a' stands here twice"),
    "frame": (a_type(field("f", frame="rev")), "fields.f.frame: 'rev' is none of id, type, revision,"),
    "many": (a_type(field("f", "integer", many=True)), "fields.f.many: a list of integer is not possible"),
    "many choices": (
        a_type(choice("f", "a", type="choices", many=True)), "fields.f.many: a list of choices is not possible"
    ),
    "unique": (a_type(field("f", "address", unique=True)), "fields.f.unique: address cannot be unique"),
    "unique list": (a_type(field("f", many=True, unique=True)), "fields.f.unique: text (many) cannot be unique"),
    "sort": (a_type(field("f", "long_text", sort=True)), "fields.f.sort: long_text cannot be sorted by"),
    "sort by a list": (a_type(field("f", "date", many=True, sort=True)), "date (many) cannot be sorted by"),
    "open end": (a_type(field("f", open_end=True)), "fields.f.open_end: only a date may have an open end"),
    "currency": (a_type(field("f", currency="CNY")), "fields.f.currency: only money has a currency"),
    "currency form": (
        a_type(field("f", "money", currency="yuan")), "currency: 'yuan' must be three capital letters, as in CNY"
    ),
    "numbering of text": (
        a_type(field("f", numbering={"prefix": "A"})), "fields.f.numbering: only a sequence is numbered"
    ),
    "formula of text": (
        a_type(field("f", formula="1")), "fields.f.formula: a formula field needs a formula, and no other has one"
    ),
    "formula without": (a_type(field("f", "formula")), "fields.f.formula: a formula field needs a formula"),
    "required formula": (
        a_type(field("f", "formula", formula="1", required=True)), "is computed, never stored: it cannot be required"
    ),
    "unique formula": (a_type(field("f", "formula", formula="1", unique=True)), "fields.f.unique: formula cannot be"),
    "searched formula": (a_type(field("f", "formula", formula="1", search=True)), "it cannot be search"),
    "required system field": (
        a_type(field("f", system=True, required=True)),
        "fields.f.required: is written by the system: nobody can be asked for it",
    ),
    "sealed frame": (
        a_type(field("f", "user", frame="owner", sealed=True)),
        "fields.f.frame: a system key has no seal, default or visible_when",
    ),
    "options missing": (
        a_type(field("f", "choice")), "permit.yaml: fields.f.options: choice needs options to choose from"
    ),
    "options of text": (
        a_type(choice("f", "a", type="text")), "permit.yaml: fields.f.options: text has no options"
    ),
    "option twice": (a_type(choice("f", "a", "a")), "fields.f.options: 'a' stands here twice"),
    "option key": (a_type(choice("f", "$a")), "fields.f.options[0].key: '$a' must be letters, digits, _ . + and -"),
    "option label": (
        a_type(field("f", "choice", options=[{"key": "a"}])), "fields.f.options[0]: labels is missing"
    ),
    "target of text": (a_type(field("f", target="permit")), "fields.f.target: only a reference has a target"),
    "no target": (a_type(field("f", "reference")), "fields.f: a reference needs its target, a record type"),
    "relation": (
        a_type(field("f", "reference", target="permit", relation="owns")),
        "fields.f.relation: 'owns' is none of link, part_of, reverse",
    ),
    "reverse without inverse": (
        a_type(field("f", "reference", target="permit", relation="reverse", many=True)),
        "fields.f.inverse: a reverse relation names the field at the other side, and no other does",
    ),
    "inverse without reverse": (
        a_type(field("f", "reference", target="permit", inverse="g")), "fields.f.inverse: a reverse relation names"
    ),
    "reverse of one": (
        a_type(field("f", "reference", target="permit", relation="reverse", inverse="g")),
        "fields.f.many: a reverse relation is a list: many: true",
    ),
    "reverse copies": (
        a_type(field("f", "reference", target="p", relation="reverse", inverse="g", many=True, copies=["x"])),
        "fields.f.copies: a reverse relation copies nothing",
    ),
    "object without parts": (
        a_type(field("f", "object")), "permit.yaml: fields.f: object needs `fields`: what it consists of"
    ),
    "text with parts": (
        a_type(field("f", fields=[field("g")])), "fields.f.fields: only an object or rows has parts, not text"
    ),
    "object in object": (
        a_type(field("f", "object", fields=[field("g", "object", fields=[field("h")])])),
        "fields.f.fields.g.type: object cannot stand inside object",
    ),
    "rows in rows": (
        a_type(field("f", "rows", fields=[field("g", "rows", fields=[field("h")])])),
        "fields.f.fields.g.type: rows cannot stand inside rows",
    ),
    "formula in rows": (
        a_type(field("f", "rows", fields=[field("g", "formula", formula="1")])),
        "fields.f.fields.g.type: formula cannot stand inside rows",
    ),
    "sequence in object": (
        a_type(field("f", "object", fields=[field("g", "sequence")])),
        "fields.f.fields.g.type: sequence cannot stand inside object",
    ),
    "unique part": (
        a_type(field("f", "object", fields=[field("g", unique=True)])),
        "fields.f.fields.g.unique: cannot be said of a part of object",
    ),
    "sorting by a name inside": (
        a_type(field("f", "object", fields=[field("g", "name", grade="public", sort=True)])),
        "fields.f.fields.g.sort: name inside object cannot be sorted by",
    ),
    "part with frame": (
        a_type(field("f", "object", fields=[field("g", "user", frame="owner")])),
        "fields.f.fields.g.frame: cannot be said of a part of object",
    ),
    "reverse part": (
        a_type(field("f", "object", fields=[
            field("g", "reference", target="permit", relation="reverse", inverse="h", many=True)])),
        "fields.f.fields.g.relation: cannot be said of a part of object",
    ),
    "grade in rows": (
        a_type(field("f", "rows", fields=[field("g", grade="secret")])),
        "fields.f.fields.g.grade: rows are shown, sealed and granted as one: say it of the rows",
    ),
    "validator unknown": (
        a_type(field("f", validators={"max_lenght": 3})),
        "fields.f.validators: 'max_lenght' is not known here; did you mean 'max_length'?",
    ),
    "validator of boolean": (
        a_type(field("f", "boolean", validators={"min": 1})), "fields.f.validators: boolean has no validators"
    ),
    "validator bounds": (
        a_type(field("f", validators={"min_length": 9, "max_length": 3})),
        "fields.f.validators: min_length is greater than max_length: nothing would fit",
    ),
    "validator number": (
        a_type(field("f", "integer", validators={"min": "low"})), "validators.min: must be a number, not 'low'"
    ),
    "validator length": (
        a_type(field("f", validators={"max_length": 0})),
        "validators.max_length: must be a whole number from 1 to 4000",
    ),
    "validator day": (
        a_type(field("f", "date", validators={"min": "2026-02-30"})),
        "validators.min: must be a day as in 2026-12-31, not '2026-02-30'",
    ),
    "validator days": (
        a_type(field("f", "date", validators={"min": "2026-02-03", "max": "2026-02-01"})), "nothing would fit"
    ),
    "pattern broken": (a_type(field("f", validators={"pattern": "("})), "validators.pattern: cannot be used: "),
    "pattern that runs away": (
        a_type(field("f", validators={"pattern": "(a+)+b"})), "could run for a very long time"
    ),
    "format": (a_type(field("f", validators={"format": "isbn"})), "validators.format: 'isbn' is none of url, postcode"),
    "extends itself": (a_type(extends="permit"), "permit.yaml: extends: a type cannot extend itself"),
    "abstract kind": (a_type(extends="a", abstract=True), "permit.yaml: abstract: a type that extends another takes"),
    "override without base": (
        a_type(override={"a": {"grade": "secret"}}), "permit.yaml: override: needs `extends`"
    ),
    "include without base": (a_type(include=[{"type": "a"}]), "permit.yaml: include: needs `extends`"),
    "override key": (
        a_type(extends="a", override={"a": {"type": "text"}}), "override.a: 'type' is none of grade, sealed,"
    ),
    "section twice": (
        a_type(sections=[{"name": "a", "labels": labels()}] * 2), "permit.yaml: sections: 'a' stands here twice"
    ),
    "section name": (a_type(sections=[{"name": "A b", "labels": labels()}]), "sections[0].name: 'A b' must be"),
    "numbering prefix": (
        a_type(numbering={"prefix": "q-"}), "numbering.prefix: 'q-' must be capital letters and digits"
    ),
    "numbering place": (
        a_type(numbering={"prefix": "Q", "pattern": "{prefix}{seq}{x}"}), "'{prefix}{seq}{x}' may hold only {prefix}"
    ),
    "numbering attribute": (
        a_type(numbering={"prefix": "Q", "pattern": "{prefix.__class__}{seq}"}), "may hold only {prefix}"
    ),
    "numbering conversion": (
        a_type(numbering={"prefix": "Q", "pattern": "{prefix!r}{seq}"}), "may hold only {prefix}"
    ),
    "numbering width": (
        a_type(numbering={"prefix": "Q", "pattern": "{prefix}{seq:999999d}"}), "may hold only {prefix}"
    ),
    "numbering without seq": (
        a_type(numbering={"prefix": "Q", "pattern": "{prefix}"}), "'{prefix}' must hold prefix and seq once each"
    ),
    "numbering brace": (
        a_type(numbering={"prefix": "Q", "pattern": "{prefix}{seq"}), "has a brace too many or too few"
    ),
    "numbering month": (
        a_type(numbering={"prefix": "Q", "pattern": "{prefix}{month}{seq}"}), "would issue a number twice"
    ),
    "states initial": (
        a_type(**with_states(initial="opne")),
        "permit.yaml: states.initial: 'opne' is not known here; did you mean 'open'?",
    ),
    "state look": (
        a_type(**with_states(list=[{"name": "open", "labels": labels(), "look": "red"}])),
        "states.list[0].look: 'red' is none of new, waiting, working, done, resting, leaving, gone",
    ),
    "state twice": (
        a_type(**with_states(list=[{"name": "open", "labels": labels()}] * 2)),
        "permit.yaml: states.list: 'open' stands here twice",
    ),
    "too many options": (
        a_type(choice("f", *(f"k{n}" for n in range(501)))), "fields.f.options: has 501 entries; 500 are allowed"
    ),
    "too many fields": (
        a_type(*(field(f"f{n}") for n in range(401))), "permit.yaml: fields: has 401 entries; 400 are allowed"
    ),
    "too many overrides": (
        a_type(extends="a", override={f"f{n}": {"list": True} for n in range(401)}),
        "permit.yaml: override: has 401 entries; 400 are allowed",
    ),
    "no states": (a_type(states={"initial": "open"}), "permit.yaml: states: list is missing"),
    "transition to nowhere": (
        a_type(**with_states(), transitions=[edge(to="gone")]), "transitions[0]: 'gone' is none of open, shut"
    ),
    "transition key": (a_type(**with_states(), transitions=[edge(form=["open"])]), "did you mean 'from'?"),
    "transition twice": (
        a_type(**with_states(), transitions=[edge(), edge()]), "permit.yaml: transitions: 'shut' stands here twice"
    ),
    "transitions without states": (a_type(transitions=[edge()]), "transitions: needs `states` beside it"),
    "clock without name": (a_type(clocks=[{"labels": labels()}]), "permit.yaml: clocks[0]: name is missing"),
    "report no mapping": (a_type(reports=["x"]), "permit.yaml: reports[0]: must hold keys with values"),
    "print no list": (a_type(print={}), "permit.yaml: print: must be a list"),
    "an operator as a key": (
        a_type(clocks=[{"name": "a", "labels": labels(), "start": {"$where": "1"}}]),
        "permit.yaml: clocks[0].start: '$where' cannot be a key here",
    ),
    "an operator in a condition": (
        a_type(field("f", visible_when={"$or": []})), "fields.f.visible_when: '$or' cannot be a key here"
    ),
    "a dotted key": (
        a_type(reports=[{"name": "a", "labels": labels(), "by": [{"a.b": 1}]}]),
        "permit.yaml: reports[0].by[0]: 'a.b' cannot be a key here",
    ),
    "an object in a default": (
        a_type(field("f", default=object())), "must be plain text, numbers, lists and keys with values"
    ),
    "label template": (a_type(print=[{"name": "a"}]), "permit.yaml: print[0]: labels is missing"),
}  # fmt: skip


@pytest.mark.parametrize("case", ALONE)
def test_a_fault_of_one_definition_is_named_with_its_place(case):
    tree, words = ALONE[case]
    with pytest.raises(DefinitionError) as caught:
        load_type(tree, f"{tree.get('type')}.yaml")
    assert words in str(caught.value)


def test_all_faults_are_found_at_once():
    tree = a_type(field("a", grade="x"), field("b", "txt"), field("owner"), colour=1, labels={"en": "x"})
    with pytest.raises(DefinitionFaults) as caught:
        load_type(tree, "f")
    places = [fault.where for fault in caught.value.faults]
    assert places == ["f", "f: labels", "f: labels", "f: fields.a.grade", "f: fields.b.type", "f: fields.owner.name"]
    assert str(caught.value).count("\n") == 5


def test_the_room_for_later_keeps_its_shape():
    tree = a_type(
        field("f"), **with_states(), transitions=[edge(who=["role:x"], required=["f"], reason=True)],
        clocks=[{"name": "due", "labels": labels(), "days": 3}], retention_class="r10",
        print=[{"name": "label", "labels": labels(), "template": "x"}], reports=[{"name": "a", "labels": labels()}],
    )  # fmt: skip
    definition = load_type(tree, "f")
    assert definition.clocks[0]["days"] == 3
    assert definition.workflow.transitions[0].end == "shut"
    assert load_type(definition.to_tree(), "f") == definition


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_nonsense_anywhere_is_refused_in_words_or_harmless(data):
    faults = Faults()
    definition = read_type(spoilt(data, everything()), Place(faults, "f"))
    event("refused" if len(faults) else "taken")
    assert all(fault.where.startswith("f") and str(fault) for fault in faults)
    if not len(faults):
        assert load_type(definition.to_tree(), "f") == definition
