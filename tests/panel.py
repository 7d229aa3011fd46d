"""A real `dossier up` for the tests that need whole processes."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from admin_app.processes import Mark

ROOT = Path(__file__).parents[1]
READY_SECONDS = 60.0


def environment(**more):
    """Ours, without a DOSSIER_ variable that would lead the panel elsewhere."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}, **more}


def dossier(*words, cwd, timeout=60, **more):
    """Run one command to its end."""
    command = [sys.executable, "-m", "admin_app.cli", *map(str, words)]
    env = environment(PYTHONPATH=str(ROOT), **{"XDG_STATE_HOME": str(Path(cwd) / "state"), **more})
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout, check=False)


class Panel:
    """One `up` on one data folder."""

    def __init__(self, folder: Path, *options: str, **more: str):
        self.folder, self.options, self.more = folder, options, more
        self.process: subprocess.Popen | None = None
        self.said: queue.Queue[str] = queue.Queue()
        self.lines: list[str] = []
        self.url = ""

    def start(self) -> "Panel":
        """Start it and wait until it says that it serves."""
        command = [sys.executable, "-m", "admin_app.cli", "up", "--data-dir", str(self.folder), "--port", "0"]
        command += ["--workers", "1", *self.options]
        self.process = subprocess.Popen(
            command,
            cwd=self.folder.parent,
            env=environment(PYTHONPATH=str(ROOT), XDG_STATE_HOME=str(self.folder.parent / "state"), **self.more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()
        self.url = self.hears("ready ").split()[1]
        return self

    def _listen(self, process) -> None:
        with process.stdout:
            for line in process.stdout:
                self.said.put(line.rstrip())
        self.said.put("")

    def hears(self, start: str, seconds: float = READY_SECONDS) -> str:
        """The next line that begins so."""
        end = time.monotonic() + seconds
        while True:
            line = self.said.get(timeout=max(0.01, end - time.monotonic()))
            self.lines.append(line)
            if line.startswith(start):
                return line
            if not line and self.process.poll() is not None:
                raise AssertionError("up ended: " + "\n".join(self.lines))

    @property
    def pids(self) -> dict[str, int]:
        """What it says of its parts."""
        return json.loads((self.folder / "up.json").read_text())["pids"]

    def get(self, path: str, seconds: float = 5.0) -> int:
        """Status of a page; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=seconds) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return 0

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal it; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)

    def kept(self) -> set[Mark]:
        """Every process that names the data folder or comes from the supervisor."""
        return {Mark.of(pid) for pid in family(self.process.pid)}


def family(root: int) -> set[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            rest = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(rest[1]), []).append(int(stat.parent.name))
    found, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += children.get(pid, [])
    return found


def within(seconds: float, holds) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
