"""Record types put in force: versions, what stays of what is left out, what records forbid, the way out and back."""

from pathlib import Path

import pytest

import seed
from models.audit.log import Entry
from models.definitions.compiled import registry_for
from models.definitions.faults import DefinitionFaults
from models.errors import AccessDenied, DefinitionError, StaleRecord
from models.operations import types
from models.store import read_stamps
from models.users import Actor
from tests.drawn_types import a_type, choice, definitions, everything, field, labels, with_states

SHIPPED = Path(seed.__file__).parent / "types"
SYSTEM = Actor.system_actor("cli:test")


def apply(store, *trees: dict):
    return types.apply(SYSTEM, store, definitions(*trees), reason="a test")


def in_force(store, name="permit"):
    return registry_for(store, read_stamps(store)).get(name)


def test_a_type_in_force_is_found_with_the_next_stamp(store):
    assert apply(store, a_type(field("colour"))).versions == {"permit": 1}
    assert in_force(store).find("colour").type.name == "text"
    assert read_stamps(store).types == 1


def test_applying_the_same_again_changes_nothing(store):
    apply(store, everything())
    assert apply(store, everything()).versions == {}
    assert read_stamps(store).types == 1
    assert store.data.record_types.count_documents({}) == 1


def test_every_version_stays(store):
    apply(store, a_type(field("colour")))
    assert apply(store, a_type(field("colour", list=True))).versions == {"permit": 2}
    assert [(one["_id"], one.get("current")) for one in types.history(SYSTEM, store, "permit")] == [
        ("permit@2", True), ("permit@1", None),
    ]  # fmt: skip
    newest = types.history(SYSTEM, store, "permit")[0]
    assert (newest["by"], newest["reason"], newest["definition"]["fields"][0]["list"]) == ("cli:test", "a test", True)


def test_the_log_has_names_and_versions_only(store):
    apply(store, a_type(field("colour")))
    body = store.data.audit_entries.find_one({"action": "types:apply"})["body"]
    assert b'"versions":{"permit":1}' in body
    assert b"a test" not in body


def test_a_field_left_out_is_switched_off(store):
    apply(store, a_type(field("colour", grade="internal", sort=True, required=True), field("size", "integer")))
    apply(store, a_type(field("size", "integer")))
    kept = in_force(store).by_id["colour_aa11"]
    assert (kept.active, kept.sort, in_force(store).find("colour")) == (False, True, None)
    assert "sort:colour_aa11" not in store.data.r_permit.index_information()


def test_a_name_made_anew_starts_empty(store):
    apply(store, a_type(field("colour")))
    apply(store, a_type(field("colour", id="colour_bb22")))
    assert in_force(store).find("colour").path == "v.colour_bb22"
    assert not in_force(store).by_id["colour_aa11"].active


def test_options_parts_and_what_decides_are_kept_too(store):
    shown = {"field": "kind", "op": "eq", "value": "a"}
    apply(
        store,
        a_type(
            choice("kind", "a", "b", grade="internal"),
            field("size", visible_when=shown, section="one"),
            field("sum", "formula", formula="size"),
            field("box", "object", fields=[field("width"), field("height")]),
            sections=[{"name": "one", "labels": labels()}],
        ),
    )
    apply(store, a_type(choice("kind", "b", grade="internal"), field("box", "object", fields=[field("width")])))
    compiled = in_force(store)
    assert [(option.key, option.active) for option in compiled.find("kind").options] == [("b", True), ("a", False)]
    assert [(part.name, part.active) for part in compiled.find("box").fields] == [("width", True), ("height", False)]
    assert {one.name for one in compiled.fields if not one.active} == {"size", "sum"}
    assert compiled.find("box.height") is None


def test_conditions_are_stored_by_id_so_that_a_field_may_be_renamed(store):
    asked = {"field": "kind", "op": "eq", "value": "a"}
    shown = {"any": [{"not": asked}, {"field": "state", "op": "eq", "value": "filed"}]}
    apply(store, a_type(choice("kind", "a", grade="internal"), field("size", visible_when=shown)))
    stored = store.data.record_types.find_one({"current": True})["definition"]["fields"][1]["visible_when"]
    assert stored["any"][0]["not"]["field"] == "kind_aa11"
    assert stored["any"][1]["field"] == "state"
    renamed = definitions({**store.data.record_types.find_one({"current": True})["definition"]})["permit"].to_tree()
    renamed["fields"][0]["name"] = "sort_of_box"
    apply(store, renamed)
    assert {one.address for one in in_force(store).find("size").visible_when.fields()} == {"sort_of_box", "state"}


