"""The tree of a condition: what is refused, in which order, and how it is said."""

from datetime import date
from typing import Any

import pytest

from models.definitions.conditions import Bound, operators_of, parse_condition
from models.errors import AccessDenied, ArchiveError, MalformedQuery
from tests.field_factory import field_of

FIELDS = {
    "name": field_of("name"),
    "level": field_of("choice", "level"),
    "count": field_of("integer", "count"),
    "since": field_of("date", "since"),
    "department": field_of("department", frame="dept"),
    "owner": field_of("user", "owner", frame="owner"),
    "secret": field_of("text", "secret", sealed=True),
    "formula": field_of("formula"),
}
BOUND = Bound(me="u1", departments=("sales",), today=date(2024, 5, 1))
LEAF = {"field": "name", "op": "eq", "value": "张三"}
MINE = {"field": "owner", "op": "eq", "value": "@me"}


def _nested(depth: int) -> dict[str, Any]:
    return LEAF if depth == 0 else {"not": _nested(depth - 1)}


MALFORMED = [
    None, [], "x", 1, {}, {"all": []}, {"any": []}, {"all": {}}, {"all": [LEAF], "any": [LEAF]}, {"not": [LEAF]},
    {"not": None}, {"field": "name"}, {**LEAF, "extra": 1}, {**LEAF, "op": "$where"}, {**LEAF, "op": ["eq"]},
    {**LEAF, "field": {"$ne": 1}}, {**LEAF, "field": "n" * 201}, {**LEAF, "value": None}, {**LEAF, "value": ["a"]},
    {**LEAF, "value": {"$ne": 1}}, {**LEAF, "value": {"$regex": "."}}, {**LEAF, "value": True},
    {**LEAF, "value": "a\x00"}, {**LEAF, "value": " "}, {**LEAF, "op": "in", "value": "a"},
    {**LEAF, "op": "in", "value": ["a"] * 501}, {**LEAF, "op": "in", "value": [None]},
    {**LEAF, "op": "between", "value": [1]}, {**LEAF, "op": "empty", "value": 1},
    {**LEAF, "op": "empty", "value": "no"},
    {**LEAF, "op": "gt"}, {**LEAF, "op": "contains", "value": "a" * 201}, {**LEAF, "op": "contains", "value": 5},
    {"field": "count", "op": "gt", "value": "many"}, {"field": "count", "op": "gt", "value": float("nan")},
    {"field": "count", "op": "eq", "value": True}, {"field": "since", "op": "gt", "value": "@tomorrow"},
    {"field": "since", "op": "gt", "value": "@today-999999"},
    {"field": "owner", "op": "eq", "value": "@my_departments"},
    {"field": "secret", "op": "starts", "value": "a"}, {"field": "secret", "op": "ne", "value": "a"},
    {"field": "formula", "op": "eq", "value": "a"}, {"all": [LEAF] * 51}, {"any": [{"all": [LEAF] * 26}] * 2},
    _nested(8),
]  # fmt: skip


