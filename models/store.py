"""What every part of `models/` and `jobs/` is given instead of reading its surroundings."""

import os
import secrets
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from pymongo.database import Database

if TYPE_CHECKING:
    from models.audit.ledger import Ledger
    from models.audit.log import AuditLog
    from models.crypto.keys import Keyring


@dataclass(frozen=True)
class Clock:
    """Now and today, as this process sees them.

    :param offset_seconds: rehearsals only (`DOSSIER_CLOCK_OFFSET`); leases use server time
    """

    zone: ZoneInfo
    offset_seconds: int = 0

    def now(self) -> datetime:
        """Aware UTC, cut to the millisecond that BSON keeps."""
        moment = datetime.now(UTC) + timedelta(seconds=self.offset_seconds)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def today(self) -> date:
        """The day in the configured zone."""
        return self.now().astimezone(self.zone).date()


@dataclass(frozen=True)
class Store:
    """The databases and services behind the archive; made once per process, after the fork."""

    data: Database
    keys: Database
    clock: Clock
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """32 bytes that seal cursors; the same in every process of an installation."""
    keyring: "Keyring" = None  # type: ignore[assignment]
    audit: "AuditLog" = None  # type: ignore[assignment]
    ledger: "Ledger" = None  # type: ignore[assignment]
    """The revocation ledger, outside the databases."""
    caches: dict[str, Any] = field(default_factory=dict)
    """Compiled things (registry, plans), keyed by version stamps; never values of records."""

    def cached(self, name: str, build: Callable[[], Any]) -> Any:
        """The object kept under `name`, built on first use."""
        if name not in self.caches:
            self.caches.setdefault(name, build())
        return self.caches[name]


class Stamps(NamedTuple):
    """Versions of what is compiled. One small document, read once a request.

    `grants` rises with each change of the policy and by itself at each moment where a part of it begins or ends.
    """

    types: int = 0
    grants: int = 0
    users: int = 0
    settings: int = 0


def read_stamps(store: Store) -> Stamps:
    """The versions in force now."""
    found = store.data.stamps.find_one({"_id": "stamps"}) or {}
    stamps = Stamps(*(int(found.get(name, 0)) for name in Stamps._fields))
    passed = _passed(found, store.clock.now())
    return stamps._replace(grants=stamps.grants + passed) if passed else stamps


def _passed(found: Mapping[str, Any], now: datetime) -> int:
    return bisect_right(found.get("turns") or (), now)


def bump_stamp(store: Store, name: str, session: Any = None) -> None:
    """Tell every process that `name` (a field of Stamps) has changed."""
    store.data.stamps.update_one({"_id": "stamps"}, {"$inc": {name: 1}}, upsert=True, session=session)


def plan_turns(store: Store, moments: Iterable[datetime], session: Any = None) -> None:
    """Note when the policy changes by itself, in place of what was noted before.

    Turns that have passed are counted into the version for good, so that it never falls back.
    """
    now = store.clock.now()
    passed = _passed(store.data.stamps.find_one({"_id": "stamps"}, session=session) or {}, now)
    coming = sorted({moment for moment in moments if moment > now})
    change = {"$inc": {"grants": passed}, "$set": {"turns": coming}}
    store.data.stamps.update_one({"_id": "stamps"}, change, upsert=True, session=session)


_ID_CHARACTERS = bytes(b"abcdefghijklmnopqrstuvwxyz234567"[byte & 31] for byte in range(256))


def new_id() -> str:
    """26 random characters a-z2-7 (5 bits each, so at least 128 bits): the id of a record, user, key."""
    return os.urandom(26).translate(_ID_CHARACTERS).decode()
