"""The door as browsers and programs meet it, in two processes of one panel."""

import re
from types import SimpleNamespace

import pytest
import structlog

from admin_app.application import create_app
from models import attempts
from models.operations import sessions, tokens, users
from models.operations.migrations import ensure_indexes
from models.store import Store, bump_stamp
from models.users import Actor, Role
from views.access import current_actor, needs, require

PASSWORD = "tamper-lantern-98"
SYSTEM = Actor.system_actor("cli:test")


@pytest.fixture
def store(store) -> Store:
    """An administrator who manages users, a salesperson who may not."""
    ensure_indexes(store)
    for role in ("administrator", "sales"):
        store.data.roles.insert_one(Role(id=role, labels={"en": role}).to_mongo())
    manages = {"holder": "role:administrator", "resource": "users", "actions": ["view", "manage"]}
    store.data.grants_config.insert_one({"_id": "s1", "kind": "scope", **manages})
    bump_stamp(store, "grants")
    for username, role in (("admin", "administrator"), ("lishu", "sales")):
        users.add(
            SYSTEM, store, username=username, name=username, password=PASSWORD, roles=[role], must_change=False
        )
    return store


def panel(store):
    """One process: an application with caches of its own over the same databases."""
    own = Store(data=store.data, keys=store.keys, clock=store.clock, keyring=store.keyring, audit=store.audit)
    settings = SimpleNamespace(secret_key="for tests only, long enough", locale="en", tz="Asia/Shanghai", secure=False)
    app = create_app(settings, lambda _settings: own)

    @app.get("/who")
    @app.get("/api/v1/who")
    def who():
        actor = current_actor()
        return {"id": actor.id, "roles": sorted(actor.roles), "via": actor.via, "can": require("users:manage").can()}

    @app.get("/api/v1/manage")
    @needs("users:manage")
    def manage():
        return {}

    @app.post("/api/v1/write")
    def write():
        return {"id": current_actor().id}

    return app


@pytest.fixture
def app(store):
    return panel(store)


@pytest.fixture
def other_app(store):
    return panel(store)


def token_of(page) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))[1]


def sign_in(client, username="lishu", password=PASSWORD, address="/login", **more):
    form = {"csrf_token": token_of(client.get("/login")), "username": username, "password": password}
    return client.post(address, data=form, **more)


def cookie(client) -> str:
    return client.get_cookie("dossier").value


def carry(value, app):
    """The same browser reaching another process."""
    client = app.test_client()
    client.set_cookie("dossier", value)
    return client


def user(store, username):
    return users.find_by_username(store, username)


def test_a_right_password_opens_the_panel(app):
    client = app.test_client()
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (302, "/admin/")
    assert client.get("/who").json["via"] == "session"


def test_the_cookie_is_strict_and_nothing_is_remembered(app):
    client = app.test_client()
    cookies = sign_in(client, address="/login?remember=1").headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert cookies[0].startswith("dossier=")
    assert "HttpOnly" in cookies[0]
    assert "SameSite=Lax" in cookies[0]
    assert "Expires" not in cookies[0]


def test_over_tls_the_cookie_is_bound_to_the_host(store):
    settings = SimpleNamespace(secret_key="for tests only, long enough", locale="en", tz="Asia/Shanghai", secure=True)
    client = create_app(settings, lambda _settings: store).test_client()
    (set_cookie,) = client.get("/login", base_url="https://localhost").headers.getlist("Set-Cookie")
    assert set_cookie.startswith("__Host-dossier=")
    assert "Secure" in set_cookie
    assert "Path=/" in set_cookie


def test_a_planted_session_is_worth_nothing_after_sign_in(app):
    client = app.test_client()
    client.get("/login")
    planted = cookie(client)
    csrf_before = token_of(client.get("/login"))
    sign_in(client)
    first = cookie(client)
    assert carry(planted, app).get("/who").status_code == 302
    with client.session_transaction() as session:
        secret = session["_user_id"]
        assert "csrf_token" not in session, "the token of the door is not that of the panel"
    stale = client.post("/logout", data={"csrf_token": csrf_before})
    assert stale.status_code == 400
    again = app.test_client()
    sign_in(again)
    with again.session_transaction() as session:
        assert session["_user_id"] != secret
    assert first != cookie(again)


