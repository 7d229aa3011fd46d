"""What the system itself does to stored records, by the one door: no actor is judged, every batch is logged."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from models.access.door_part import DoorPart

DUPLICATE_KEY = 11000


class SystemVerbs(DoorPart):
    """The part of a `TypeDoor` that only jobs use. Nothing here makes a revision: no person changed anything."""

    def outdated(self, after: str, limit: int) -> list[dict[str, Any]]:
        """Documents that an older version wrote or keyed, in the trash or not, by id from `after` on."""
        older = [step.version for step in self.compiled.steps]
        stale = [{"tv": {"$lt": max(older)}}] if older else []
        if self.compiled.keyed:
            stale.append({"d.keyed": {"$ne": self.compiled.keyed}})
        if not stale:
            return []
        where = {"_id": {"$gt": after}, "type": self.compiled.name, "life.condemned": None, "$or": stale}
        return list(self._records.find(where).sort("_id", 1).limit(limit))

    def refresh(self, changes: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> list[str]:
        """Set paths (None unsets) of documents that are still as they were read.

        :param changes: the document as it was read, and what to set in it
        :returns: ids of documents that were refused because a value that must be unique stands on another
        """
        writes = []
        for document, paths in changes:
            sets = {path: value for path, value in paths.items() if value is not None}
            unsets = {path: "" for path, value in paths.items() if value is None}
            unsets["d.verification.rules"] = ""  # read by another version, it is to be judged again
            still = {"_id": document["_id"], "rev": document["rev"], "tv": document["tv"], "life.condemned": None}
            writes.append(UpdateOne(still, {"$set": sets, "$unset": unsets}))
        self._log("refresh", self.compiled.name, [document["_id"] for document, _ in changes], [])
        try:
            self._records.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            if any(one["code"] != DUPLICATE_KEY for one in error.details["writeErrors"]):
                raise
            return [changes[one["index"]][0]["_id"] for one in error.details["writeErrors"]]
        return []
