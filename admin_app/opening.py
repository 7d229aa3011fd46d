"""From settings to a `Store`: the clients of one process, opened after the fork."""

import hashlib
from functools import partial
from pathlib import Path

from pymongo import MongoClient
from pymongo.database import Database

from admin_app.faults import WrongUse
from admin_app.settings import Settings
from models.audit.ledger import Ledger
from models.audit.log import AuditLog
from models.crypto.keys import FileKek, Keyring
from models.definitions.zones import use_zone
from models.errors import Unavailable
from models.operations.restoring import check_ledger
from models.store import Store

SERVER_SECONDS = 10.0


def open_store(settings: Settings, *, lane: str | None = None) -> Store:
    """Clients, keys and log of this process.

    :param lane: name of the audit lane this process writes; a fresh one when unset
    :raises WrongUse: a URL or the secret is missing
    :raises StartFault: the key-encryption key cannot be used
    """
    if not settings.mongo_url:
        raise WrongUse("There is no database: set DOSSIER_MONGO_URL, or start the panel with `dossier up`.")
    if not settings.secret_key:
        raise WrongUse("DOSSIER_SECRET_KEY is not set: give it at least 32 random characters.")
    data = _client(settings.mongo_url)[settings.data_name]
    keys = (_client(settings.keys_url) if settings.keys_url else data.client)[settings.keys_name]
    clock = settings.clock
    use_zone(clock.zone)
    return Store(
        data=data,
        keys=keys,
        clock=clock,
        secret=derived(settings.secret_key, "cursors"),
        keyring=Keyring(keys, FileKek(settings.kek_path), clock),
        audit=AuditLog(data, clock, lane_name=lane),
        ledger=Ledger(partial(_ledger_path, settings, data)),
    )


def open_guarded(settings: Settings, *, lane: str | None = None) -> Store:
    """The same for what serves or works: not over a database that was restored from before a destruction.

    :raises BehindLedger: it was
    :raises LedgerFault: the ledger is lost, cut short or changed
    """
    store = open_store(settings, lane=lane)
    try:
        if installed(store):
            check_ledger(store)
    except BaseException:
        close_store(store)
        raise
    return store


def installed(store: Store) -> bool:
    """Whether anything was ever set up there."""
    return bool((store.data.meta.find_one({"_id": "schema"}) or {}).get("installation"))


def _ledger_path(settings: Settings, data: Database) -> Path:
    """:raises Unavailable: the installation has no name yet"""
    name = (data.meta.find_one({"_id": "schema"}) or {}).get("installation")
    if not name:
        raise Unavailable
    return settings.ledger_path(name)


def close_store(store: Store) -> None:
    """Write out what waits, then let go of the servers."""
    store.audit.close()
    store.data.client.close()
    if store.keys.client is not store.data.client:
        store.keys.client.close()


def derived(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose out of the installation's secret."""
    return hashlib.blake2b(purpose.encode(), key=hashlib.sha256(secret.encode()).digest(), digest_size=32).digest()


def _client(url: str) -> MongoClient:
    """Majority everywhere: what a person was told is written must survive a step-down."""
    return MongoClient(
        url,
        uuidRepresentation="standard",
        tz_aware=True,
        w="majority",
        readConcernLevel="majority",
        connect=False,
        appname="dossier",
        serverSelectionTimeoutMS=SERVER_SECONDS * 1000,
        maxPoolSize=32,
    )
