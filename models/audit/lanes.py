"""A lane: the hash chain of one writing process. One writer each, so no fork and no lock.

`audit_entries`  {_id: "<lane>:<seq, 12 digits>", prev, hash, body, + projections of the body}
`audit_lanes`    {_id: lane, name, state: open|closed|left, opened_at, seen_at, closed_at, next}

The first entry of a lane is `lane:open` (seq 0, prev 32 zero bytes), the last of a clean stop `lane:close`.
"""

import hashlib
import time
from collections.abc import Sequence
from typing import Any

import pymongo
from pymongo import IndexModel, WriteConcern
from pymongo.database import Database
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.read_concern import ReadConcern

from models.audit.entries import Entry, with_projections
from models.store import Clock, new_id

GENESIS = bytes(32)
MAJORITY = WriteConcern("majority")
QUIET_SECONDS = 180
"""An open lane not seen for so long is abandoned; its process says every 30 s that it lives."""
REFUSED = frozenset({13, 20, 121, 14031})
"""Unauthorized, IllegalOperation, DocumentValidationFailure, OutOfDiskSpace: surely not written."""
RETRY_SECONDS = 0.1


def entry_hash(lane: str, seq: int, prev: bytes, body: bytes) -> bytes:
    """SHA-256(0x00 | lane | seq (8 bytes, big endian) | prev | SHA-256(body))."""
    head = b"\x00" + lane.encode() + seq.to_bytes(8, "big") + prev
    return hashlib.sha256(head + hashlib.sha256(body).digest()).digest()


def entry_id(lane: str, seq: int) -> str:
    """Sorts by sequence within a lane."""
    return f"{lane}:{seq:012d}"


class Lane:
    """The writing end of one lane. Used by one thread."""

    def __init__(self, db: Database, name: str, after: str | None = None):
        """`after` is the lane this process left in doubt."""
        self.id = new_id()
        self.size = 0
        self.head = GENESIS
        self.sound = True
        """False once it is unknown what stands after the head: nothing more may be written to this lane."""
        self._name, self._after = name, after
        self._entries = db.audit_entries.with_options(write_concern=MAJORITY, read_concern=ReadConcern("majority"))
        self._lanes = db.audit_lanes.with_options(write_concern=MAJORITY)

    def open(self, clock: Clock, patience_seconds: float) -> bool:
        """Register the lane and write its first entry, unless that is done. True when the lane takes entries."""
        if self.size:
            return self.sound
        now = clock.now()
        document = {"name": self._name, "state": "open", "opened_at": now, "seen_at": now}
        try:
            with pymongo.timeout(patience_seconds):
                self._lanes.update_one({"_id": self.id}, {"$setOnInsert": document}, upsert=True)
                if self._after:
                    self._lanes.update_one({"_id": self._after}, {"$set": {"state": "left", "next": self.id}})
        except PyMongoError:
            return False
        extra = {"name": self._name, "after": self._after} if self._after else {"name": self._name}
        first = with_projections(Entry("lane:open", "system", extra=extra).body(now))
        return self.write([first], patience_seconds) == 1

    def write(self, entries: Sequence[dict[str, Any]], patience_seconds: float) -> int:
        """Append in order, majority-acknowledged. Returns how many, from the first on, surely stand in the log.

        :param entries: bodies with their projections
        What was once sent under a number is sent again unchanged until its fate is known, so an unknown
        result leaves neither gap nor double. When patience ends in doubt the lane is no longer `sound`.
        """
        documents = self._chained(entries)
        self.sound = False  # until the fate of these is known
        until = time.monotonic() + patience_seconds
        standing, doubt, forked = 0, False, False
        while standing < len(documents):
            try:
                with pymongo.timeout(max(0.2, until - time.monotonic())):
                    self._entries.insert_many(documents[standing:], ordered=True)
                standing, doubt = len(documents), False
            except PyMongoError as fault:
                refused = _refused(fault)
                doubt = doubt or not refused
                if not doubt:
                    standing += fault.details["nInserted"]  # type: ignore[attr-defined]
                    break
                found, forked = self._found(documents[standing:])
                standing += found
                if forked or time.monotonic() >= until:
                    break
                time.sleep(RETRY_SECONDS)
        self.sound = not forked and (not doubt or standing == len(documents))
        if standing:
            self.head = documents[standing - 1]["hash"]
            self.size += standing
        return standing

    def seen(self) -> None:
        """Say that the process of this lane lives."""
        self._lanes.update_one({"_id": self.id}, {"$currentDate": {"seen_at": True}})

    def close(self, clock: Clock, patience_seconds: float) -> None:
        """Write the closing entry. A lane without one is an abandoned lane."""
        if self.write([with_projections(Entry("lane:close", "system").body(clock.now()))], patience_seconds):
            with pymongo.timeout(patience_seconds):
                self._lanes.update_one({"_id": self.id}, {"$set": {"state": "closed", "closed_at": clock.now()}})

    def _chained(self, entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        prev, documents = self.head, []
        for seq, entry in enumerate(entries, self.size):
            digest = entry_hash(self.id, seq, prev, entry["body"])
            documents.append({"_id": entry_id(self.id, seq), "prev": prev, "hash": digest, **entry})
            prev = digest
        return documents

    def _found(self, documents: Sequence[dict[str, Any]]) -> tuple[int, bool]:
        """How many of these, from the first on, a majority holds; and whether another stands under a number: a fork."""
        span = {"$gte": documents[0]["_id"], "$lte": documents[-1]["_id"]}
        try:
            with pymongo.timeout(2):
                stored = {found["_id"]: found["hash"] for found in self._entries.find({"_id": span}, {"hash": True})}
        except PyMongoError:
            return 0, False
        for count, document in enumerate(documents):
            if document["_id"] not in stored:
                return count, False
            if stored[document["_id"]] != document["hash"]:
                return count, True
        return len(documents), False


def _refused(fault: PyMongoError) -> bool:
    """Whether the server surely wrote nothing from the refused entry on."""
    if not isinstance(fault, BulkWriteError) or fault.details.get("writeConcernErrors"):
        return False
    return any(error["code"] in REFUSED for error in fault.details["writeErrors"])


def unclosed_lanes(db: Database) -> dict[str, str]:
    """Lanes without closing mark → open (its process lives) or abandoned (it died). By server time."""
    quiet = {"$gt": [{"$subtract": ["$$NOW", "$seen_at"]}, QUIET_SECONDS * 1000]}
    told: dict[str, Any] = {"state": {"$cond": [quiet, "abandoned", "open"]}}
    asked: list[dict[str, Any]] = [{"$match": {"state": "open"}}, {"$project": told}]
    return {lane["_id"]: lane["state"] for lane in db.audit_lanes.aggregate(asked)}


def lane_states(db: Database) -> dict[str, str]:
    """Every lane → open, abandoned, closed, or left (its process was in doubt and went on in another)."""
    return {lane["_id"]: lane["state"] for lane in db.audit_lanes.find({}, {"state": True})} | unclosed_lanes(db)


INDEXES = [
    IndexModel([("at", -1)]),
    IndexModel([("records", 1), ("at", -1)]),
    IndexModel([("actor", 1), ("at", -1)]),
    IndexModel([("action", 1), ("at", -1)]),
    IndexModel([("ref", 1)], partialFilterExpression={"ref": {"$exists": True}}),
]


def ensure_indexes(db: Database) -> None:
    """What the log pages and the late appender ask by. Idempotent."""
    db.audit_entries.create_indexes(INDEXES)
    db.audit_lanes.create_index("state", partialFilterExpression={"state": "open"})
    db.revisions.create_index([("at", 1), ("_id", 1)])
