"""Files that wait for a job, sealed under a key of their own: with the key they are gone, wherever copies lie.

`spool`  {_id: "<file>/<number>", file, data}          one piece; bound to its file and place
The key stands in the key store under `import:<file>`.
"""

import io
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, BinaryIO

from bson import Binary
from pymongo import ASCENDING

from models.crypto.envelope import seal, unseal
from models.crypto.keys import DataKey
from models.errors import N_, ArchiveError
from models.store import Store

PIECE_BYTES = 1 << 20
PIECES_KEPT = 3


class Gone(ArchiveError):
    """The file is not there any more."""

    status = 410

    def __init__(self) -> None:
        super().__init__("gone", N_("This file is not kept any more. Upload it again."))


def ensure_indexes(store: Store) -> None:
    """What reading and dropping a file ask for."""
    store.data.spool.create_index([("file", ASCENDING), ("_id", ASCENDING)])


def key_id(file: str) -> str:
    """Where the key of a file stands in the key store."""
    return f"import:{file}"


def new_key(store: Store, file: str) -> DataKey:
    """Make and store the key of a file."""
    key = store.keyring.new_key(key_id(file))
    store.keyring.put([key])
    return key


def key_of(store: Store, file: str) -> DataKey:
    """:raises Gone: the file was dropped"""
    found = store.keyring.fetch([key_id(file)]).get(key_id(file))
    if found is None:
        raise Gone
    return found


def put(store: Store, key: DataKey, file: str, number: int, raw: bytes) -> None:
    """Keep one piece of a file, in place of an earlier one."""
    name = f"{file}/{number:08d}"
    document = {"_id": name, "file": file, "data": Binary(seal(key, name, raw))}
    store.data.spool.replace_one({"_id": name}, document, upsert=True)


def keep(store: Store, file: str, stream: BinaryIO) -> int:
    """Keep a whole file under a fresh key; returns its bytes."""
    key, size = new_key(store, file), 0
    while piece := stream.read(PIECE_BYTES):
        put(store, key, file, size // PIECE_BYTES, piece)
        size += len(piece)
    return size


def pieces(store: Store, file: str) -> Iterator[bytes]:
    """The pieces of a file, in their order.

    :raises Gone: its key was dropped
    """
    key = key_of(store, file)
    for found in store.data.spool.find({"file": file}, sort=[("_id", 1)]):
        yield unseal(key, found["_id"], found["data"])


def cut(store: Store, file: str, number: int) -> None:
    """Drop the pieces from a number on."""
    store.data.spool.delete_many({"file": file, "_id": {"$gte": f"{file}/{number:08d}"}})


def drop(store: Store, file: str) -> None:
    """Drop a file: its key first, so that nothing of it can be read from then on."""
    store.keyring.drop([key_id(file)])
    store.data.spool.delete_many({"file": file})


class SpooledFile(io.RawIOBase):
    """A kept file, to be read at any place; a few pieces are in memory.

    :raises Gone: it was dropped
    """

    def __init__(self, store: Store, file: str, size: int):
        self._store, self._file, self._size = store, file, size
        self._key = key_of(store, file)
        self._at = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, PIECE_BYTES)
        part = self._piece(number)[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _piece(self, number: int) -> bytes:
        if number not in self._kept:
            found = self._store.data.spool.find_one({"_id": f"{self._file}/{number:08d}"})
            if found is None:
                raise Gone
            self._kept[number] = unseal(self._key, found["_id"], found["data"])
            if len(self._kept) > PIECES_KEPT:
                self._kept.popitem(last=False)
        return self._kept[number]


def opened(store: Store, file: str, size: int) -> BinaryIO:
    """A kept file as a buffered stream."""
    return io.BufferedReader(SpooledFile(store, file, size), PIECE_BYTES)
