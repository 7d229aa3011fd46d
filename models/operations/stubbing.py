"""References to what was destroyed become stubs, and what was copied through them is emptied, in revisions too.

A stub is a change of the record that refers, with a revision of its own: a form that was opened before, or a write
under way, would otherwise put back what it read, for nothing would tell it that the record has changed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.access.destruction_verbs import copied_fields
from models.access.door import TypeDoor
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.errors import StaleRecord
from models.operations.commits import Refused, commit, log_committed, revision_of
from models.operations.paths import applied

ACTION = "stub"


def stub_all(holder: TypeDoor, kind: CompiledType, field: Field, ids: Sequence[str], case: str) -> int:
    """Make every reference of a kind to these records a stub. Safe to repeat; returns how many records refer.

    The id stays where it stands: it is opaque.
    """
    while documents := holder.unfinished(kind, field, ids):
        for document in documents:
            _stub(holder, kind, field, document, case)
    referring = holder.referring(kind, field, ids)
    if copied := copied_fields(kind, field):
        # Last: from here on no write that read the copies can come to an end.
        holder.empty_history(referring, copied)
    return len(referring)


def _stub(holder: TypeDoor, kind: CompiledType, field: Field, document: dict[str, Any], case: str) -> None:
    """One record; where a person was quicker it is read again by whoever calls."""
    copied = copied_fields(kind, field)
    emptied = {path: None for one in copied for path in (one.path, f"d.sort.{one.id}", f"d.unique.{one.id}")}
    locked = document["life"]["lock"] is not None
    after = applied(document, {**emptied, f"d.stubs.{field.id}": case})
    update = _update(field, copied, emptied, case)
    if not locked:
        after["rev"] = update["$set"]["rev"] = document["rev"] + 1
    entry = _entry(holder, kind, after, copied)
    revision = None if locked else _revision(holder, after, copied, entry)

    def work(session: Any) -> None:
        if revision is not None and document["rev"] == 1:
            holder.keep_first(document["_id"], session)
        if not holder.stub(document, update, revision, session):
            raise Refused(StaleRecord())

    try:
        commit(holder, kind, work)
    except StaleRecord:
        return
    if revision is not None:
        log_committed(holder, entry)


def _update(field: Field, copied: Sequence[Field], emptied: Mapping[str, None], case: str) -> dict[str, Any]:
    update: dict[str, Any] = {"$set": {f"d.stubs.{field.id}": case}}
    update["$unset"] = {**dict.fromkeys(emptied, ""), "d.verification.rules": ""}
    if copied:
        update["$pull"] = {"s": {"$regex": f"^({'|'.join(one.id for one in copied)}):"}}
    return update


def _entry(holder: TypeDoor, kind: CompiledType, after: Mapping[str, Any], copied: Sequence[Field]) -> bytes:
    id, rev = after["_id"], after["rev"]
    told = holder.entry(ACTION, kind.name, [id], [one.id for one in copied], ref=f"{id}:{rev}", rev=rev)
    return holder.store.audit.prepare(told)


def _revision(
    holder: TypeDoor, after: Mapping[str, Any], copied: Sequence[Field], entry: bytes
) -> dict[str, Any]:
    """Made now and by the system, while the record itself keeps who changed it last, and when."""
    said = {**after, "updated_at": holder.store.clock.now(), "updated_by": holder.actor.id}
    content = after["v"] if copied else None
    return revision_of(said, ACTION, [one.id for one in copied], entry, content=content)
