"""Whether a refused call really did nothing: every document of both databases, byte for byte."""

from collections.abc import Iterator
from contextlib import contextmanager

from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from models.store import Store

MOVES_BY_ITSELF = frozenset({"audit_entries", "audit_lanes", "api_tokens", "sessions", "attempts"})
"""What a request leaves traces in although it changes nothing: the log, and when a token was last seen."""


def picture(store: Store) -> dict[str, bytes]:
    """Every document as its bytes, by database, collection and id."""
    return {**_pictured(store.data), **_pictured(store.keys)}


@contextmanager
def unchanged(store: Store) -> Iterator[None]:
    """What happens inside leaves no byte different."""
    before = picture(store)
    yield
    after = picture(store)
    gone, come = before.keys() - after.keys(), after.keys() - before.keys()
    changed = sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
    assert (sorted(gone), sorted(come), changed) == ([], [], [])


def _pictured(database: Database) -> dict[str, bytes]:
    found = {}
    options = database.codec_options.with_options(document_class=RawBSONDocument)
    for name in database.list_collection_names(filter={"name": {"$not": {"$regex": "^system"}}}):
        if name not in MOVES_BY_ITSELF:
            for one in database.get_collection(name, codec_options=options).find({}):
                found[f"{database.name}.{name}/{one['_id']}"] = one.raw
    return found
