"""A condition means the same to MongoDB and to Python, whatever lies in the documents."""

import hashlib
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bson import Binary
from bson.decimal128 import Decimal128
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.definitions.conditions import NOTHING, Bound, Condition, operators_of, parse_condition
from models.definitions.fields import Field
from tests.field_factory import field_of

ZONE = ZoneInfo("Asia/Shanghai")


def _tokens(field: Field, kind: str, value: str) -> list[str]:
    return [hashlib.sha256(f"{epoch}{field.id}{kind}{value}".encode()).hexdigest()[:22] for epoch in (1, 2)]


BOUND = Bound(me="u1", departments=("sales", "north"), today=date(2024, 5, 1), tokens=_tokens, zone=ZONE)

TEXTS = ["a", "A", "ab", "ba", "上海（集团）", "上海(集团)", "张三", "x\ny", "$a", "a.b"]
DAYS = ["2024-04-30", "2024-05-01", "2024-05-02", "9999-12-31"]
MOMENTS = ["2024-04-30T15:59:59.999Z", "2024-04-30T16:00:00Z", "2024-05-01T12:00:00Z", "2024-05-01T16:00:00Z"]
NUMBERS = [-1, 0, 1, "1.5", 2]
NAMES = ["sales", "north", "south", "u1", "u2"]

ROW_PARTS = tuple(
    field_of(kind, part, id=f"{part}_row", parent_id="rows_0000", parent_name="rows", in_rows=True, **more)
    for kind, part, more in (
        ("date", "day", {}), ("integer", "count", {}), ("text", "word", {}), ("phone", "phone", {}),
        ("date", "days", {"many": True}), ("moment", "at", {}),
    )
)  # fmt: skip
OBJECT_PARTS = (field_of("text", "word", id="word_obj", parent_id="object_0000", parent_name="object"),)
FIELDS = [
    field_of("text"), field_of("name", many=True), field_of("integer"), field_of("decimal"), field_of("money"),
    field_of("boolean"), field_of("date", open_end=True), field_of("date", "days", many=True), field_of("moment"),
    field_of("choice"), field_of("choices"), field_of("phone"), field_of("address"), field_of("map"),
    field_of("department", frame="dept"), field_of("user", frame="owner"), field_of("sequence", frame="archive_no"),
    field_of("text", "secret", sealed=True), field_of("phone", "secret_phone", sealed=True),
    field_of("rows", fields=ROW_PARTS), *ROW_PARTS, field_of("object", fields=OBJECT_PARTS), *OBJECT_PARTS,
]  # fmt: skip
ASKED = {field.address: field for field in FIELDS}
OPERANDS: dict[str, list[Any]] = {
    "text": TEXTS, "name": TEXTS, "sequence": TEXTS, "integer": [-1, 0, 1, 2], "decimal": NUMBERS,
    "money": [*NUMBERS, {"amount": "1.00", "currency": "CNY"}], "boolean": [True, False],
    "date": [*DAYS[:3], "@today", "@today-1", "@today+1"],
    "moment": [*MOMENTS, "2024-05-01", "2024年4月30日", "@today", "@today+1"], "choice": ["male", "女", "gone"],
    "choices": ["male", "female"], "phone": ["13812345678", {"number": "13912345678"}], "address": TEXTS,
    "department": [*NAMES, "@my_departments"], "user": [*NAMES, "@me"],
}  # fmt: skip


def _leaves() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(FIELDS).filter(operators_of).flatmap(
        lambda field: st.sampled_from(operators_of(field)).flatmap(lambda op: _leaf(field, op))
    )  # fmt: skip


def _leaf(field: Field, op: str) -> st.SearchStrategy[dict[str, Any]]:
    values = st.sampled_from(OPERANDS.get(field.type.name, [None]))
    if op == "empty":
        values = st.booleans()
    elif op == "between":
        values = st.tuples(values, values).map(list)
    elif op == "in":
        values = st.lists(values, max_size=3)
    return values.map(lambda value: {"field": field.address, "op": op, "value": value})


TREES = st.recursive(
    _leaves(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).flatmap(lambda parts: st.sampled_from([{"all": parts}, {"any": parts}]))
        | inner.map(lambda part: {"not": part})
    ),
    max_leaves=6,
)

SCALARS = st.sampled_from(
    [None, True, False, -1, 0, 1, 1.0, 1.5, 2, 100, 150, float("nan"), float("inf"), Decimal128("1.5"),
     Decimal128("1"), Decimal128("NaN"), "", Binary(b"x"), *TEXTS, *DAYS, *NAMES, "male", "female", "gone",
     "+8613812345678", "+8613912345678", *(datetime.fromisoformat(text) for text in MOMENTS)]
)  # fmt: skip
KEYS = ["number", "text", "other", *(part.id for part in (*ROW_PARTS, *OBJECT_PARTS))]
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
WELL_FORMED = {
    "rows_0000": st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "day_row": st.sampled_from(DAYS), "count_row": st.sampled_from([0, 1, 2]),
                "word_row": st.sampled_from(TEXTS), "days_row": st.lists(st.sampled_from(DAYS), max_size=3),
                "phone_row": st.lists(st.fixed_dictionaries({"number": st.just("+8613812345678")}), max_size=2),
                "at_row": st.sampled_from([datetime.fromisoformat(text) for text in MOMENTS]),
            },
        ),
        max_size=3,
    )
}  # fmt: skip
TOKENS = [
    f"{field.id}:eq:{token}"
    for field in FIELDS
    if field.sealed
    for value in (*TEXTS, "+8613812345678")
    for token in _tokens(field, "eq", value)
]


