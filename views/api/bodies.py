"""JSON as programs send it, read strictly: one meaning or none."""

import json
from decimal import Decimal
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from models.errors import N_, ArchiveError, MalformedQuery

MOST_BYTES = 1_000_000
MOST_DEPTH = 16
EXACT_DIGITS = 15


class BadJson(ArchiveError):
    """No JSON, or JSON that different readers would read differently."""

    status = 400

    def __init__(self, words: str = N_("This is no JSON.")):
        super().__init__("bad_json", words)


def read_object() -> dict[str, Any]:
    """The body of this request: one JSON object.

    :raises BadJson: no JSON, not UTF-8, a key twice, NaN
    :raises MalformedQuery: JSON, but no object, or nested too deeply
    :raises UnsupportedMediaType, RequestEntityTooLarge:
    """
    if request.mimetype != "application/json" or "Content-Encoding" in request.headers:
        raise UnsupportedMediaType
    if request.mimetype_params.get("charset", "utf-8").lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise UnsupportedMediaType
    request.max_content_length = MOST_BYTES
    try:
        text = request.get_data(cache=False).decode("utf-8")
    except UnicodeDecodeError:
        raise BadJson(N_("This is not UTF-8.")) from None
    found = read(text)
    if not isinstance(found, dict):
        raise MalformedQuery("no_object", N_("The body has to be one JSON object."))
    return found


def read_object_or_nothing() -> dict[str, Any]:
    """The same; a request without a body has an empty one.

    :raises: as `read_object`
    """
    request.max_content_length = MOST_BYTES
    return read_object() if request.get_data(cache=True).strip() else {}


def read_nothing() -> None:
    """This request takes no body.

    :raises MalformedQuery: it has one
    """
    request.max_content_length = MOST_BYTES
    if request.get_data(cache=False).strip() not in (b"", b"{}"):
        raise MalformedQuery("no_body", N_("This request takes no body."))


def read(text: str) -> Any:
    """JSON text, strictly.

    :raises BadJson, MalformedQuery: see `read_object`
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_exact)
    except (ValueError, RecursionError):  # an integer of thousands of digits is a ValueError too
        raise BadJson from None
    _check_depth(found, MOST_DEPTH)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadJson(N_("A key stands twice in one object."))
    return found


def _no_number(word: str) -> NoReturn:
    raise BadJson(N_("NaN and Infinity are no JSON numbers."))


def _exact(text: str) -> float | Decimal:
    """A double where it holds the number exactly as written, else the number itself: nothing is rounded silently."""
    digits = sum(sign.isdigit() for sign in text.lower().partition("e")[0])
    return float(text) if digits <= EXACT_DIGITS else Decimal(text)


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise MalformedQuery("too_deep", N_("This JSON is nested too deeply."))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        _check_depth(part, left - 1)
