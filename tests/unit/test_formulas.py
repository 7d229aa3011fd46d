"""Formulas: what they yield, and what is refused before they are ever computed."""

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from models.definitions.formulas import parse_formula
from models.errors import MalformedQuery
from tests.field_factory import field_of

ROWS = field_of(
    "rows", "purchases", fields=tuple(field_of(kind, name) for kind, name in (("money", "amount"), ("date", "on")))
)
AGE = field_of("integer", "age", parent_id="person_0000", parent_name="person")
PERSON = field_of("object", "person", fields=(AGE,))
FIELDS = {
    field.address: field
    for field in (
        field_of("name", "customer_name"), field_of("money", "price"), field_of("decimal", "discount"),
        field_of("integer", "points"), field_of("choice", "level"), field_of("boolean", "member"),
        field_of("date", "born_on"), field_of("phone"), field_of("text", "tags", many=True), ROWS, PERSON,
        AGE, field_of("formula"), field_of("attachment"),
    )
}  # fmt: skip
VALUES = {
    "customer_name_0000": "张三", "price_0000": 12550, "discount_0000": Decimal128("12.5"), "points_0000": 7,
    "level_0000": "male", "member_0000": True, "born_on_0000": "2000-02-29", "tags_0000": ["a", "b"],
    "phone_0000": [{"number": "+8613812345678", "verified_at": None}], "person_0000": {"age_0000": 40},
    "purchases_0000": [{"amount_0000": 1050, "on_0000": "2024-01-02"}, {"amount_0000": 95}, {"on_0000": "2023-01-01"}],
}  # fmt: skip
TODAY = date(2025, 2, 28)

YIELDS = [
    ("customer_name", "张三"), ("count(purchases)", 3), ("total(purchases, 'amount')", Decimal("11.45")),
    ("average(purchases, 'amount')", Decimal("5.725")), ("newest(purchases, 'on')", date(2024, 1, 2)),
    ("oldest(purchases, 'on')", date(2023, 1, 1)), ("years_since(born_on)", 24), ("days_since(born_on)", 9131),
    ("price * (1 - discount / 100)", Decimal("109.8125")),
    ("round(price * (1 - discount / 100), 2)", Decimal("109.81")),
    ("points / 2", Decimal("3.5")), ("points % 2", 1), ("-points + 1", -6), ("person.age + 1", 41),
    ("if(level == 'male', 0.8, 1)", Decimal("0.8")), ("1 if member else 2", 1), ("if(points > 5 and member, 1, 2)", 1),
    ("min(points, 3)", 3), ("max(born_on, today())", TODAY), ("sum(points, price)", Decimal("132.5")),
    ("customer_name + '先生'", "张三先生"), ("text(customer_name, points)", "张三7"), ("length(customer_name)", 2),
    ("contains(tags, 'a')", True), ("contains(customer_name, '李')", False), ("not member", False),
    ("is_empty(born_on)", False), ("count(phone)", 1), ("year(born_on) * 100 + month(born_on)", 200002),
    ("points / 0", None), ("points % 0", None), ("3 > points > 1", False),
]  # fmt: skip

REFUSED = [
    "", " ", "a b", "salary", "formula", "attachment", "person", "purchases", "tags", "phone", "points + member",
    "points + customer_name", "customer_name * 1000", "points ** 9", "2 ** 99", "9 << 9", "[1]", "{}", "(1,)", "f''",
    "lambda: 1", "points.real", "().__class__", "customer_name.__class__", "points.__class__.__mro__",
    "__import__('os')",
    "open('x')", "eval('1')", "count(*tags)", "count(x=tags)", "count.x(tags)", "total(purchases, 'cost')",
    "total(purchases, points)", "total(tags, 'amount')", "years_since(points)", "points == 'a'", "if(points, 1, 2)",
    "if(member, 1, 'a')", "points if points else 1", "tags[0]", "customer_name[0]", "1j", "b'a'", "None", "...",
    "x := 1", "points and member", "1e999", "9" * 30, "+".join(["points"] * 60), "(" * 300, "-" * 400 + "1",
    "not " * 120 + "member", "[x for x in tags]", "'a' % points", "\x00", "points # comment\n+", None, 5,
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), YIELDS)
def test_a_formula_yields(text: str, value: Any) -> None:
    found = parse_formula(text, FIELDS.get).evaluate(VALUES, TODAY)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_formula_is_refused_before_it_is_computed(text: Any) -> None:
    with pytest.raises(MalformedQuery):
        parse_formula(text, FIELDS.get)


@pytest.mark.parametrize("text", [text for text, _ in YIELDS])
def test_of_an_empty_record_a_formula_yields_a_value_or_nothing(text: str) -> None:
    found = parse_formula(text, FIELDS.get).evaluate({}, TODAY)
    assert found is None or isinstance(found, str | int | Decimal | bool | date)


def test_a_formula_names_what_it_reads() -> None:
    formula = parse_formula("if(member, total(purchases, 'amount'), person.age)", FIELDS.get)
    assert formula.depends == {"member_0000", "purchases_0000", "age_0000"}
    assert formula.kind == "number"


def test_a_formula_cannot_keep_the_machine_busy() -> None:
    started = time.perf_counter()
    formula = parse_formula("points" + " * points" * 40, FIELDS.get)
    assert formula.evaluate({"points_0000": 2**63 - 1}, TODAY) is None
    assert parse_formula("customer_name" + " + customer_name" * 30, FIELDS.get).evaluate(
        {"customer_name_0000": "字" * 500}, TODAY
    )
    assert time.perf_counter() - started < 5


@given(st.text(max_size=60) | st.text("()+-*/%'\"=<>!,.abcpointstaglvm0123456789 ", max_size=60))
def test_nothing_but_a_malformed_query_comes_out(text: str) -> None:
    try:
        parse_formula(text, FIELDS.get).evaluate(VALUES, TODAY)
    except MalformedQuery:
        return
