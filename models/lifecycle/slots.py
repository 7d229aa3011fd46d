"""When a scheduled job is due: slots in the zone of the archive, named alike by whoever computes them.

A schedule is a few words: `02:00` (daily), `mon 02:00`, `31 02:00` (monthly; where a month has no such day, on its
last), `every 15` (minutes). A time of day that a change to summer time leaps over comes an hour later by the clock on
the wall, one that comes twice counts the first time: a slot is never early and never doubled.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORM = re.compile(
    r"(?:(?P<weekday>[a-z]{3}) |(?P<monthday>\d{1,2}) )?(?P<hour>\d\d):(?P<minute>\d\d)|every (?P<every>\d+)", re.ASCII
)
DAY_MINUTES = 24 * 60
LONGEST = 62
"""Days within which every schedule has a slot."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One due occurrence.

    :param name: local date and time, the second half of the run's id; with the offset where only that tells two apart
    :param at: the moment, aware UTC
    """

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """When slots are.

    :param every: minutes between slots, counted from midnight UTC; None: by day and time
    :param weekday: 0 = Monday
    :param monthday: 1–31, a month that is shorter ends the wait on its last day
    """

    at: time = time(0)
    weekday: int | None = None
    monthday: int | None = None
    every: int | None = None

    def on(self, day: date) -> bool:
        """Whether a slot lies on a local day."""
        if self.weekday is not None:
            return day.weekday() == self.weekday
        if self.monthday is not None:
            return day.day == min(self.monthday, calendar.monthrange(day.year, day.month)[1])
        return True


def parse_schedule(words: str) -> Schedule:
    """
    :raises ValueError: no schedule
    """
    found = FORM.fullmatch(words)
    if found is None:
        raise ValueError(f"{words!r} is no schedule: write 02:00, mon 02:00, 31 02:00 or every 15")
    if found["every"]:
        every = int(found["every"])
        if not 1 <= every <= DAY_MINUTES or DAY_MINUTES % every:
            raise ValueError(f"{words!r}: the minutes must divide a day")
        return Schedule(every=every)
    weekday = monthday = None
    if found["weekday"]:
        weekday = WEEKDAYS.index(found["weekday"])
    if found["monthday"]:
        monthday = int(found["monthday"])
        if not 1 <= monthday <= 31:
            raise ValueError(f"{words!r}: a month has days 1 to 31")
    return Schedule(at=time(int(found["hour"]), int(found["minute"])), weekday=weekday, monthday=monthday)


def latest(schedule: Schedule, now: datetime, zone: ZoneInfo) -> Slot:
    """The last slot that is due at `now`: after an outage the ones before it are covered by it."""
    if schedule.every is not None:
        return _step(schedule.every, now, zone, 0)
    return max(_around(schedule, now, zone, back=True), key=lambda slot: slot.at)


def following(schedule: Schedule, now: datetime, zone: ZoneInfo) -> Slot:
    """The first slot after `now`."""
    if schedule.every is not None:
        return _step(schedule.every, now, zone, 1)
    return min(_around(schedule, now, zone, back=False), key=lambda slot: slot.at)


def _step(minutes: int, now: datetime, zone: ZoneInfo, more: int) -> Slot:
    moment = now.astimezone(UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = int((moment - midnight).total_seconds()) // 60 // minutes + more
    at = midnight + timedelta(minutes=passed * minutes)
    return Slot(at.astimezone(zone).strftime("%Y-%m-%dT%H:%M%z"), at)


def _around(schedule: Schedule, now: datetime, zone: ZoneInfo, *, back: bool) -> Iterator[Slot]:
    """Slots on the due side of `now`, two of them: around a change of the clocks the nearest day need not hold it."""
    today, found = now.astimezone(zone).date(), 0
    for days in range(-1, LONGEST):
        day = today - timedelta(days=days) if back else today + timedelta(days=days)
        if not schedule.on(day):
            continue
        slot = _slot(schedule, day, zone)
        if (slot.at <= now) == back:
            yield slot
            found += 1
            if found == 2:
                return


def _slot(schedule: Schedule, day: date, zone: ZoneInfo) -> Slot:
    wall = datetime.combine(day, schedule.at)
    return Slot(wall.strftime("%Y-%m-%dT%H:%M"), wall.replace(tzinfo=zone, fold=0).astimezone(UTC))
