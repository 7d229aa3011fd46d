"""Patterns that administrators write: a part of regular expressions that cannot be made to run for ever."""

import re
from functools import lru_cache

from models.errors import N_, FieldValueError

MOST_CHARACTERS = 200
MOST_OPEN = 2
"""How many `*`, `+` or `{n,}` a pattern may hold: the time to match grows with their number as an exponent."""

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?|[()|*+?]|\{\d*,?\d*\}|.", re.DOTALL)


@lru_cache(maxsize=512)
def compile_pattern(text: str) -> re.Pattern[str]:
    """The pattern, to be matched against a whole value.

    :raises FieldValueError: not a regular expression, or one that could run away
    """
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
        words = N_("A pattern has at most {most} characters.")
        raise FieldValueError("bad_pattern", words, most=MOST_CHARACTERS)
    _refuse_runaways(text)
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        raise FieldValueError("bad_pattern", N_("This is not a regular expression.")) from None


def _refuse_runaways(text: str) -> None:
    """No look-around, no references, no repetition of what repeats, few open repetitions."""
    words = N_("This pattern could run for a very long time. Leave out nested repetitions and look-arounds.")
    groups: list[bool] = []  # per open group: does it repeat or choose inside
    closed_busy, open_repeats = False, 0
    for token in _TOKEN.findall(text):
        previous_busy, closed_busy = closed_busy, False
        if token == "(":
            groups.append(False)
        elif token == ")":
            closed_busy = groups.pop() if groups else False
            if groups and closed_busy:
                groups[-1] = True
        elif token == "(?" or (token.startswith("\\") and token[1:2].isdigit()):
            raise FieldValueError("bad_pattern", words)
        elif token == "|" and groups:
            groups[-1] = True
        elif token in ("*", "+", "?") or (token.startswith("{") and len(token) > 1):
            open_repeats += token in ("*", "+") or token.endswith(",}")
            if (previous_busy and token != "?") or open_repeats > MOST_OPEN or _wide(token):
                raise FieldValueError("bad_pattern", words)
            if groups and token != "?":
                groups[-1] = True


def _wide(token: str) -> bool:
    """`{m,n}` that repeats more than 200 times."""
    return token.startswith("{") and any(int(number) > 200 for number in re.findall(r"\d+", token))
