"""Names people sign in with: one written form, and none that passes for another.

A name is compared in NFKC, lower case. Invisible characters and mixtures of alphabets are refused, and so
is a name of Greek or Cyrillic letters that all look Latin: `аdmin` must not stand beside `admin`.
"""

import re
import unicodedata

from models.errors import N_, FieldValueError

MAX_LENGTH = 64
MIN_LENGTH = 2
_ALLOWED = re.compile(r"[^\W_](?:[\w.@+-]*[^\W_])?")
_TOGETHER = (
    {"LATIN"},
    {"GREEK"},
    {"CYRILLIC"},
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
"""Alphabets that real names mix; anything else is a disguise (the highly restrictive profile of UTS 39)."""

_LOOKS_LATIN = frozenset("аеорсухіјѕһԁԛԝӏвкмнтьпгияшзαβγεηικνορτυχωϲ")
_INVISIBLE = frozenset({"Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


def comparable(username: str) -> str:
    """The form in which user names are kept and compared. Judges nothing: safe for what a stranger typed."""
    return unicodedata.normalize("NFKC", username[: 4 * MAX_LENGTH]).strip().casefold()


def parse_username(raw: str) -> str:
    """A new user name in its kept form.

    :raises FieldValueError: it is too short or long, holds odd characters, or imitates
    """
    if any(unicodedata.category(letter) in _INVISIBLE for letter in raw):
        raise FieldValueError("invisible", N_("A user name cannot hold invisible characters."))
    username = comparable(raw)
    if not MIN_LENGTH <= len(username) <= MAX_LENGTH:
        words = N_("A user name has {least} to {most} characters.")
        raise FieldValueError("length", words, least=MIN_LENGTH, most=MAX_LENGTH)
    if not _ALLOWED.fullmatch(username):
        words = N_("A user name is made of letters, digits and . _ - @ + and begins and ends with a letter or digit.")
        raise FieldValueError("characters", words)
    if _imitates(username):
        words = N_("This user name mixes alphabets or looks like another one. Use one alphabet.")
        raise FieldValueError("confusable", words)
    return username


def _imitates(username: str) -> bool:
    letters = [letter for letter in username if letter.isalpha()]
    scripts = {_script(letter) for letter in letters}
    if not any(scripts <= together for together in _TOGETHER):
        return True
    foreign = bool(scripts & {"GREEK", "CYRILLIC"})
    return foreign and all(letter in _LOOKS_LATIN for letter in letters)


def _script(letter: str) -> str:
    """The alphabet of a letter, from the first word of its Unicode name."""
    return unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0]
