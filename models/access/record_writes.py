"""Putting records and changes into the archive. Every write here was judged before, by `models.operations`."""

from collections.abc import Mapping
from typing import Any

from pymongo.errors import ExecutionTimeout

from models.access.door_part import DoorPart
from models.definitions.condition_operators import all_of
from models.definitions.conditions import parse_condition
from models.definitions.fields import Field
from models.errors import TooSlow

NAMING_MS = 10_000
"""Somebody waits for it, once in a while."""


class RecordWrites(DoorPart):
    """What the verbs of `models.operations` write, and what they ask without regard to who may see it."""

    def insert(self, document: dict[str, Any], revision: dict[str, Any], session: Any) -> None:
        """Put a new record and its first revision, inside a transaction.

        :raises DuplicateKeyError: a unique value or number stands already
        """
        self._records.insert_one(document, session=session)
        self._history.insert_one(revision, session=session)

    def replace(
        self, id: str, expected: int, changes: Mapping[str, Any], revision: dict[str, Any], session: Any
    ) -> bool:
        """Set and unset paths where the record still has the revision expected and no lock; False: it has not.

        :param changes: path → new value, None to unset
        """
        sets = {path: value for path, value in changes.items() if value is not None}
        unsets = {path: "" for path, value in changes.items() if value is None}
        unsets["d.verification.rules"] = ""  # what was judged is no longer what stands
        update: dict[str, Any] = {"$set": {**sets, "rev": expected + 1}, "$unset": unsets}
        still = {"_id": id, "rev": expected, "life.lock": None, "life.condemned": None}
        if self._records.update_one(still, update, session=session).matched_count == 0:
            return False
        self._history.insert_one(revision, session=session)
        return True

    def numbers_standing(self, numbers: list[str]) -> set[str]:
        """Which of some archive numbers stand on a record of this collection, whoever may see it."""
        found = self._records.find({"archive_no": {"$in": numbers}}, {"_id": 0, "archive_no": 1})
        return {one["archive_no"] for one in found}

    def count_numbered(self, form: str) -> int:
        """How many records of this collection have an archive number of this form (`Numbering.form`)."""
        return self._records.count_documents({"archive_no": {"$regex": form}})

    def naming(self, field: Field, value: Any) -> bool:
        """Whether any record, in the trash or not, has this value in a field, whoever may see it.

        :raises TooSlow: it stands outside the index plan, and time is out
        """
        for kind in self.kinds:
            one = kind.system[field.name] if field.frame else kind.by_id.get(field.id)
            if one is None:
                continue
            condition = parse_condition({"field": one.address, "op": "eq", "value": value}, {one.address: one}.get)
            where = all_of([{"type": kind.name}, condition.filter(self.door.bound)])
            try:
                if self._records.find_one(where, {"_id": 1}, max_time_ms=NAMING_MS):
                    return True
            except ExecutionTimeout:
                raise TooSlow from None
        return False

    def unique_standing(self, field: Field, keys: list[str]) -> dict[str, str]:
        """Which of some unique values (`documents.unique_key`) stand, on which records, whoever may see them."""
        path = f"d.unique.{field.id}"
        found = self._records.find({path: {"$in": keys}}, {path: 1})
        return {one["d"]["unique"][field.id]: one["_id"] for one in found}

    def revision_number(self, id: str) -> int | None:
        """The revision a record has now, whoever may see it; for telling stale from locked."""
        found = self._records.find_one({"_id": id}, {"rev": 1})
        return found and found["rev"]

    def insert_batch(self, documents: list[dict[str, Any]], outbox: dict[str, Any], session: Any) -> None:
        """Put a loader's batch and the outbox of its audit entry, inside a transaction.

        Its records have no revision 1 of their own until they are changed: see `keep_first`.

        :raises BulkWriteError: some documents were refused (a unique value stands already)
        """
        self._records.insert_many(documents, ordered=False, session=session)
        self._history.insert_one(outbox, session=session)

    def batch_rows(self, name: str) -> list[list[int]]:
        """The ranges of rows in the outboxes of the batches whose names begin so (`Loader.write`)."""
        prefix = {"$gte": f"batch:{name}:", "$lt": f"batch:{name};"}
        return [span for one in self._history.find({"_id": prefix}, {"rows": 1}) for span in one.get("rows", ())]
