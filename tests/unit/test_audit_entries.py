"""The formats of the log: what verifiers outside this program rely on. A change here breaks every old log."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from models.audit.entries import Entry, late, with_projections
from models.audit.lanes import GENESIS, entry_hash, entry_id

AT = datetime(2026, 3, 1, 8, 30, 15, 250000, tzinfo=UTC)
BODY = (
    b'{"action":"records:view","actor":"u1","at":"2026-03-01T08:30:15.250Z","extra":{"count":2},'
    b'"fields":["name_a1b2"],"format":1,"records":["r1","r2"],"type":"enterprise"}'
)
ENTRY = Entry("records:view", "u1", type="enterprise", records=["r1", "r2"], fields=["name_a1b2"], extra={"count": 2})


def test_the_body_of_an_entry_is_this_to_the_byte():
    assert ENTRY.body(AT) == BODY


def test_the_zone_of_a_moment_makes_no_other_body():
    assert ENTRY.body(AT.astimezone(timezone(timedelta(hours=8)))) == BODY


def test_the_hash_of_an_entry_is_this():
    first = entry_hash("lane", 0, GENESIS, BODY)
    assert first.hex() == "25a69b924ed5efccccb4a77c81a4b5638242db8e7edc3df2dd6f4e5d2f9925e9"
    assert (
        entry_hash("lane", 1, first, BODY).hex() == "dcc4ba489298bd7087d4205aa200d94e7ca420df2d4ad9441c84a0254e3f8a86"
    )


def test_entries_sort_by_their_number():
    assert sorted([entry_id("a", 10), entry_id("a", 9), entry_id("a", 0)]) == [entry_id("a", n) for n in (0, 9, 10)]


def test_query_fields_come_from_the_body():
    assert with_projections(BODY) == {
        "body": BODY,
        "at": AT,
        "actor": "u1",
        "action": "records:view",
        "type": "enterprise",
        "records": ["r1", "r2"],
    }


def test_a_late_entry_is_the_same_and_says_so():
    marked = late(BODY, AT + timedelta(minutes=2))
    assert marked == BODY.replace(b'"records"', b'"late":"2026-03-01T08:32:15.250Z","records"')


def test_text_without_utf8_fails_nothing():
    assert with_projections(Entry("records:view", "u1", records=["\ud800"]).body(AT))["records"] == ["?"]


@pytest.mark.parametrize("odd", ["a\nb", "<b>", "=1+1", '"', "\u2028", "\u0000"])
def test_odd_text_comes_back_as_it_was(odd):
    assert with_projections(Entry("x:y", odd).body(AT))["actor"] == odd
