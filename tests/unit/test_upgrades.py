"""Values of an older version come to the one in force whole, or are kept aside."""

from datetime import UTC, datetime

import pytest
from bson.decimal128 import Decimal128

from models.definitions.field_types import FIELD_TYPES
from models.definitions.fields import Field, Option
from models.definitions.upgrades import WIDER, Step, due_steps, may_become, upgrade

LABELS = {"zh-Hans": "x", "zh-Hant": "x", "en": "x"}


def field(kind: str, **said) -> Field:
    return Field("f", "f", LABELS, FIELD_TYPES[kind], **said)


def moved(value, was: str, now: Field, *, was_many: bool = False):
    found = upgrade({"f": value, "other": 1}, [Step(2, "f", was, was_many)], {"f": now})
    return found.values.get("f"), found.unfit.get("f")


CASES = [
    ("text", "hello", field("long_text"), "hello", None),
    ("text", "a@example.com", field("email"), "a@example.com", None),
    ("text", "no address", field("email"), None, "no address"),
    ("text", "red", field("choice", options=(Option("red", LABELS),)), "red", None),
    ("text", "blue", field("choice", options=(Option("red", LABELS),)), None, "blue"),
    ("text", "hello", field("text", validators={"max_length": 3}), None, "hello"),
    ("long_text", "one\ntwo", field("text"), "one two", None),
    ("integer", 7, field("decimal"), Decimal128("7"), None),
    ("integer", 7, field("money"), 700, None),
    ("decimal", Decimal128("7.5"), field("integer"), None, Decimal128("7.5")),
    ("money", 1250, field("decimal"), Decimal128("12.5"), None),
    ("choice", "red", field("choices", options=(Option("red", LABELS),)), ["red"], None),
    ("date", "2026-02-03", field("text"), "2026-02-03", None),
    ("date", "9999-12-31", field("text"), "长期", None),
]


@pytest.mark.parametrize(("was", "value", "now", "expected", "unfit"), CASES)
def test_a_value_comes_along_or_is_kept_aside(was, value, now, expected, unfit):
    found, aside = moved(value, was, now)
    assert str(found) == str(expected)
    assert str(aside) == str(unfit)


def test_one_value_becomes_a_list():
    assert moved("a", "text", field("text", many=True)) == (["a"], None)
    assert moved(["a"], "text", field("text", many=True)) == (["a"], None)


def test_a_moment_becomes_a_day_only_where_no_hour_is_lost():
    midnight = datetime(2026, 2, 2, 16, tzinfo=UTC)  # in Asia/Shanghai
    assert moved(midnight, "moment", field("date")) == ("2026-02-03", None)
    afternoon = datetime(2026, 2, 3, 7, tzinfo=UTC)
    assert moved(afternoon, "moment", field("date")) == (None, afternoon)


def test_the_document_that_was_read_stays_as_it_is():
    values = {"o": {"f": "no address"}}
    part = Field("f", "f", LABELS, FIELD_TYPES["email"], parent_id="o", parent_name="o")
    found = upgrade(values, [Step(2, "f", "text")], {"f": part})
    assert values == {"o": {"f": "no address"}}
    assert found.values == {"o": {}}
    assert found.unfit == {"f": "no address"}


def test_what_is_empty_or_gone_is_left_alone():
    assert upgrade({}, [Step(2, "f", "text")], {"f": field("email")}).values == {}
    assert upgrade({"f": "x"}, [Step(2, "f", "text")], {}).values == {"f": "x"}


def test_only_steps_after_the_document_was_written_are_made():
    steps = (Step(2, "f", "text"), Step(5, "g", "integer"))
    assert due_steps(steps, 1) == steps
    assert due_steps(steps, 2) == (steps[1],)
    assert due_steps(steps, 5) == ()


def test_a_field_that_changed_twice_goes_straight_to_what_it_is():
    steps = [Step(2, "f", "integer"), Step(3, "f", "decimal")]
    assert upgrade({"f": 7}, steps, {"f": field("money")}).values == {"f": 700}


def test_every_kind_named_as_wider_exists():
    assert set(WIDER) | set().union(*WIDER.values()) <= set(FIELD_TYPES)


def test_a_list_never_becomes_one_value():
    assert may_become("text", False, "text", True)
    assert not may_become("text", True, "text", False)
    assert not may_become("text", True, "long_text", False)
    assert not may_become("text", False, "boolean", False)


def test_a_step_is_stored_and_read():
    step = Step(2, "f", "text", was_many=True)
    assert Step.from_tree(step.to_tree()) == step
