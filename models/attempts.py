"""Attempts at signing in, counted in the database so that every process counts the same ones.

An attempt is taken before the password is looked at: a hundred guesses sent at once are a hundred attempts.
Names are counted as typed, whether or not somebody is called so, and kept as digests.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import IndexModel, ReturnDocument

from models.errors import TooManyAttempts
from models.store import Store

COLLECTION = "attempts"
INDEXES = [IndexModel("expires_at", expireAfterSeconds=0)]


@dataclass(frozen=True)
class Rule:
    """How many failures are free, and how the pause grows after them.

    :param free: failures in a row before the first pause
    :param memory: a count is forgotten this long after the last attempt
    """

    name: str
    free: int
    first: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(minutes=15)
    memory: timedelta = timedelta(minutes=30)

    def key(self, subject: str) -> str:
        """The id of the count kept for a subject (a user name, an address)."""
        return f"{self.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"


ACCOUNT = Rule("account", free=5)
ADDRESS = Rule("address", free=50)  # an office shares one address


def ensure_indexes(store: Store) -> None:
    """Harmless when they stand."""
    store.data[COLLECTION].create_indexes(INDEXES)


def take(store: Store, rule: Rule, subject: str) -> None:
    """Count an attempt as failed until `give_back` or `forget` says otherwise.

    :raises TooManyAttempts: this subject has to wait; such an attempt is not counted
    """
    now = store.clock.now()
    before = store.data[COLLECTION].find_one_and_update(
        {"_id": rule.key(subject)}, _one_more(rule, now), upsert=True, return_document=ReturnDocument.BEFORE
    )
    until = (before or {}).get("until")
    if until and until > now:
        raise TooManyAttempts(max(1, int((until - now).total_seconds())))


def give_back(store: Store, rule: Rule, subject: str) -> None:
    """The attempt turned out well: uncount it, and no other."""
    less = {"$max": [0, {"$subtract": ["$n", 1]}]}
    lifted = {"$cond": [{"$lt": ["$n", rule.free]}, None, "$until"]}
    store.data[COLLECTION].update_one({"_id": rule.key(subject)}, [{"$set": {"n": less}}, {"$set": {"until": lifted}}])


def forget(store: Store, rule: Rule, subject: str) -> None:
    """Begin again at nothing."""
    store.data[COLLECTION].delete_one({"_id": rule.key(subject)})


def paused_until(store: Store, rule: Rule, subject: str) -> datetime | None:
    """When the pause of a subject ends; None: there is none."""
    found = store.data[COLLECTION].find_one({"_id": rule.key(subject)}) or {}
    until = found.get("until")
    return until if until and until > store.clock.now() else None


def paused_among(store: Store, rule: Rule, subjects: Iterable[str]) -> set[str]:
    """Which of these have to wait just now; one question for a page."""
    by_key = {rule.key(subject): subject for subject in subjects}
    waiting = {"_id": {"$in": list(by_key)}, "until": {"$gt": store.clock.now()}}
    return {by_key[found["_id"]] for found in store.data[COLLECTION].find(waiting, {"_id": 1})}


def _one_more(rule: Rule, now: datetime) -> list[dict[str, Any]]:
    """The update: inside a pause nothing moves; else one more, and a pause that doubles from `free` on."""
    paused = {"$gt": ["$until", now]}
    is_over = {"$lt": ["$last", now - rule.memory]}  # true as well where nothing is kept yet
    milliseconds = {"$multiply": [_ms(rule.first), {"$pow": [2, {"$subtract": ["$n", rule.free]}]}]}
    pause = {"$add": [now, {"$min": [_ms(rule.longest), milliseconds]}]}
    earned = {"$cond": [{"$gte": ["$n", rule.free]}, pause, None]}
    return [
        {"$set": {"n": {"$cond": [paused, "$n", {"$cond": [is_over, 1, {"$add": ["$n", 1]}]}]}}},
        {
            "$set": {
                "last": {"$cond": [paused, "$last", now]},
                "until": {"$cond": [paused, "$until", earned]},
                "expires_at": now + rule.memory,
            }
        },
    ]


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
