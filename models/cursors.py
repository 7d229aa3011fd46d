"""Marks of a place in a list, sealed: they carry sort values, and nobody can read one or make one."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from bson import Decimal128
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import N_, MalformedQuery


def seal_cursor(secret: bytes, bound_to: str, content: list[Any]) -> str:
    """A cursor nobody can read or make.

    :param bound_to: what it is good for (actor, type, question); another use is refused
    """
    plain = json.dumps(content, ensure_ascii=False, default=_packed).encode()
    nonce = _nonce(secret, bound_to, plain)
    sealed = nonce + AESGCM(secret).encrypt(nonce, plain, bound_to.encode())
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_cursor(secret: bytes, bound_to: str, cursor: str) -> list[Any]:
    """:raises MalformedQuery: not ours, or made for another question"""
    try:
        sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        plain = AESGCM(secret).decrypt(sealed[:12], sealed[12:], bound_to.encode())
    except (ValueError, InvalidTag):
        raise MalformedQuery("bad_cursor", N_("This page mark belongs to another question. Begin again.")) from None
    return json.loads(plain, object_hook=_unpacked)


def _nonce(secret: bytes, bound_to: str, plain: bytes) -> bytes:
    """Derived from the content, so that one page has one link."""
    return hmac.new(secret, b"cursor\x00" + bound_to.encode() + b"\x00" + plain, hashlib.sha256).digest()[:12]


def _packed(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$at": int(value.replace(tzinfo=value.tzinfo or UTC).timestamp() * 1000)}
    if isinstance(value, Decimal128):
        return {"$dec": str(value)}
    raise TypeError(type(value).__name__)


def _unpacked(value: dict[str, Any]) -> Any:
    if "$at" in value:
        return datetime.fromtimestamp(value["$at"] / 1000, UTC)
    if "$dec" in value:
        return Decimal128(value["$dec"])
    return value
