"""The pages about people: users, roles, departments and one's own account."""

import re
from types import SimpleNamespace

import pytest

from admin_app.application import create_app
from models import attempts
from models.access.door import Door
from models.operations import departments, records, users
from models.users import Actor

PASSWORD = "tamper-lantern-98"
SYSTEM = Actor.system_actor("cli:test")
PEOPLE = {"admin": "administrator", "keeper": "permission_admin", "lishu": "service_clerk"}
PAGES = (
    "/account/", "/admin/users/", "/admin/users/new/", "/admin/users/{lishu}/", "/admin/roles/", "/admin/roles/new/",
    "/admin/roles/service_clerk/", "/admin/departments/", "/admin/departments/new/", "/admin/departments/{east}/",
)  # fmt: skip


@pytest.fixture
def ids(shipped):
    """The shipped roles and grants, three people and a department; ids by name."""
    store = shipped
    top = departments.add(SYSTEM, store, name="总部")
    found = {"top": top.id, "east": departments.add(SYSTEM, store, name="华东区", parent=top.id).id}
    for username, role in PEOPLE.items():
        found[username] = users.add(
            SYSTEM, store, username=username, name=username.title(), password=PASSWORD, roles=[role],
            department=found["east"], locale="en", must_change=False,
        ).id  # fmt: skip
    return found


@pytest.fixture
def app(store, ids):
    settings = SimpleNamespace(secret_key="for tests only, long enough", locale="en", tz="Asia/Shanghai", secure=False)
    return create_app(settings, lambda _settings: store)


def token_of(page) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))[1]


