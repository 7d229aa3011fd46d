"""Search keys: what people type finds the record, in clear and by token, by one index."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.crypto.tokens import Tokens
from models.definitions.fields import Field
from models.search import candidates, keys_of, matches
from tests.field_factory import field_of

TOKENS = Tokens({1: b"k" * 32, 2: b"l" * 32}, 2)
NAME, TEXT = field_of("name", search=True), field_of("text", search=True)
EMAIL, PHONE = field_of("email", search=True), field_of("phone", search=True)
CODE, NUMBER = field_of("credit_code", search=True), field_of("sequence", frame="archive_no", search=True)
SEALED_NAME = field_of("name", "sealed_name", sealed=True, search=True)
SEALED_PHONE = field_of("phone", "sealed_phone", sealed=True, search=True)
SILENT = field_of("name", "silent", sealed=True)
PART = field_of("name", "part", parent_id="person_0000", parent_name="person", sealed=True, search=True)
PERSON = field_of("object", "person", fields=(PART,))
FIELDS = [NAME, TEXT, EMAIL, PHONE, CODE, NUMBER, SEALED_NAME, SEALED_PHONE, SILENT, PERSON]


class Type:
    """As much of a compiled type as search asks for."""

    by_id = {field.id: field for field in (*FIELDS, PART)}  # noqa: RUF012


COMPILED: Any = Type()


@pytest.fixture(scope="module")
def collection(mongo: Any, database_name: str) -> Any:
    found = mongo[database_name].search
    found.create_index([("s", 1), ("updated_at", 1)])
    return found


def _document(number: int, values: dict[str, Any], archive_no: str = "") -> dict[str, Any]:
    return {"_id": number, "v": values, "s": keys_of(COMPILED, values, TOKENS), "archive_no": archive_no}


def _finds(field: Field, value: Any, text: str) -> bool:
    return matches(field, value, text, TOKENS)


FOUND = [
    (NAME, "张三丰", ["张", "三", "张三", "三丰", "张三丰", "zsf", "ZS", "zhang", "zhangsanfeng", "zhang san feng"]),
    (NAME, "单雄信", ["sxx", "dxx", "shanxiong", "danxiongxin"]),
    (NAME, "曾国藩", ["zeng", "zgf", "ceng"]),
    (NAME, "欧阳修", ["ouyang", "oyx", "欧阳"]),
    (NAME, "长孙无忌", ["zhangsun", "zswj", "cswj"]),
    (NAME, "上海（集团）有限公司", ["上海(集团)", "海（集", "shjtyxgs", "公司 上海"]),
    (NAME, "ABC 国际 Trading", ["abc", "国际", "trad", "Abc 国际", "abcgj"]),
    (TEXT, "A-2024/01 三层", ["2024", "A-20", "三层", "/01"]),
    (EMAIL, "li.si@example.com", ["li.si@example.com", "LI.SI", "li"]),
    (PHONE, [{"number": "+8613812345678", "verified_at": None}], ["13812345678", "138123", "5678", "138-1234-5678"]),
    (PHONE, [{"number": "+861012345678;ext=8", "verified_at": None}], ["010-12345678", "0101234", "5678"]),
    (CODE, "91350100M000100Y43", ["91350100m000100y43", "913501"]),
    (SEALED_NAME, "张三丰", ["张三丰", "张", "zsf", "zhangsanfeng", "Zhang San Feng"]),
    (SEALED_NAME, "欧阳修", ["欧阳", "欧", "oyx"]),
    (SEALED_NAME, "John Smith", ["John Smith", "smith", "john"]),
    (SEALED_PHONE, [{"number": "+8613812345678", "verified_at": None}], ["13812345678", "+86 138 1234 5678", "5678"]),
    (SILENT, "张三丰", ["张三丰"]),
    (PART, "张三丰", ["张三丰", "张"]),
    (NUMBER, "QY-2024-000001", ["QY-2024", "qy-2024-000001"]),
]
LOST = [
    (NAME, "张三丰", ["", " ", "李", "丰三", "张丰", "zf", "feng", "\x00", "\ud800", "张" * 101]),
    (NAME, "三丰张三", ["张三丰"]),
    (TEXT, "abc", ["d", "ac", "$", ".*", "a|b"]),
    (EMAIL, "li.si@example.com", ["example.com", "si"]),
    (SEALED_NAME, "张三丰", ["张三", "三", "zs", "zhang", "feng", "丰"]),
    (SEALED_PHONE, [{"number": "+8613812345678", "verified_at": None}], ["138", "1234", "678", "13812345679"]),
    (SILENT, "张三丰", ["张", "zsf"]),
    (NUMBER, "QY-2024-000001", ["000001", "2024"]),
]


@pytest.mark.parametrize(("field", "value", "texts"), FOUND, ids=range(len(FOUND)))
def test_what_people_type_finds_the_record(field: Field, value: Any, texts: list[str]) -> None:
    assert [text for text in texts if not _finds(field, value, text)] == []


@pytest.mark.parametrize(("field", "value", "texts"), LOST, ids=range(len(LOST)))
def test_what_should_not_find_it_does_not(field: Field, value: Any, texts: list[str]) -> None:
    assert [text for text in texts if _finds(field, value, text)] == []


def test_old_tokens_still_find_while_a_new_epoch_comes() -> None:
    old = Tokens({1: b"k" * 32}, 1)
    keys = keys_of(COMPILED, {SEALED_NAME.id: "张三"}, old)
    found = candidates(COMPILED, [SEALED_NAME], "张三", TOKENS)
    assert found is not None
    assert set(found["s"]["$in"]) & set(keys)


def test_nothing_of_a_sealed_value_stands_in_its_keys() -> None:
    keys = keys_of(COMPILED, {SEALED_NAME.id: "张三丰", PERSON.id: {PART.id: "李四"}}, TOKENS)
    assert len(keys) == 8
    assert not any(piece in key for key in keys for piece in ("张", "三", "丰", "zhang", "zsf", "李"))


def test_a_search_is_answered_from_the_index(collection: Any) -> None:
    collection.delete_many({})
    names = ["张三丰", "张三", "李四", "三张", "上海三丰公司"]
    collection.insert_many([_document(number, {NAME.id: name}) for number, name in enumerate(names)])
    for text, expected in (("张三", [0, 1]), ("zs", [0, 1]), ("三丰", [0, 4]), ("四", [2])):
        where = candidates(COMPILED, [NAME], text, TOKENS)
        assert sorted(found["_id"] for found in collection.find(where)) == expected
        plan = str(collection.find(where).explain()["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in plan
        assert "COLLSCAN" not in plan


PIECES = st.lists(
    st.sampled_from(["张", "三", "丰", "单", "欧阳", "ABC", "a", " ", "（", "(", "1", "2024", "-", "é", "$", "."]),
    max_size=6,
).map("".join)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        NAME.id: PIECES.filter(str.strip).map(str.strip), TEXT.id: PIECES.filter(str.strip).map(str.strip),
        SEALED_NAME.id: PIECES.filter(str.strip).map(str.strip),
        PHONE.id: st.just([{"number": "+8613812345678", "verified_at": None}]),
    },
)  # fmt: skip
TYPED = PIECES | st.text(max_size=5) | st.sampled_from(["zsf", "zs", "sanfeng", "5678", "138", "abc三", "oyx"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, min_size=1, max_size=6), texts=st.lists(TYPED, min_size=1, max_size=6))
def test_the_database_and_python_find_the_same(collection: Any, values: Any, texts: Any) -> None:
    collection.delete_many({})
    collection.insert_many([_document(number, stored) for number, stored in enumerate(values)])
    for text in texts:
        for field in (NAME, TEXT, SEALED_NAME, PHONE):
            where = candidates(COMPILED, [field], text, TOKENS)
            found = [] if where is None else sorted(one["_id"] for one in collection.find(where))
            assert found == [n for n, stored in enumerate(values) if _finds(field, stored.get(field.id), text)]
