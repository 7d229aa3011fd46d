"""Reading the log page by page: by position, so that every page costs the same at any depth."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson.codec_options import CodecOptions
from pymongo.errors import ExecutionTimeout

from models.cursors import open_cursor, seal_cursor
from models.errors import N_, MalformedQuery, TooSlow
from models.store import Store

MOST_ENTRIES = 200
QUERY_MS = 2000
AWARE: CodecOptions = CodecOptions(tz_aware=True)
PATHS = {"actor": "actor", "action": "action", "type": "type", "record": "records"}


@dataclass(frozen=True)
class LogPage:
    """Some entries, each with its parsed body under `content`, and the mark of the next page."""

    entries: list[dict[str, Any]]
    next: str | None


def page(store: Store, reader: str, asked: Mapping[str, str], *, limit: int, after: str | None = None) -> LogPage:
    """Entries, the newest first.

    :param reader: id of who reads; a page mark is good for nobody else
    :param asked: `actor`, `action`, `type`, `record` → the value wanted
    :raises MalformedQuery: a page mark of another question
    :raises TooSlow: out of time
    """
    where: dict[str, Any] = {PATHS[name]: value for name, value in asked.items()}
    use = f"audit|{reader}|{json.dumps(sorted(asked.items()))}"
    if after is not None:
        at, id = _place(open_cursor(store.secret, use, after))
        where = {"$and": [where, {"at": {"$lte": at}, "$or": [{"at": {"$lt": at}}, {"_id": {"$lt": id}}]}]}
    log = store.data.audit_entries.with_options(codec_options=AWARE)
    try:
        found = list(
            log.find(where, {"prev": 0}, sort=[("at", -1), ("_id", -1)], limit=limit + 1, max_time_ms=QUERY_MS)
        )
    except ExecutionTimeout:
        raise TooSlow from None
    entries = [one | {"content": json.loads(one["body"])} for one in found[:limit]]
    more = len(found) > limit
    return LogPage(entries, seal_cursor(store.secret, use, [entries[-1]["at"], entries[-1]["_id"]]) if more else None)


def _place(content: list[Any]) -> tuple[datetime, str]:
    match content:
        case [datetime() as at, str() as id]:
            return at, id
    raise MalformedQuery("bad_cursor", N_("This page mark belongs to another question. Begin again."))
