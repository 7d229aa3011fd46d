"""How far a sweep has come through a collection, kept under a lease so that of several tickers one sweeps.

`watermarks`  {_id: name, at, id, lease_until, epoch}
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.database import Database

LEASE_SECONDS = 120
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Watermark:
    """A claimed mark: documents up to (at, id) have been looked at."""

    def __init__(self, marks: Collection, document: Mapping[str, Any]):
        self._marks = marks
        self._mine = {"_id": document["_id"], "epoch": document["epoch"]}
        self.at, self.id = document["at"].replace(tzinfo=UTC), document["id"]

    def next(self, collection: Collection, before: datetime, limit: int, fields: list[str]) -> list[dict[str, Any]]:
        """The next documents in the order of (at, _id) that are older than `before`."""
        beyond = [{"at": {"$gt": self.at}}, {"at": self.at, "_id": {"$gt": self.id}}]
        asked = {"at": {"$gte": self.at, "$lt": before}, "$or": beyond}
        return list(collection.find(asked, [*fields, "at"]).sort([("at", 1), ("_id", 1)]).limit(limit))

    def advance(self, document: Mapping[str, Any]) -> bool:
        """Everything up to this document is done. False when another has taken over: stop."""
        self.at, self.id = document["at"].replace(tzinfo=UTC), document["_id"]
        change = [{"$set": {"at": self.at, "id": self.id, "lease_until": _lease()}}]
        return self._marks.update_one(self._mine, change).matched_count == 1

    def release(self) -> None:
        self._marks.update_one(self._mine, {"$set": {"lease_until": LONG_AGO}})


@contextmanager
def claimed(db: Database, name: str) -> Iterator[Watermark | None]:
    """The mark of this name, or None while somebody else works at it. Leases are on server time."""
    fresh = {"at": LONG_AGO, "id": "", "lease_until": LONG_AGO, "epoch": 0}
    db.watermarks.update_one({"_id": name}, {"$setOnInsert": fresh}, upsert=True)
    free = {"_id": name, "$expr": {"$lt": ["$lease_until", "$$NOW"]}}
    claim = [{"$set": {"lease_until": _lease(), "epoch": {"$add": ["$epoch", 1]}}}]
    found = db.watermarks.find_one_and_update(free, claim, return_document=ReturnDocument.AFTER)
    if found is None:
        yield None
        return
    mark = Watermark(db.watermarks, found)
    try:
        yield mark
    finally:
        mark.release()


def _lease() -> dict[str, Any]:
    return {"$add": ["$$NOW", LEASE_SECONDS * 1000]}
