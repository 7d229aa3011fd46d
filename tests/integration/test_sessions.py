"""Sessions, tokens and first links, as several processes see them."""

from datetime import timedelta

import pytest
import time_machine

from models.errors import (
    AccessDenied,
    InvalidRecord,
    NotSignedIn,
    RecordNotFound,
)
from models.operations import account, sessions, tokens, users
from models.sessions import IDLE, LONGEST
from models.store import Store, read_stamps
from tests.people import HOME, PASSWORD, SYSTEM, person, staffed


@pytest.fixture
def store(store) -> Store:
    return staffed(store)


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