@pytest.mark.parametrize(("wanted", "reached"), [
    ("/admin/r/customer/", "/admin/r/customer/"),
    ("https://evil.example/", "/admin/"),
    ("//evil.example/", "/admin/"),
    ("/\\evil.example", "/admin/"),
    ("/\t/evil.example", "/admin/"),
    ("javascript:alert(1)", "/admin/"),
])
def test_the_way_on_stays_in_the_house(app, wanted, reached):
    client = app.test_client()
    form = {"csrf_token": token_of(client.get("/login")), "username": "lishu", "password": PASSWORD}
    answer = client.post("/login", query_string={"next": wanted}, data=form)
    assert answer.location == reached
    assert client.get("/login", query_string={"next": wanted}).location == reached


def test_unknown_wrong_and_shut_are_told_apart_by_nothing(app, store):
    users.disable(SYSTEM, store, users.add(SYSTEM, store, username="gone", name="G", password=PASSWORD).id)
    pages = set()
    for username, password in (("nobody", PASSWORD), ("lishu", "wrong-lantern-98"), ("gone", PASSWORD)):
        answer = sign_in(app.test_client(), username, password)
        assert answer.status_code == 401
        page = answer.get_data(as_text=True).replace(f'value="{username}"', "")
        pages.add(re.sub(r'nonce="[^"]+"|name="csrf_token" value="[^"]+"', "", page))
    assert len(pages) == 1
    assert "not right" in pages.pop()


def test_an_account_pauses_in_every_process(app, other_app):
    for n in range(5):
        assert sign_in((app, other_app)[n % 2].test_client(), "lishu", "wrong-lantern-98").status_code == 401
    for process in (app, other_app):
        answer = sign_in(process.test_client())
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert "Too many attempts" in answer.get_data(as_text=True)


def test_an_address_pauses_in_every_process(app, other_app, store):
    for _ in range(attempts.ADDRESS.free):
        attempts.take(store, attempts.ADDRESS, "127.0.0.1")
    for process in (app, other_app):
        assert sign_in(process.test_client()).status_code == 429
        away = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}}
        assert sign_in(process.test_client(), **away).status_code == 302


def test_a_post_without_its_token_is_400_and_writes_nothing(app, store):
    before = dict(store.data.users.find_one({"username": "lishu"})), store.data.attempts.count_documents({})
    client = app.test_client()
    for address in ("/login", "/logout", "/account/password", "/first-sign-in"):
        assert client.post(address, data={"username": "lishu", "password": PASSWORD}).status_code == 400
    assert client.post("/api/v1/write", data={"username": "lishu", "password": PASSWORD}).status_code == 401
    assert store.data.sessions.count_documents({}) == 0
    assert (dict(store.data.users.find_one({"username": "lishu"})), store.data.attempts.count_documents({})) == before


def test_signing_out_ends_the_session_in_every_process(app, other_app):
    client = app.test_client()
    sign_in(client)
    stolen = carry(cookie(client), other_app)
    assert stolen.get("/who").status_code == 200
    client.post("/logout", data={"csrf_token": token_of(client.get("/account/password"))})
    assert stolen.get("/who").status_code == 302
    assert client.get("/who").status_code == 302


def test_a_revoked_session_and_a_taken_role_hold_from_the_next_request(app, other_app, store):
    client = app.test_client()
    sign_in(client, "admin")
    elsewhere = carry(cookie(client), other_app)
    assert elsewhere.get("/who").json["can"] is True
    users.add(SYSTEM, store, username="second", name="S", password=PASSWORD, roles=["administrator"])
    users.set_roles(SYSTEM, store, user(store, "admin").id, ["sales"])
    for browser in (client, elsewhere):
        assert browser.get("/who").json == {
            "id": user(store, "admin").id, "roles": ["sales"], "via": "session", "can": False,
        }
    sessions.revoke(SYSTEM, store, store.data.sessions.find_one()["_id"])
    for browser in (client, elsewhere):
        assert browser.get("/who").status_code == 302


def test_a_grant_taken_away_holds_from_the_next_request(app, store):
    client = app.test_client()
    sign_in(client, "admin")
    assert client.get("/who").json["can"] is True
    store.data.grants_config.delete_many({})
    bump_stamp(store, "grants")
    assert client.get("/who").json["can"] is False


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_acts_as_its_user_on_rest_only(app, other_app, store):
    secret, token = tokens.create(SYSTEM, store, user(store, "admin").id)
    client = app.test_client()
    assert client.get("/api/v1/who", headers=bearer(secret)).json["via"] == "token"
    assert client.get("/api/v1/manage", headers=bearer(secret)).status_code == 200
    assert client.post("/api/v1/write", headers=bearer(secret)).status_code == 200
    assert client.get("/who", headers=bearer(secret)).status_code == 302
    weak, _ = tokens.create(SYSTEM, store, user(store, "lishu").id)
    assert client.get("/api/v1/manage", headers=bearer(weak)).status_code == 403
    assert other_app.test_client().get("/api/v1/who", headers=bearer(secret)).status_code == 200
    tokens.revoke(SYSTEM, store, token.id)
    for process in (app, other_app):
        assert process.test_client().get("/api/v1/manage", headers=bearer(secret)).status_code != 200


