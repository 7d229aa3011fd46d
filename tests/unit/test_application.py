"""The application without a database: headers, error pages, catalogues, and what may never be on a page."""

import re
from types import SimpleNamespace

import pytest
from flask_login import LoginManager

from admin_app import catalogues
from admin_app.application import create_app
from admin_app.error_pages import TITLES, WORDS
from views.preferences import way_back


def no_store(settings):
    raise AssertionError("this request should not need the databases")


@pytest.fixture
def app():
    settings = SimpleNamespace(secret_key="for tests only, long enough", locale="zh_Hans_CN", tz="Asia/Shanghai")
    made = create_app(settings, no_store)
    if not hasattr(made, "login_manager"):
        LoginManager(made).user_loader(lambda _session_id: None)

    @made.get("/broken")
    def broken():
        raise KeyError("a secret in a message")

    return made


def test_every_answer_carries_the_strict_headers(app):
    answer = app.test_client().get("/nowhere")
    policy = answer.headers["Content-Security-Policy"]
    assert answer.status_code == 404
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_nonce_serves_one_answer_only(app):
    client = app.test_client()
    nonces = {re.search(r"'nonce-([^']+)'", client.get("/x").headers["Content-Security-Policy"])[1] for _ in range(3)}
    assert len(nonces) == 3


def test_a_fault_is_answered_with_an_id_and_none_of_its_words(app):
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert b"secret" not in answer.data
    assert b"KeyError" not in answer.data
    assert re.search(rb"[0-9A-F]{4}-[0-9A-F]{4}", answer.data)


def test_no_stock_asset_and_nothing_inline_is_on_a_page(app):
    page = app.test_client().get("/nowhere").get_data(as_text=True)
    assert not re.search(r"jquery|bootstrap4|bootstrap\.min|select2|font-awesome", page, re.IGNORECASE)
    assert not re.search(r"<[^>]+\sstyle=", page)
    assert not re.search(r"<[^>]+\son\w+=", page)
    assert all("nonce=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_flask_admin_serves_none_of_its_own_files(app):
    assert not [rule for rule in app.url_map.iter_rules() if "admin/static" in rule.rule]


def test_a_post_without_its_token_is_refused(app):
    assert app.test_client().post("/preferences", data={"theme": "dark"}).status_code == 400


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "javascript:1"])
def test_nobody_is_sent_to_another_site(address):
    assert way_back(address) == "/admin/"


def test_the_way_back_keeps_the_question():
    assert way_back("/admin/r/customer/?q=zs") == "/admin/r/customer/?q=zs"


def test_every_error_has_a_title():
    assert set(WORDS) <= set(TITLES)


def test_catalogues_read_and_are_complete():
    for source in catalogues.sources():
        missing = [message.id for message in catalogues.read(source) if message.id and not message.string]
        assert not missing, f"{source}: {missing[:5]}"
