"""Files for a moment, without a name and enciphered: nothing readable is left by a crash.

Also texts by number: the shared strings of a workbook, however many. What memory cannot hold lies in such a file.
"""

import io
import os
import tempfile
from array import array
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

IN_MEMORY_BYTES = 48 * 2**20
BLOCK = 16


class MomentFile(io.RawIOBase):
    """A file on disk that only this object can read; its key lives in this process alone."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (closed with this object)
        self._key, self._nonce = os.urandom(32), os.urandom(8)
        self._at = self.size = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self.size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        """Appends: no place is ever written twice, or the cipher would tell of both."""
        raw = bytes(data)
        os.pwrite(self._file.fileno(), self._enciphered(raw, self.size), self.size)
        self.size += len(raw)
        self._at = self.size
        return len(raw)

    def readinto(self, buffer: Any) -> int:
        piece = self.read_at(self._at, len(buffer))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def read_at(self, at: int, length: int) -> bytes:
        """Bytes from a place on."""
        raw = os.pread(self._file.fileno(), max(0, min(length, self.size - at)), at)
        return self._enciphered(raw, at) if raw else b""

    def _enciphered(self, raw: bytes, at: int) -> bytes:
        """The same either way."""
        block, before = divmod(at, BLOCK)
        cipher = Cipher(AES(self._key), CTR(self._nonce + block.to_bytes(8, "big"))).encryptor()
        return cipher.update(bytes(before) + raw)[before:]

    def close(self) -> None:
        self._file.close()
        super().close()


class Texts:
    """Appended one after the other, then read in any order."""

    def __init__(self) -> None:
        self._start, self._kept = array("Q", [0]), bytearray()
        self._file = MomentFile()

    def __len__(self) -> int:
        return len(self._start) - 1

    def append(self, text: str) -> None:
        self._kept += text.encode("utf-8", "surrogatepass")
        self._start.append(self._file.size + len(self._kept))
        if len(self._kept) > IN_MEMORY_BYTES:
            self._file.write(self._kept)
            self._kept = bytearray()

    def __getitem__(self, number: int) -> str:
        """:raises IndexError: there are not so many"""
        if not 0 <= number < len(self):
            raise IndexError(number)
        start, end, spilled = self._start[number], self._start[number + 1], self._file.size
        if start >= spilled:
            raw = bytes(self._kept[start - spilled : end - spilled])
        else:
            raw = self._file.read_at(start, end - start)
        return raw.decode("utf-8", "surrogatepass")
