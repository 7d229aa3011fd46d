"""`dossier up`: servers and parts of one installation, started in order, watched, stopped together."""

import errno
import gc
import secrets
import signal
import socket
import sys
import time
from collections import defaultdict, deque
from typing import Protocol

from admin_app import logs
from admin_app.data_folder import DataFolder
from admin_app.faults import StartFault, WrongUse
from admin_app.parts import Part
from admin_app.processes import StopSign
from admin_app.services import EmbeddedMongo, EmbeddedServer, EmbeddedValkey
from admin_app.settings import Settings

LOOK_SECONDS = 0.25
MOST_DEATHS, DEATH_SECONDS = 5, 60.0
PARTS_GRACE_SECONDS = 6.0
SERVER_GRACE_SECONDS = 3.0
READY_SECONDS = 60.0


class Running(Protocol):
    """What the supervisor watches: an embedded server or a forked part."""

    name: str

    def start(self) -> None: ...
    def alive(self) -> bool: ...


class Supervisor:
    """Everything `up` started, and the order in which it ends.

    :param demo_password: load the demo data for accounts with this password; None: no demo
    """

    def __init__(self, settings: Settings, folder: DataFolder, demo_password: str | None = None):
        self.folder = folder
        self.given, self.settings = settings, settings
        self.demo_password = demo_password
        self.servers: list[EmbeddedServer] = []
        self.parts: list[Part] = []
        self._stop = StopSign()
        self._deaths: dict[str, deque[float]] = defaultdict(deque)

    def run(self) -> None:
        """Bring everything up, keep it up, and bring it down on SIGTERM or Ctrl-C.

        :raises StartFault: something cannot start, or keeps dying
        """
        self._stop.on(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        listener = bound(self.settings.host, self.settings.port)
        try:
            self._bring_up(listener)
            while not self._stop.wait(LOOK_SECONDS):
                self._look()
        finally:
            self._bring_down()
            listener.close()

    @property
    def url(self) -> str:
        """Where people find the panel."""
        host = "127.0.0.1" if self.settings.host in ("0.0.0.0", "::") else self.settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.settings.port}"

    def _bring_up(self, listener: socket.socket) -> None:
        self._choose_servers()
        for server in self.servers:
            server.begin()
        # The imports take about as long as the servers need to come up: both at once.
        # Collecting garbage between them finds none and costs a tenth of the time.
        gc.disable()
        from admin_app import bodies

        gc.enable()
        for server in self.servers:
            server.finish(self._stop.is_set)
        urls = {f"{'mongo' if isinstance(one, EmbeddedMongo) else 'redis'}_url": one.url for one in self.servers}
        port = listener.getsockname()[1]
        self.settings = self.folder.completed(self.given, **urls).model_copy(update={"port": port})
        logs.configure(
            self.settings.log_level,
            clock_offset=self.settings.clock_offset,
            path=self.folder.path / "log" / "panel.log",
        )
        self._prepare(bodies)
        self._note()
        self.parts = [
            Part("web", lambda: bodies.web(self.settings, listener)),
            Part("worker", lambda: bodies.worker(self.settings)),
            Part("ticker", lambda: bodies.ticker(self.settings)),
        ]
        for part in self.parts:
            part.start()
        self._wait_until_ready()

    def _choose_servers(self) -> None:
        sockets = self.folder.sockets()
        if self.given.mongo_url is None:
            self.servers.append(EmbeddedMongo(self.folder.path, sockets))
            say("embedded MongoDB: for trial and development. For production set DOSSIER_MONGO_URL.")
        if self.given.redis_url is None:
            self.servers.append(EmbeddedValkey(self.folder.path, sockets))

    def _prepare(self, bodies) -> None:
        """Migrations, shipped definitions, first account: in a child, for no client may be open before the forks."""
        part = Part("prepare", lambda: bodies.prepare(self.settings, self.url, self.demo_password))
        part.start()
        while part.alive() and not self._stop.wait(0.02):
            continue
        if self._stop.is_set():
            part.kill()
        elif part.code:
            words = "The data in {folder} could not be made ready. The line above or {log} says why."
            raise StartFault(words, folder=self.folder.path, log=self.folder.path / "log")

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + READY_SECONDS
        while not self._stop.is_set():
            if answers(self.settings.host, self.settings.port, "/readyz"):
                self._note()
                print(f"ready {self.url}", flush=True)
                return
            if time.monotonic() > end:
                words = "The panel does not answer after {seconds:.0f} s. Look into {log}."
                raise StartFault(words, seconds=READY_SECONDS, log=self.folder.path / "log")
            self._look()
            time.sleep(0.02)

    def _look(self) -> None:
        """Restart what died. Servers first: the parts need them."""
        died = [one for one in (*self.servers, *self.parts) if not one.alive()]
        for one in died:
            if self._stop.is_set():
                return
            self._count_death(one)
            say(f"{one.name} ended; starting it again.")
            one.start()
        if died:
            self._note()

    def _count_death(self, one: Running) -> None:
        deaths, now = self._deaths[one.name], time.monotonic()
        deaths.append(now)
        while deaths[0] < now - DEATH_SECONDS:
            deaths.popleft()
        if len(deaths) >= MOST_DEATHS:
            words = "{name} ended {count} times within a minute, so everything is stopped. Look into {log}."
            raise StartFault(words, name=one.name, count=len(deaths), log=self.folder.path / "log")

    def _pids(self) -> dict[str, int | None]:
        return {one.name: one.pid for one in (*self.servers, *self.parts)}

    def _note(self) -> None:
        self.folder.announce(
            url=self.url, mongo_url=self.settings.mongo_url, redis_url=self.settings.redis_url, pids=self._pids()
        )

    def _bring_down(self) -> None:
        """Parts first, so that each can still write out what it holds; then the servers. Within ten seconds."""
        for part in self.parts:
            part.ask_to_stop()
        end = time.monotonic() + PARTS_GRACE_SECONDS
        while any(part.alive() for part in self.parts) and time.monotonic() < end:
            time.sleep(0.02)
        for part in self.parts:
            part.kill()
        for server in reversed(self.servers):
            server.stop(SERVER_GRACE_SECONDS)
        self.folder.up_note.unlink(missing_ok=True)


