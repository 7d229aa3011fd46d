"""What a type compiles to: seals by grade and kind of value, kinds and their base, addresses, indexes."""

from datetime import date
from pathlib import Path

import pytest

import seed
from models.definitions.compiled import TypeRegistry, compile_all
from models.definitions.field_types import FIELD_TYPES
from models.definitions.grades import Grade
from models.definitions.numbering import Numbering
from models.errors import RecordNotFound
from models.operations.types import read_definitions
from tests.drawn_types import a_type, choice, definitions, field, labels

GRADES = ("public", "internal", "confidential", "secret")
SEALED_WHEN_CONFIDENTIAL = {
    "text", "name", "long_text", "phone", "email", "id_number", "credit_code", "bank_account", "plate", "address",
    "map", "attachment", "rows",
}  # fmt: skip
NEEDS = {
    "choice": {"options": [{"key": "a", "labels": labels()}]},
    "choices": {"options": [{"key": "a", "labels": labels()}]},
    "reference": {"target": "permit"},
    "rows": {"fields": [field("part")]},
    "sequence": {},
}
STORED = sorted(set(FIELD_TYPES) - {"object", "formula"})


def compiled(*trees: dict, name: str = "permit"):
    return registry(*trees).get(name)


def registry(*trees: dict) -> TypeRegistry:
    return compile_all(definitions(*trees))


@pytest.fixture(scope="module")
def shipped() -> TypeRegistry:
    return compile_all(read_definitions(Path(seed.__file__).parent / "types"))


@pytest.mark.parametrize("grade", GRADES)
@pytest.mark.parametrize("kind", STORED)
def test_what_is_not_said_is_sealed_by_grade_and_kind_of_value(kind, grade):
    found = compiled(a_type(field("f", kind, grade=grade, **NEEDS.get(kind, {})))).find("f")
    expected = grade == "secret" or (grade == "confidential" and kind in SEALED_WHEN_CONFIDENTIAL)
    assert found.sealed == expected


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("grade", GRADES)
def test_what_is_said_about_sealing_holds(grade, said):
    assert compiled(a_type(field("f", grade=grade, sealed=said))).find("f").sealed is said


def test_a_field_that_says_nothing_is_confidential():
    assert compiled(a_type(field("f"))).find("f").grade == Grade.CONFIDENTIAL


def test_parts_of_an_object_are_graded_and_sealed_each_by_itself():
    parts = [field("a"), field("b", grade="public"), field("c", "date"), field("d", grade="secret")]
    parts.append(field("e", sealed=False))
    found = compiled(a_type(field("o", "object", grade="confidential", purpose="x", source="F1", fields=parts)))
    assert [(part.name, part.grade.word, part.sealed) for part in found.find("o").fields] == [
        ("a", "confidential", True), ("b", "public", False), ("c", "confidential", False), ("d", "secret", True),
        ("e", "confidential", False),
    ]  # fmt: skip
    assert found.find("o").sealed is False
    assert found.find("o.a").path == "v.o_aa11.a_aa11"
    assert (found.find("o.a").purpose, found.find("o.a").source) == ("x", "F1")
    assert found.by_id["a_aa11"] is found.find("o.a") is found.by_address["o.a"]


def test_rows_are_sealed_as_one_and_their_parts_are_not_addressed():
    found = compiled(a_type(field("r", "rows", fields=[field("a", "date")])))
    assert found.find("r").sealed
    assert found.by_id["a_aa11"].sealed
    assert found.by_id["a_aa11"].in_rows
    assert found.find("r.a") is None
    assert found.by_address["r.a"].id == "a_aa11"


def test_a_formula_is_as_secret_as_what_it_reads():
    found = compiled(
        a_type(
            field("f", "integer", grade="secret"), field("g", "integer", grade="public"),
            field("h", "formula", formula="f + g"),
        )
    ).find("h")  # fmt: skip
    assert (found.grade, found.sealed, found.computed) == (Grade.SECRET, True, True)
    assert found.depends == {"f_aa11", "g_aa11"}


def test_a_name_that_is_off_and_made_anew_means_the_one_in_use():
    found = compiled(a_type(field("f", active=False), field("f", "date", id="f_bb22")))
    assert found.find("f").id == found.by_address["f"].id == "f_bb22"
    assert [one.id for one in found.active] == ["f_bb22"]
    assert set(found.by_id) == {"f_aa11", "f_bb22"}


def test_a_field_that_is_off_is_nowhere_but_among_the_fields():
    found = compiled(a_type(field("o", "object", active=False, fields=[field("a")]), field("g", active=False)))
    assert found.find("o") is found.find("o.a") is found.find("g") is None
    assert found.resolve("g_aa11") is None
    assert len(found.fields) == 2


def test_system_keys_are_fields_of_every_type():
    found = compiled(a_type())
    assert set(found.system) == {
        "id", "type", "revision", "state", "archive_no", "department", "owner", "created_at", "created_by",
        "updated_at", "updated_by",
    }  # fmt: skip
    paths = {name: one.path for name, one in found.system.items() if one.path != name}
    assert paths == {"id": "_id", "revision": "rev", "department": "dept"}
    assert all(one.grade == Grade.INTERNAL and one.sort for one in found.system.values())
    assert {name for name, one in found.system.items() if not one.system} == {"department", "owner"}
    assert [option.key for option in found.system["state"].options] == ["filed"]


