"""The verbs on users, roles, departments, sessions and tokens, on a real mongod."""

import threading
from datetime import timedelta

import pytest
import time_machine

from models import attempts
from models.directory import page_of_users
from models.errors import (
    AccessDenied,
    InvalidRecord,
    NotSignedIn,
    RecordNotFound,
    StaleRecord,
    TooManyAttempts,
    WrongState,
)
from models.operations import account, departments, roles, sessions, tokens, users
from models.sessions import IDLE, LONGEST
from models.store import Store, bump_stamp, read_stamps
from models.users import Actor, User, actor_of, documents, ensure_indexes

PASSWORD = "tamper-lantern-98"
SYSTEM = Actor.system_actor("cli:test")
HOME = "192.0.2.7"


@pytest.fixture
def store(store) -> Store:
    """The three roles of these tests: one manages users, one only looks, one has nothing to do with them."""
    ensure_indexes(store)
    for role in ("administrator", "auditor", "sales", "permission_admin"):
        roles.add(SYSTEM, store, id=role, labels={"zh-Hans": role, "zh-Hant": role, "en": role})
    store.data.grants_config.insert_many([
        scope("s1", "administrator", "users", ["view", "manage"]),
        scope("s2", "auditor", "users", ["view"]),
        scope("s3", "permission_admin", "permissions", ["view", "manage"]),
    ])
    bump_stamp(store, "grants")
    return store


def scope(id, role, resource, actions):
    return {"_id": id, "kind": "scope", "holder": f"role:{role}", "resource": resource, "actions": actions}


def person(store, username, *held) -> Actor:
    user = users.add(
        SYSTEM, store, username=username, name=username.title(), password=PASSWORD, roles=held, must_change=False
    )
    return actor_of(store, user).through("session")


def entries(store, action):
    return list(store.data.audit_entries.find({"action": action}))


def fresh(store, actor) -> User:
    return users.get_user(store, actor.id)


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


def test_a_right_password_begins_a_session_and_a_digest_is_kept(store):
    actor = person(store, "李姝")
    secret, user = sessions.sign_in(store, "李姝", PASSWORD, address=HOME, agent="Firefox")
    assert user.id == actor.id
    assert store.data.sessions.find_one({"_id": secret}) is None
    standing = sessions.resume(store, secret, read_stamps(store))
    assert (standing.actor.id, standing.actor.via) == (actor.id, "session")
    assert entries(store, "session:begin")[-1]["actor"] == actor.id


def test_unknown_wrong_and_shut_get_the_same_words_and_the_same_work(store, monkeypatch):
    actor, gone = person(store, "lishu"), person(store, "gone")
    users.disable(SYSTEM, store, gone.id)
    compared = []
    real = sessions.is_right
    monkeypatch.setattr(sessions, "is_right", lambda kept, password: compared.append(kept) or real(kept, password))
    words = set()
    for username, password in (("nobody", PASSWORD), ("lishu", "wrong-lantern-98"), ("gone", PASSWORD), ("", "")):
        with pytest.raises(NotSignedIn) as refused:
            sessions.sign_in(store, username, password, address=HOME)
        words.add(str(refused.value))
    assert len(words) == 1
    assert len(compared) == 4, "a password is always compared"
    refusals = entries(store, "session:refuse")
    assert {entry["actor"] for entry in refusals} == {"nobody", actor.id, gone.id}


def test_an_account_pauses_after_five_failures_known_or_not_and_the_pause_grows(store):
    person(store, "lishu")
    with time_machine.travel("2026-11-24T08:00:00Z", tick=False) as clock:
        for username in ("lishu", "nobody-at-all"):
            for _ in range(5):
                with pytest.raises(NotSignedIn):
                    sessions.sign_in(store, username, "wrong-lantern-98", address=HOME)
            with pytest.raises(TooManyAttempts) as pause:
                sessions.sign_in(store, username, PASSWORD, address=HOME)
            assert pause.value.seconds == 60
        clock.shift(timedelta(seconds=61))
        with pytest.raises(NotSignedIn):
            sessions.sign_in(store, "lishu", "wrong-lantern-98", address=HOME)
        clock.shift(timedelta(seconds=61))
        with pytest.raises(TooManyAttempts) as pause:
            sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
        assert pause.value.seconds == 59
        clock.shift(timedelta(seconds=60))
        sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
        with pytest.raises(NotSignedIn):
            sessions.sign_in(store, "lishu", "wrong-lantern-98", address=HOME)


