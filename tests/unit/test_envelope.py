"""A sealed value opens where it was sealed, and nowhere else."""

import pickle
from datetime import UTC, datetime

import pytest
from bson.binary import Binary
from bson.decimal128 import Decimal128

from models.crypto.envelope import UNREADABLE, is_sealed, seal, unseal, unseal_many
from models.crypto.keys import DataKey
from models.errors import SealBroken

STORED_SHAPES = {
    "text": "张三丰",
    "long text": "字" * 100_000,
    "text of every plane": "a\u0000é字𠮷🏠",
    "empty text": "",
    "text like a marker": "b\x05\x00\x00\x00\x00",
    "integer": 42,
    "largest integer": 2**63 - 1,
    "smallest integer": -(2**63),
    "decimal": Decimal128("12.50"),
    "money": 1250,
    "yes": True,
    "no": False,
    "date": "2024-02-29",
    "moment": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
    "choices": ["a", "b"],
    "phones": [{"number": "+8613812345678", "verified_at": datetime(2026, 1, 2, tzinfo=UTC)}, {"verified_at": None}],
    "address": {"region": None, "country": "CN", "text": "朝阳区望京街 1 号"},
    "rows": [{"name_x1y2": "李四", "share_z3z4": Decimal128("0.1")}, {}],
    "map": {"z": "1", "a": "2", "$where": "x", "a.b": "y"},
    "nothing": None,
}


def key_of(record_id="rec", key_id="key", secret=b"k" * 32):
    return DataKey(key_id, record_id, secret)


@pytest.mark.parametrize("value", STORED_SHAPES.values(), ids=STORED_SHAPES.keys())
def test_every_stored_shape_comes_back_as_it_was(value):
    opened = unseal(key_of(), "f_1", seal(key_of(), "f_1", value))
    assert opened == value
    assert isinstance(opened, type(value))


@pytest.mark.parametrize(
    ("field_id", "blob", "value"),
    [
        ("name_a1b2", "0174b835971fdd4c8c24cb8aea3365f68377baccff9c57a91792385be3d5a6ca9751ced9", "张三"),
        (
            "share_c3d4",
            "015134d21dc2e2ee1673c0b28050cc3ef00ca6bb42645eface3c615013d5df3ff4"
            "ae85acc1a64bbc054dd0d703fb5ba6597f84019dee86a50405",
            [{"x": 1}],
        ),
    ],
)
def test_what_the_first_release_sealed_opens_for_ever(field_id, blob, value):
    assert unseal(DataKey("k1", "r1", b"k" * 32), field_id, bytes.fromhex(blob)) == value


def test_a_blob_is_binary_and_told_from_every_clear_shape():
    blob = seal(key_of(), "f_1", "x")
    assert isinstance(blob, Binary)
    assert is_sealed(blob)
    assert not any(is_sealed(value) for value in STORED_SHAPES.values())


def test_order_inside_a_map_is_kept():
    assert list(unseal(key_of(), "f", seal(key_of(), "f", STORED_SHAPES["map"]))) == ["z", "a", "$where", "a.b"]


@pytest.mark.parametrize(
    ("key", "field_id"),
    [
        (key_of(record_id="other"), "f_1"),
        (key_of(), "f_2"),
        (key_of(key_id="other"), "f_1"),
        (key_of(secret=b"o" * 32), "f_1"),
        (key_of(record_id="rec|f_1", key_id="key"), ""),
    ],
    ids=["another record", "another field", "another key id", "another secret", "parts run together"],
)
def test_a_value_opens_nowhere_else(key, field_id):
    with pytest.raises(SealBroken):
        unseal(key, field_id, seal(key_of(), "f_1", "x"))


@pytest.mark.parametrize("place", [0, 1, 12, 13, 14, -1])
def test_a_changed_byte_breaks_the_seal(place):
    blob = bytearray(seal(key_of(), "f_1", "张三"))
    blob[place] ^= 1
    with pytest.raises(SealBroken):
        unseal(key_of(), "f_1", bytes(blob))


@pytest.mark.parametrize("length", [0, 1, 12, 13, 20, 28])
def test_a_shortened_blob_breaks_the_seal(length):
    with pytest.raises(SealBroken):
        unseal(key_of(), "f_1", bytes(seal(key_of(), "f_1", "张三"))[:length])


def test_the_same_value_never_looks_the_same():
    assert len({bytes(seal(key_of(), "f_1", "x")) for _ in range(100)}) == 100


def test_one_broken_cell_does_not_hide_a_page():
    keys = {"a": key_of("a"), "b": key_of("b")}
    good, other = seal(keys["a"], "f", "good"), seal(keys["b"], "f", "other")
    cells = [("a", "f", good), ("a", "f", other), ("gone", "f", good), ("b", "f", other)]
    assert unseal_many(keys, cells) == ["good", UNREADABLE, UNREADABLE, "other"]


def test_a_key_neither_prints_nor_travels():
    key = key_of(secret=b"SECRETSECRETSECRETSECRETSECRETSE")
    assert "SECRET" not in repr(key)
    with pytest.raises(TypeError):
        pickle.dumps(key)
