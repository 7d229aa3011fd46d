"""The revocation ledger: an append-only file outside the database that says which records must never come back.

One line a batch, JSON with sorted keys:
`{at, case, hash, n, prev, records: [[record id, key id, fingerprint], …]}`; `n` counts from 1, `prev` is the hash of
the line before (64 zeros for the first), `hash` = SHA-256 of the line without it. No personal data: ids only.

A line stands when `append` returns: written, and the file synchronised. A line that a crash left torn at the end was
never acknowledged and is cut off by the next one.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from models.audit.entries import canonical, moment_text
from models.errors import N_, ArchiveError, Unavailable

GENESIS = "0" * 64
TAIL_BYTES = 64 * 1024


class Head(NamedTuple):
    """The last line that stands."""

    n: int = 0
    hash: str = GENESIS


Revoked = tuple[str, str | None, str]
"""Record id, key id, fingerprint."""


class LedgerFault(ArchiveError):
    """The ledger is damaged: nothing may be destroyed or served before a person has looked."""

    status = 500

    def __init__(self, words: str, **places: Any):
        super().__init__("ledger_fault", words, **places)


class Ledger:
    """One installation's ledger.

    :param place: tells the path; asked when it is first needed, for the name of an installation stands in the database
    """

    def __init__(self, place: Callable[[], Path]):
        self._place = place
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """Where it lies."""
        if self._path is None:
            self._path = self._place()
        return self._path

    def append(self, case: str, records: Sequence[Revoked], at: datetime) -> Head:
        """Write a line; returns when it is on the medium.

        :raises Unavailable: the file cannot be written; whether the line stands is not known
        :raises LedgerFault: its end is no line of a ledger
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                head, end = _end_of(descriptor, self.path)
                line = _line(head, case, records, at)
                os.ftruncate(descriptor, end)
                os.lseek(descriptor, end, os.SEEK_SET)
                _write_all(descriptor, canonical(line) + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if new:
                _sync_folder(self.path.parent)
        except OSError as fault:
            words = N_("The revocation ledger {path} cannot be written ({reason}). Nothing is destroyed until it can.")
            raise _unavailable(words, self.path, fault) from fault
        return Head(line["n"], line["hash"])

    def head(self) -> Head:
        """The last line that stands; `Head()` where there is none.

        :raises Unavailable: the file cannot be read
        :raises LedgerFault: its end is no line of a ledger
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return Head()
        except OSError as fault:
            raise self._unread(fault) from fault
        try:
            return _end_of(descriptor, self.path)[0]
        except OSError as fault:
            raise self._unread(fault) from fault
        finally:
            os.close(descriptor)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Every line from the first on, the chain checked by the way. A torn last line is none.

        :raises LedgerFault: a line was changed, taken out or put in
        :raises Unavailable: the file cannot be read
        """
        head = Head()
        try:
            with self.path.open("rb") as file:
                for raw in file:
                    if not raw.endswith(b"\n"):
                        return
                    line = _checked(raw, self.path)
                    if line["n"] != head.n + 1 or line["prev"] != head.hash:
                        words = N_("The revocation ledger {path} lacks a line before line {n}.")
                        raise LedgerFault(words, path=self.path, n=line["n"])
                    head = Head(line["n"], line["hash"])
                    yield line
        except FileNotFoundError:
            return
        except OSError as fault:
            raise self._unread(fault) from fault

    def _unread(self, fault: OSError) -> Unavailable:
        return _unavailable(N_("The revocation ledger {path} cannot be read ({reason})."), self.path, fault)


def _unavailable(words: str, path: Path, fault: OSError) -> Unavailable:
    error = Unavailable(words)
    error.places = {"path": path, "reason": fault.strerror}
    return error


def _line(head: Head, case: str, records: Sequence[Revoked], at: datetime) -> dict[str, Any]:
    line: dict[str, Any] = {"n": head.n + 1, "prev": head.hash, "at": moment_text(at), "case": case}
    line["records"] = [list(one) for one in records]
    return {**line, "hash": _hash(line)}


def _hash(line: dict[str, Any]) -> str:
    return hashlib.sha256(canonical({name: value for name, value in line.items() if name != "hash"})).hexdigest()


def _checked(raw: bytes, path: Path) -> dict[str, Any]:
    try:
        line = json.loads(raw)
        if _hash(line) == line["hash"]:
            return line
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise LedgerFault(N_("The revocation ledger {path} was changed: a line does not fit its hash."), path=path)


def _end_of(descriptor: int, path: Path) -> tuple[Head, int]:
    """The last whole line, and the offset just after it."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    span = min(size, TAIL_BYTES)
    while True:
        tail = os.pread(descriptor, span, size - span)
        whole = tail.rfind(b"\n") + 1
        start = tail.rfind(b"\n", 0, whole - 1) + 1 if whole else 0
        if (whole and start) or span == size:
            break
        span = min(size, span * 4)
    if not whole:
        return Head(), 0
    line = _checked(tail[start:whole], path)
    return Head(line["n"], line["hash"]), size - span + whole


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
