"""Signing in: what is kept, what is said, and how guessing is slowed, on a real mongod."""

import threading
from datetime import timedelta

import pytest
import time_machine

from models import attempts
from models.errors import (
    NotSignedIn,
    TooManyAttempts,
)
from models.operations import sessions, users
from models.store import Store, read_stamps
from tests.people import HOME, PASSWORD, SYSTEM, entries, fresh, person, staffed


@pytest.fixture
def store(store) -> Store:
    return staffed(store)


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
    assert {entry["actor"] for entry in refusals} == {"system:nobody", actor.id, gone.id}


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