def test_a_field_that_shows_a_system_key_gives_it_its_face():
    found = compiled(
        a_type(
            field("archive_no", "sequence", frame="archive_no", grade="internal", section="a"),
            choice("kind", "permit", frame="type", grade="confidential"),
            sections=[{"name": "a", "labels": labels()}],
        )
    )
    assert found.find("archive_no") is found.system["archive_no"]
    assert found.system["archive_no"].id == "archive_no_aa11"
    assert found.find("kind").path == "type"
    assert found.system["type"].grade == Grade.CONFIDENTIAL
    assert found.system["type"].id == "type"


def test_the_base_offers_only_what_holds_in_every_kind(shipped):
    base, enterprise, individual = (shipped.get(name) for name in ("customer", "enterprise", "individual"))
    assert enterprise.find("customer_name").sort
    assert not enterprise.find("customer_name").sealed
    assert individual.find("customer_name").sealed
    name = base.find("customer_name")
    assert (name.grade, name.sealed, name.sort, name.search) == (Grade.CONFIDENTIAL, True, False, True)
    assert {one.id for one in base.fields} < {one.id for one in enterprise.fields}


def test_kinds_lie_with_their_base(shipped):
    base = shipped.get("customer")
    assert (base.abstract, base.kinds) == (True, ("enterprise", "individual", "tenant"))
    assert [one.name for one in shipped.concrete("customer")] == ["enterprise", "individual", "tenant"]
    assert [one.name for one in shipped.concrete("tenant")] == ["tenant"]
    assert {shipped.get(one).collection for one in base.kinds} == {"r_customer"}
    assert all(shipped.get(one).planned == base.planned for one in base.kinds)
    assert [option.key for option in base.system["type"].options] == ["enterprise", "individual", "tenant"]
    assert {shipped.get(one).states.initial for one in base.kinds} == {"draft"}
    assert {shipped.get(one).states.brought_in for one in base.kinds} == {"filed"}


def test_a_tenant_shows_the_fields_of_both_by_what_it_is(shipped):
    tenant = shipped.get("tenant")
    for kind in ("enterprise", "individual"):
        assert {one.id for one in shipped.get(kind).fields} <= set(tenant.by_id)
    condition = tenant.find("founded_on").visible_when
    assert {one.name for one in condition.fields()} == {"occupant_kind"}
    assert shipped.get("enterprise").find("founded_on").visible_when is None


def test_an_included_field_keeps_its_own_condition_too():
    shown = {"field": "k", "op": "eq", "value": "a"}
    own = {"field": "x", "op": "empty", "value": False}
    found = registry(
        a_type(name="a", abstract=True),
        a_type(field("x", "date"), field("y", visible_when=own), name="b", extends="a"),
        a_type(choice("k", "a"), name="c", extends="a", include=[{"type": "b", "visible_when": shown}]),
    ).get("c")
    assert {one.name for one in found.find("y").visible_when.fields()} == {"k", "x"}
    assert {one.name for one in found.find("x").visible_when.fields()} == {"k"}


def test_a_base_that_takes_records_lists_itself_too():
    found = registry(a_type(name="a"), a_type(name="b", extends="a"))
    assert found.get("a").kinds == ("a", "b")
    assert found.get("b").kinds == ()
    assert [one.name for one in found.concrete("a")] == ["a", "b"]


def test_an_override_reaches_into_an_object():
    base = a_type(field("o", "object", fields=[field("a", grade="internal")]), name="a", abstract=True)
    kind = a_type(name="b", extends="a", override={"o.a": {"grade": "secret"}, "o": {"labels": labels("y")}})
    found = registry(base, kind)
    assert found.get("b").find("o.a").grade == Grade.SECRET
    assert found.get("b").find("o").label("en") == "y"
    assert found.get("a").find("o.a").sealed


def test_an_unknown_type_is_not_found(shipped):
    for name in ("nothing", "", None, "__class__"):
        with pytest.raises(RecordNotFound):
            shipped.get(name)


def test_indexes_are_planned_for_what_is_sorted_by_and_unique():
    found = compiled(
        a_type(
            field("a", "name", grade="public", sort=True), field("b", "date", sort=True), field("c", unique=True),
            field("d", "date", sort=True, active=False),
            field("o", "object", fields=[field("e", "integer", sort=True)]),
        )
    )  # fmt: skip
    planned = {one.name: one.paths for one in found.planned if ":" in one.name}
    assert planned == {
        "sort:a_aa11": ("type", "d.sort.a_aa11", "_id"),
        "sort:b_aa11": ("type", "v.b_aa11", "_id"),
        "sort:e_aa11": ("type", "v.o_aa11.e_aa11", "_id"),
        "unique:c_aa11": ("d.unique.c_aa11",),
    }
    assert len(found.indexes()) == len(found.planned)


def test_the_title_falls_back_to_the_archive_number():
    assert compiled(a_type()).title.name == "archive_no"
    assert compiled(a_type(field("f"), title="f")).title.name == "f"


@pytest.mark.parametrize(
    ("pattern", "number", "series"),
    [
        ("{prefix}-{year}-{seq:06d}", "QY-2026-000012", "QY-2026"),
        ("{prefix}{seq}", "QY12", "QY"),
        ("{prefix}-{year}{month}-{seq:04d}", "QY-202603-0012", "QY-2026-03"),
        ("{prefix}{year}{month}{day}{seq:03d}", "QY20260307012", "QY-2026-03-07"),
    ],
)
def test_numbers_count_within_the_span_that_the_pattern_shows(pattern, number, series):
    rule = Numbering("QY", pattern)
    assert rule.format(date(2026, 3, 7), 12) == number
    assert rule.series(date(2026, 3, 7)) == series


def test_a_type_that_says_nothing_is_numbered_by_its_name():
    name = "fire_inspection_report"
    assert compiled(a_type(name=name), name=name).numbering.prefix == "FIREINSPECTI"
