"""Where the key-encryption key (KEK) of an epoch is kept: a small interface and the local file."""

import base64
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import N_, KeyStoreFault

NONCE_BYTES = 12


class KekProvider(Protocol):
    """Wraps the KEK of an epoch, and nothing else: data keys are wrapped by the KEK, in memory."""

    name: str
    """Stored beside what it wrapped."""
    attests_deletion: bool
    """True where a destroyed key is known to be gone from the medium; a certificate says which."""

    def wrap(self, epoch: int, kek: bytes) -> bytes:
        """Wrap the KEK (32 bytes) under the provider's key of this epoch, which is made when it is missing."""

    def unwrap(self, epoch: int, wrapped: bytes) -> bytes:
        """The KEK of this epoch.

        :raises KeyStoreFault: the provider's key is missing or is another one
        """

    def destroy(self, epoch: int) -> None:
        """Destroy the provider's key of this epoch; whatever it wrapped is then dead. Safe to repeat."""


class FileKek:
    """The provider's keys in one local JSON file, `{epoch: base64}`, mode 0600. The default.

    A file system may keep old blocks, so deletion is not attested.
    """

    name = "file"
    attests_deletion = False

    def __init__(self, path: Path | str):
        self.path = Path(path)

    def wrap(self, epoch: int, kek: bytes) -> bytes:
        with self._locked():
            keys = self._read()
            if str(epoch) not in keys:
                keys[str(epoch)] = base64.b64encode(AESGCM.generate_key(256)).decode()
                self._write(keys)
        nonce = os.urandom(NONCE_BYTES)
        return nonce + _cipher(keys, epoch).encrypt(nonce, kek, _bound(epoch))

    def unwrap(self, epoch: int, wrapped: bytes) -> bytes:
        keys = self._read()
        if str(epoch) not in keys:
            words = N_("The key file {path} is missing or lacks epoch {epoch}. Put back the file that belongs here.")
            raise KeyStoreFault(words, path=self.path, epoch=epoch)
        try:
            return _cipher(keys, epoch).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound(epoch))
        except InvalidTag:
            words = N_("The key file {path} belongs to another key store. Put back the file that belongs here.")
            raise KeyStoreFault(words, path=self.path) from None

    def destroy(self, epoch: int) -> None:
        with self._locked():
            keys = self._read()
            if keys.pop(str(epoch), None):
                self._write(keys)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two processes that start at once must not each make a key."""
        descriptor = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self) -> dict[str, str]:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return {}
        except OSError as fault:
            raise KeyStoreFault(N_("The key file {path} cannot be read."), path=self.path) from fault
        with open(descriptor, encoding="ascii") as file:
            self._refuse_careless(os.fstat(descriptor))
            try:
                return json.load(file)
            except ValueError:
                raise KeyStoreFault(N_("{path} is not a key file."), path=self.path) from None

    def _refuse_careless(self, found: os.stat_result) -> None:
        if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid not in (os.geteuid(), 0):
            words = N_("Others may read the key file {path}: set its mode to 0600 and its owner to this account.")
            raise KeyStoreFault(words, path=self.path)

    def _write(self, keys: dict[str, str]) -> None:
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            json.dump(keys, file)
            file.flush()
            os.fsync(descriptor)
        os.replace(fresh, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _cipher(keys: dict[str, str], epoch: int) -> AESGCM:
    return AESGCM(base64.b64decode(keys[str(epoch)]))


def _bound(epoch: int) -> bytes:
    return b"kek|%d" % epoch
