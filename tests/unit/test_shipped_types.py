"""The shipped record types: every profile field is there, labelled, graded, and off where it ships off."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

import seed

FOLDER = Path(seed.__file__).parent
NAMES = ("customer", "enterprise", "individual", "tenant")
RANGES = {"customer": (1, 38), "enterprise": (39, 79), "individual": (80, 105), "tenant": (106, 141)}
LANGUAGES = {"zh-Hans", "zh-Hant", "en"}
TYPES = {name: yaml.safe_load((FOLDER / "types" / f"{name}.yaml").read_text(encoding="utf-8")) for name in NAMES}
RENAMED = {"noted_emergency_contacts"}
"""What the first release called otherwise."""
SHIPPED = {path.stem for path in (FOLDER / "types").glob("*.yaml")}
PURPOSES = yaml.safe_load((FOLDER / "purposes.yaml").read_text(encoding="utf-8"))["purposes"]

PROPOSED = {
    "internal": "1 2 3 4 5 6 11 19 20 22 29 30 31 32 33 34 35 37 49 53 56 57 58 63 64 74 77 78 83 86 90 91 92 93 94 96 "
    "97 98 99 104 105 106 107 120 131 133 135 136 137 138 139 141",
    "confidential": "7 8 9 10 12 13 14 15 16 17 18 21 24 25 26 36 38 39 40 41 45 46 52 54 55 59 60 62 66 67 68 70 71 "
    "72 75 76 80 81 82 87 89 102 103 108 109 110 111 112 113 115 116 117 118 119 121 122 123 124 125 127 128 132 140",
    "secret": "23 27 28 42 43 44 47 61 65 69 73 84 85 88 95 100 101 114 126 129 130 134",
    "public": "48 50 51 79",
}
"""Grade by F number; where a range is proposed the higher holds."""
GRADE = {f"F{number}": grade for grade, numbers in PROPOSED.items() for number in numbers.split()}
EXCEPTIONS = {"contract_price": "secret", "legal_representative.name": "internal"}

OFF = (
    [f"{person}.{trait}" for person in ("proprietor", "manager", "legal_representative")
     for trait in ("personality", "hobbies", "family", "ability")]
    + ["learning_impact", "lease_terms.contract", "tenant_complaints"]
)  # fmt: skip


def walk(name: str):
    """(address, field, parent) of every field and sub-field of a definition."""
    for field in TYPES[name]["fields"]:
        yield field["name"], field, None
        for part in field.get("fields", ()):
            yield f"{field['name']}.{part['name']}", part, field


EVERY = [(name, address, field, parent) for name in NAMES for address, field, parent in walk(name)]


@pytest.mark.parametrize("name", NAMES)
def test_a_type_holds_exactly_its_profile_fields(name):
    first, last = RANGES[name]
    sources = {field["source"] for _, field, _ in walk(name) if "source" in field}
    assert sources == {f"F{number}" for number in range(first, last + 1)}


def test_every_profile_field_occurs():
    assert {field["source"] for _, _, field, _ in EVERY if "source" in field} == {f"F{n}" for n in range(1, 142)}


def test_ids_are_unique_and_begin_with_the_name_at_creation():
    ids = Counter(field["id"] for _, _, field, _ in EVERY)
    assert ids.most_common(1)[0][1] == 1
    assert {field["name"] for _, _, field, _ in EVERY if field["id"][:-5] != field["name"]} == RENAMED


def label_maps(value, path=""):
    """Every mapping of words by language, wherever it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("labels", "help"):
                yield f"{path}.{key}", inner
            else:
                yield from label_maps(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from label_maps(inner, f"{path}[{number}]")


@pytest.mark.parametrize("file", [*(f"types/{name}" for name in NAMES), "roles", "purposes"])
def test_everything_a_person_reads_is_said_in_three_languages(file):
    tree = yaml.safe_load((FOLDER / f"{file}.yaml").read_text(encoding="utf-8"))
    maps = list(label_maps(tree))
    assert maps
    for path, words in maps:
        assert set(words) == LANGUAGES, path
        assert all(text.strip() for text in words.values()), path
        assert words["en"].isascii(), path


def test_no_label_stands_twice_among_the_fields_of_one_type():
    for name in NAMES:
        shown = [field for own in ("customer", name) for field in TYPES[own]["fields"]] if name != "customer" else []
        shown = [field for field in shown if field.get("active", True)]
        labels = Counter(field["labels"]["zh-Hans"] for field in shown)
        assert [label for label, times in labels.items() if times > 1] in ([], ["购买日期"])


def test_grades_are_the_proposed_ones():
    for name, address, field, parent in EVERY:
        if "source" in field:
            assert field["grade"] == EXCEPTIONS.get(address, GRADE[field["source"]]), (name, address)
        elif parent is not None and parent["type"] == "object":
            assert field["grade"] in (parent["grade"], EXCEPTIONS.get(address)), (name, address)


@pytest.mark.parametrize("kind", ["individual", "tenant"])
def test_a_person_s_name_is_confidential(kind):
    assert TYPES[kind]["override"]["customer_name"]["grade"] == "confidential"


def test_what_ships_off_is_off():
    off = {address for _, address, field, _ in EVERY if field.get("active") is False}
    relations = {address for _, address, field, _ in EVERY if field.get("target", "customer") not in SHIPPED}
    assert off == {*OFF, *relations}


def test_a_relation_points_to_a_known_type_or_is_off():
    for _, address, field, _ in EVERY:
        assert (field["type"] == "reference") == ("relation" in field), address
        if field["type"] == "reference" and field.get("active", True):
            assert field["target"] in SHIPPED, address


def test_every_field_has_a_purpose_of_the_list_and_a_section_of_its_type():
    purposes = {purpose["name"] for purpose in PURPOSES}
    for name in NAMES:
        sections = {section["name"] for section in TYPES[name]["sections"]}
        for field in TYPES[name]["fields"]:
            assert field["purpose"] in purposes, field["name"]
            assert field["section"] in sections, field["name"]


def test_only_the_name_is_required():
    assert [address for _, address, field, _ in EVERY if field.get("required")] == ["customer_name"]


def test_the_system_alone_writes_its_fields():
    written = {field["source"] for _, _, field, _ in EVERY if field.get("system")}
    assert written == {f"F{number}" for number in (1, 3, 6, 9, 15, 16, 32, 33, 34, 37, 38, 69, 116)}
    assert [address for _, address, field, _ in EVERY if field.get("system") and field["source"] == "F9"] == [
        "email_verified_at"
    ]


def test_the_same_relation_and_the_formula_are_declared_as_such():
    by_name = {address: field for _, address, field, _ in EVERY}
    same = ("target", "relation", "inverse", "many")
    assert [by_name["complaints"][key] for key in same] == [by_name["tenant_complaints"][key] for key in same]
    assert (by_name["full_name"]["type"], by_name["full_name"]["formula"]) == ("formula", "customer_name")


@pytest.mark.parametrize("document", ["id_document", "agent_id_document"])
def test_an_identity_document_has_kind_number_end_and_scan(document):
    field = next(field for _, address, field, _ in EVERY if address == document)
    parts = {part["name"]: part for part in field["fields"]}
    assert list(parts) == ["kind", "number", "valid_until", "scan"]
    assert parts["valid_until"]["open_end"] is True
    assert parts["scan"]["type"] == "attachment"


@pytest.mark.parametrize("person", ["proprietor", "manager", "legal_representative"])
def test_a_person_in_charge_carries_the_six_traits_as_parts_of_their_own(person):
    field = next(field for _, address, field, _ in EVERY if address == person)
    assert [part.get("source") for part in field["fields"]] == [None, "F42", "F43", "F44", "F45", "F46", "F47"]


def test_a_tenant_shows_the_fields_of_company_or_person_by_what_it_is():
    shown = {one["type"]: one["visible_when"]["value"] for one in TYPES["tenant"]["include"]}
    assert shown == {"enterprise": "company", "individual": "household"}


def test_numbers_begin_with_the_sign_of_the_kind():
    assert {name: TYPES[name]["numbering"]["prefix"] for name in NAMES[1:]} == {
        "enterprise": "QY", "individual": "GR", "tenant": "ZH",
    }  # fmt: skip
