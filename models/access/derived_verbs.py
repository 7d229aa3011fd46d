"""Derived facts about records (what verification found), by the one door: read in batches, written only over the
revision that was judged. No revision is made: no person changed anything."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateMany, UpdateOne
from pymongo.errors import ExecutionTimeout

from models.access.actions import Action
from models.access.door_part import DoorPart
from models.access.listing import LIVE
from models.access.reading import FRAME_KEYS
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.errors import TooSlow

CHECK_INDEX = "check"
FINDINGS = "d.verification.findings"
QUERY_MS = 20_000
SUMMARY_MS = 2_000


class DerivedVerbs(DoorPart):
    """The part of a `TypeDoor` that verification uses: the system's own, no actor is judged."""

    def unjudged(
        self, digests: Mapping[str, str], today: str, fields: Mapping[str, Iterable[Field]], limit: int
    ) -> list[dict[str, Any]]:
        """Live records that nobody has judged by the rules in force, or whose day to look again has come.

        :param digests: kind → digest of its rules
        :param fields: kind → what the rules read
        """
        wanted = self._verified_projection(fields)
        found: list[dict[str, Any]] = []
        for where in self._due(digests, today):
            if len(found) < limit:
                rows = self._records.find(where, wanted, hint=CHECK_INDEX, max_time_ms=QUERY_MS)
                found += rows.limit(limit - len(found))
        return found

    def count_unjudged(self, digests: Mapping[str, str], today: str) -> int | None:
        """How many there are; None where counting takes too long."""
        try:
            return sum(
                self._records.count_documents(where, hint=CHECK_INDEX, maxTimeMS=QUERY_MS)
                for where in self._due(digests, today)
            )
        except ExecutionTimeout:
            return None

    def live_after(
        self, after: str, kinds: Iterable[str], fields: Mapping[str, Iterable[Field]], limit: int
    ) -> list[dict[str, Any]]:
        """Live records of some kinds by id from `after` on, judged or not."""
        where = {"_id": {"$gt": after}, "type": {"$in": sorted(kinds)}, **LIVE}
        return list(self._records.find(where, self._verified_projection(fields)).sort("_id", 1).limit(limit))

    def count_live(self, kinds: Iterable[str]) -> int | None:
        """How many live records there are of some kinds; None where counting takes too long."""
        try:
            return self._records.count_documents({"type": {"$in": sorted(kinds)}, **LIVE}, maxTimeMS=QUERY_MS)
        except ExecutionTimeout:
            return None

    def to_judge(self, id: str, fields: Mapping[str, Iterable[Field]]) -> tuple[dict[str, Any] | None, bool]:
        """One record as verification reads it, and whether it is live; None: there is no such record."""
        wanted = self._verified_projection(fields)
        found = self._records.find_one({"_id": id, "type": {"$in": list(self.by_kind)}}, wanted)
        if found is None:
            return None, False
        life = found["life"]
        return found, not (life.get("trashed_at") or life.get("condemned") or life.get("restricted"))

    def put_derived(self, judged: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> bool:
        """Keep what verification found, where the record still has the revision that was judged and is live.

        :param judged: the document as it was read, and what to keep under `d.verification`
        :returns: False where some record was changed meanwhile, and kept nothing
        """
        alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        writes: list[UpdateOne | UpdateMany] = []
        for document, found in judged:
            if found["findings"]:
                still = {"_id": document["_id"], "rev": document["rev"], **LIVE}
                writes.append(UpdateOne(still, {"$set": {"d.verification": dict(found)}}))
            else:
                alike[document["rev"], found["rules"], found["check_on"]].append(document["_id"])
        for (rev, rules, check_on), ids in alike.items():
            # Most records pass: those that end alike are one write, each still asked for its revision.
            still = {"_id": {"$in": ids}, "rev": rev, **LIVE}
            passed = {"rev": rev, "rules": rules, "check_on": check_on, "findings": []}
            writes.append(UpdateMany(still, {"$set": {"d.verification": passed}}))
        return not writes or self._records.bulk_write(writes, ordered=False).matched_count == len(judged)

    def overtaken(self, judged: Iterable[Mapping[str, Any]]) -> list[str]:
        """Ids of documents that no longer have the revision they were read at, or are gone."""
        revs = {one["_id"]: one["rev"] for one in judged}
        now = {one["_id"]: one["rev"] for one in self._records.find({"_id": {"$in": list(revs)}}, {"rev": 1})}
        return [id for id, rev in revs.items() if now.get(id) != rev]

    def findings_now(self, id: str) -> tuple[int, list[str]]:
        """The revision of a record, and the rules it does not pass as it was last judged; a gone one passes all."""
        found = self._records.find_one({"_id": id}, {"rev": 1, FINDINGS: 1}) or {}
        standing = ((found.get("d") or {}).get("verification") or {}).get("findings") or ()
        return found.get("rev", 2**31), [one["rule"] for one in standing]

    def log_verified(self, ids: list[str], fields: Iterable[Field]) -> None:
        """The audit entry of a batch, acknowledged before anything of it is kept."""
        self._log("verify", self.compiled.name, ids, sorted({one.id for one in fields}), count=len(ids))

    def tells(self, kind: str, field_ids: Iterable[str]) -> bool:
        """Whether the actor is told what is found on all of these fields, on every row of the kind they see."""
        by_id, judge = self.by_kind[kind].by_id, self.judge(self.by_kind[kind], Action.VIEW)
        return all(id in by_id and by_id[id].active and judge.told(by_id[id]) for id in field_ids)

    def findings_by_rule(self) -> list[tuple[str, str, int]]:
        """(rule, result, records) over all live records, whoever may see them.

        :raises TooSlow: out of time
        """
        steps: list[dict[str, Any]] = [
            {"$match": {f"{FINDINGS}.rule": {"$exists": True}, **LIVE}},
            {"$project": {"_id": 0, "one": f"${FINDINGS}"}},
            {"$unwind": "$one"},
            {"$group": {"_id": {"rule": "$one.rule", "result": "$one.result"}, "n": {"$sum": 1}}},
        ]
        try:
            found = list(self._records.aggregate(steps, maxTimeMS=SUMMARY_MS))
        except ExecutionTimeout:
            raise TooSlow from None
        return [(one["_id"]["rule"], one["_id"]["result"], one["n"]) for one in found]

    def _due(self, digests: Mapping[str, str], today: str) -> list[dict[str, Any]]:
        kinds, now = sorted(digests), sorted(digests.values())
        of_kinds = {"type": {"$in": kinds}, **LIVE}
        return [
            {"d.verification.rules": {"$nin": now}, **of_kinds},
            {"d.verification.rules": {"$in": now}, "d.verification.check_on": {"$lte": today}, **of_kinds},
        ]

    def _verified_projection(self, fields: Mapping[str, Iterable[Field]]) -> dict[str, int]:
        tops = {f"v.{one.parent_id or one.id}" for some in fields.values() for one in some if not one.frame}
        for kind in self.kinds:
            tops |= {f"v.{_top(kind, step.field_id)}" for step in kind.steps if step.field_id in kind.by_id}
        frame = {path: 1 for path in FRAME_KEYS if path != FINDINGS}
        return frame | {"d.verification": 1} | dict.fromkeys(tops, 1)


def _top(kind: CompiledType, field_id: str) -> str:
    return kind.by_id[field_id].parent_id or field_id
