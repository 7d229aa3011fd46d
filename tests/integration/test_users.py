"""The verbs on users, roles and departments, on a real mongod."""

import threading

import pytest

from models.directory import page_of_users
from models.errors import (
    AccessDenied,
    InvalidRecord,
    StaleRecord,
    WrongState,
)
from models.operations import departments, roles, tokens, users
from models.store import Store, read_stamps
from models.users import User, actor_of, documents
from tests.people import PASSWORD, SYSTEM, entries, fresh, person, staffed


@pytest.fixture
def store(store) -> Store:
    return staffed(store)


def test_a_user_is_added_audited_and_seen_by_every_process(store):
    before = read_stamps(store).users
    user = users.add(SYSTEM, store, username="Lishu", name="李 姝", password=PASSWORD, roles=["sales"])
    assert read_stamps(store).users == before + 1
    kept = store.data.users.find_one({"_id": user.id})
    assert kept["username"] == "lishu"
    assert kept["password"].startswith("$argon2id$")
    assert kept["must_change"] is True
    entry = entries(store, "users:add")[-1]
    assert entry["records"] == [user.id]
    everything = "".join(str(document) for document in store.data.audit_entries.find())
    assert PASSWORD not in everything
    assert "李 姝" not in everything


@pytest.mark.parametrize(("values", "field", "code"), [
    ({"username": "lishu"}, "username", "taken"),
    ({"username": "LISHU"}, "username", "taken"),
    ({"username": "l\u200bishu"}, "username", "invisible"),
    ({"name": "   "}, "name", "length"),
    ({"password": "password123456"}, "password", "breached"),
    ({"password": "xx-newcomer-xx"}, "password", "username"),
    ({"roles": ["emperor"]}, "roles", "unknown"),
    ({"department": "nowhere"}, "department", "unknown"),
])
def test_values_that_do_not_fit_are_refused_by_name_and_nothing_is_written(store, values, field, code):
    person(store, "lishu")
    with pytest.raises(InvalidRecord) as refused:
        users.add(SYSTEM, store, **{"username": "newcomer", "name": "N", "password": PASSWORD, **values})
    assert {name: error.code for name, error in refused.value.errors.items()} == {field: code}
    assert store.data.users.count_documents({}) == 1


def test_the_verbs_need_the_right_to_manage_users(store):
    target, stranger, auditor = (person(store, name, *held) for name, *held in (
        ("target",), ("stranger", "sales"), ("auditor", "auditor"),
    ))
    for actor in (stranger, auditor):
        for verb in (
            lambda actor: users.add(actor, store, username="other", name="O"),
            lambda actor: users.edit(actor, store, target.id, expected=1, name="X"),
            lambda actor: users.set_roles(actor, store, target.id, ["administrator"]),
            lambda actor: users.disable(actor, store, target.id),
            lambda actor: users.set_password(actor, store, target.id, "other-lantern-98"),
            lambda actor: users.unlock(actor, store, target.id),
            lambda actor: roles.add(actor, store, id="new", labels={}),
            lambda actor: roles.remove(actor, store, "sales"),
            lambda actor: departments.add(actor, store, name="X"),
            lambda actor: tokens.create(actor, store, target.id),
        ):
            before = store.data.users.find_one({"_id": target.id})
            with pytest.raises(AccessDenied):
                verb(actor)
            assert store.data.users.find_one({"_id": target.id}) == before


def test_nobody_gives_themselves_a_role_or_more_rights_than_they_have(store):
    admin, target = person(store, "admin", "administrator"), person(store, "target", "sales")
    with pytest.raises(AccessDenied, match="themselves"):
        users.set_roles(admin, store, admin.id, ["administrator", "sales"])
    with pytest.raises(AccessDenied, match="rights to the system"):
        users.set_roles(admin, store, target.id, ["permission_admin"])
    with pytest.raises(AccessDenied):
        users.add(admin, store, username="puppet", name="P", roles=["permission_admin"])
    keeper = person(store, "keeper", "permission_admin")
    for takeover in (
        lambda: users.set_password(admin, store, keeper.id, "other-lantern-98"),
        lambda: tokens.create(admin, store, keeper.id),
        lambda: users.disable(admin, store, keeper.id),
    ):
        with pytest.raises(AccessDenied, match="rights to the system"):
            takeover()
    users.set_roles(admin, store, target.id, ["administrator"])
    assert fresh(store, target).roles == ["administrator"]


