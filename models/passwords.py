"""How passwords are judged, kept and checked.

Kept as argon2id; judged by length, by what the person is called, and by a shipped list of passwords known
from breaches, also in their usual disguises (`P@ssw0rd2026!` is `password`).
"""

import gzip
import re
import secrets
import unicodedata
from functools import cache
from importlib.resources import files
from itertools import pairwise
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from models.errors import N_, FieldValueError

MIN_LENGTH = 10
MAX_LENGTH = 256
MIN_DISTINCT = 5
_HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)  # 32 MiB, about 60 ms
_AT_ONCE = BoundedSemaphore(2)  # a storm of sign-ins queues here instead of filling memory
_LEET = str.maketrans("013457@$!", "oleastasi")
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def check_password(password: str, *, username: str) -> None:
    """Judge a new password.

    :raises FieldValueError: with the rule it breaks; never with the password
    """
    folded = _same(password).casefold()
    if len(folded) < MIN_LENGTH:
        raise FieldValueError("short", N_("A password has at least {least} characters."), least=MIN_LENGTH)
    if len(folded) > MAX_LENGTH:
        raise FieldValueError("long", N_("A password has at most {most} characters."), most=MAX_LENGTH)
    if username and username.casefold() in folded:
        raise FieldValueError("username", N_("A password must not contain the user name."))
    if len(set(folded)) < MIN_DISTINCT or _is_run(folded):
        raise FieldValueError("simple", N_("This password is too regular. Use several unrelated words."))
    if _is_breached(folded):
        words = N_("This password, or its core, is on the list of known ones. Use several unrelated words.")
        raise FieldValueError("breached", words)


def hashed(password: str) -> str:
    """The text to keep of a password."""
    with _AT_ONCE:
        return _HASHER.hash(_same(password))


def is_right(kept: str | None, password: str) -> bool:
    """Whether the password is the kept one. Takes as long where there is none to compare with."""
    try:
        with _AT_ONCE:
            _HASHER.verify(kept or _stand_in(), _same(password[: MAX_LENGTH + 1]))
    except (VerifyMismatchError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether the kept text was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def random_password() -> str:
    """A password for a machine to print once: 20 characters, 100 random bits."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _same(password: str) -> str:
    """One form for what different keyboards write alike (full-width digits of an input method)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _stand_in() -> str:
    return hashed(secrets.token_urlsafe(16))


@cache
def breached() -> frozenset[str]:
    """The shipped list, lower case."""
    text = gzip.decompress(files("models").joinpath("breached.txt.gz").read_bytes()).decode()
    return frozenset(line for line in text.splitlines() if not line.startswith("# "))


def _is_breached(folded: str) -> bool:
    plain = folded.translate(_LEET)
    core = _EDGES.sub("", folded)
    disguises = {folded, plain, core, core.translate(_LEET), _EDGES.sub("", plain), _unit(folded)}
    return bool(disguises & breached())


def _unit(text: str) -> str:
    """The shortest part of which the text is a repetition: itself mostly."""
    return text[: (text + text).index(text, 1)]


def _is_run(text: str) -> bool:
    """Whether the text is a straight run (abcdefghij, 9876543210) or repeats up to four characters."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1}, {0}) or len(_unit(text)) <= 4
