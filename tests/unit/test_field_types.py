"""Rules of single types of field: bounds, currencies, moments, check digits, order, patterns."""

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from bson.decimal128 import Decimal128
from stdnum.cn import ric, uscc

from models.definitions.field_types import FIELD_TYPES, OPEN_END, by_name
from models.definitions.identity_types import (
    credit_check_digit,
    organisation_check_digit,
    resident_check_digit,
)
from models.definitions.patterns import compile_pattern
from models.definitions.readings import sort_key_of, strokes
from models.definitions.text_types import TextType
from models.definitions.zones import local_zone, use_zone
from models.errors import FieldValueError
from tests.field_factory import field_of


def test_an_open_end_is_a_value_and_is_shown_in_words() -> None:
    field = field_of("date", open_end=True)
    for spelling in ("长期", "長期", "long-term", "9999-12-31"):
        assert field.type.parse(spelling, field) == OPEN_END
    assert field.type.render(OPEN_END, field, "zh_Hant_TW") == "長期"
    assert field.type.to_json(OPEN_END, field) == OPEN_END


def test_validators_hold_for_every_item_and_name_their_place() -> None:
    field = field_of("text", many=True, validators={"max_length": 3, "pattern": "[a-z]+"})
    assert field.type.parse(["ab", "abc"], field) == ["ab", "abc"]
    with pytest.raises(FieldValueError) as caught:
        field.type.parse(["ab", "abcd"], field)
    assert (caught.value.code, caught.value.path) == ("too_long", "1")
    with pytest.raises(FieldValueError) as caught:
        field.type.parse(["ab", "A"], field)
    assert (caught.value.code, caught.value.path) == ("pattern", "1")


def test_an_error_inside_rows_says_row_and_part() -> None:
    field = field_of("rows")
    with pytest.raises(FieldValueError) as caught:
        field.type.parse([{"who": "张三"}, {"phone": ["13812345678", "12"]}], field)
    assert caught.value.path == "1.phone.1"


def test_bounds_are_inclusive() -> None:
    number = field_of("money", validators={"min": "0", "max": "10"})
    assert number.type.parse("10.00", number) == 1000
    with pytest.raises(FieldValueError, match="most allowed here is 10"):
        number.type.parse("10.01", number)
    day = field_of("date", validators={"min": "2000-01-01"})
    assert day.type.parse("2000-01-01", day) == "2000-01-01"
    with pytest.raises(FieldValueError, match="earliest"):
        day.type.parse("1999-12-31", day)


def test_money_follows_the_places_of_its_currency() -> None:
    yen, dinar = field_of("money", currency="JPY"), field_of("money", currency="KWD")
    assert yen.type.parse("1,250円", yen) == 1250
    assert dinar.type.to_json(dinar.type.parse("1.5", dinar), dinar) == {"amount": "1.500", "currency": "KWD"}


def test_numbers_beyond_fifteen_digits_are_sent_as_text() -> None:
    integer, decimal = field_of("integer"), field_of("decimal")
    assert integer.type.to_json(10**15 - 1, integer) == 10**15 - 1
    assert integer.type.to_json(10**15, integer) == "1000000000000000"
    assert decimal.type.to_json(Decimal128("0.1234567890123456"), decimal) == "0.1234567890123456"
    assert decimal.type.to_json(Decimal128("12.50"), decimal) == 12.5


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "UTC"])
def test_a_moment_survives_rendering_in_an_hour_that_comes_twice(zone: str) -> None:
    before = local_zone()
    use_zone(ZoneInfo(zone))
    try:
        field = field_of("moment")
        for hour in range(3, 9):
            moment = datetime(2024, 11, 3, hour, 30, tzinfo=UTC)
            assert field.type.parse(field.type.render(moment, field), field) == moment
    finally:
        use_zone(before)


def test_check_digits_agree_with_another_implementation() -> None:
    dice = random.Random(7)
    for _ in range(300):
        head = "110105" + f"{dice.randrange(1950, 2010)}{dice.randrange(1, 13):02}{dice.randrange(1, 29):02}"
        head += f"{dice.randrange(1000):03}"
        assert resident_check_digit(head) == ric.calc_check_digit(head + "0")
        organisation = "".join(dice.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(8))
        code = "91110105" + organisation + organisation_check_digit(organisation)
        if code[16] in "0123456789X":
            assert credit_check_digit(code) == uscc.calc_check_digit(code + "0")


def test_nobody_verifies_a_phone_by_typing_that_it_is() -> None:
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    old = [{"number": "+8613812345678", "verified_at": seen}]
    new = [{"number": "+8613812345678", "verified_at": None}, {"number": "+8613912345678", "verified_at": seen}]
    field = field_of("phone")
    assert [phone["verified_at"] for phone in field.type.as_written(old, new, field)] == [seen, None]
    rows = field_of("rows")
    written = rows.type.as_written([{"phone_0000": old}], [{"who_0000": "张三"}, {"phone_0000": new}], rows)
    assert written[0] == {"who_0000": "张三"}
    assert [phone["verified_at"] for phone in written[1]["phone_0000"]] == [seen, None]


def test_comparison_does_not_see_what_people_do_not_see() -> None:
    name = FIELD_TYPES["name"]
    assert name.normalise("上海（集团）\u200d") == "上海(集团)"
    assert FIELD_TYPES["phone"].normalise([{"number": "+861012345678;ext=801"}]) == ["+861012345678"]
    assert FIELD_TYPES["plate"].normalise("粤bd12345") == "粤BD12345"


def test_names_stand_in_the_order_of_a_chinese_list() -> None:
    names = ["李四", "张三", "单雄信", "欧阳修", "林冲", "ABC公司", "李白", "123店", "长孙无忌", "曾国藩", "黎明"]
    assert sorted(names, key=sort_key_of) == [
        "123店", "ABC公司", "黎明", "李白", "李四", "林冲", "欧阳修", "单雄信", "曾国藩", "张三", "长孙无忌",
    ]  # fmt: skip


def test_characters_of_one_reading_stand_by_their_strokes() -> None:
    assert [strokes(char) for char in "一丁张𠮷a"] == [1, 2, 7, 0, 0]
    assert sorted(["李艺", "李亿", "李忆", "李义", "李易"], key=sort_key_of) == ["李义", "李亿", "李忆", "李艺", "李易"]


def test_two_types_of_one_name_stop_the_start() -> None:
    with pytest.raises(ValueError, match="share a name"):
        by_name(TextType(), TextType())


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|a)*", ".*.*.*x", "(?=a)", r"(a)\1", "a{500}", "([a-z]+)*x", "["])
def test_a_pattern_that_could_run_away_is_refused(pattern: str) -> None:
    with pytest.raises(FieldValueError):
        compile_pattern(pattern)


def test_useful_patterns_are_taken() -> None:
    for pattern in (r"\d{6}", r"[A-Z]{2}-\d+", r"(北|南)门\d*", r"(ab)?c", r"[)(*+]+"):
        compile_pattern(pattern)