def test_guesses_sent_at_once_are_all_counted(store):
    person(store, "lishu")
    outcomes = []

    def guess(n):
        try:
            sessions.sign_in(store, "lishu", f"wrong-lantern-{n}", address=HOME)
        except (NotSignedIn, TooManyAttempts) as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("not_signed_in") == 5
    assert outcomes.count("too_many_attempts") == 7


def test_an_address_pauses_too_and_success_gives_back_only_its_own_attempt(store):
    person(store, "lishu")
    rule = attempts.ADDRESS
    for _ in range(rule.free - 1):
        attempts.take(store, rule, HOME)
    sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
    with pytest.raises(NotSignedIn):
        sessions.sign_in(store, "other", "wrong-lantern-98", address=HOME)
    with pytest.raises(TooManyAttempts):
        sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
    sessions.sign_in(store, "lishu", PASSWORD, address="192.0.2.8")


def test_a_password_changed_meanwhile_lets_nobody_in(store):
    actor = person(store, "lishu")
    stale = fresh(store, actor)
    users.set_password(SYSTEM, store, actor.id, "other-lantern-98")
    with pytest.raises(NotSignedIn):
        sessions.begin(store, stale, address=HOME)


def test_an_ipv6_household_counts_as_one_place(store):
    assert sessions._network("2001:db8:1:2:aaaa::1") == sessions._network("2001:db8:1:2:bbbb::9")
    assert sessions._network("2001:db8:1:3::1") != sessions._network("2001:db8:1:2::1")


def test_an_unlocked_account_may_try_again(store):
    target = person(store, "lishu")
    for _ in range(5):
        attempts.take(store, attempts.ACCOUNT, "lishu")
    assert attempts.paused_until(store, attempts.ACCOUNT, "lishu")
    users.unlock(SYSTEM, store, target.id)
    assert sessions.sign_in(store, "lishu", PASSWORD, address=HOME)


@pytest.fixture
def other_process(store) -> Store:
    """The same databases seen by a process with caches of its own."""
    return Store(data=store.data, keys=store.keys, clock=store.clock, keyring=store.keyring, audit=store.audit)


def test_a_revoked_session_ends_at_once_in_another_process(store, other_process):
    actor = person(store, "lishu")
    secret, _ = sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
    standing = sessions.resume(other_process, secret, read_stamps(other_process))
    assert sessions.resume(other_process, secret, read_stamps(other_process)) is standing, "read once"
    sessions.revoke(actor, store, standing.means)
    assert sessions.resume(other_process, secret, read_stamps(other_process)) is None


def test_a_taken_role_is_gone_at_once_in_another_process(store, other_process):
    target = person(store, "lishu", "sales")
    secret, _ = sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
    token, _ = tokens.create(target, store, target.id)
    for read in (sessions.resume, tokens.present):
        shown = secret if read is sessions.resume else token
        assert read(other_process, shown, read_stamps(other_process)).actor.roles == {"sales"}
    users.set_roles(SYSTEM, store, target.id, ["auditor"])
    assert sessions.resume(other_process, secret, read_stamps(other_process)).actor.roles == {"auditor"}
    assert tokens.present(other_process, token, read_stamps(other_process)).actor.roles == {"auditor"}


def test_shutting_an_account_or_a_new_password_ends_sessions_and_tokens(store, other_process):
    target = person(store, "lishu")
    for verb in (
        lambda: users.set_password(SYSTEM, store, target.id, PASSWORD, must_change=False),
        lambda: users.disable(SYSTEM, store, target.id),
    ):
        secret, _ = sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
        token, _ = tokens.create(target, store, target.id)
        assert sessions.resume(other_process, secret, read_stamps(other_process))
        assert tokens.present(other_process, token, read_stamps(other_process))
        verb()
        assert sessions.resume(other_process, secret, read_stamps(other_process)) is None
        assert tokens.present(other_process, token, read_stamps(other_process)) is None
    users.enable(SYSTEM, store, target.id)
    assert sessions.resume(other_process, secret, read_stamps(other_process)) is None


