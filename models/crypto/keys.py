"""Data keys, one per record, wrapped by the key-encryption key (KEK) of the current epoch.

The key store is a database of its own:
`keks`        {_id: epoch, provider, wrapped, state: current|accepted|destroyed, created_at}
`token_keys`  {_id: epoch, wrapped, created_at}                      wrapped by the KEK of the same epoch
`data_keys`   {_id: record id, key: key id, epoch, wrapped, at, condemned?: case}      one a record for its whole life
"""

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pymongo
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo import WriteConcern
from pymongo.database import Database
from pymongo.errors import BulkWriteError, ConnectionFailure, DuplicateKeyError, OperationFailure

from models.crypto.envelope import seal, unseal
from models.crypto.kek import NONCE_BYTES, FileKek, KekProvider
from models.crypto.tokens import Tokens
from models.errors import N_, KeyStoreFault, Unavailable
from models.store import Clock, new_id

__all__ = ["DataKey", "FileKek", "KekProvider", "Keyring", "ensure_indexes"]

log = logging.getLogger(__name__)
FIRST_EPOCH = 1
MAJORITY = WriteConcern("majority")
ANSWER_SECONDS = 8.0


class DataKey:
    """The key (32 bytes) of one record. Lives as long as the request or batch that fetched it."""

    __slots__ = ("cipher", "id", "key_tag", "record_id", "record_tag", "secret")

    def __init__(self, id: str, record_id: str, secret: bytes):
        self.id = id
        self.record_id = record_id
        self.secret = secret
        self.cipher = AESGCM(secret)
        self.record_tag = b"|%b|" % record_id.encode()
        self.key_tag = b"|%b" % id.encode()

    def __repr__(self) -> str:
        return f"DataKey({self.id} of {self.record_id})"

    def __reduce__(self) -> Any:
        raise TypeError("a data key does not leave its process")


