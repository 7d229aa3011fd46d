"""Tokens: equal values meet, nothing else does."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

from models.crypto.tokens import Tokens

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_token_is_an_hmac_of_the_value_under_a_key_of_its_field():
    field_key = hmac.digest(NEW, b"field|phone_k1", "sha256")
    whole = hmac.new(field_key, b"tail|5678", hashlib.sha256).digest()
    assert Tokens({1: NEW}, 1).of("phone_k1", "tail", "5678") == urlsafe_b64encode(whole[:16]).decode().rstrip("=")


def test_tokens_are_22_harmless_characters():
    tokens = Tokens({1: NEW}, 1)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", tokens.of("f", "eq", str(n))) for n in range(500))


def test_equal_values_meet_and_others_do_not():
    tokens = Tokens({1: NEW}, 1)
    asked = [("f", "eq", "张三"), ("f", "eq", "张四"), ("f", "tail", "张三"), ("g", "eq", "张三"), ("f", "eq", "")]
    assert tokens.of("f", "eq", "张三") == tokens.of("f", "eq", "张三")
    assert len({tokens.of(*one) for one in asked}) == len(asked)


def test_a_search_asks_under_every_accepted_epoch_and_a_write_under_the_current_one():
    both = Tokens({1: OLD, 2: NEW}, 2)
    old, new = Tokens({1: OLD}, 1).of("f", "eq", "x"), Tokens({2: NEW}, 2).of("f", "eq", "x")
    assert both.of("f", "eq", "x") == new
    assert both.all_of("f", "eq", "x") == [new, old]


def test_a_lone_surrogate_finds_nothing_and_fails_nothing():
    assert len(Tokens({1: NEW}, 1).of("f", "eq", "\ud800")) == 22