def test_a_session_ends_when_idle_and_at_the_latest_after_its_longest_time(store):
    person(store, "lishu")
    with time_machine.travel("2026-11-24T00:00:00Z", tick=False) as clock:
        secret, _ = sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
        start = store.clock.now()
        while store.clock.now() - start < LONGEST - IDLE:
            clock.shift(IDLE - timedelta(minutes=1))
            assert sessions.resume(store, secret, read_stamps(store))
        clock.move_to(start + LONGEST + timedelta(seconds=1))
        assert sessions.resume(store, secret, read_stamps(store)) is None
        secret, _ = sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
        clock.shift(IDLE + timedelta(seconds=1))
        assert sessions.resume(store, secret, read_stamps(store)) is None


def test_a_stranger_cannot_end_a_session_or_token(store):
    owner, stranger = person(store, "owner"), person(store, "stranger", "sales")
    secret, _ = sessions.sign_in(store, "owner", PASSWORD, address=HOME)
    _, token = tokens.create(owner, store, owner.id)
    session_id = sessions.of_user(store, owner.id)[0].id
    with pytest.raises(RecordNotFound):
        sessions.revoke(stranger, store, session_id)
    with pytest.raises(RecordNotFound):
        tokens.revoke(stranger, store, token.id)
    assert sessions.resume(store, secret, read_stamps(store))


def test_a_token_is_kept_as_a_digest_expires_and_is_revoked(store):
    owner = person(store, "owner")
    secret, token = tokens.create(owner, store, owner.id, name="Nightly export", days=3)
    assert secret.startswith("dsr_")
    assert secret not in str(store.data.api_tokens.find_one())
    standing = tokens.present(store, secret, read_stamps(store))
    assert (standing.actor.via, standing.means) == ("token", token.id)
    with pytest.raises(AccessDenied):
        tokens.create(standing.actor, store, owner.id)
    with time_machine.travel(store.clock.now() + timedelta(days=3, seconds=1)):
        assert tokens.present(store, secret, read_stamps(store)) is None
    tokens.revoke(owner, store, token.id)
    assert tokens.present(store, secret, read_stamps(store)) is None
    assert tokens.present(store, "dsr_guess", read_stamps(store)) is None


def test_changing_ones_password_asks_the_old_one_and_ends_other_sessions(store):
    actor = person(store, "lishu")
    here, _ = sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
    there, _ = sessions.sign_in(store, "lishu", PASSWORD, address=HOME)
    means = sessions.resume(store, here, read_stamps(store)).means
    for old, new, field in (
        (PASSWORD + "x", "other-lantern-98", "old"), (PASSWORD, "short", "new"), (PASSWORD, PASSWORD, "new"),
    ):
        with pytest.raises(InvalidRecord) as refused:
            account.change_password(actor, store, old=old, new=new, session_id=means)
        assert list(refused.value.errors) == [field]
    account.change_password(actor, store, old=PASSWORD, new="other-lantern-98", session_id=means)
    assert sessions.resume(store, here, read_stamps(store))
    assert sessions.resume(store, there, read_stamps(store)) is None
    with pytest.raises(AccessDenied):
        account.change_password(actor.through("token"), store, old="other-lantern-98", new=PASSWORD, session_id=means)


def test_the_first_link_opens_one_account_once(store):
    first = users.first_sign_in_token(store)
    second = users.first_sign_in_token(store)
    with pytest.raises(NotSignedIn):
        users.add_first(store, first, username="admin", name="A", password=PASSWORD)
    with pytest.raises(InvalidRecord):
        users.add_first(store, second, username="admin", name="A", password="short")
    user = users.add_first(store, second, username="admin", name="A", password=PASSWORD)
    assert user.roles == ["administrator"]
    assert users.first_sign_in_token(store) is None
    with pytest.raises(NotSignedIn):
        users.add_first(store, second, username="admin2", name="A", password=PASSWORD)


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
