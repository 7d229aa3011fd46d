"""Where it is measured: one data folder with one mongod, kept between runs and keyed by the number of customers."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from pymongo import MongoClient
from werkzeug.test import TestResponse

from admin_app import logs
from admin_app.application import create_app
from admin_app.data_folder import DataFolder
from admin_app.opening import close_store, open_store
from admin_app.services import EmbeddedMongo
from admin_app.settings import Settings
from models.operations import tokens, users
from models.operations.migrations import migrate
from models.store import Store
from seed import demo, loading
from tests.bench import stock

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "measured-Twice-cut-1nce"
SMALL = 10_000
"""Customers of the small database, which growth is measured against."""


class NotMeasured(Exception):
    """Something did not answer as it should, so that its time would say nothing."""


class Client:
    """One signed-in browser or program; refuses to take time of anything but a good answer."""

    def __init__(self, client: FlaskClient, headers: dict[str, str] | None = None):
        self.client, self.headers = client, headers

    def get(self, path: str, **query: Any) -> TestResponse:
        """:raises NotMeasured: the answer is not 200"""
        answer = self.client.get(path, query_string=_text(query) or None, headers=self.headers)
        _expect(answer.status_code == 200, f"{path} {query}: {answer.status_code}")
        return answer

    def rows(self, path: str, most: int, **query: Any) -> int:
        """Read a streamed CSV up to `most` rows and hang up; how many came."""
        answer = self.client.get(path, query_string=_text(query), headers=self.headers, buffered=False)
        _expect(answer.status_code == 200, f"{path}: {answer.status_code}")
        seen = -1
        for part in answer.response:
            seen += part.count(b"\n") if isinstance(part, bytes) else part.count("\n")
            if seen >= most:
                break
        answer.close()
        return seen


class Panel:
    """Our side over one database: the real application, its real sign-in and tokens."""

    def __init__(self, settings: Settings):
        self.app = create_app(settings, open_store)
        self.store = self.app.extensions["dossier"].store

    def browser(self, username: str) -> Client:
        """Somebody signed in through the form."""
        client = self.app.test_client()
        page = client.get("/login").get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        form = {"csrf_token": token[1] if token else "", "username": username, "password": PASSWORD}
        answer = client.post("/login", data=form)
        _expect(answer.status_code in (302, 303), f"{username} cannot sign in: {answer.status_code}")
        return Client(client)

    def program(self, username: str) -> Client:
        """A program with a token of somebody."""
        actor = users.actor_named(self.store, username)
        secret, _ = tokens.create(actor, self.store, actor.id, name="bench")
        return Client(self.app.test_client(), {"Authorization": f"Bearer {secret}"})

    def close(self) -> None:
        """Let go of the servers."""
        close_store(self.store)


class Ground:
    """The databases of a run: ours at both sizes, the stock one, and scratch ones that are dropped."""

    def __init__(self, folder: Path, count: int, *, small: int = SMALL):
        self.count, self.small = count, min(small, count)
        self.folder = DataFolder(folder / f"data-{count}")
        self._stack = ExitStack()
        self._panels: dict[str, Panel] = {}
        self._stores: dict[str, Store] = {}

    def __enter__(self) -> "Ground":
        self.folder.make()
        self._stack.enter_context(self.folder.held("make bench"))
        self.server = EmbeddedMongo(self.folder.path, self.folder.sockets())
        self._stack.callback(self.server.stop, 60.0)
        self.server.start()
        logs.configure("warning", path=self.folder.path / "log" / "bench.log")
        return self

    def __exit__(self, *fault: object) -> None:
        for panel in self._panels.values():
            panel.close()
        self._stack.close()

    def settings(self, database: str = "dossier") -> Settings:
        """How the panel would be set up over one of the databases."""
        return self.folder.completed(Settings(data_dir=self.folder.path, mongo_url=self.url(database)))

    def url(self, database: str = "") -> str:
        """Address of a database of the run's mongod."""
        return self.server.url.replace("/?", f"/{database}?")

    @cached_property
    def mongo(self) -> MongoClient:
        """The driver itself, for the raw side."""
        client: MongoClient = MongoClient(self.server.url, tz_aware=True)
        self._stack.callback(client.close)
        return client

    def panel(self, database: str = "dossier") -> Panel:
        """Our side, filled."""
        if database not in self._panels:
            self.fill(database, self.count if database == "dossier" else self.small)
            self._panels[database] = Panel(self.settings(database))
        return self._panels[database]

    @cached_property
    def stock(self) -> Client:
        """The stock side, filled."""
        stock.fill(self.server.url, "stock", self.count)
        app = stock.app_on(self.server.url, "stock")
        return Client(app.test_client())

    @contextmanager
    def released(self) -> Iterator[None]:
        """The data folder free for somebody else, the server down; afterwards everything is as before."""
        for panel in self._panels.values():
            panel.close()
        self._panels.clear()
        self._stores.clear()
        self._stack.close()
        self.__dict__.pop("mongo", None)
        self.__dict__.pop("stock", None)
        try:
            yield
        finally:
            self.__enter__()

    def store(self, database: str) -> Store:
        """The store of one of our databases, for operations that have no command."""
        if database not in self._stores:
            self._stores[database] = open_store(self.settings(database))
            self._stack.callback(close_store, self._stores[database])
        return self._stores[database]

    def dossier(self, *words: str, database: str = "dossier") -> float:
        """Run a command of ours on one of the databases; seconds of the whole process."""
        given = self.settings(database)
        environment = os.environ | {
            "DOSSIER_MONGO_URL": str(given.mongo_url),
            "DOSSIER_SECRET_KEY": str(given.secret_key),
            "DOSSIER_KEK": str(given.kek),
            "DOSSIER_DATA_DIR": str(self.folder.path),
            "PYTHONPATH": str(ROOT),
        }
        begun = time.perf_counter()
        command = [sys.executable, "-m", "admin_app.cli", *words]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        _expect(done.returncode == 0, f"dossier {words[0]}: {done.stderr[-300:].strip()}")
        return time.perf_counter() - begun

    def note(self, **facts: Any) -> dict[str, Any]:
        """What is known of the kept data (how long making it took); new facts are added."""
        path = self.folder.path / "bench.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        if facts:
            known |= facts
            path.write_text(json.dumps(known))
        return known

    def fill(self, database: str, count: int) -> None:
        """Bring one of our databases to `count` customers and the demonstration's people."""
        if database in ("costs", "types") or self.note().get(database) == count:
            return
        self.renew(database)
        seconds = self.dossier("generate", "--type", "customer", "--count", str(count), database=database)
        self.note(**{database: count, f"{database}_seconds": seconds})

    def renew(self, database: str) -> None:
        """An empty installation with what ships and the demonstration's accounts."""
        self.mongo.drop_database(database)
        self.mongo.drop_database(f"{database}_keys")
        self._stores.pop(database, None)
        store = self.store(database)
        migrate(store)
        loading.apply_shipped(store)
        demo.load(store, PASSWORD)


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise NotMeasured(otherwise)


def _text(query: dict[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