def up(settings: Settings, *, demo: bool = False, demo_password: str | None = None) -> None:
    """Run an installation until told to stop.

    :raises WrongUse: another `up` or command holds the data
    :raises StartFault: in words, what keeps it from starting
    """
    folder = DataFolder(settings.data_dir)
    folder.make()
    with folder.held("dossier up"):
        Supervisor(settings, folder, _demo_password(demo, demo_password)).run()


def _demo_password(demo: bool, given: str | None) -> str | None:
    if not demo:
        return None
    return given or secrets.token_urlsafe(9)


def say(sentence: str) -> None:
    """A line for the person at the terminal."""
    print(f"dossier: {sentence}", file=sys.stderr, flush=True)


def bound(host: str, port: int) -> socket.socket:
    """The panel's port, taken before anything else is started and kept while the web part restarts.

    :raises StartFault: somebody else has it
    :raises WrongUse: no such address here
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except PermissionError:
        raise StartFault("Port {port} needs root. Choose one above 1023 with --port.", port=port) from None
    except OSError as fault:
        listener.close()
        if fault.errno == errno.EADDRINUSE:
            words = "Port {port} is taken by another program. Stop it, or choose another with --port."
            raise StartFault(words, port=port) from None
        raise WrongUse("The panel cannot listen on {host}: {reason}.", host=host, reason=fault.strerror) from None
    return listener


def answers(host: str, port: int, path: str) -> bool:
    """Whether the panel answers 200. Spoken by hand: a client library would start threads before later forks."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with socket.create_connection((host, port), timeout=2.0) as line:
            line.settimeout(5.0)
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            return b" 200 " in line.recv(64)
    except OSError:
        return False
