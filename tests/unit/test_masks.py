"""Masks have fixed shapes: they tell neither the length nor the hidden part of a value."""

from types import SimpleNamespace

import pytest

from models.access.masks import MASKS, looks_masked, mask


def field(type_name):
    return SimpleNamespace(type=SimpleNamespace(name=type_name))


@pytest.mark.parametrize(
    ("type_name", "value", "shown"),
    [
        ("phone", [{"number": "+8613812345678", "verified_at": None}], "138****5678"),
        ("id_number", "310101199003074712", "3101************12"),
        ("bank_account", "6222020200112233445", "************3445"),
        ("name", "欧阳修", "欧**"),
        ("name", "张", "**"),
        ("email", "lihua@example.cn", "li****@example.cn"),
        ("email", "li@example.cn", "****@example.cn"),
        ("address", {"region": "江苏省 苏州市", "country": "CN", "text": "中新大道 1 号"}, "江苏省 苏州市 ****"),
        ("plate", "沪A12345", "沪A****5"),
        ("text", "anything", "****"),
        ("money", 123456, "****"),
        ("map", {"wechat": "lihua"}, "****"),
        ("rows", [{"a": 1}, {"a": 2}], "****"),
    ],
)
def test_a_mask_has_the_shape_people_know(type_name, value, shown):
    assert mask(field(type_name), value) == shown


@pytest.mark.parametrize("type_name", sorted(MASKS))
def test_a_value_too_short_to_hide_anything_is_covered_whole(type_name):
    value = [{"number": "12", "verified_at": None}] if type_name == "phone" else "12"
    value = {"region": None, "country": "CN", "text": "12"} if type_name == "address" else value
    assert "12" not in mask(field(type_name), value)


@pytest.mark.parametrize("raw", ["138****5678", {"masked": "x"}, [{"number": "138****5678"}], {"a": {"b": "张**"}}])
def test_a_mask_that_comes_back_is_recognised_wherever_it_stands(raw):
    assert looks_masked(raw)


@pytest.mark.parametrize("raw", ["13812345678", None, 5, {"a": ["b"]}, "2*3"])
def test_ordinary_values_are_not_taken_for_masks(raw):
    assert not looks_masked(raw)
