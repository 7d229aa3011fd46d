"""What people write into each type of field, what is refused, and that nothing else comes out."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from bson import BSON
from bson.decimal128 import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import FieldValueError
from tests.field_factory import field_of, one_of_each

PHONE = {"number": "+8613812345678", "verified_at": None}
RECORD = "abcdefghijklmnopqrstuvwxyz"
TAKEN: list[tuple[str, Any, Any]] = [
    ("text", "  张三 ", "张三"),
    ("text", "ＡＢＣ１２３（集团）", "ABC123（集团）"),
    ("text", "a\u200bb\u202ec\ufeff", "abc"),
    ("text", "第一行\n第二行", "第一行 第二行"),
    ("text", "👨‍👩‍👧", "👨‍👩‍👧"),
    ("text", "\u3000\u00a0\t ", None),
    ("name", "欧阳 修", "欧阳 修"),
    ("long_text", "一\r\n二\u2028三\t四", "一\n二\n三\t四"),
    ("integer", "1,234,567", 1234567),
    ("integer", "１２３", 123),
    ("integer", -0.0, 0),
    ("integer", 3.0, 3),
    ("integer", str(2**63 - 1), 2**63 - 1),
    ("decimal", "0012.500", Decimal128("12.5")),
    ("decimal", 0.1, Decimal128("0.1")),
    ("decimal", "100", Decimal128("100")),
    ("money", "￥1,234.50", 123450),
    ("money", "12.5元", 1250),
    ("money", {"amount": "12.50", "currency": "CNY"}, 1250),
    ("money", {"amount": "-0.01"}, -1),
    ("money", 12.34, 1234),
    ("boolean", "是", True),
    ("boolean", "off", False),
    ("boolean", False, False),
    ("date", "2024年2月29日", "2024-02-29"),
    ("date", "2024/2/9", "2024-02-09"),
    ("date", "2024.02.09", "2024-02-09"),
    ("date", "20240209", "2024-02-09"),
    ("date", "２０２４－０２－０９", "2024-02-09"),
    ("date", "2024-02-09 00:00:00", "2024-02-09"),
    ("date", datetime(2024, 2, 9), "2024-02-09"),
    ("date", date(2024, 2, 9), "2024-02-09"),
    ("moment", "2024-02-09T08:30:00+08:00", datetime(2024, 2, 9, 0, 30, tzinfo=UTC)),
    ("moment", "2024-02-09 08:30", datetime(2024, 2, 9, 0, 30, tzinfo=UTC)),
    ("moment", "2024年2月9日 8时30分", datetime(2024, 2, 9, 0, 30, tzinfo=UTC)),
    ("moment", "2024-02-09T00:30:00.123456Z", datetime(2024, 2, 9, 0, 30, 0, 123000, tzinfo=UTC)),
    ("moment", "2024-02-09", datetime(2024, 2, 8, 16, 0, tzinfo=UTC)),
    ("choice", "male", "male"),
    ("choice", "女", "female"),
    ("choice", "FEMALE", "female"),
    ("choices", "女；男", ["male", "female"]),
    ("choices", ["female", "female"], ["female"]),
    ("phone", "138-1234-5678", [PHONE]),
    ("phone", [{"number": "+8613812345678", "verified_at": None}], [PHONE]),
    ("phone", "\u202d13812345678\u202c; 13812345678", [PHONE]),
    ("phone", "010-12345678转801", [{"number": "+861012345678;ext=801", "verified_at": None}]),
    ("phone", "0571-88888888-12", [{"number": "+8657188888888;ext=12", "verified_at": None}]),
    ("phone", "+852 9123 4567", [{"number": "+85291234567", "verified_at": None}]),
    ("phone", "95588;400-800-8888", [{"number": "+8695588", "verified_at": None},
                                     {"number": "+864008008888", "verified_at": None}]),
    ("email", " Li.Si@Example.COM ", "li.si@example.com"),
    ("email", "用户@例子.中国", "用户@例子.中国"),
    ("id_number", "11010519491231002x", "11010519491231002X"),
    ("id_number", "110105 19491231 002X", "11010519491231002X"),
    ("id_number", "810000199408230021", "810000199408230021"),
    ("id_number", "110105491231002", "110105491231002"),
    ("id_number", "USA110101900101", "USA110101900101"),
    ("id_number", "E12345678", "E12345678"),
    ("id_number", "H12345678", "H12345678"),
    ("credit_code", "91350100m000100y43", "91350100M000100Y43"),
    ("bank_account", "6222 0210 0111 6245 702", "6222021001116245702"),
    ("plate", "京a·12345", "京A12345"),
    ("plate", "粤BD12345", "粤BD12345"),
    ("plate", "粤B12345D", "粤B12345D"),
    ("plate", "粤Z1234港", "粤Z1234港"),
    ("plate", "滬A12345", "沪A12345"),
    ("address", "建国路1号", {"region": None, "country": "CN", "text": "建国路1号"}),
    ("address", {"region": "110105", "text": "建国路1号"}, {"region": "110105", "country": "CN", "text": "建国路1号"}),
    ("reference", {"id": RECORD, "label": "张三"}, RECORD),
    ("reference", RECORD, RECORD),
    ("user", "u.zhang", "u.zhang"),
    ("department", "service", "service"),
    ("object", {"who": "张三", "count": ""}, {"who_0000": "张三"}),
    ("rows", [{"who": "张三", "phone": ["13812345678"]}, {}, None], [{"who_0000": "张三", "phone_0000": [PHONE]}]),
    ("rows", "who: 张三; count: 3\nwho字段: 李四", [{"who_0000": "张三", "count_0000": 3}, {"who_0000": "李四"}]),
    ("map", {"微信": "zhang_san", "QQ": ""}, {"微信": "zhang_san"}),
    ("map", "微信: zhang; QQ：12345", {"微信": "zhang", "QQ": "12345"}),
]  # fmt: skip
REFUSED: list[tuple[str, Any, str]] = [
    ("text", {"$ne": 1}, "not_text"),
    ("text", True, "not_text"),
    ("text", "a\x00b", "control_character"),
    ("text", "\ud800", "control_character"),
    ("text", "字" * 501, "too_long"),
    ("long_text", "a" * 20_001, "too_long"),
    ("integer", True, "not_a_number"),
    ("integer", "1.5", "not_whole"),
    ("integer", 2**63, "too_large"),
    ("integer", 10**6000, "too_large"),
    ("integer", float("nan"), "not_a_number"),
    ("integer", "1,23", "not_a_number"),
    ("decimal", float("inf"), "not_a_number"),
    ("decimal", "1e400", "not_a_number"),
    ("decimal", "0.12345678901", "too_many_decimals"),
    ("money", "3.999", "too_many_decimals"),
    ("money", {"amount": "1", "currency": "USD"}, "currency"),
    ("money", {"$ne": 1}, "not_money"),
    ("boolean", 1, "not_text"),
    ("boolean", "maybe", "not_boolean"),
    ("date", "2023-02-29", "no_such_day"),
    ("date", "0000-01-01", "no_such_day"),
    ("date", "长期", "no_open_end"),
    ("date", "9999-12-31", "no_open_end"),
    ("date", 20240209, "not_text"),
    ("date", "2024-02-09 08:00", "not_a_day"),
    ("moment", "2024-02-09 25:00", "not_a_moment"),
    ("choice", "other", "no_such_option"),
    ("choice", "gone", "not_offered"),
    ("choices", ["male", {"$gt": ""}], "not_text"),
    ("phone", "54321", "not_a_phone"),
    ("phone", "123456789012345", "not_a_phone"),
    ("phone", [{"number": "13812345678", "$set": 1}], "not_a_phone"),
    ("phone", ["13812345678"] * 21, "too_many"),
    ("email", "a@b", "not_an_email"),
    ("id_number", "110105194912310021", "check_digit"),
    ("id_number", "110105194902310029", "birth_date"),
    ("id_number", "110105209912310020", "birth_date"),
    ("id_number", "11010519491231002", "id_length"),
    ("id_number", "110105491331002", "birth_date"),
    ("credit_code", "0" * 18, "credit_region"),
    ("credit_code", "91350100M000100Y44", "check_digit"),
    ("credit_code", "91350100M000100Y4I", "credit_alphabet"),
    ("credit_code", "91350100M000100Y4", "credit_length"),
    ("bank_account", "12", "not_an_account"),
    ("plate", "京A1234", "not_a_plate"),
    ("address", {"text": "x", "$where": "1"}, "not_an_address"),
    ("address", {"country": "中国", "text": "x"}, "bad_country"),
    ("reference", {"$oid": "x"}, "not_an_id"),
    ("reference", "../etc", "not_an_id"),
    ("user", {"id": {"$ne": ""}}, "not_text"),
    ("object", {"nobody": 1}, "unknown_key"),
    ("object", {"__proto__": {}}, "unknown_key"),
    ("object", ["a"], "not_an_object"),
    ("rows", "[" * 100_000, "not_json"),
    ("rows", [{"who": {"$ne": 1}}], "not_text"),
    ("rows", [{}] * 201, "too_many"),
    ("map", {"$set": "x"}, "bad_key"),
    ("map", {"a.b": "x"}, "bad_key"),
    ("map", {"a": {"b": 1}}, "not_text"),
    ("attachment", "x.pdf", "attachment_later"),
    ("formula", 1, "computed"),
    ("sequence", "QY-1", "computed"),
]
NONSENSE: list[Any] = [
    True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 2**64, 10**400, 10**5000, -(10**5000), 0.0, -0.0, 1.5, 1e308,
    float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("1e999999"), Decimal128("Infinity"),
    Decimal128("NaN"), b"", b"\xff\xfe", datetime(1, 1, 1), datetime.max.replace(tzinfo=UTC), date.min, date.max,
    object(), (), ("a",), {1}, frozenset(), Exception, lambda: None, [], {}, [[]], [{}], [None], [[[[]]]], [True],
    ["a"] * 101, ["a", 1, None, {}], [{"number": {"$ne": ""}}], [{"number": None}], [{"number": 1}], {"": ""},
    {"$ne": 1}, {"$gt": ""}, {"$where": "1"}, {"$regex": ".*"}, {"a.b": 1}, {"__proto__": {"x": 1}}, {None: None},
    {1: 2}, {"amount": None}, {"amount": {}}, {"amount": "1", "currency": {}}, {"id": []}, {"text": []}, {"text": 1},
    {"text": "a" * 5_000}, {"number": "1"}, {"region": [], "text": "a"}, {"who": {}}, {"who": [1]}, {"a": "\x00"},
    {"k" * 10_000: "v"}, {"\ud800": "a"}, {"a": "\udfff"}, {str(n): "v" for n in range(101)},
    "", " ", "\t\n", "\x00", "a\x00", "\x1b[31m", "\ud800", "\udfff\ud800", "\ufeff", "\u200b", "\u202e", "\u2066abc",
    "\uffff", "\U0010ffff", "\U000e0041", "\u0000", "NaN", "nan", "Infinity", "-inf", "1e309", "1e99999999", "0x10",
    "1_000", "٣٤٥", "१२३", "½", "²", "Ⅷ", "一百", "1,2,3", "1,000,00", "--1", "+", "-", ".", ",", "1.", ".1", "+.5",
    "9" * 40, "9" * 5_000, "0" * 100, "1" * 18, "0" * 18, "X" * 18, "1" * 15, "0" * 15, "true", "null", "undefined",
    "[]", "{}", "[" * 5_000, "{" * 5_000, '{"a":' * 5_000, '[{"who": NaN}]', '{"who": 1e999}', '"', '";"', 'a: "',
    "a:", ":a", ":", ";", ";;;", "；", "a;b;c", "a\nb", "a: b: c", "2024", "2024-13-01", "2024-00-00", "2024-02-30",
    "0000-00-00", "9999-12-31", "10000-01-01", "2024-W01-1", "2024-1-1T", "2024-01-01T24:00:00Z", "24:00",
    "2024-01-01T00:00:60Z", "2024-01-01T00:00:00+99:99", "2024-01-01T00:00:00.0000000000001Z", "1000-01-01T00+14:00",
    "9998-12-31T23:59:59-14:00", "长期", "+", "+86", "+999999999", "1" * 60, "13812345678" * 5, "１３８１２３４５６",
    "138\u200b12345678", "tel:13812345678", "转1", "ext.1", "000", "@", "a@", "@b", "a@b@c.com", "a" * 65 + "@x.cn",
    "a@" + "b" * 300 + ".cn", "a@xn--", "a@-b.cn", "a..b@x.cn", '"a b"@x.cn', "a@[127.0.0.1]", "a@例子", "a\n@x.cn",
    "'; DROP TABLE", "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "=cmd|' /C calc'!A0", "../../etc",
    "%00", "\\", "\\x00", "🏳️‍🌈", "👨‍👩‍👧‍👦", "ﷺ" * 400, "Z̵̳͝a" * 50, "İ", "ß", "ﬁ", "㍿", "𠮷野家", "丷", "\ue000",
    "京A", "京A1234567890", "WJ", "使", "$set", "$ne", "a.b", "__proto__", "constructor", "validate", "data", "_id",
    "a" * 201, "a" * 501, "a" * 4_001, "a" * 100_001, "字" * 1_000, " " * 100_000, "\n" * 5_000, "a;" * 5_000,
]  # fmt: skip


def _ids(table: list[Any]) -> list[str]:
    return [f"{row[0]}-{number}" for number, row in enumerate(table)]


@pytest.mark.parametrize(("kind", "raw", "stored"), TAKEN, ids=_ids(TAKEN))
def test_what_people_write_is_read(kind: str, raw: Any, stored: Any) -> None:
    value = field_of(kind).type.parse(raw, field_of(kind))
    assert value == stored
    assert type(value) is type(stored)


@pytest.mark.parametrize(("kind", "raw", "code"), REFUSED, ids=_ids(REFUSED))
def test_what_cannot_be_is_refused_with_its_reason(kind: str, raw: Any, code: str) -> None:
    field = field_of(kind)
    with pytest.raises(FieldValueError) as caught:
        field.type.parse(raw, field)
    assert caught.value.code == code
    words = caught.value.public_words()
    assert "{" not in words
    assert len(words) < 200


@pytest.mark.parametrize("field", one_of_each(), ids=lambda field: field.name)
def test_nonsense_is_refused_or_becomes_a_value_that_can_be_stored_and_read_back(field: Any) -> None:
    for raw in NONSENSE:
        for given_value in (raw, [raw], {"who": raw}, {"number": raw}, {"text": raw}, {"amount": raw}, {"id": raw}):
            try:
                value = field.type.parse(given_value, field)
            except FieldValueError as error:
                error.public_words().encode()
                continue
            if value is not None:
                _stands(field, value)


def _stands(field: Any, value: Any) -> None:
    assert value != ""
    assert value != []
    assert value != {}
    stored = BSON.encode({"v": value}).decode()["v"]
    assert field.type.render(stored, field).encode() is not None
    assert field.type.renderer(field)(stored) == field.type.render(stored, field)
    field.type.normalise(value)
    field.type.to_json(stored, field)
    field.type.check(value, field)
    assert field.type.parse(field.type.to_json(value, field), field) == value


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(raw=ANYTHING)
def test_nothing_but_a_field_value_error_comes_out(raw: Any) -> None:
    for field in one_of_each():
        try:
            value = field.type.parse(raw, field)
        except FieldValueError:
            continue
        if value is not None:
            _stands(field, value)


LOSSLESS = [(kind, raw) for kind, raw, _ in TAKEN if kind not in ("address",)]


@pytest.mark.parametrize(("kind", "raw"), LOSSLESS, ids=_ids(LOSSLESS))
@pytest.mark.parametrize("locale", ["zh_Hans_CN", "zh_Hant_TW", "en"])
def test_reading_what_was_rendered_gives_the_value_back(kind: str, raw: Any, locale: str) -> None:
    field = field_of(kind)
    value = field.type.parse(raw, field)
    assert field.type.parse(field.type.render(value, field, locale), field) == value
    if value is not None:
        assert field.type.renderer(field, locale)(value) == field.type.render(value, field, locale)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=5))
def test_a_list_of_texts_survives_rendering(items: list[str]) -> None:
    field = field_of("text", many=True)
    try:
        value = field.type.parse(items, field)
    except FieldValueError:
        return
    assert field.type.parse(field.type.render(value, field), field) == value


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=12), min_size=1, max_size=4))
def test_rows_survive_rendering(entries: dict[str, str]) -> None:
    field = field_of("rows", fields=(field_of("text", "a"), field_of("text", "b")))
    texts = list(entries.values())
    try:
        value = field.type.parse([{"a": texts[0], "b": texts[-1]}, {"b": texts[0]}], field)
    except FieldValueError:
        return
    assert field.type.parse(field.type.render(value, field), field) == value