@pytest.mark.parametrize("tree", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_condition_is_refused(tree: Any) -> None:
    with pytest.raises(MalformedQuery) as caught:
        parse_condition(tree, FIELDS.get)
    assert "{" not in caught.value.public_words()


def test_a_tree_of_great_depth_does_not_exhaust_the_stack() -> None:
    tree: dict[str, Any] = LEAF
    for _ in range(100_000):
        tree = {"not": tree}
    with pytest.raises(MalformedQuery):
        parse_condition(tree, FIELDS.get)


def test_form_is_judged_before_names_and_names_before_values() -> None:
    unknown = {"field": "salary", "op": "gt", "value": {"$ne": 1}}
    with pytest.raises(MalformedQuery):
        parse_condition({"all": [unknown, {"nonsense": 1}]}, FIELDS.get)
    with pytest.raises(AccessDenied):
        parse_condition({"all": [{"field": "count", "op": "gt", "value": "many"}, unknown]}, FIELDS.get)


def test_a_field_that_is_hidden_and_one_that_is_not_there_get_the_same_answer() -> None:
    answers = []
    for name in ("salary", "no_such_field", "v.name_0000", "$where", "_id"):
        with pytest.raises(AccessDenied) as caught:
            parse_condition({"field": name, "op": "eq", "value": "x"}, FIELDS.get)
        answers.append((caught.value.code, str(caught.value)))
    assert len(set(answers)) == 1


def test_a_sealed_field_decides_only_by_equality_and_emptiness() -> None:
    assert operators_of(FIELDS["secret"]) == ("eq", "in", "empty")
    for op, value in (("eq", "a"), ("in", ["a", "b"]), ("empty", False)):
        parse_condition({"field": "secret", "op": op, "value": value}, FIELDS.get, deciding=True)
    for op in ("starts", "contains", "ne"):
        with pytest.raises(MalformedQuery) as caught:
            parse_condition({"field": "secret", "op": op, "value": "a"}, FIELDS.get, deciding=True)
        assert caught.value.code == "sealed_operator"


def test_of_no_departments_and_of_no_values_nothing_is_found() -> None:
    nowhere = Bound(me="u1", departments=(), today=date(2024, 5, 1))
    for tree in (
        {"field": "department", "op": "in", "value": "@my_departments"},
        {"field": "department", "op": "eq", "value": "@my_departments"},
        {"field": "department", "op": "in", "value": []},
    ):
        condition = parse_condition(tree, FIELDS.get)
        assert condition.filter(nowhere) == {"_id": {"$in": []}}
        assert not condition.holds({"dept": "sales"}, nowhere)


def test_late_words_are_bound_when_asked() -> None:
    tree = {
        "all": [{"field": "owner", "op": "eq", "value": "@me"}, {"field": "since", "op": "gte", "value": "@today-30"}]
    }
    condition = parse_condition(tree, FIELDS.get)
    assert condition.filter(BOUND) == {"$and": [{"owner": "u1"}, {"v.since_0000": {"$gte": "2024-04-01"}}]}
    assert parse_condition({"field": "name", "op": "eq", "value": "@me"}, FIELDS.get).filter(BOUND) == {
        "v.name_0000": "@me"
    }


SENTENCES = [
    ({"field": "level", "op": "in", "value": ["male", "female"]}, "level字段是男、女之一"),
    ({"field": "name", "op": "starts", "value": "张"}, "name字段以“张”开头"),
    ({"field": "since", "op": "gte", "value": "@today-30"}, "since字段不早于30天前"),
    ({"field": "count", "op": "between", "value": [1, 5]}, "count字段在1到5之间"),
    ({"field": "department", "op": "in", "value": "@my_departments"}, "department字段是本人所属部门"),
    ({"not": {"field": "name", "op": "empty", "value": True}}, "并非（name字段为空）"),
    (
        {
            "all": [
                {"field": "owner", "op": "eq", "value": "@me"},
                {"any": [LEAF, {**LEAF, "op": "empty", "value": False}]},
            ]
        },
        "owner字段是本人，并且（name字段是“张三”，或者name字段已填写）",
    ),
]


@pytest.mark.parametrize(("tree", "words"), SENTENCES)
def test_a_condition_is_a_sentence(tree: Any, words: str) -> None:
    condition = parse_condition(tree, FIELDS.get)
    assert condition.sentence() == words
    assert condition.sentence("en") != words


NONSENSE = [None, True, 1, 10**5000, 1.5, float("nan"), "", "a\x00", "\ud800", [], {}, {"$ne": 1}, [[]], object(), b"x"]


@pytest.mark.parametrize("value", NONSENSE, ids=range(len(NONSENSE)))
def test_nothing_but_an_archive_error_comes_out(value: Any) -> None:
    leaves = [
        {"field": field, "op": op, "value": given}
        for op in ("eq", "in", "empty", "between", "contains", value)
        for field in (*FIELDS, value)
        for given in (value, [value], [value, value])
    ]
    for tree in (*leaves, {"all": value}, {"any": [value]}, {"not": value}, value):
        try:
            parse_condition(tree, FIELDS.get).filter(Bound("u", (), date(2024, 5, 1), lambda *_: []))
        except ArchiveError:
            continue
