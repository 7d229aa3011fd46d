"""Somebody of the shipped cast at a browser of a process; argon2 is asked once each."""

from flask import Flask

from tests.attack.pages import TOKEN, Person
from tests.conftest import CAST_PASSWORD


def at_browser(app: Flask, username: str) -> Person:
    """Signs in with the password of the cast."""
    client = app.test_client()
    token = TOKEN.search(client.get("/login").text)[1]
    answer = client.post("/login", data={"csrf_token": token, "username": username, "password": CAST_PASSWORD})
    assert answer.status_code == 302, answer.text
    return Person(client, None)
