"""A panel over a test store, and programs that call it with a token, each process with caches of its own."""

import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin_app.application import create_app
from models.operations import tokens
from models.store import Store, bump_stamp, new_id
from models.users import Actor, User

SYSTEM = Actor.system_actor("cli:test")
PATIENCE_SECONDS = 5
"""How long a program waits before it asks again by itself."""
SECRET = "for tests only, long enough to be one"


def process(store: Store) -> Flask:
    """One process of the panel."""
    own = Store(
        data=store.data, keys=store.keys, clock=store.clock, secret=store.secret, keyring=store.keyring,
        audit=store.audit,
    )  # fmt: skip
    settings = SimpleNamespace(secret_key=SECRET, locale="en", tz="Asia/Shanghai", secure=False)
    return create_app(settings, lambda _settings: own)


def add_user(store: Store, username: str, roles: list[str], department: str | None = None) -> User:
    """An account without a password: it comes with a token."""
    user = User(id=new_id(), username=username, name=username, roles=roles, department=department, locale="en")
    store.data.users.insert_one(user.to_mongo())
    bump_stamp(store, "users")
    return user


@dataclass
class Caller:
    """A program with a token."""

    client: FlaskClient
    user: User
    secret: str

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        """A request to the REST interface.

        :param more: `params` of the query, `match` (a revision), `headers`, and what the test client takes
        """
        headers = {"Authorization": f"Bearer {self.secret}"} | more.pop("headers", {})
        if "match" in more:
            headers["If-Match"] = f'"{more.pop("match")}"'
        more["query_string"] = more.pop("params", None)
        answer = self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)
        if answer.status_code != 429 or int(answer.headers["Retry-After"]) > PATIENCE_SECONDS:
            return answer
        time.sleep(int(answer.headers["Retry-After"]))  # as any good program does: a quick machine meets the limit
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, **more: Any) -> TestResponse:
        return self.call("POST", path, **more)

    def patch(self, path: str, **more: Any) -> TestResponse:
        return self.call("PATCH", path, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self.call("DELETE", path, **more)


def caller(app: Flask, store: Store, user: User) -> Caller:
    """A program of this user, calling this process."""
    secret, _ = tokens.create(SYSTEM, store, user.id, name="test")
    return Caller(app.test_client(), user, secret)