def test_a_cookie_says_nothing_beside_a_token(app, store):
    client = app.test_client()
    sign_in(client, "admin")
    for header in ("Bearer nonsense", "Bearer", "Basic YWRtaW46eA==", ""):
        answer = client.post("/api/v1/write", headers={"Authorization": header})
        assert answer.status_code not in (200, 500), header
    secret, _ = tokens.create(SYSTEM, store, user(store, "lishu").id)
    assert client.get("/api/v1/who", headers=bearer(secret)).json["id"] == user(store, "lishu").id


def test_a_session_writes_to_rest_with_its_token_only(app):
    client = app.test_client()
    sign_in(client)
    assert client.post("/api/v1/write").status_code == 400
    token = token_of(client.get("/account/password"))
    assert client.post("/api/v1/write", headers={"X-CSRFToken": token}).status_code == 200


def test_a_password_set_by_somebody_else_is_changed_first(app, store):
    users.set_password(SYSTEM, store, user(store, "lishu").id, "handed-lantern-98")
    client = app.test_client()
    sign_in(client, password="handed-lantern-98")
    assert client.get("/who").location == "/account/password"
    assert client.get("/admin/").location == "/account/password"
    assert client.get("/api/v1/who").status_code == 403
    page = client.get("/account/password")
    form = {"csrf_token": token_of(page), "old": "handed-lantern-98"}
    for new, again in (("password1234", "password1234"), ("handed-lantern-98", "handed-lantern-98"), ("a", "b")):
        assert client.post("/account/password", data={**form, "new": new, "again": again}).status_code == 422
        assert client.get("/who").location == "/account/password"
    chosen = {**form, "new": "chosen-lantern-98", "again": "chosen-lantern-98"}
    assert client.post("/account/password", data=chosen).location == "/admin/"
    assert client.get("/who").status_code == 200


def test_the_first_link_opens_an_administrator_and_signs_in(store):
    store.data.users.delete_many({})
    app, client = panel(store), None
    secret = users.first_sign_in_token(store)
    client = app.test_client()
    assert client.get("/first-sign-in?token=guess").location == "/login"
    page = client.get(f"/first-sign-in?token={secret}")
    form = {"csrf_token": token_of(page), "token": secret, "username": "root-a", "name": "张伟"}
    refused = client.post("/first-sign-in", data={**form, "password": "1234567890", "again": "1234567890"})
    assert refused.status_code == 422
    assert "1234567890" not in refused.get_data(as_text=True)
    assert client.post("/first-sign-in", data={**form, "password": PASSWORD, "again": PASSWORD}).location == "/admin/"
    assert client.get("/who").json["can"] is True
    assert client.get(f"/first-sign-in?token={secret}").location == "/login"


def test_no_password_or_secret_reaches_log_audit_or_the_users_collection(app, store):
    with structlog.testing.capture_logs() as lines:
        client = app.test_client()
        sign_in(client, "lishu", "typed-by-mistake-1")
        sign_in(client, "oops-my-password-2", "typed-by-mistake-1")
        sign_in(client)
        with client.session_transaction() as session:
            secret = session["_user_id"]
    everything = str(lines) + "".join(
        str(document) for name in store.data.list_collection_names() for document in store.data[name].find()
    )
    for word in (PASSWORD, "typed-by-mistake-1", "oops-my-password-2", secret):
        assert word not in everything


@pytest.mark.parametrize("typed", ["ＬＩＳＨＵ", " lishu ", "LiShu"])
def test_a_name_is_found_however_it_is_typed(app, typed):
    assert sign_in(app.test_client(), typed).status_code == 302


@pytest.mark.parametrize("typed", ["", "a" * 5000, "\x00", "\ud7ff", "l\u200bishu", "$ne", "{}"])
def test_odd_names_are_only_wrong(app, typed):
    assert sign_in(app.test_client(), typed).status_code == 401


def test_the_door_is_the_wrong_way_round_for_other_methods(app):
    client = app.test_client()
    assert client.get("/logout").status_code == 405
    assert client.put("/login").status_code in (400, 405)
