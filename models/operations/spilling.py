"""Texts by number: the shared strings of a workbook, however many. What memory cannot hold lies enciphered on disk."""

import os
import tempfile
from array import array

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

IN_MEMORY_BYTES = 48 * 2**20
BLOCK = 16


class Texts:
    """Appended one after the other, then read in any order.

    The file has no name and its key lives in this process only: nothing readable is left by a crash.
    """

    def __init__(self) -> None:
        self._start, self._kept = array("Q", [0]), bytearray()
        self._key, self._nonce = os.urandom(32), os.urandom(8)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed with this object)
        self._spilled = 0

    def __len__(self) -> int:
        return len(self._start) - 1

    def append(self, text: str) -> None:
        self._kept += text.encode("utf-8", "surrogatepass")
        self._start.append(self._spilled + len(self._kept))
        if len(self._kept) > IN_MEMORY_BYTES:
            self._spill()

    def __getitem__(self, number: int) -> str:
        """:raises IndexError: there are not so many"""
        if not 0 <= number < len(self):
            raise IndexError(number)
        start, end = self._start[number], self._start[number + 1]
        if start >= self._spilled:
            raw = bytes(self._kept[start - self._spilled : end - self._spilled])
        else:
            raw = self._enciphered(os.pread(self._file.fileno(), end - start, start), start)
        return raw.decode("utf-8", "surrogatepass")

    def _spill(self) -> None:
        os.pwrite(self._file.fileno(), self._enciphered(bytes(self._kept), self._spilled), self._spilled)
        self._spilled += len(self._kept)
        self._kept = bytearray()

    def _enciphered(self, raw: bytes, at: int) -> bytes:
        """The same either way; `at` is the place in the file."""
        block, before = divmod(at, BLOCK)
        cipher = Cipher(AES(self._key), CTR(self._nonce + block.to_bytes(8, "big"))).encryptor()
        return cipher.update(bytes(before) + raw)[before:]
