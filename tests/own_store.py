"""A store that another process can open: what a test hands to workers."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pymongo

from models.audit.ledger import Ledger
from models.audit.log import AuditLog
from models.crypto.keys import FileKek, Keyring
from models.store import Clock, Store


def open_own_store(url: str, name: str, folder: Path) -> Store:
    """The databases of a test, with clients, keyring and lane of the process that calls."""
    client = pymongo.MongoClient(url, uuidRepresentation="standard", tz_aware=True, w="majority")
    data, keys, clock = client[name], client[f"{name}_keys"], Clock(ZoneInfo("Asia/Shanghai"))
    keyring = Keyring(keys, FileKek(folder / "kek"), clock)
    audit, ledger = AuditLog(data, clock, lane_name="worker"), Ledger(lambda: folder / "ledger")
    return Store(data=data, keys=keys, clock=clock, keyring=keyring, audit=audit, ledger=ledger)