REFUSED = {
    "another type": (field("f"), field("f", "boolean"), "fields.f.type: a field of type text cannot become boolean"),
    "a list into one": (
        field("f", many=True), field("f"),
        "fields.f.type: a field of type text (many) cannot become text: make a new one",
    ),
    "into an object": (
        field("f"), field("o", "object", fields=[field("f")]),
        "fields.o.f.id: a field cannot move into or out of another",
    ),
    "a system key": (field("f", "user"), field("f", "user", frame="owner"), "fields.f.frame: a field cannot begin"),
    "another currency": (
        field("f", "money"), field("f", "money", currency="HKD"), "fields.f.currency: stored amounts would become"
    ),
    "computed": (
        field("f", "reference", target="permit", many=True),
        field("f", "reference", target="permit", relation="reverse", inverse="g", many=True),
        "fields.f.relation: a field cannot begin or cease to be computed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_field_never_changes_into_what_its_values_cannot_be(store, case):
    before, after, words = REFUSED[case]
    other = field("g", "reference", target="permit")
    apply(store, a_type(before, other))
    with pytest.raises(DefinitionFaults) as caught:
        apply(store, a_type(after, other))
    assert words in str(caught.value)
    assert read_stamps(store).types == 1


def test_a_wider_type_is_a_step_for_older_documents(store):
    apply(store, a_type(field("f"), field("g", "integer")))
    apply(store, a_type(field("f", "long_text"), field("g", "integer", many=False)))
    apply(store, a_type(field("f", "long_text"), field("g", "decimal")))
    steps = [(step.version, step.field_id, step.was) for step in in_force(store).steps]
    assert steps == [(2, "f_aa11", "text"), (3, "g_aa11", "integer")]


def test_a_base_and_what_it_holds_never_changes_place(store):
    base, kind = a_type(name="a", abstract=True), a_type(name="b", extends="a", numbering={"prefix": "B"})
    other = a_type(name="c", extends="a", include=[{"type": "b"}], numbering={"prefix": "C"})
    apply(store, base, kind, other)
    with pytest.raises(DefinitionFaults, match="extends: a type cannot move to another base"):
        apply(store, a_type(name="b"))
    with pytest.raises(DefinitionFaults, match="cannot begin or cease to be abstract"):
        apply(store, a_type(name="a"))
    with pytest.raises(DefinitionFaults, match="the fields of b stay included"):
        apply(store, a_type(name="c", extends="a", numbering={"prefix": "C"}))


def test_a_change_of_the_base_is_a_new_version_of_its_kinds(store):
    base, kind = a_type(field("f"), name="a", abstract=True), a_type(field("g"), name="b", extends="a")
    lone, other = a_type(name="d"), a_type(field("h"), name="c", extends="a", include=[{"type": "b"}])
    assert apply(store, base, kind, lone, other).versions == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert apply(store, a_type(field("g", list=True), name="b", extends="a")).versions == {"a": 2, "b": 2, "c": 2}
    assert apply(store, a_type(field("f", list=True), name="a", abstract=True)).versions == {"a": 3, "b": 3, "c": 3}


def test_a_field_may_move_from_a_kind_to_the_base(store):
    apply(store, a_type(name="a", abstract=True), a_type(field("f"), name="b", extends="a"))
    apply(store, a_type(field("f"), name="a", abstract=True), a_type(name="b", extends="a"))
    assert in_force(store, "b").find("f").active
    assert len(in_force(store, "b").fields) == 1


def test_values_are_never_sealed_or_opened_by_a_definition(store):
    apply(store, a_type(field("f", grade="internal")))
    store.data.r_permit.insert_one({"_id": "x", "type": "permit", "archive_no": "1", "v": {"f_aa11": "hello"}})
    with pytest.raises(DefinitionFaults, match=r"fields\.f\.sealed: records hold values of this field"):
        apply(store, a_type(field("f", grade="confidential")))
    store.data.r_permit.delete_many({})
    apply(store, a_type(field("f", grade="confidential")))
    assert in_force(store).find("f").sealed


def test_a_state_stays_while_records_stand_in_it(store):
    apply(store, a_type(**with_states()))
    store.data.r_permit.insert_one({"_id": "x", "type": "permit", "archive_no": "1", "state": "shut"})
    only = with_states(list=[{"name": "open", "labels": labels()}])
    with pytest.raises(DefinitionFaults, match=r"states\.shut: records stand in the state shut"):
        apply(store, a_type(**only))
    store.data.r_permit.delete_many({})
    apply(store, a_type(**only))


def test_values_that_stand_twice_cannot_become_unique(store):
    apply(store, a_type(field("f")))
    for number in "12":
        record = {"_id": number, "type": "permit", "archive_no": number, "d": {"unique": {"f_aa11": "x"}}}
        store.data.r_permit.insert_one(record)
    with pytest.raises(DefinitionFaults, match="r_permit: unique:f_aa11: values of this field stand twice"):
        apply(store, a_type(field("f", unique=True)))
    assert read_stamps(store).types == 1


def test_the_collection_has_the_planned_indexes(store):
    apply(store, a_type(field("f", unique=True), field("g", "name", grade="public", sort=True)))
    found = store.data.r_permit.index_information()
    assert found["sort:g_aa11"]["key"] == [("type", 1), ("d.sort.g_aa11", 1), ("_id", 1)]
    assert found["unique:f_aa11"]["unique"]
    assert found["archive_no"]["unique"]
    assert set(found) - {"_id_"} == {planned.name for planned in in_force(store).planned}


def test_an_index_is_made_anew_when_another_kind_takes_its_field(store):
    shared = field("g", "integer", sort=True)
    base, one = a_type(name="a", abstract=True), a_type(shared, name="b", extends="a", numbering={"prefix": "B"})
    other = a_type(name="c", extends="a", numbering={"prefix": "C"})
    apply(store, base, one, other)

    def index():
        return store.data.r_a.index_information()["sort:g_aa11"]

    assert index()["partialFilterExpression"] == {"type": {"$in": ["b"]}}
    found = store.data.r_a.find({"type": "b", "life.trashed_at": None}).sort([("v.g_aa11", 1), ("_id", 1)]).explain()
    assert "sort:g_aa11" in str(found["queryPlanner"]["winningPlan"])
    apply(store, a_type(shared, name="c", extends="a", numbering={"prefix": "C"}))
    assert "partialFilterExpression" not in index()


def test_two_changes_at_once_leave_one(store, monkeypatch):
    apply(store, a_type(field("f")))
    real = types.committed

    def raced(*args, **kwargs):
        monkeypatch.setattr(types, "committed", real)
        apply(store, a_type(field("f", list=True)))
        return real(*args, **kwargs)

    monkeypatch.setattr(types, "committed", raced)
    with pytest.raises(StaleRecord):
        apply(store, a_type(field("f", search=True)))
    assert in_force(store).version == 2
    assert in_force(store).find("f").list


def test_two_first_versions_at_once_leave_one(store, monkeypatch):
    real = types.committed

    def raced(*args, **kwargs):
        monkeypatch.setattr(types, "committed", real)
        apply(store, a_type(field("f")))
        return real(*args, **kwargs)

    monkeypatch.setattr(types, "committed", raced)
    with pytest.raises(StaleRecord):
        apply(store, a_type(field("g")))
    assert store.data.record_types.count_documents({"type": "permit"}) == 1


def test_who_may_not_manage_types_changes_none(store):
    roles = frozenset({"sales"})
    stranger = Actor(id="u1", name="u", roles=roles, departments=(), department=None, person=None, locale="en")
    with pytest.raises(AccessDenied):
        types.apply(stranger, store, definitions(a_type()), reason="x")
    with pytest.raises(AccessDenied):
        types.export(stranger, store, Path("."))
    assert store.data.record_types.count_documents({}) == 0


def test_a_log_that_does_not_answer_stops_the_change(store, monkeypatch):
    def refuse(entry: Entry) -> None:
        raise AccessDenied("audit_down")

    monkeypatch.setattr(store.audit, "append", refuse)
    with pytest.raises(AccessDenied):
        apply(store, a_type())
    assert store.data.record_types.count_documents({}) == 0


def test_out_and_back_is_no_change(store, tmp_path):
    types.apply(SYSTEM, store, types.read_definitions(SHIPPED), reason="shipped")
    apply(store, everything())
    written = types.export(SYSTEM, store, tmp_path)
    names = sorted(["permit", *(path.stem for path in SHIPPED.glob("*.yaml"))])
    assert [path.name for path in written] == [f"{name}.yaml" for name in names]
    assert types.validate(tmp_path).names == tuple(names)
    assert types.apply(SYSTEM, store, types.read_definitions(tmp_path), reason="again").versions == {}
    again = tmp_path / "again"
    types.export(SYSTEM, store, again)
    for path in written:
        assert (again / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_files_that_do_not_go_together_are_refused(tmp_path):
    with pytest.raises(DefinitionError, match=r"holds no \*.yaml"):
        types.read_definitions(tmp_path)
    for name in ("a", "b"):
        source = "type: permit\nlabels: {zh-Hans: x, zh-Hant: x, en: x}\n"
        (tmp_path / f"{name}.yaml").write_text(source, encoding="utf-8")
    (tmp_path / "c.yaml").write_text("type: 5", encoding="utf-8")
    with pytest.raises(DefinitionFaults) as caught:
        types.read_definitions(tmp_path)
    assert "permit is already defined in" in str(caught.value)
    assert "c.yaml: labels is missing" in str(caught.value)


def test_compiled_types_are_kept_until_the_stamp_changes(store):
    apply(store, a_type())
    first = in_force(store)
    assert in_force(store) is first
    apply(store, a_type(name="other"))
    assert in_force(store) is not first
