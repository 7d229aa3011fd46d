"""A sealed value: AES-256-GCM under the key of its record, bound to record, field, key and format version.

Blob (BSON binary, subtype 128): version (1 byte) | nonce (12) | ciphertext | tag (16).
Plain bytes inside: `s` and UTF-8 for text, else `b` and a BSON document with the value under "v".
Bound as additional data: version | record id | field id | key id. Moved anywhere else, it does not open.
"""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

import bson
from bson.binary import USER_DEFINED_SUBTYPE, Binary
from bson.codec_options import CodecOptions
from cryptography.exceptions import InvalidTag

from models.crypto.kek import NONCE_BYTES
from models.errors import SealBroken

if TYPE_CHECKING:
    from models.crypto.keys import DataKey

VERSION = b"\x01"
BODY_AT = 1 + NONCE_BYTES
AWARE: CodecOptions = CodecOptions(tz_aware=True, tzinfo=UTC)


class _Unreadable:
    """Stands where a value should: its key is gone or its seal is broken. One bad value never hides a page."""

    def __repr__(self) -> str:
        return "UNREADABLE"

    def __bool__(self) -> bool:
        return False


UNREADABLE = _Unreadable()


def seal(key: "DataKey", field_id: str, value: Any) -> Binary:
    """Encrypt any stored shape (str, int, Decimal128, bool, aware datetime, list, dict of these)."""
    nonce = os.urandom(NONCE_BYTES)
    plain = b"s" + value.encode() if type(value) is str else b"b" + bson.encode({"v": value})
    bound = VERSION + key.record_tag + field_id.encode() + key.key_tag
    return Binary(VERSION + nonce + key.cipher.encrypt(nonce, plain, bound), USER_DEFINED_SUBTYPE)


def unseal(key: "DataKey", field_id: str, blob: bytes) -> Any:
    """The value that was sealed, in its stored shape.

    :raises SealBroken: the blob was changed, or comes from another record, field, key or version
    """
    if blob[:1] != VERSION:
        raise SealBroken
    bound = VERSION + key.record_tag + field_id.encode() + key.key_tag
    try:
        plain = key.cipher.decrypt(blob[1:BODY_AT], blob[BODY_AT:], bound)
    except (InvalidTag, ValueError):  # ValueError: too short to hold nonce and tag
        raise SealBroken from None
    if plain[0] == 115:  # s
        return plain[1:].decode()
    return bson.decode(plain[1:], AWARE)["v"]


def unseal_many(keys: "Mapping[str, DataKey]", cells: Iterable[tuple[str, str, bytes]]) -> list[Any]:
    """Open the cells of a page or batch, in order.

    :param keys: record id → key, as `Keyring.fetch` gives them
    :param cells: (record id, field id, blob)
    :return: values; `UNREADABLE` where the key is gone or the seal is broken
    """
    values: list[Any] = []
    for record_id, field_id, blob in cells:
        key = keys.get(record_id)
        if key is None:
            values.append(UNREADABLE)
            continue
        try:
            values.append(unseal(key, field_id, blob))
        except SealBroken:
            values.append(UNREADABLE)
    return values


def is_sealed(value: Any) -> bool:
    """Whether what stands in `v` is a sealed blob: no clear stored shape is binary."""
    return isinstance(value, bytes)
