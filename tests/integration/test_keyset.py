"""Pages by position: whatever the order, every row comes once, in the order of a whole sort, both ways."""

import random

import pytest
from bson import Decimal128
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.access.keyset import Order
from models.access.listing import Walk
from models.cursors import open_cursor, seal_cursor
from models.errors import MalformedQuery

VALUES = st.one_of(st.none(), st.integers(-3, 3))


def walker(collection, order):
    def ask(where, sort, limit):
        return list(collection.find(where, sort=sort, limit=limit))

    return Walk(ask, {}, order)


def whole_order(rows, key, down):
    """What a person expects: by the key, then `_id`; rows without the key after all others."""
    filled = sorted((row for row in rows if key in row), key=lambda row: (row[key], row["_id"]), reverse=down)
    return filled + sorted((row for row in rows if key not in row), key=lambda row: row["_id"], reverse=down)


@pytest.mark.parametrize("down", [False, True])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(VALUES, max_size=23), size=st.integers(1, 7))
def test_pages_joined_are_the_whole_list_in_either_direction(store, down, rows, size):
    collection = store.data.keyset
    collection.drop()
    values = [{} if value is None else {"f": value} for value in rows]
    documents = [{"_id": f"{place:03d}"} | value for place, value in enumerate(values)]
    random.Random(len(rows)).shuffle(documents)
    if documents:
        collection.insert_many(documents)
    order = Order((("f", down),))
    walk, expected = walker(collection, order), [row["_id"] for row in whole_order(documents, "f", down)]
    seen, place = [], None
    while page := walk.rows(place, size):
        seen += [row["_id"] for row in page]
        place = walk.place(page[-1])
    assert seen == expected
    back, place = [], None
    page = walk.rows(None, len(documents) + 1)
    place = walk.place(page[-1]) if page else None
    while place and (page := walk.rows(place, size, backwards=True)):
        back += [row["_id"] for row in page]
        place = walk.place(page[-1])
    assert list(reversed(back)) == expected[:-1]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(VALUES, VALUES), max_size=23),
    size=st.integers(1, 7),
    first=st.booleans(),
    second=st.booleans(),
)
def test_two_keys_with_gaps_lose_no_row(store, rows, size, first, second):
    collection = store.data.keyset
    collection.drop()
    documents = [
        {"_id": f"{place:03d}"} | {name: value for name, value in zip("fg", pair, strict=True) if value is not None}
        for place, pair in enumerate(rows)
    ]
    if documents:
        collection.insert_many(documents)
    walk = walker(collection, Order((("f", first), ("g", second))))
    seen, place = [], None
    while page := walk.rows(place, size):
        seen += [row["_id"] for row in page]
        place = walk.place(page[-1])
        assert len(seen) <= len(documents)
    assert sorted(seen) == sorted(row["_id"] for row in documents)


def test_a_cursor_is_good_for_its_own_question_only():
    secret = b"k" * 32
    cursor = seal_cursor(secret, "anna|customer|-f|", ["filled", [Decimal128("1.5"), "x"]])
    assert open_cursor(secret, "anna|customer|-f|", cursor) == ["filled", [Decimal128("1.5"), "x"]]
    for other in ("bert|customer|-f|", "anna|customer|f|"):
        with pytest.raises(MalformedQuery):
            open_cursor(secret, other, cursor)
    for broken in ("", "x", cursor[:-2], "é", "A" * 5000):
        with pytest.raises(MalformedQuery):
            open_cursor(secret, "anna|customer|-f|", broken)
