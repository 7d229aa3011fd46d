"""What machines ask the panel: does the process live, is all it needs there, how does it fare."""

from types import SimpleNamespace

import pymongo
import pytest

from admin_app.application import create_app
from models.store import Store


@pytest.fixture
def settings():
    return SimpleNamespace(
        secret_key="for tests only, long enough", locale="en", tz="Asia/Shanghai", redis_url=None, metrics_token=None
    )


@pytest.fixture
def client(store, settings):
    return create_app(settings, lambda _: store).test_client()


def test_the_process_answers(client):
    assert client.get("/healthz").json == {"status": "ok"}


def test_it_is_ready_without_redis_and_says_so(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "mongo": "ok", "keys": "ok", "redis": "down"}


@pytest.mark.parametrize(("down", "word"), [("data", "mongo"), ("keys", "keys")])
def test_it_is_not_ready_without_database_or_keys(store, settings, down, word):
    nowhere = pymongo.MongoClient("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200", connect=False)
    parts = {"data": store.data, "keys": store.keys, down: nowhere.nothing}
    broken = Store(clock=store.clock, keyring=store.keyring, audit=store.audit, **parts)
    client = create_app(settings, lambda _: broken).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json[word] == "down"
    assert client.get("/healthz").status_code == 200
    nowhere.close()


def test_metrics_count_answers_without_what_was_asked(client):
    client.get("/healthz?q=%E5%BC%A0%E4%B8%89")
    text = client.get("/metrics").text
    assert 'dossier_answers_total{endpoint="health.healthz",method="GET",status="200"} 1.0' in text
    assert "dossier_schema_number" in text
    assert "张三" not in text


@pytest.mark.parametrize(
    ("token", "headers", "address", "status"),
    [
        (None, {}, "127.0.0.1", 200),
        (None, {}, "203.0.113.9", 404),
        (None, {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 404),
        ("t0ken", {}, "127.0.0.1", 404),
        ("t0ken", {"Authorization": "Bearer t0ken"}, "203.0.113.9", 200),
        ("t0ken", {"Authorization": "Bearer wrong"}, "127.0.0.1", 404),
    ],
)
def test_metrics_are_not_public(client, settings, token, headers, address, status):
    settings.metrics_token = token
    answer = client.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == status
