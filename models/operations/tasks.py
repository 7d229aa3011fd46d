"""Work for people: what verification found stands as a task of whoever is responsible until the record is corrected.

`tasks`  {_id: "finding:<record>:<rule>", kind, type, record, rule, field, fields, result, reason, dept, owner, state,
         rev, created_at, closed_at}

A task holds the revision it was last judged at: a judgement of an older one never moves it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from models.store import Store

FINDING = "finding"
STATES = ("open", "done")
OPENING = ("failed", "warned")
"""Results that make work for a person; an errored rule is not theirs to mend."""
DUPLICATE = 11000
SAME = ("rev", "state", "dept", "owner", "result", "reason")
AWARE: CodecOptions = CodecOptions(tz_aware=True)


def ensure_indexes(store: Store) -> None:
    """What work lists ask for, and what a judged record asks for."""
    store.data.tasks.create_index([("owner", 1), ("state", 1), ("created_at", -1), ("_id", 1)])
    store.data.tasks.create_index([("dept", 1), ("state", 1), ("created_at", -1), ("_id", 1)])
    store.data.tasks.create_index([("state", 1), ("created_at", -1), ("_id", 1)])
    store.data.tasks.create_index([("record", 1)])


def sync(store: Store, judged: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]) -> None:
    """Open, renew and close the tasks of records that were just judged. Safe to repeat.

    :param judged: the document as it was read, and its findings
    """
    standing: dict[str, list[dict[str, Any]]] = {}
    for one in store.data.tasks.find({"record": {"$in": [document["_id"] for document, _ in judged]}}):
        standing.setdefault(one["record"], []).append(one)
    writes: list[UpdateOne] = []
    for document, findings in judged:
        known = {one["_id"]: one for one in standing.get(document["_id"], ())}
        wanted = {task["_id"]: task for task in _wanted(document, findings)}
        writes += [_open(task) for id, task in wanted.items() if not _stands(known.get(id), task)]
        left = [id for id, one in known.items() if id not in wanted and one["state"] == "open"]
        writes += [_close(id, document["rev"]) for id in left]
    _write(store, writes)


def close_all(store: Store, record: str, rev: int) -> None:
    """The tasks of a record that is in the trash or gone: nobody has to do them."""
    still = {"record": record, "state": "open"}
    _write(store, [_close(one["_id"], rev) for one in store.data.tasks.find(still, {"_id": 1})])


def close_outdated(store: Store, record: str, rev: int, rules: Sequence[str]) -> None:
    """The tasks of a record for what it passes by now."""
    still = {"record": record, "state": "open", "rule": {"$nin": list(rules)}, "rev": {"$lt": rev}}
    _write(store, [_close(one["_id"], rev) for one in store.data.tasks.find(still, {"_id": 1})])


def page(
    store: Store, where: Mapping[str, Any], *, state: str, after: Sequence[Any] | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Tasks, the newest first, whoever may see them: whoever shows them has asked the door.

    :param where: by `owner` or `dept`
    :param after: moment and id of the last one seen
    """
    asked: dict[str, Any] = {**where, "state": state}
    if after:
        at, id = after
        asked = {"$and": [asked, {"$or": [{"created_at": {"$lt": at}}, {"created_at": at, "_id": {"$gt": id}}]}]}
    tasks = store.data.tasks.with_options(codec_options=AWARE)
    return list(tasks.find(asked).sort([("created_at", -1), ("_id", 1)]).limit(limit))


def _wanted(document: Mapping[str, Any], findings: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    for one in findings:
        if one["result"] in OPENING:
            yield {
                "_id": f"{FINDING}:{document['_id']}:{one['rule']}",
                "kind": FINDING,
                "type": document["type"],
                "record": document["_id"],
                "rule": one["rule"],
                "field": one["fields"][0],
                "fields": one["fields"],
                "result": one["result"],
                "reason": one["reason"],
                "dept": document.get("dept"),
                "owner": document.get("owner"),
                "state": "open",
                "rev": document["rev"],
                "closed_at": None,
            }


def _stands(known: Mapping[str, Any] | None, task: Mapping[str, Any]) -> bool:
    return known is not None and all(known.get(name) == task[name] for name in SAME)


def _open(task: Mapping[str, Any]) -> UpdateOne:
    """Make it, or bring it up to date; one that was done begins anew."""
    sets = {name: {"$literal": value} for name, value in task.items() if name != "_id"}
    began = {"$cond": [{"$eq": ["$state", "open"]}, "$created_at", "$$NOW"]}
    return UpdateOne(
        {"_id": task["_id"], "rev": {"$lte": task["rev"]}}, [{"$set": sets | {"created_at": began}}], upsert=True
    )


def _close(id: str, rev: int) -> UpdateOne:
    done = {"state": "done", "closed_at": "$$NOW", "rev": rev}
    return UpdateOne({"_id": id, "state": "open", "rev": {"$lte": rev}}, [{"$set": done}])


def _write(store: Store, writes: list[UpdateOne]) -> None:
    if not writes:
        return
    try:
        store.data.tasks.bulk_write(writes, ordered=False)
    except BulkWriteError as fault:
        # A later judgement stands already: the older one finds nothing to match and may not make it anew.
        if any(one["code"] != DUPLICATE for one in fault.details["writeErrors"]):
            raise
