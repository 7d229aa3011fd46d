"""The time zone in which people of this installation read and write days and hours."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

_zone = ZoneInfo("Asia/Shanghai")


def use_zone(zone: ZoneInfo) -> None:
    """Set the zone of the process, once, where the store is opened (`DOSSIER_TZ`)."""
    global _zone
    _zone = zone


def local_zone() -> ZoneInfo:
    """The zone of the process."""
    return _zone


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day in `zone`, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