def _documents() -> st.SearchStrategy[dict[str, Any]]:
    ids = [field.id for field in FIELDS if not field.frame and not field.parent_id]
    values = {key: WELL_FORMED.get(key, VALUES) | VALUES for key in ids}
    return st.fixed_dictionaries(
        {"v": st.fixed_dictionaries({}, optional=values), "s": st.lists(st.sampled_from(TOKENS), max_size=4)},
        optional=dict.fromkeys(("dept", "owner", "archive_no"), SCALARS),
    )


@pytest.fixture(scope="module")
def collection(mongo: Any, database_name: str) -> Any:
    return mongo[database_name].conditions


def _found(collection: Any, condition: Condition, **more: Any) -> list[int]:
    return sorted(found["_id"] for found in collection.find(condition.filter(BOUND, **more), {"_id": 1}))


def _fill(collection: Any, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    collection.delete_many({})
    collection.insert_many([{**document, "_id": number} for number, document in enumerate(documents)])
    return list(collection.find({}))


ON_MONGOD = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@ON_MONGOD
@given(documents=st.lists(_documents(), min_size=1, max_size=8), trees=st.lists(TREES, min_size=1, max_size=8))
def test_filter_and_predicate_select_the_same_records(collection: Any, documents: Any, trees: Any) -> None:
    stored = _fill(collection, documents)
    for tree in trees:
        condition = parse_condition(tree, ASKED.get)
        expected = [document["_id"] for document in stored if condition.holds(document, BOUND)]
        assert _found(collection, condition) == expected, condition.filter(BOUND)


@ON_MONGOD
@given(
    documents=st.lists(_documents(), min_size=1, max_size=8),
    trees=st.lists(TREES, min_size=1, max_size=6),
    cells=st.dictionaries(st.sampled_from(sorted(ASKED)), st.sampled_from([True, False, "mine"]), max_size=30),
)
def test_what_hangs_on_an_unreadable_cell_is_unknown_in_both(
    collection: Any, documents: Any, trees: Any, cells: Any
) -> None:
    stored = _fill(collection, documents)

    def cell(field: Field) -> Any:
        answer = cells.get(field.address, True)
        return {"owner": "u1"} if answer == "mine" else answer

    for tree in trees:
        condition = parse_condition(tree, ASKED.get)
        expected = [
            document["_id"]
            for document in stored
            if condition.holds(
                document, BOUND, lambda field, document=document: _may_read(cells.get(field.address, True), document)
            )
        ]
        assert _found(collection, condition, cell=cell) == expected
        opposite = parse_condition({"not": tree}, ASKED.get)
        assert not set(expected) & set(_found(collection, opposite, cell=cell))


def _may_read(answer: Any, document: Any) -> bool:
    return document.get("owner") == "u1" if answer == "mine" else answer


@ON_MONGOD
@given(tree=TREES)
def test_what_is_stored_reads_back_to_the_same_question(collection: Any, tree: Any) -> None:
    by_id = {field.id: field for field in FIELDS}
    condition = parse_condition(tree, ASKED.get)
    again = parse_condition(condition.to_json(), by_id.get)
    assert again.filter(BOUND) == condition.filter(BOUND)
    assert again.to_json(names=True) == tree
    assert all(condition.sentence(locale) for locale in ("zh_Hans_CN", "zh_Hant_TW", "en"))


def test_every_operator_of_every_field_runs_on_a_server(collection: Any) -> None:
    _fill(collection, [{"v": {}, "s": []}])
    for field in FIELDS:
        for op in operators_of(field):
            one = OPERANDS.get(field.type.name, [None])[0]
            value = {"empty": True, "in": [one], "between": [one, one]}.get(op, one)
            condition = parse_condition({"field": field.address, "op": op, "value": value}, ASKED.get)
            assert _found(collection, condition) == ([0] if op in ("ne", "empty") else [])


def test_a_cell_nobody_may_read_selects_nothing_either_way(collection: Any) -> None:
    _fill(collection, [{"v": {"text_0000": "a"}, "s": []}, {"v": {}, "s": []}])
    for tree in (
        {"field": "text", "op": "ne", "value": "a"},
        {"field": "text", "op": "empty", "value": True},
        {"not": {"field": "text", "op": "eq", "value": "b"}},
    ):
        assert parse_condition(tree, ASKED.get).filter(BOUND, cell=lambda field: False) is NOTHING


def test_a_day_asked_of_a_moment_is_the_day_of_the_zone(collection: Any) -> None:
    moments = [datetime.fromisoformat(text).astimezone(UTC) for text in MOMENTS]
    _fill(collection, [{"v": {"moment_0000": moment}} for moment in moments])
    expected = {"eq": [1, 2], "ne": [0, 3], "gt": [3], "gte": [1, 2, 3], "lt": [0], "lte": [0, 1, 2]}
    for op, found in expected.items():
        tree = {"field": "moment", "op": op, "value": "2024-05-01"}
        assert _found(collection, parse_condition(tree, ASKED.get)) == found, op
    between = {"field": "moment", "op": "between", "value": ["2024-04-30", "@today"]}
    assert _found(collection, parse_condition(between, ASKED.get)) == [0, 1, 2]
