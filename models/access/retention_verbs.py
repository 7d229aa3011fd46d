"""What the retention scan asks and writes: triggers and due days, never a value besides."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import UpdateOne

from models.access.door_part import DoorPart
from models.definitions.compiled import CompiledType
from models.definitions.condition_operators import Filter


class RetentionVerbs(DoorPart):
    """The part of a `TypeDoor` that knows when records are due."""

    def trigger_values(self, kind: CompiledType, path: str) -> dict[Any, int]:
        """Value of a trigger → how many records of a kind have it."""
        steps: list[dict[str, Any]] = [
            {"$match": {"type": kind.name, path: {"$ne": None}, "life.condemned": None}},
            {"$group": {"_id": f"${path}", "count": {"$sum": 1}}},
        ]
        return {one["_id"]: one["count"] for one in self._records.aggregate(steps)}

    def trigger_of(self, ids: Sequence[str], path: str) -> dict[str, Any]:
        """Id → value of a trigger, None where there is none."""
        found = self._records.find({"_id": {"$in": list(ids)}}, {path: 1})
        return {one["_id"]: _at(one, path) for one in found}

    def triggered(self, kind: CompiledType, path: str, after: str, limit: int) -> list[dict[str, Any]]:
        """Records of a kind in the order of their ids: `_id`, `trigger`, and the class and due day they carry."""
        wanted = {"type": kind.name, "_id": {"$gt": after}, "life.condemned": None}
        fields = {path: 1, "life.class": 1, "life.due_on": 1}
        found = self._records.find(wanted, fields).sort("_id", 1).limit(limit)
        return [
            {"_id": one["_id"], "trigger": _at(one, path), **{name: one["life"].get(name) for name in CARRIED}}
            for one in found
        ]

    def stamp_due(self, changes: Mapping[str, tuple[str, str | None]]) -> None:
        """Write class and due day; one entry a batch.

        :param changes: id → (class, day or None)
        """
        if not changes:
            return
        writes = [
            UpdateOne({"_id": id, "life.condemned": None}, {"$set": {"life.class": name, "life.due_on": day}})
            for id, (name, day) in changes.items()
        ]
        self._log("stamp_due", self.compiled.name, list(changes), [])
        self._records.bulk_write(writes, ordered=False)

    def due(self, kind: CompiledType, rule: str, today: str, most: int) -> list[str]:
        """Records of a kind that are due under a rule and not held, the longest due first."""
        wanted: Filter = {"type": kind.name, "life.class": rule, "life.due_on": {"$gt": "", "$lte": today}}
        wanted |= {"life.hold_count": 0, "life.condemned": None, "life.lock": None, "life.restricted": None}
        return [one["_id"] for one in self._records.find(wanted, {"_id": 1}).sort("life.due_on", 1).limit(most)]


CARRIED = ("class", "due_on")


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part) if isinstance(document, Mapping) else None
    return document
