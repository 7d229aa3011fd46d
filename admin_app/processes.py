"""Processes that outlive who started them: written down, recognised again, stopped."""

import json
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple


class Mark(NamedTuple):
    """A process, told apart from a later one with the same number by when it was born."""

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> "Mark":
        """The mark of a process that runs now; `born` is empty when it does not."""
        return cls(pid, _born(pid))

    def alive(self) -> bool:
        """Whether this very process still runs. A zombie does not."""
        return bool(self.born) and _born(self.pid) == self.born

    def stop(self, patience_seconds: float = 10.0) -> None:
        """Ask it to end, then insist. Returns when it is gone."""
        self._signal(signal.SIGTERM)
        if not self._gone_within(patience_seconds):
            self._signal(signal.SIGKILL)
            self._gone_within(5.0)

    def _signal(self, number: int) -> None:
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _gone_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True


def _born(pid: int) -> str:
    """When `pid` was born, as text to compare; empty when there is no such process or only its corpse."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name in parentheses may hold spaces: count from behind it.
            rest = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if rest[0] in "ZX" else rest[19]
    asked = subprocess.run(["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, born = asked.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else born.strip()


class StopSign:
    """Put up by a signal, looked at by whoever works.

    A `threading.Event` will not do: its `set` in the handler waits for the lock that the very `wait` it interrupted
    may hold, in the same thread, for ever.
    """

    def __init__(self) -> None:
        self._up = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def put_up(self, *_signal: object) -> None:
        """The handler of a signal."""
        self._up = True
        with suppress(BlockingIOError):  # full: whoever waits is awake
            os.write(self._write, b"!")

    def on(self, *numbers: int) -> "StopSign":
        """Put it up on these signals."""
        for number in numbers:
            signal.signal(number, self.put_up)
        return self

    def is_set(self) -> bool:
        """Whether it is up."""
        return self._up

    def wait(self, seconds: float) -> bool:
        """Wait until it is up, at most so long; whether it is."""
        if not self._up:
            select.select([self._read], [], [], seconds)
        return self._up


def write_private(path: Path, words: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(words)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def write_note(path: Path, **facts: Any) -> None:
    """Write down facts for another process to find."""
    write_private(path, json.dumps(facts))


def read_note(path: Path) -> dict[str, Any]:
    """The facts of `write_note`; empty when there are none or they are torn."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner may enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid == os.getuid():
        path.chmod(0o700)
    return path
