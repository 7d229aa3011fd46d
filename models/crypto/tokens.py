"""Search tokens: what a sealed field is asked by. A keyed digest of the normalised value, a key per field."""

import hashlib
import hmac
from binascii import b2a_base64
from collections.abc import Mapping
from typing import Any

BLOCK_BYTES = 64
TOKEN_BYTES = 16
URL_SAFE = bytes.maketrans(b"+/", b"-_")
INNER = bytes(byte ^ 0x36 for byte in range(256))
OUTER = bytes(byte ^ 0x5C for byte in range(256))

PadStates = tuple[Any, Any]
"""The SHA-256 states of an HMAC key after its inner and outer pad: copied, never updated."""


class Tokens:
    """Makes tokens under the token key of each epoch still accepted.

    :param masters: epoch → token key of 32 bytes
    :param current: the epoch whose tokens new documents carry
    """

    def __init__(self, masters: Mapping[int, bytes], current: int):
        self._masters = [masters[current], *(masters[epoch] for epoch in sorted(masters) if epoch != current)]
        self._states: dict[tuple[str, str], list[PadStates]] = {}

    def of(self, field_id: str, kind: str, normalised: str) -> str:
        """The token (22 characters) of a value under the current epoch.

        :param kind: eq, surname, pinyin, initials, tail: tokens of two kinds never meet
        """
        states = self._states.get((field_id, kind)) or self._prepare(field_id, kind)
        return _token(states[0], normalised)

    def all_of(self, field_id: str, kind: str, normalised: str) -> list[str]:
        """The token under every accepted epoch, the current one first: what a search asks for."""
        states = self._states.get((field_id, kind)) or self._prepare(field_id, kind)
        return [_token(state, normalised) for state in states]

    def _prepare(self, field_id: str, kind: str) -> list[PadStates]:
        """HMAC(field key, kind | value), key schedule and kind done beforehand. Copying hmac objects is slower."""
        prepared = []
        for master in self._masters:
            key = hmac.digest(master, b"field|" + field_id.encode(), "sha256").ljust(BLOCK_BYTES, b"\0")
            inner = hashlib.sha256(key.translate(INNER))
            inner.update(kind.encode() + b"|")
            prepared.append((inner, hashlib.sha256(key.translate(OUTER))))
        self._states[field_id, kind] = prepared
        return prepared


def _token(states: PadStates, normalised: str) -> str:
    inner = states[0].copy()
    # a lone surrogate in a search text must find nothing, not fail
    inner.update(normalised.encode("utf-8", "surrogatepass"))
    outer = states[1].copy()
    outer.update(inner.digest())
    return b2a_base64(outer.digest()[:TOKEN_BYTES]).translate(URL_SAFE, b"=\n").decode()
