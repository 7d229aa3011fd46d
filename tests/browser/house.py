"""The whole house for a browser: `dossier up` with the demonstration on an own folder, and the data behind it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from admin_app.data_folder import DataFolder
from admin_app.opening import close_store, open_store
from admin_app.settings import Settings
from models.access.door import Door, TypeDoor
from models.operations.users import find_by_username
from models.store import Store
from models.users import Actor, actor_of
from seed import demo
from seed.loading import apply_shipped
from tests.panel import Panel

PASSWORD = "tamper-lantern-98"
KINDS = ("enterprise", "individual", "tenant")


@dataclass
class House:
    """A served panel with demonstration data, and a store on the same databases."""

    url: str
    store: Store
    folder: Path

    def actor(self, username: str) -> Actor:
        """An account of the demonstration as the door takes it."""
        return actor_of(self.store, find_by_username(self.store, username))

    def door(self, username: str, kind: str) -> TypeDoor:
        """What this account asks for records of a kind."""
        return Door(self.store, self.actor(username)).open(kind)

    def first(self, kind: str) -> str:
        """Id of the oldest record of a kind: every field of it is filled."""
        return self.store.data.r_customer.find_one({"type": kind}, {"_id": 1}, sort=[("archive_no", 1)])["_id"]


@contextmanager
def open_house() -> Iterator[House]:
    """Start it, and stop it with everything it made."""
    folder = Path(tempfile.mkdtemp(prefix="dh"))
    ledger = folder / "ledger"
    panel = Panel(folder / "data", DOSSIER_LEDGER=str(ledger)).start()
    try:
        note = DataFolder(panel.folder)
        settings = note.completed(Settings(data_dir=panel.folder, ledger=ledger), mongo_url=note.running()["mongo_url"])
        store = open_store(settings, lane="browser")
        apply_shipped(store)
        demo.load(store, PASSWORD)
        yield House(panel.url, store, panel.folder)
        close_store(store)
    finally:
        panel.stop()
        shutil.rmtree(folder, ignore_errors=True)
