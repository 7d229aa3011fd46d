"""The servers of a trial: a real mongod and a real Valkey beside the panel, on Unix sockets only.

No client library is opened here (a client must not cross a fork): the few words needed to bring a server up are
spoken over its socket.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import bson

from admin_app.binaries import apt_command, mongod_program, valkey_program
from admin_app.faults import StartFault
from admin_app.processes import Mark, private_folder, read_note, write_note

START_SECONDS = 30.0
NEEDED_BYTES = 300 * 2**20
LOG_BYTES = 5 * 2**20
EVICTION = ",".join(
    f"eviction_{kind}_{bound}={percent}"
    for kind in ("dirty", "updates")
    for bound, percent in (("target", 50), ("trigger", 70))
)
"""Keys of sealed values are random, so each new record changes pages all over the index. Let them wait in the cache
for the next checkpoint: written as early as the default asks (5 percent), a page is written dozens of times instead
of once, and a million records cost the server three times the work."""


class EmbeddedServer:
    """One server process on one folder of data.

    :param folder: holds `<name>/` (data), `log/`, and the note of the running process
    :param sockets: short private folder for the Unix socket
    """

    name = ""

    def __init__(self, folder: Path, sockets: Path):
        self.folder, self.sockets = folder, sockets
        self.data = folder / self.name
        self.log = folder / "log" / f"{self.name}.log"
        self.note = folder / f"{self.name}.pid"
        self.socket = sockets / f"{self.name}.sock"
        self._child: subprocess.Popen | None = None
        self._mark: Mark | None = None
        self._given_up: Callable[[], bool] = lambda: False

    @property
    def url(self) -> str:
        """Where clients connect."""
        raise NotImplementedError

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return self._mark.pid if self._mark and self.alive() else None

    def alive(self) -> bool:
        """Whether the process runs."""
        if self._child is not None:
            return self._child.poll() is None
        return self._mark is not None and self._mark.alive()

    def start(self) -> None:
        """Adopt the server that already runs on this data, else start one. Returns when it takes commands.

        :raises StartFault: in words, when it cannot run here
        """
        self.begin()
        self.finish()

    def begin(self) -> None:
        """The first half of `start`: returns while it comes up."""
        if not self._adopt():
            self._spawn()

    def finish(self, given_up: Callable[[], bool] = lambda: False) -> None:
        """The second half of `start`: returns when it takes commands, or when `given_up` says so."""
        self._given_up = given_up
        self._wait(self._answers)
        self._settle()

    def stop(self, patience_seconds: float = 8.0) -> None:
        """End it cleanly and forget it."""
        if self._mark:
            if self._child is not None:
                self._stop_child(patience_seconds)
            else:
                self._mark.stop(patience_seconds)
        self._child = self._mark = None
        self.note.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)

    def _stop_child(self, patience_seconds: float) -> None:
        assert self._child is not None
        self._child.terminate()
        try:
            self._child.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _adopt(self) -> bool:
        note = read_note(self.note)
        mark = Mark(int(note.get("pid", 0)), str(note.get("born", "")))
        if not mark.alive():
            return False
        self._child, self._mark = None, mark
        self.socket = Path(str(note["socket"]))
        if self.socket.exists():
            return True
        self.stop()
        self.socket = self.sockets / f"{self.name}.sock"
        return False

    def _spawn(self) -> None:
        self._check_room()
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_folder(self.log.parent)
        private_folder(self.sockets)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.socket.unlink(missing_ok=True)
        command = self._command()
        with self._out.open("wb") as out:
            # A session of its own: Ctrl-C in the terminal must reach the supervisor first, and only it.
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd=self.data
            )
        self._mark = Mark.of(self._child.pid)
        write_note(self.note, pid=self._mark.pid, born=self._mark.born, socket=str(self.socket))

    @property
    def _out(self) -> Path:
        return self.log.with_suffix(".out")

    def _check_room(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free < NEEDED_BYTES:
            words = "The disk that holds {folder} is full. Free {mega} MB, or choose another with --data-dir."
            raise StartFault(words, folder=self.folder, mega=NEEDED_BYTES // 2**20)

    def _wait(self, ready: Callable[[], object]) -> None:
        end = time.monotonic() + START_SECONDS
        while not ready() and not self._given_up():
            if not self.alive():
                raise self._reason()
            if time.monotonic() > end:
                words = "{name} does not answer after {seconds} s. Look into {log}."
                raise StartFault(words, name=self.name, seconds=int(START_SECONDS), log=self.log)
            time.sleep(0.01)

    def _reason(self) -> StartFault:
        """Why the process ended, read from what it said."""
        said = _tail(self._out) + _tail(self.log)
        self.stop()
        if "error while loading shared libraries" in said or "Library not loaded" in said:
            library = said.partition("libraries:")[2].split(":")[0].strip()
            words = "{name} needs the library {library}, which is missing. Bring it with: {command}"
            return StartFault(words, name=self.name, library=library, command=apt_command())
        if "No space left on device" in said:
            words = "The disk that holds {folder} is full. Free some room and start again."
            return StartFault(words, folder=self.folder)
        if "DBPathInUse" in said or "already in use" in said.lower():
            words = "Another {name} holds the data in {folder}. Stop it first."
            return StartFault(words, name=self.name, folder=self.folder)
        words = "{name} ended as soon as it was started. Look into {log}."
        return StartFault(words, name=self.name, log=self.log if self.log.exists() else self._out)

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _settle(self) -> None:
        """What is left to do once it answers."""


class EmbeddedMongo(EmbeddedServer):
    """A mongod as a replica set of one, so that transactions work.

    mongod writes whole documents into its log when it finds an operation slow, so the threshold is out of reach;
    network compression is off because the release in the wheel has CVE-2025-14847.
    """

    name = "mongo"

    def __init__(self, folder: Path, sockets: Path, extra: tuple[str, ...] = ()):
        super().__init__(folder, sockets)
        self.extra = extra

    @property
    def url(self) -> str:
        return f"mongodb://{quote(str(self.socket), safe='')}/?directConnection=true"

    def _command(self) -> list[str]:
        return [
            str(mongod_program()), "--dbpath", str(self.data), "--replSet", "dossier",
            "--bind_ip", str(self.socket), "--unixSocketPrefix", str(self.sockets), "--filePermissions", "0700",
            "--logpath", str(self.log), "--logappend", "--networkMessageCompressors", "disabled",
            "--slowms", "2147483647", "--wiredTigerCacheSizeGB", f"{_cache_gigabytes():.2f}", "--oplogSize", "256",
            "--wiredTigerEngineConfigString", EVICTION,
            "--setParameter", "diagnosticDataCollectionEnabled=false", *self.extra,
        ]  # fmt: skip

    def _answers(self) -> bool:
        return bool(self._ask({"hello": 1}).get("ok"))

    def _settle(self) -> None:
        self._wait(self._leads)

    def _leads(self) -> bool:
        """Whether it is primary; on the way there it is told what it does not know yet."""
        status = self._ask({"hello": 1})
        if status.get("isWritablePrimary"):
            return True
        if not status.get("secondary"):
            self._set_address()
        return False

    def _set_address(self) -> None:
        """Make the set, or tell it its own address when the socket lies elsewhere than the last time."""
        answer = self._ask({"replSetGetConfig": 1})
        if answer.get("codeName") == "NotYetInitialized":
            self._ask({"replSetInitiate": {"_id": "dossier", "members": [{"_id": 0, "host": str(self.socket)}]}})
        config = answer.get("config")
        if config and config["members"][0]["host"] != str(self.socket):
            config["members"][0]["host"] = str(self.socket)
            config["version"] += 1
            self._ask({"replSetReconfig": config, "force": True})

    def _ask(self, command: dict) -> dict:
        """Speak one command; an empty answer when nobody listens."""
        try:
            return mongo_command(self.socket, command)
        except OSError:
            return {}


class EmbeddedValkey(EmbeddedServer):
    """A Valkey that keeps its queue on disk."""

    name = "valkey"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def _command(self) -> list[str]:
        return [
            str(valkey_program()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
            "--dir", str(self.data), "--appendonly", "yes", "--save", "", "--daemonize", "no",
            "--logfile", str(self.log), "--maxmemory-policy", "noeviction", "--maxmemory", "256mb",
        ]  # fmt: skip

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2.0)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(5) == b"+PONG"
        except OSError:
            return False


def mongo_command(path: Path, command: dict, seconds: float = 5.0) -> dict:
    """One command to the `admin` database of the mongod behind a Unix socket.

    :raises OSError: nobody listens, or it hung up
    """
    body = bson.encode({**command, "$db": "admin"})
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(seconds)
        line.connect(str(path))
        # OP_MSG: length, request id, response to, opcode 2013, flags, then one section of kind 0.
        head = b"".join(n.to_bytes(4, "little") for n in (21 + len(body), 1, 0, 2013, 0))
        line.sendall(head + b"\0" + body)
        length = int.from_bytes(_receive(line, 4), "little")
        return bson.decode(_receive(line, length - 4)[17:])


def _receive(line: socket.socket, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        part = line.recv(count - len(parts))
        if not part:
            raise ConnectionError("the server hung up")
        parts += part
    return parts


def _tail(path: Path, count: int = 20_000) -> str:
    if not path.exists():
        return ""
    return path.read_bytes()[-count:].decode(errors="replace")


def _cache_gigabytes() -> float:
    """A quarter of the memory, between 256 MB and 4 GB: a trial shares the machine with other work."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return min(4.0, max(0.25, memory / 4))