class Keyring:
    """The key store of the archive, as one process sees it. Opens it on first use; thread-safe.

    Holds the KEKs and token keys in memory, never a data key.
    """

    def __init__(self, keys_db: Database, provider: KekProvider, clock: Clock):
        self._db = keys_db.with_options(write_concern=MAJORITY)
        self._provider = provider
        self._clock = clock
        self._lock = threading.Lock()
        self._keks: dict[int, AESGCM] = {}
        self._current = 0
        self._tokens: Tokens | None = None

    # data keys

    def new_key(self, record_id: str) -> DataKey:
        """A fresh key, in memory only: `put` it before anything sealed with it is written."""
        return DataKey(new_id(), record_id, os.urandom(32))

    def put(self, keys: Sequence[DataKey]) -> None:
        """Store keys, majority-acknowledged.

        :raises Unavailable: the key store did not answer; what it holds of `keys` is swept later
        """
        if not keys:
            return
        epoch, kek = self._current_kek()
        now = self._clock.now()
        documents = []
        for key in keys:
            nonce = os.urandom(NONCE_BYTES)
            wrapped = nonce + kek.encrypt(nonce, key.secret, _bound(epoch, key.record_id, key.id))
            documents.append({"_id": key.record_id, "key": key.id, "epoch": epoch, "wrapped": wrapped, "at": now})
        with _answering():
            self._db.data_keys.insert_many(documents, ordered=False)

    def fetch(self, record_ids: Iterable[str]) -> dict[str, DataKey]:
        """The keys of these records, in one query. A record whose key is gone, condemned or does not open is absent.

        :raises Unavailable: the key store did not answer (never taken for *gone*)
        """
        wanted = list(record_ids)
        if not wanted:
            return {}
        with _answering():
            living = {"_id": {"$in": wanted}, "condemned": None}
            found = list(self._db.data_keys.find(living, {"at": False}))
        keys = {}
        for document in found:
            key = self._open(document)
            if key is not None:
                keys[key.record_id] = key
        return keys

    def drop(self, record_ids: Iterable[str]) -> int:
        """Delete the keys of records that never came to be. Returns how many there were."""
        with _answering():
            return self._db.data_keys.delete_many({"_id": {"$in": list(record_ids)}}).deleted_count

    # destruction

    def ids_of(self, record_ids: Iterable[str]) -> dict[str, str]:
        """Record id → id of its key, for a manifest; a record without a key is absent.

        :raises Unavailable: the key store did not answer
        """
        with _answering():
            found = self._db.data_keys.find({"_id": {"$in": list(record_ids)}}, {"key": True})
            return {document["_id"]: document["key"] for document in found}

    def condemn(self, case: str, keys: Mapping[str, str]) -> None:
        """Mark keys as those a case will delete: from now on `fetch` gives them to nobody. Safe to repeat.

        :param keys: record id → key id, as the manifest has them
        :raises KeyStoreFault: a record has another key than that, or the key of another case
        :raises Unavailable: the key store did not answer
        """
        wanted = {"_id": {"$in": list(keys)}, "key": {"$in": list(keys.values())}, "condemned": {"$in": [None, case]}}
        with _answering():
            self._db.data_keys.update_many(wanted, {"$set": {"condemned": case}})
            found = list(self._db.data_keys.find({"_id": {"$in": list(keys)}}, {"key": True, "condemned": True}))
        if any(one.get("condemned") != case or one["key"] != keys[one["_id"]] for one in found):
            raise KeyStoreFault(N_("A record has another key than the manifest of its case says. Nothing was deleted."))

    def delete_condemned(self, case: str, record_ids: Sequence[str]) -> None:
        """Delete keys that this case has condemned, and no others; returns when none of the records has one.

        The caller has made sure of tombstone and ledger: only then is *not found* success.

        :raises KeyStoreFault: a key stands that the case has not condemned, or this is another key store
        :raises Unavailable: the key store did not answer, so nothing is known to be gone
        """
        epoch, _ = self._current_kek()
        with _answering():
            if not self._db.keks.find_one({"_id": epoch, "state": {"$ne": "destroyed"}}, {"_id": True}):
                raise KeyStoreFault(N_("Another key store answers than the one that was opened."))
            self._db.data_keys.delete_many({"_id": {"$in": list(record_ids)}, "condemned": case})
            if self._db.data_keys.find_one({"_id": {"$in": list(record_ids)}}, {"_id": True}):
                raise KeyStoreFault(N_("A key stands that its case has not condemned. It was left as it is."))

    def standing(self, record_ids: Sequence[str], key_ids: Sequence[str]) -> list[str]:
        """Which of these records still have a key, condemned or not, or have one of these keys under another name.

        :raises Unavailable: the key store did not answer
        """
        either = {"$or": [{"_id": {"$in": list(record_ids)}}, {"key": {"$in": list(key_ids)}}]}
        with _answering():
            return [found["_id"] for found in self._db.data_keys.find(either, {"_id": True})]

    # secrets of the installation

    def wrap(self, purpose: str, secret: bytes) -> tuple[int, bytes]:
        """Wrap a secret of the installation itself under the current epoch: epoch and wrapped bytes."""
        epoch, kek = self._current_kek()
        nonce = os.urandom(NONCE_BYTES)
        return epoch, nonce + kek.encrypt(nonce, secret, f"secret|{epoch}|{purpose}".encode())

    def unwrap(self, purpose: str, epoch: int, wrapped: bytes) -> bytes:
        """The secret that was wrapped.

        :raises KeyStoreFault: its epoch is gone, or it was changed
        """
        self._current_kek()
        kek = self._keks.get(epoch) or self._kek_of(epoch)
        try:
            if kek is not None:
                return kek.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], f"secret|{epoch}|{purpose}".encode())
        except InvalidTag:
            pass
        raise KeyStoreFault(N_("A secret of the installation ({purpose}) does not open."), purpose=purpose)

    @property
    def database(self) -> Database:
        """The key store's database, for the parts of this package that keep documents of their own there."""
        return self._db

    def _open(self, document: Mapping[str, Any]) -> DataKey | None:
        record_id, key_id, epoch, wrapped = (document[name] for name in ("_id", "key", "epoch", "wrapped"))
        kek = self._keks.get(epoch) or self._kek_of(epoch)
        try:
            if kek is not None:
                bound = _bound(epoch, record_id, key_id)
                return DataKey(key_id, record_id, kek.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound))
        except InvalidTag:
            pass
        log.error("the data key of record %s (epoch %s) does not open", record_id, epoch)
        return None

    # epochs

    @property
    def tokens(self) -> Tokens:
        """Makes search tokens under the current epoch and those still accepted."""
        if self._tokens is None:
            self._open_store()
        assert self._tokens is not None
        return self._tokens

    @property
    def epoch(self) -> int:
        """The current epoch: what new keys are wrapped under."""
        return self._current_kek()[0]

    def load(self) -> None:
        """Read the epochs anew; make the first one in an empty key store.

        :raises KeyStoreFault: a KEK is lost, or the key store holds keys but no KEK
        """
        with self._lock, _answering():
            self._load()

    def _load(self) -> None:
        epochs = list(self._db.keks.find({"state": {"$ne": "destroyed"}}).sort("_id")) or self._first_epoch()
        keks, raw = {}, {}
        for document in epochs:
            kek = self._provider.unwrap(document["_id"], document["wrapped"])
            keks[document["_id"]] = AESGCM(kek)
        for document in self._db.token_keys.find({"_id": {"$in": list(keks)}}):
            epoch, wrapped = document["_id"], document["wrapped"]
            try:
                raw[epoch] = keks[epoch].decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], b"token|%d" % epoch)
            except InvalidTag:
                raise KeyStoreFault(N_("The token key of epoch {epoch} does not open."), epoch=epoch) from None
        current = max(keks)
        if current not in raw:
            raise KeyStoreFault(N_("The token key of epoch {epoch} is missing."), epoch=current)
        self._keks, self._tokens, self._current = keks, Tokens(raw, current), current

    def _first_epoch(self) -> list[dict[str, Any]]:
        if self._db.data_keys.find_one({}, {"_id": True}):
            raise KeyStoreFault(N_("The key store holds data keys but no key-encryption key. Restore it whole."))
        with suppress(DuplicateKeyError):  # another process was first; its key is the one
            self._add_epoch(FIRST_EPOCH)
        return list(self._db.keks.find({"state": {"$ne": "destroyed"}}).sort("_id"))

    def _add_epoch(self, epoch: int) -> None:
        """One transaction: a KEK without its token key would make every search blind."""
        kek, token_key, nonce = AESGCM.generate_key(256), os.urandom(32), os.urandom(NONCE_BYTES)
        made = {"_id": epoch, "created_at": self._clock.now()}
        wrapped = self._provider.wrap(epoch, kek)
        token = nonce + AESGCM(kek).encrypt(nonce, token_key, b"token|%d" % epoch)

        def insert(session: Any) -> None:
            document = {**made, "provider": self._provider.name, "wrapped": wrapped, "state": "current"}
            self._db.keks.insert_one(document, session=session)
            self._db.token_keys.insert_one({**made, "wrapped": token}, session=session)

        with self._db.client.start_session() as session:
            session.with_transaction(insert, write_concern=MAJORITY)

    def _current_kek(self) -> tuple[int, AESGCM]:
        if not self._current:
            self._open_store()
        return self._current, self._keks[self._current]

    def _open_store(self) -> None:
        """The first use: of many threads, one reads."""
        with self._lock, _answering():
            if not self._current:
                self._load()

    def _kek_of(self, epoch: int) -> AESGCM | None:
        """A key of an epoch this process has not met: another process has begun it."""
        self.load()
        return self._keks.get(epoch)

    # start-up

    def self_test(self) -> None:
        """Make a key, seal, open, delete the key: what it sealed must then be dead.

        :raises KeyStoreFault: the key store does not do what destruction relies on
        """
        record_id = f"self-test-{new_id()}"
        key = self.new_key(record_id)
        self.put([key])
        blob = seal(key, "self_test", "openable")
        fetched = self.fetch([record_id])
        if record_id not in fetched or unseal(fetched[record_id], "self_test", blob) != "openable":
            raise KeyStoreFault(N_("The key store did not give back the key it was given."))
        if self.drop([record_id]) != 1 or self.fetch([record_id]):
            raise KeyStoreFault(N_("The key store still gives out a key that was deleted."))


def ensure_indexes(keys_db: Database) -> None:
    """What the sweep for orphans needs. Idempotent."""
    keys_db.data_keys.create_index([("at", 1), ("_id", 1)])
    keys_db.data_keys.create_index("orphan_at", sparse=True)
    keys_db.data_keys.create_index("key")


def _bound(epoch: int, record_id: str, key_id: str) -> bytes:
    return f"data|{epoch}|{record_id}|{key_id}".encode()


@contextmanager
def _answering() -> Iterator[None]:
    """The questions asked here are fixed, so a refused one is the key store's fault, save a duplicate."""
    try:
        with pymongo.timeout(ANSWER_SECONDS):
            yield
    except (BulkWriteError, DuplicateKeyError):
        raise
    except (ConnectionFailure, OperationFailure) as fault:
        raise Unavailable from fault