def test_the_last_administrator_stays(store):
    admin = person(store, "admin", "administrator")
    for verb in (
        lambda: users.disable(admin, store, admin.id),
        lambda: users.set_roles(admin, store, admin.id, []),
        lambda: users.disable(SYSTEM, store, admin.id),
    ):
        with pytest.raises(AccessDenied, match="last account"):
            verb()
    second = person(store, "second", "administrator")
    users.disable(second, store, admin.id)
    with pytest.raises(AccessDenied, match="last account"):
        users.set_roles(second, store, second.id, [])


def test_two_administrators_cannot_shut_each_other_out_at_once(store):
    pair = [person(store, "one", "administrator"), person(store, "two", "administrator")]
    start, outcomes = threading.Barrier(2), []

    def shut(actor, other):
        start.wait()
        try:
            users.disable(actor, store, other.id)
            outcomes.append("done")
        except AccessDenied as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=shut, args=args) for args in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "last_administrator"]
    assert store.data.users.count_documents({"active": True}) == 1


def test_an_edit_over_somebody_elses_edit_is_stale(store):
    target = person(store, "target")
    users.edit(SYSTEM, store, target.id, expected=1, name="First")
    with pytest.raises(StaleRecord):
        users.edit(SYSTEM, store, target.id, expected=1, name="Second")
    assert fresh(store, target).name == "First"


def test_a_department_moves_but_never_under_itself(store):
    top = departments.add(SYSTEM, store, name="总部")
    east = departments.add(SYSTEM, store, name="华东区", parent=top.id)
    city = departments.add(SYSTEM, store, name="上海", parent=east.id)
    target = users.add(SYSTEM, store, username="lishu", name="L", department=east.id)
    assert set(actor_of(store, fresh(store, target)).departments) == {east.id, city.id}
    with pytest.raises(InvalidRecord):
        departments.edit(SYSTEM, store, top.id, expected=1, name="总部", parent=city.id)
    with pytest.raises(InvalidRecord):
        departments.add(SYSTEM, store, name="华东区", parent=top.id)
    departments.edit(SYSTEM, store, city.id, expected=1, name="上海", parent=top.id)
    assert set(actor_of(store, fresh(store, target)).departments) == {east.id}


def test_a_role_in_use_stays(store):
    person(store, "lishu", "sales")
    for role in ("sales", "auditor"):
        with pytest.raises(WrongState):
            roles.remove(SYSTEM, store, role)
    roles.add(SYSTEM, store, id="spare", labels={"zh-Hans": "备用", "zh-Hant": "備用", "en": "Spare"})
    roles.edit(SYSTEM, store, "spare", expected=1, labels={"zh-Hans": "备", "zh-Hant": "備", "en": "S"}, help={})
    roles.remove(SYSTEM, store, "spare")
    with pytest.raises(InvalidRecord):
        roles.add(SYSTEM, store, id="Bad-Id", labels={"en": "x"})


def test_users_are_paged_by_keyset_and_searched(store):
    for n in range(7):
        users.add(SYSTEM, store, username=f"user{n}", name=f"张{n}")
    first = page_of_users(store, limit=3)
    second = page_of_users(store, limit=3, after=first.next)
    third = page_of_users(store, limit=3, after=second.next)
    assert [[user.username for user in page.users] for page in (first, second, third)] == [
        ["user0", "user1", "user2"], ["user3", "user4", "user5"], ["user6"],
    ]
    assert (first.previous, third.next) == (None, None)
    back = page_of_users(store, limit=3, before=third.previous)
    assert [user.username for user in back.users] == ["user3", "user4", "user5"]
    assert [user.username for user in page_of_users(store, q="张5").users] == ["user5"]
    assert page_of_users(store, q=".*").users == []


def test_documents_belong_to_the_store_they_were_asked_of(store):
    person(store, "lishu")
    assert documents(store, User).filter(username="lishu").first().name == "Lishu"
