"""Earlier contents of records: what was changed when, and how a record stood in a revision."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from models.access.actions import Action
from models.access.cells import Record
from models.access.documents import opened
from models.access.door_part import DoorPart
from models.access.levels import Read
from models.access.reading import shown_ids
from models.crypto.envelope import UNREADABLE
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.definitions.steps import REASON
from models.errors import RecordNotFound

MOST_REVISIONS = 100


class Timeline(NamedTuple):
    """Some revisions of a record.

    :param items: newest first: `rev`, `at`, `by`, `action`, and `changed`: addresses of fields the actor may know
    :param before: what to ask the next page with, None where there is none
    """

    items: list[dict[str, Any]]
    before: int | None


class Revisions(DoorPart):
    """The revisions of single records, through the actor's present plan."""

    def revisions(self, id: str, *, limit: int = MOST_REVISIONS, before: int | None = None) -> Timeline:
        """A page of the revisions of a record, newest first.

        :param before: only those with a smaller number
        :raises RecordNotFound: unknown, or out of scope
        """
        last = self._shown_last
        document, kind = last if last is not None and last[0]["_id"] == id else self.fetch(id)
        where = {"record": id} if before is None else {"record": id, "rev": {"$lt": before}}
        limit = max(1, min(limit, MOST_REVISIONS))
        found = list(self._history.find(where, {"v": 0, "entry": 0}, sort=[("rev", -1)], limit=limit + 1))
        if not found and document["rev"] == 1 and before is None:
            found = [_loaded(document)]
        levels = self.judge(kind, Action.VIEW).levels(document)
        reasons = self._reasons(document, kind, found[:limit])
        items = [self._told(one, kind, levels) | reasons.get(one["rev"], {}) for one in found[:limit]]
        self._log("revisions", kind.name, [id], [])
        return Timeline(items, items[-1]["rev"] if len(found) > limit else None)

    def _told(self, revision: Mapping[str, Any], kind: CompiledType, levels: Mapping) -> dict[str, Any]:
        known = [
            kind.by_id[one].address
            for one in revision.get("changed", ())
            if one in kind.by_id and self._reads(kind, kind.by_id[one], levels)
        ]
        return {**{name: revision[name] for name in ("rev", "at", "by", "action")}, "changed": known}

    def _reasons(
        self, document: Mapping[str, Any], kind: CompiledType, revisions: Iterable[Mapping[str, Any]]
    ) -> dict[int, dict[str, str]]:
        """Revision → the step it was, and why it was taken, for those who may take steps with the record as it is."""
        found = {one["rev"]: {"transition": one["edge"]} for one in revisions if one.get("edge")}
        kept = {one["rev"]: one["reason"] for one in revisions if one.get("reason")}
        if kept and self.judge(kind, Action.TRANSITION).holds(document):
            key = self.store.keyring.fetch([document["_id"]]).get(document["_id"])
            for rev, sealed in kept.items():
                words = opened(key, REASON, sealed)
                if words is not UNREADABLE:
                    found[rev]["reason"] = words
        return found

    def _reads(self, kind: CompiledType, field: Field, levels: Mapping) -> bool:
        if self.door.plan(kind).everything or field.frame:
            return True
        if field.type.name == "object":
            return any(self._reads(kind, sub, levels) for sub in field.fields)
        return field.id in levels and levels[field.id].read > Read.NONE

    def revision(self, id: str, number: int) -> Record:
        """The record as it was in a revision, through the actor's present plan.

        A grant may hang on a value: a cell shows only as far as the row of then and the row of now let it.

        :raises RecordNotFound: no such revision, or its record is out of scope
        """
        document, kind = self.fetch(id)
        record = self.shown(self.as_of(document, number), kind, present=document)
        self._log("view_revision", kind.name, [id], shown_ids([record]), rev=number)
        return record

    def as_of(self, document: Mapping[str, Any], number: int) -> dict[str, Any]:
        """A document with the content of an earlier revision; for the door's own use."""
        revision = self._history.find_one(
            {"_id": f"{document['_id']}:{number}"}
        )
        if revision is None and document["rev"] == number == 1:
            return dict(document)
        if revision is None:
            raise RecordNotFound
        content = revision.get("v")
        if content is None:
            content = self._content_before(document, number)
        return {
            **document,
            "v": content,
            "tv": revision["tv"],
            "rev": number,
            "state": revision["state"],
            "updated_at": revision["at"],
            "updated_by": revision["by"],
        }

    def _content_before(self, document: Mapping[str, Any], number: int) -> dict[str, Any]:
        """A revision that changed no value has none of its own: the latest before it, else (a loader's) the present."""
        earlier = self._history.find_one(
            {"record": document["_id"], "rev": {"$lte": number}, "v": {"$exists": True}}, sort=[("rev", -1)]
        )
        return earlier["v"] if earlier else document["v"]

    def keep_first(self, id: str, session: Any) -> None:
        """Before the first change of a loaded record: its content becomes revision 1. Others have theirs already.

        Read here, as it is stored: what a verb holds may have been opened to be brought to another kind of value.
        """
        document = self._records.find_one({"_id": id, "rev": 1}, session=session)
        if document is None:
            return
        first = {name: document.get(name) for name in ("type", "tv", "rev", "state", "dept", "owner", "v")}
        first |= {"record": document["_id"], "changed": [], **_loaded(document)}
        kept = {"_id": f"{document['_id']}:1"}
        self._history.update_one(kept, {"$setOnInsert": first}, upsert=True, session=session)


def _loaded(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the first revision of a record says of itself; a loader leaves it to the record's frame."""
    return {"rev": 1, "at": document["created_at"], "by": document["created_by"], "action": "load"}
