"""Crash points: something happens just after the n-th write of a piece of work, against a real mongod.

`Writes` counts what the main thread writes (the log writes in a thread of its own and is not counted). At the n-th
write it either dies, as a killed process would, in that nothing it then tries reaches the database any more; or it
does something else in between, as another process would, and goes on.
"""

import copy
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import Any

from pymongo.collection import Collection

from models.audit.ledger import Ledger
from models.store import Store

WRITES = (
    "insert_one", "insert_many", "update_one", "update_many", "bulk_write", "delete_one", "delete_many",
    "find_one_and_update", "replace_one",
)  # fmt: skip


class Crash(BaseException):
    """The process is dead."""


class Writes:
    """Counts writes, and does something after the n-th."""

    def __init__(self, at: int = 0, happens: Callable[[], Any] | None = None):
        self.count, self.at, self.happens = 0, at, happens
        self.dead = False
        self.inside = False
        self.names: list[str] = []

    def before(self) -> None:
        if self.dead:
            raise Crash

    def after(self, name: str) -> None:
        if self.inside:
            return
        self.count += 1
        self.names.append(name)
        if self.count != self.at:
            return
        if self.happens is None:
            self.dead = True
            raise Crash
        self.inside = True
        try:
            self.happens()
        finally:
            self.inside = False


@contextmanager
def counted(monkeypatch, writes: Writes):
    """Count the writes inside; a crash ends there."""
    me = threading.current_thread()
    with monkeypatch.context() as patch:
        for name in WRITES:
            patch.setattr(Collection, name, _wrapped(getattr(Collection, name), writes, me, name))
        patch.setattr(Ledger, "append", _wrapped(Ledger.append, writes, me, "ledger"))
        with suppress(Crash):
            yield writes


def _wrapped(method: Callable[..., Any], writes: Writes, me: threading.Thread, name: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        mine = threading.current_thread() is me and not getattr(self, "name", "").startswith("audit_")
        if not mine:
            return method(self, *args, **kwargs)
        writes.before()
        result = method(self, *args, **kwargs)
        writes.after(f"{name} {getattr(self, 'name', '')}")
        return result

    return call


class Snapshot:
    """Everything but the log, to begin again from."""

    def __init__(self, store: Store):
        self.store = store
        self.kept = {(db.name, name): list(db[name].find()) for db, name in _collections(store)}
        self.ledger = store.ledger.path.read_bytes() if store.ledger.path.exists() else None

    def restore(self) -> None:
        for db, name in _collections(self.store):
            db[name].delete_many({})
            if documents := self.kept.get((db.name, name)):
                db[name].insert_many(copy.deepcopy(documents))
        if self.ledger is None:
            self.store.ledger.path.unlink(missing_ok=True)
        else:
            self.store.ledger.path.write_bytes(self.ledger)


def _collections(store: Store):
    for db in (store.data, store.keys):
        for name in db.list_collection_names(filter={"type": "collection"}):
            if not name.startswith(("system.", "audit_")):
                yield db, name
