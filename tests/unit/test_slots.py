"""When jobs are due: the last slot and the next one, in the zone, across month ends and changes of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.lifecycle.slots import following, latest, parse_schedule

SHANGHAI, BERLIN, LORD_HOWE = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")


def at(text, zone=SHANGHAI):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("words", "now", "last", "next"),
    [
        ("02:00", "2026-11-24T13:00", "2026-11-24T02:00", "2026-11-25T02:00"),
        ("02:00", "2026-11-24T01:59", "2026-11-23T02:00", "2026-11-24T02:00"),
        ("02:00", "2026-11-24T02:00", "2026-11-24T02:00", "2026-11-25T02:00"),
        ("mon 02:00", "2026-11-24T13:00", "2026-11-23T02:00", "2026-11-30T02:00"),
        ("31 03:00", "2026-02-27T13:00", "2026-01-31T03:00", "2026-02-28T03:00"),
        ("31 03:00", "2026-03-01T13:00", "2026-02-28T03:00", "2026-03-31T03:00"),
        ("30 03:00", "2028-02-29T03:00", "2028-02-29T03:00", "2028-03-30T03:00"),
    ],
)
def test_the_last_and_the_next_slot(words, now, last, next):
    schedule = parse_schedule(words)
    assert latest(schedule, at(now), SHANGHAI).name == last
    assert latest(schedule, at(now), SHANGHAI).at == at(last)
    assert following(schedule, at(now), SHANGHAI).name == next


def test_a_time_the_clocks_leap_over_comes_an_hour_later_and_once():
    schedule = parse_schedule("02:30")
    slot = following(schedule, at("2026-03-29T01:00", BERLIN), BERLIN)
    assert (slot.name, slot.at) == ("2026-03-29T02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    assert following(schedule, slot.at, BERLIN).name == "2026-03-30T02:30"


def test_a_time_that_comes_twice_counts_once():
    schedule = parse_schedule("02:30")
    slot = following(schedule, at("2026-10-25T01:00", BERLIN), BERLIN)
    assert slot.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert latest(schedule, slot.at + timedelta(hours=1), BERLIN) == slot
    assert following(schedule, slot.at, BERLIN).name == "2026-10-26T02:30"


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN, LORD_HOWE], ids=lambda zone: zone.key)
@pytest.mark.parametrize("words", ["02:15", "sun 00:00", "31 23:59", "every 90"])
def test_walking_through_a_year_meets_every_slot_once(zone, words):
    schedule = parse_schedule(words)
    slot, seen = latest(schedule, at("2026-01-01T00:00", zone), zone), set()
    while slot.at < at("2027-01-01T00:00", zone):
        assert slot.name not in seen
        seen.add(slot.name)
        assert latest(schedule, slot.at, zone) == slot
        after = following(schedule, slot.at, zone)
        assert after.at > slot.at
        assert latest(schedule, after.at - timedelta(seconds=1), zone) == slot
        slot = after
    wanted = {"02:15": 365, "sun 00:00": 52, "31 23:59": 12, "every 90": 365 * 16}[words]
    assert abs(len(seen) - wanted) <= 1


def test_an_outage_leaves_one_slot():
    schedule = parse_schedule("02:00")
    assert latest(schedule, at("2026-12-05T13:00"), SHANGHAI).name == "2026-12-05T02:00"


WRONG = ("", "2:00", "24:00", "25 24:00", "32 02:00", "0 02:00", "xyz 02:00", "every 0", "every 7")


@pytest.mark.parametrize("words", WRONG)
def test_other_words_are_no_schedule(words):
    with pytest.raises(ValueError, match=r".+"):
        parse_schedule(words)
