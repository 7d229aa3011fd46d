"""Periods by the calendar: never a day earlier than the law allows."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import FieldValueError
from models.lifecycle.manifest import manifest_hash, root_of
from models.lifecycle.retention import Period, allowed_on, day_of, due_on, is_due

CHINA = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("trigger", "period", "due"),
    [
        ("2024-03-15", "P3Y", "2027-03-16"),
        ("2024-02-29", "P1Y", "2025-03-01"),
        ("2024-02-29", "P4Y", "2028-03-01"),
        ("2025-02-28", "P3Y", "2028-02-29"),
        ("2025-01-31", "P1M", "2025-03-01"),
        ("2024-01-31", "P1M", "2024-03-01"),
        ("2025-08-31", "P1M", "2025-10-01"),
        ("2025-12-31", "P2M", "2026-03-01"),
        ("2025-12-31", "P1D", "2026-01-02"),
        ("2025-10-31", "P1Y1M", "2026-12-01"),
    ],
)
def test_a_record_is_due_on_the_day_after_its_period(trigger, period, due):
    assert due_on(date.fromisoformat(trigger), Period.parse(period)) == date.fromisoformat(due)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 30), st.integers(0, 40), st.integers(0, 400))
def test_never_before_the_corresponding_day_is_over(trigger, years, months, days):
    due = due_on(trigger, Period(years, months, days))
    whole = trigger.year * 12 + trigger.month + years * 12 + months
    assert due > trigger
    assert due.year * 12 + due.month >= whole
    assert due_on(trigger, Period(years, months, days + 1)) > due


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 30), st.integers(1, 30))
def test_the_legal_minimum_is_never_undercut(trigger, years, least):
    due = due_on(trigger, Period(years), Period(least))
    assert due == due_on(trigger, Period(max(years, least)))


def test_no_period_no_destruction():
    assert due_on(date(2000, 1, 1), None) is None
    assert due_on(date(2000, 1, 1), None, Period(1)) is None
    assert not is_due(None, date(2100, 1, 1))


def test_beyond_the_calendar_is_never():
    assert due_on(date(9990, 1, 1), Period(100)) is None


def test_on_request_only_the_minimum_counts_and_an_unknown_trigger_is_no_permission():
    assert allowed_on(None, None) == date.min
    assert allowed_on(None, Period(5)) is None
    assert allowed_on(date(2020, 5, 5), Period(5)) == date(2025, 5, 6)


def test_the_last_minute_of_a_day_counts_in_the_zone_of_the_archive():
    assert day_of(datetime(2025, 3, 31, 15, 59, 59, tzinfo=UTC), CHINA) == date(2025, 3, 31)
    assert day_of(datetime(2025, 3, 31, 16, 0, 0, tzinfo=UTC), CHINA) == date(2025, 4, 1)
    assert day_of("2025-03-31", CHINA) == date(2025, 3, 31)


@pytest.mark.parametrize("value", [None, "9999-12-31", "长期", 20250331, "2025-02-30"])
def test_what_names_no_day_triggers_nothing(value):
    assert day_of(value, CHINA) is None


@pytest.mark.parametrize("text", ["", "P", "3Y", "P0Y", "PT3H", "P101Y", "P3Y;", "P-3Y", "three years"])
def test_what_is_no_period_is_said(text):
    with pytest.raises(FieldValueError):
        Period.parse(text)


@pytest.mark.parametrize("text", ["P3Y", "P6M", "P30D", "P1Y6M", "P1Y2M3D"])
def test_a_period_reads_back(text):
    assert str(Period.parse(text)) == text


CASE = {"_id": "XH-2026-0001", "type": "customer", "authority": "request"}
ITEMS = [{"record": id, "type": "individual", "rev": 3, "key": f"k{id}"} for id in "abcde"]


def test_a_manifest_has_one_hash_whatever_the_order_and_state_of_its_items():
    moved = [{**item, "state": "locked"} for item in reversed(ITEMS)]
    assert manifest_hash(CASE, ITEMS) == manifest_hash(CASE, moved)


@pytest.mark.parametrize("change", [{"rev": 4}, {"key": "other"}, {"record": "z"}, {"due_on": "2026-01-01"}])
def test_any_change_of_a_line_changes_the_hash(change):
    assert manifest_hash(CASE, ITEMS) != manifest_hash(CASE, [*ITEMS[:-1], {**ITEMS[-1], **change}])


def test_a_line_more_or_less_and_another_case_change_the_hash():
    assert len({
        manifest_hash(CASE, ITEMS), manifest_hash(CASE, ITEMS[:-1]), manifest_hash({**CASE, "_id": "other"}, ITEMS),
        manifest_hash({**CASE, "rule": {"id": "r", "version": 2}}, ITEMS), manifest_hash(CASE, []),
    }) == 5  # fmt: skip


def test_the_tree_is_that_of_rfc_6962():
    """Roots of the eight test leaves published with Certificate Transparency."""
    leaves = [
        bytes.fromhex(text)
        for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                     "606162636465666768696a6b6c6d6e6f")
    ]  # fmt: skip
    assert root_of(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