def browser(app, username):
    client = app.test_client()
    form = {"csrf_token": token_of(client.get("/login")), "username": username, "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 302
    return client


@pytest.fixture
def admin(app):
    return browser(app, "admin")


def send(client, address, **form):
    return client.post(address, data={"csrf_token": token_of(client.get("/account/")), **form})


def text(answer) -> str:
    return answer.get_data(as_text=True)


def test_every_page_opens_for_who_may_and_for_nobody_else(app, ids):
    people = {username: browser(app, username) for username in PEOPLE}
    for page in PAGES:
        address = page.format(**ids)
        assert people["admin"].get(address).status_code == 200, page
        signed_out = app.test_client().get(address)
        assert (signed_out.status_code, signed_out.location.split("?")[0]) == (302, "/login"), page
        if page != "/account/":
            assert people["lishu"].get(address).status_code == 403, page
        draws = "/new/" in page or "east" in page
        assert people["keeper"].get(address).status_code == (403 if draws else 200), page


@pytest.mark.parametrize(("locale", "tag"), [("zh_Hans_CN", "zh-Hans"), ("zh_Hant_TW", "zh-Hant"), ("en", "en")])
def test_every_page_speaks_the_language_and_holds_nothing_inline(admin, ids, locale, tag):
    send(admin, "/preferences", locale=locale, back="/account/")
    for page in (*PAGES, "/account/password"):
        words = text(admin.get(page.format(**ids)))
        assert f'lang="{tag}"' in words
        assert not re.search(r"<[^>]+\sstyle=|<[^>]+\son\w+=|<style|<script(?![^>]*nonce=)", words), page
        for box in re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*>', words):
            known = re.search(r'id="([^"]+)"', box)
            inside = re.search(r"<label[^>]*>(?:<span.*?</span>)?" + re.escape(box), words)
            assert "aria-" in box or inside or f'for="{known[1]}"' in words, box
        ids_on_page = re.findall(r'\sid="([^"]+)"', words)
        assert len(ids_on_page) == len(set(ids_on_page)), page


def test_a_viewer_sees_no_button_that_would_be_refused(app, ids):
    keeper = browser(app, "keeper")
    for page in ("users/", "users/{lishu}/", "roles/", "roles/sales/", "departments/"):
        words = text(keeper.get(f"/admin/{page.format(**ids)}"))
        main = words[words.index("<main"):words.index("</main>")]
        assert 'method="post"' not in main, page
        assert "/new/" not in main, page


WRITES = (
    "/admin/users/new/", "/admin/users/{lishu}/edit", "/admin/users/{lishu}/roles", "/admin/users/{lishu}/password",
    "/admin/users/{lishu}/disable", "/admin/users/{lishu}/enable", "/admin/users/{lishu}/unlock", "/admin/roles/new/",
    "/admin/roles/sales/edit", "/admin/roles/sales/remove", "/admin/departments/new/", "/admin/departments/{east}/",
    "/admin/departments/{east}/remove",
)  # fmt: skip


def test_writes_are_refused_without_the_right_and_without_the_token(app, store, ids):
    people = {username: browser(app, username) for username in PEOPLE}
    before = everything(store)
    for page in WRITES:
        address = page.format(**ids)
        for username in ("keeper", "lishu"):
            assert send(people[username], address, name="x", username="new-one").status_code == 403, page
        assert people["admin"].post(address, data={"name": "x", "username": "new-one"}).status_code == 400, page
        signed_out = app.test_client()
        token = token_of(signed_out.get("/login"))
        assert signed_out.post(address, data={"csrf_token": token, "name": "x"}).status_code == 302, page
    assert everything(store) == before


def everything(store):
    kinds = ("users", "roles", "departments", "api_tokens")
    return {name: list(store.data[name].find().sort("_id", 1)) for name in kinds}


def test_a_user_is_opened_with_a_password_shown_once(admin, app, store, ids):
    answer = send(
        admin, "/admin/users/new/", username="ZhangWei", name="张伟", department=ids["east"], locale="zh_Hans_CN",
        roles=["sales", "quality"],
    )  # fmt: skip
    handed = re.search(r"secret-once\">([^<]+)<", text(answer))[1]
    made = users.find_by_username(store, "zhangwei")
    assert (made.roles, made.department, made.must_change) == (["quality", "sales"], ids["east"], True)
    assert handed not in text(admin.get(f"/admin/users/{made.id}/"))
    client = app.test_client()
    form = {"csrf_token": token_of(client.get("/login")), "username": "zhangwei", "password": handed}
    client.post("/login", data=form)
    assert client.get("/admin/").location == "/account/password"


def test_faults_stand_at_their_fields_and_what_was_typed_stays(admin, store):
    answer = send(
        admin, "/admin/users/new/", username="аdmin", name="", department="nowhere", locale="xx", roles=["emperor"]
    )
    assert answer.status_code == 422
    words = text(answer)
    for word in ("mixes alphabets", "1 to 80", "does not exist", "not offered"):
        assert word in words
    assert 'value="аdmin"' in words
    assert store.data.users.count_documents({}) == 3


def test_an_account_is_edited_once_and_the_second_is_told(admin, store, ids):
    form = {"name": "李 姝", "department": ids["top"], "locale": "en", "person": "", "rev": 1}
    address = f"/admin/users/{ids['lishu']}/edit"
    assert send(admin, address, **form).status_code == 302
    late = send(admin, address, **{**form, "name": "Other"})
    assert late.status_code == 412
    assert 'value="Other"' in text(late)
    assert users.get_user(store, ids["lishu"]).name == "李 姝"


def test_roles_are_changed_but_not_ones_own(admin, store, ids):
    assert send(admin, f"/admin/users/{ids['lishu']}/roles", roles=["sales"], rev=1).status_code == 302
    assert users.get_user(store, ids["lishu"]).roles == ["sales"]
    own = send(admin, f"/admin/users/{ids['admin']}/roles", roles=["administrator", "sales"], rev=1)
    assert own.status_code == 403
    assert "Nobody gives a role to themselves" in text(own)
    last = send(admin, f"/admin/users/{ids['admin']}/disable")
    assert last.status_code == 403
    assert "last account" in text(last)


def test_an_account_is_paused_and_released_shut_and_opened(admin, store, ids):
    for _ in range(attempts.ACCOUNT.free):
        attempts.take(store, attempts.ACCOUNT, "lishu")
    address = f"/admin/users/{ids['lishu']}"
    for page in (f"{address}/", "/admin/users/"):
        assert "paused" in text(admin.get(page))
    send(admin, f"{address}/unlock")
    assert attempts.paused_until(store, attempts.ACCOUNT, "lishu") is None
    send(admin, f"{address}/disable")
    assert users.get_user(store, ids["lishu"]).active is False
    send(admin, f"{address}/enable")
    assert users.get_user(store, ids["lishu"]).active is True


def test_unknown_users_roles_and_departments_are_404(admin):
    for address in ("/admin/users/none/", "/admin/roles/none/", "/admin/departments/none/", "/admin/users/%00/"):
        assert admin.get(address).status_code == 404


def test_users_are_searched_and_paged(admin, store, ids):
    for n in range(60):
        users.add(SYSTEM, store, username=f"clerk{n:02}", name=f"文员{n:02}")
    first = text(admin.get("/admin/users/"))
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    assert "lishu" in text(admin.get(following))
    assert "clerk07" in text(admin.get("/admin/users/?q=文员07"))
    assert "Nobody matches" in text(admin.get("/admin/users/?q=.*"))
    for odd in ("?q[$ne]=", "?after=$gt&before=x", "?role=x&department=%00"):
        assert admin.get("/admin/users/" + odd).status_code == 200


def test_a_role_says_what_it_may_do(app, admin):
    words = text(admin.get("/admin/roles/service_clerk/"))
    assert "Only where" in words
    assert "Sees masked" in words
    assert "user accounts" in text(admin.get("/admin/roles/administrator/"))
    send(admin, "/preferences", locale="zh_Hans_CN", back="/account/")
    words = text(admin.get("/admin/roles/service_clerk/"))
    assert "仅限" in words
    assert "内部字段" in words


def labels(prefix="labels", **texts):
    return {f"{prefix}.{key.replace('_', '-')}": value for key, value in texts.items()}


def test_a_role_is_added_named_and_removed(admin, store):
    names = labels(zh_Hans="夜班", zh_Hant="夜班", en="Night shift")
    assert send(admin, "/admin/roles/new/", id="night", **names).location == "/admin/roles/night/"
    edited = send(admin, "/admin/roles/night/edit", rev=1, **{**names, "labels.en": "Night"})
    assert edited.status_code == 302
    assert store.data.roles.find_one({"_id": "night"})["labels"]["en"] == "Night"
    assert send(admin, "/admin/roles/sales/remove").status_code == 409
    assert send(admin, "/admin/roles/night/remove").status_code == 302
    assert send(admin, "/admin/roles/new/", id="Bad Id", **labels(en="x")).status_code == 422


def test_a_department_goes_only_when_nothing_names_it(admin, store, ids):
    address = f"/admin/departments/{ids['east']}/remove"
    page = text(send(admin, f"/admin/departments/{ids['top']}/remove"))
    assert "Change those first" in page, "another stands under it"
    assert send(admin, address).status_code == 409, "people belong to it"
    store.data.users.update_many({}, {"$unset": {"department": 1}})
    door = Door(store, SYSTEM).open("enterprise")
    record = records.create(door, {"customer_name": "澄川机电有限公司", "department": ids["east"]})
    records.trash(door, record.id, expected=1)
    assert send(admin, address).status_code == 409, "a record belongs to it, in the trash"
    records.restore(door, record.id, expected=2)
    records.update(door, record.id, {"department": ids["top"]}, expected=3)
    scope = {"_id": "x", "kind": "scope", "holder": "role:sales", "resource": "audit", "actions": ["view"],
             "when": {"any": [{"field": "department", "op": "in", "value": [ids["east"]]}]}}  # fmt: skip
    store.data.grants_config.insert_one(scope)
    assert send(admin, address).status_code == 409, "a rule names it"
    assert ids["east"] in {one["_id"] for one in store.data.departments.find()}
    store.data.grants_config.delete_one({"_id": "x"})
    assert send(admin, address).status_code == 302
    assert ids["east"] not in {one["_id"] for one in store.data.departments.find()}
    (entry,) = store.data.audit_entries.find({"action": "departments:remove"})
    assert entry["records"] == [ids["east"]]
    assert send(admin, address).status_code == 404
    assert "a former department" not in text(admin.get("/admin/departments/"))


def test_a_department_is_drawn_and_cannot_stand_under_itself(admin, store, ids):
    assert send(admin, "/admin/departments/new/", name="上海", parent=ids["east"]).status_code == 302
    page = text(admin.get(f"/admin/departments/{ids['east']}/"))
    assert f'value="{ids["top"]}"' in page
    assert f'value="{ids["east"]}"' not in page
    circle = send(admin, f"/admin/departments/{ids['top']}/", name="总部", parent=ids["east"], rev=1)
    assert circle.status_code == 422
    assert "under itself" in text(circle)


def test_ones_own_tokens_and_sessions(app, ids):
    here, there = browser(app, "lishu"), browser(app, "lishu")
    made = send(here, "/account/tokens", name="夜间导出", days="30")
    secret = re.search(r"secret-once\">([^<]+)<", text(made))[1]
    assert secret.startswith("dsr_")
    page = text(here.get("/account/"))
    assert secret not in page
    assert "夜间导出" in page
    assert send(here, "/account/tokens", name="x", days="0").status_code == 422
    send(here, re.search(r'action="(/account/tokens/[^"]+/revoke)"', page)[1])
    assert "夜间导出" not in text(here.get("/account/"))
    assert there.get("/account/").status_code == 200
    send(here, "/account/sessions/revoke-others")
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_nobody_ends_anothers_session_or_token_from_the_account_page(app, store, ids):
    lishu, keeper = browser(app, "lishu"), browser(app, "keeper")
    send(lishu, "/account/tokens", name="x", days="30")
    token_id = store.data.api_tokens.find_one()["_id"]
    session_id = store.data.sessions.find_one({"user": ids["lishu"]})["_id"]
    assert send(keeper, f"/account/tokens/{token_id}/revoke").status_code == 404
    assert send(keeper, f"/account/sessions/{session_id}/revoke").status_code == 404
    assert lishu.get("/account/").status_code == 200
