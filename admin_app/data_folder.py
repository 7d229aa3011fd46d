"""The folder of one installation: who holds it, its secrets, its sockets, what runs on it."""

import fcntl
import os
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from admin_app.faults import StartFault, WrongUse
from admin_app.processes import Mark, private_folder, read_note, write_note, write_private
from admin_app.settings import Settings

# 107 bytes are left for a path in `sockaddr_un`; the longest name below it is `/mongodb-27017.sock`.
LONGEST_SOCKET_FOLDER = 107 - len("/mongodb-27017.sock")
SECRET_BYTES = 32


class DataFolder:
    """Everything one installation keeps beside its databases."""

    def __init__(self, path: Path):
        self.path = path.absolute()
        self.secrets = self.path / "secrets"
        self.up_note = self.path / "up.json"
        self._lock_path = self.path / "lock"

    def make(self) -> None:
        """Make it, for nobody else's eyes.

        :raises StartFault: it cannot be made or is another user's
        """
        try:
            private_folder(self.path)
        except OSError as fault:
            words = "The data folder {folder} cannot be made: {reason}. Choose another with --data-dir."
            raise StartFault(words, folder=self.path, reason=fault.strerror) from None
        if not os.access(self.path, os.W_OK | os.X_OK):
            words = "The data folder {folder} is not yours to write. Choose another with --data-dir."
            raise StartFault(words, folder=self.path)

    @contextmanager
    def held(self, what: str, patience_seconds: float = 0.0) -> Iterator[None]:
        """Hold the folder: there is one holder at a time, and a fork does not inherit it.

        :param what: told to whoever comes second
        :raises WrongUse: somebody else holds it
        """
        with self._lock_path.open("a+") as file:
            end = time.monotonic() + patience_seconds
            while not _locked(file):
                if time.monotonic() >= end:
                    raise self._taken()
                time.sleep(0.1)
            write_note(self.path / "holder.json", pid=os.getpid(), what=what)
            yield

    def _taken(self) -> WrongUse:
        holder = read_note(self.path / "holder.json")
        running = self.running()
        if running:
            words = "The panel already runs on {folder} (process {pid}) at {url}. Stop it, or use another --data-dir."
            return WrongUse(words, folder=self.path, pid=running["pid"], url=running["url"])
        words = "`{what}` (process {pid}) holds {folder}. Wait until it is done, or use another --data-dir."
        return WrongUse(words, what=holder.get("what", "?"), pid=holder.get("pid", "?"), folder=self.path)

    def running(self) -> dict[str, Any]:
        """What a living `up` wrote about itself: pid, url, mongo_url, redis_url; empty when there is none."""
        note = read_note(self.up_note)
        mark = Mark(int(note.get("pid", 0)), str(note.get("born", "")))
        return note if mark.alive() else {}

    def announce(self, **facts: Any) -> None:
        """Tell commands where the servers of this `up` are."""
        mark = Mark.of(os.getpid())
        write_note(self.up_note, pid=mark.pid, born=mark.born, **facts)

    def sockets(self) -> Path:
        """A private folder whose path leaves room for a socket, the same at every start where possible.

        Inside the data folder when its path is short and its file system takes sockets: $XDG_RUNTIME_DIR goes
        away when its user signs out, and /tmp is swept. Otherwise one of those.
        """
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        choices = [self.path / "run"]
        if runtime and Path(runtime).is_dir():
            choices.append(Path(runtime) / f"dossier-{secrets.token_hex(4)}")
        for folder in choices:
            if _takes_sockets(folder):
                return folder
        return Path(tempfile.mkdtemp(prefix="dossier-"))

    def completed(self, settings: Settings, **urls: str) -> Settings:
        """The settings with the secrets of this folder, made on the first start, and the URLs of its servers.

        The key-encryption key is made by the keyring, which alone can tell a first start from a lost key.
        """
        private_folder(self.secrets)
        found: dict[str, Any] = {name: url for name, url in urls.items() if getattr(settings, name) is None}
        if settings.secret_key is None:
            found["secret_key"] = self._secret("secret_key")
        if settings.kek is None:
            found["kek"] = f"file:{self.secrets / 'kek'}"
        return settings.model_copy(update={**found, "data_dir": self.path})

    def _secret(self, name: str) -> str:
        path = self.secrets / name
        if not path.exists():
            write_private(path, secrets.token_hex(SECRET_BYTES))
        return path.read_text(encoding="utf-8").strip()


def _locked(file) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _takes_sockets(folder: Path) -> bool:
    """Whether a socket can be made there: some network file systems refuse."""
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        return False
    probe = folder / "probe.sock"
    try:
        private_folder(folder)
        probe.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as line:
            line.bind(str(probe))
    except OSError:
        return False
    probe.unlink(missing_ok=True)
    return True
