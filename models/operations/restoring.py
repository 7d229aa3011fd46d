"""The restore guard: a database that is behind the revocation ledger was restored, and would show what was destroyed.

`meta`  {_id: "ledger", n, hash}: the line of the ledger this database has come to. It is written after the line, so a
crash between the two leaves a line ahead; its tombstones stand then, for they were written first.
"""

from collections.abc import Mapping
from typing import Any

from models.audit.ledger import GENESIS, Head, LedgerFault
from models.errors import N_, ArchiveError
from models.store import Store

NOTE = "ledger"


class BehindLedger(ArchiveError):
    """Records that were destroyed are back: nothing may be served."""

    status = 503

    def __init__(self, count: int, path: Any):
        words = N_(
            "This database was restored from an older copy: {count} records that stand destroyed in the ledger {path} "
            "would be back. Nothing is served until they are destroyed again."
        )
        super().__init__("behind_ledger", words, count=count, path=path)


def note_ledger(store: Store, n: int, hash: str) -> None:
    """How far the ledger is, as the database knows it: only ever upwards."""
    store.data.meta.update_one({"_id": NOTE}, {"$setOnInsert": {"n": 0, "hash": GENESIS}}, upsert=True)
    store.data.meta.update_one({"_id": NOTE, "n": {"$lt": n}}, {"$set": {"n": n, "hash": hash}})


def check_ledger(store: Store) -> Head:
    """Compare ledger and database; a line ahead whose tombstones stand is caught up with.

    :returns: the last line of both
    :raises BehindLedger: the database was restored
    :raises LedgerFault: the ledger is lost, cut short, changed, or another installation's
    :raises Unavailable: the ledger cannot be read
    """
    known = _known(store)
    head = store.ledger.head()
    if head == known:
        return head
    if head.n <= known.n:
        words = N_(
            "The revocation ledger {path} ends at line {found}, the database has come to line {known}. Put back the "
            "ledger that belongs here."
        )
        raise LedgerFault(words, path=store.ledger.path, found=head.n, known=known.n)
    missing = 0
    for line in store.ledger.lines():
        if line["n"] == known.n and line["hash"] != known.hash:
            raise LedgerFault(N_("The revocation ledger {path} is another installation's."), path=store.ledger.path)
        if line["n"] > known.n:
            missing += _without_tombstone(store, line)
    if missing:
        raise BehindLedger(missing, store.ledger.path)
    note_ledger(store, head.n, head.hash)
    return head


def _known(store: Store) -> Head:
    found = store.data.meta.find_one({"_id": NOTE}) or {}
    return Head(int(found.get("n", 0)), str(found.get("hash") or GENESIS))


def _without_tombstone(store: Store, line: Mapping[str, Any]) -> int:
    ids = [record for record, _, _ in line["records"]]
    return len(ids) - store.data.tombstones.count_documents({"_id": {"$in": ids}})
