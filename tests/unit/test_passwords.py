"""Passwords: rules, the shipped list, and equal time for everybody."""

import pytest

from models import passwords
from models.errors import FieldValueError
from models.passwords import breached, check_password, hashed, is_outdated, is_right, random_password


@pytest.mark.parametrize(("password", "code"), [
    ("short-one", "short"),
    ("x" * 5 + "yz12!" * 60, "long"),
    ("my-lishu-rules", "username"),
    ("My-LiShu-rules", "username"),
    ("1234567890", "breached"),
    ("abcdefghijkl", "simple"),
    ("aaaaaaaaaaaa", "simple"),
    ("abc1abc1abc1", "simple"),
    ("qwertyuiop", "breached"),
    ("QWERTYUIOP", "breached"),
    ("P@ssw0rd2026!", "breached"),
    ("passwordpassword", "breached"),
    ("2026!!dragon!!", "breached"),
    ("woaini5201314", "breached"),
    ("ｑｗｅｒｔｙｕｉｏｐ", "breached"),
])
def test_a_weak_password_is_refused_by_rule_and_never_repeated(password, code):
    with pytest.raises(FieldValueError) as refused:
        check_password(password, username="lishu")
    assert refused.value.code == code
    assert password not in str(refused.value)


FAIR = ["correct horse battery", "档案室的窗台朝北开着两扇", "tamper-lantern-98"]


@pytest.mark.parametrize("password", FAIR)
def test_a_fair_password_is_taken(password):
    check_password(password, username="lishu")


def test_a_password_made_for_somebody_is_a_fair_one():
    check_password(random_password(), username="lishu")


def test_the_shipped_list_holds_thousands():
    assert len(breached()) > 5000
    assert all(word == word.casefold() for word in breached())


def test_a_password_is_kept_as_argon2_and_compared_in_one_form():
    kept = hashed("Lantern-９８-tamper")
    assert kept.startswith("$argon2id$")
    assert is_right(kept, "Lantern-98-tamper")
    assert not is_right(kept, "lantern-98-tamper")
    assert not is_outdated(kept)


def test_nobody_enters_without_a_kept_password_and_the_same_work_is_done():
    assert not is_right(None, "tamper-lantern-98")
    assert not is_right("no argon2 text", "anything at all")
    assert not is_outdated(passwords._stand_in()), "the stand-in costs as much as a real one"
