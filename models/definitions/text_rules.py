"""What every piece of text goes through before it is stored, and the form it takes when it is compared."""

import re
import unicodedata
from typing import Any

from models.errors import N_, FieldValueError

_CLOSER_LOOK = re.compile(
    "["
    "\x00-\x1f\x7f-\xa0\xad"  # controls, no-break space, soft hyphen
    "\u061c\u180e\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"  # spaces and signs nobody sees, bidi
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"  # full-width digits and letters
    "\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"  # no characters at all, or halves of one
    "\U000e0000-\U000e007f"  # invisible tags
    "]"
)
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_UNSEEN = re.compile(
    "[\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_JOINERS = re.compile("[\u200c\u200d]")
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_SPACES = re.compile("[\t\n\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_LONG_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f]")
_VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_HALF_WIDTH = {
    wide: wide - 0xFEE0 for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
    for wide in range(first, last + 1)
}  # fmt: skip


def text_of(raw: Any) -> str:
    """`raw` itself, if it is text at all.

    :raises FieldValueError: anything else: a number, a list, an object such as {"$ne": 1}
    """
    if type(raw) is str:
        return raw
    if isinstance(raw, str):
        return str(raw)
    raise FieldValueError("not_text", N_("This field takes text."))


def clean_line(text: str) -> str:
    """One line of text: trimmed, full-width letters and digits made half-width, unseen characters dropped.

    Joiners stay (emoji and some scripts need them); `comparable` drops them. Chinese punctuation and rare
    characters stay as they were typed.

    :raises FieldValueError: control characters, NUL, halves of characters
    """
    if _CLOSER_LOOK.search(text) is None:
        return text.strip()
    _refuse_controls(text)
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)).translate(_HALF_WIDTH)
    return _SPACES.sub(" ", text).strip()


def clean_paragraphs(text: str) -> str:
    """Text of many lines: as `clean_line`, line ends made "\\n", tabs and indentation kept.

    :raises FieldValueError: control characters, NUL, halves of characters
    """
    if _CLOSER_LOOK.search(text) is None:
        return text.strip()
    _refuse_controls(text)
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)).translate(_HALF_WIDTH)
    return _LONG_SPACES.sub(" ", text).strip()


def clean_code(text: str) -> str:
    """A number or code (identity number, plate, account): NFKC, upper case, no spaces, dots or dashes.

    :raises FieldValueError: control characters, NUL, halves of characters
    """
    if text.isascii() and text.isalnum():
        return text.upper()
    text = comparable(clean_line(text)).upper()
    return _CODE_NOISE.sub("", text)


_CODE_NOISE = re.compile("[\\s.\\-_\u2010-\u2015\u2212\u00b7\u30fb\u2022\u2027\u2219\u22c5/]+")


def comparable(text: str) -> str:
    """The form under tokens and search keys: NFKC, trimmed, without anything unseen. Case is kept."""
    if text.isascii():
        return text.strip()
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    if _CLOSER_LOOK.search(text) is not None:
        text = _SPACES.sub(" ", _JOINERS.sub("", _UNSEEN.sub("", text)))
    return _VARIANTS.sub("", text).strip()


def spellings(text: str) -> tuple[str, ...]:
    """The ways one text may stand in clear storage: as given, NFKC, and with full-width brackets."""
    plain = comparable(text)
    wide = plain.replace("(", "（").replace(")", "）")
    return tuple(dict.fromkeys((text, plain, wide)))


def shown(raw: Any) -> str:
    """A value as a message may repeat it: short, in one line, harmless."""
    if isinstance(raw, int) and raw.bit_length() > 100:
        return "…"
    text = raw[:60] if isinstance(raw, str) else repr(raw)[:60] if isinstance(raw, int | float) else type(raw).__name__
    text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return text if len(text) <= 40 else text[:39] + "…"


def check_length(text: str, least: int, most: int) -> None:
    """:raises FieldValueError: shorter than `least` or longer than `most` characters"""
    if len(text) > most:
        words = N_("This has {count} characters; at most {most} fit.")
        raise FieldValueError("too_long", words, count=len(text), most=most)
    if len(text) < least:
        words = N_("This has {count} characters; at least {least} are needed.")
        raise FieldValueError("too_short", words, count=len(text), least=least)


def _refuse_controls(text: str) -> None:
    if _NEVER.search(text) is not None:
        raise FieldValueError("control_character", N_("This holds characters that cannot be shown. Type it anew."))
    last_planes = (char for char in text if ord(char) > 0xFFFF and ord(char) & 0xFFFE == 0xFFFE)
    if next(last_planes, None) is not None:
        raise FieldValueError("control_character", N_("This holds characters that cannot be shown. Type it anew."))
