"""A person at a browser, without the browser: signs in, sends forms with their token, keeps cookies."""

import html
import json
import re
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.operations import users
from models.store import Store
from models.users import User
from tests.attack.panel import SYSTEM

LIST = "/admin/r/client/"
PASSWORD = "tamper-lantern-98"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
INPUT = re.compile(r"<input\b[^>]*>")


@dataclass
class Person:
    """Somebody signed in to one process."""

    client: FlaskClient
    user: User

    def get(self, path: str, where: Any = None, **args: Any) -> TestResponse:
        """A page. `where` may be a tree or text."""
        if where is not None:
            args["where"] = where if isinstance(where, str) else json.dumps(where)
        return self.client.get(path, query_string=args or None)

    def token(self) -> str:
        return TOKEN.search(self.client.get("/admin/").text)[1]  # type: ignore[index]

    def post(self, path: str, **form: Any) -> TestResponse:
        """Send a form. Names with dots or dashes: pass them as a dict under `data`."""
        data = {**form.pop("data", {}), **form, "csrf_token": self.token()}
        return self.client.post(path, data=data)

    def form(self, path: str) -> dict[str, str]:
        """The hidden parts of the form of a page, its revision above all."""
        page = self.get(path).text
        found = (dict(re.findall(r'(\w[\w-]*)="([^"]*)"', tag)) for tag in INPUT.findall(page))
        return {one["name"]: html.unescape(one.get("value", "")) for one in found
                if one.get("type") == "hidden" and one.get("name") in ("revision", "version", "key")}  # fmt: skip


def sign_in(app: Flask, store: Store, user: User) -> Person:
    """This user at a browser of this process."""
    users.set_password(SYSTEM, store, user.id, PASSWORD, must_change=False)
    client = app.test_client()
    token = TOKEN.search(client.get("/login").text)[1]  # type: ignore[index]
    answer = client.post("/login", data={"csrf_token": token, "username": user.username, "password": PASSWORD})
    assert answer.status_code == 302, answer.text
    return Person(client, user)


def page_of(id: str, rest: str = "") -> str:
    """The address of a record of the scene, or of a page below it."""
    return f"{LIST}{id}/{rest}"
