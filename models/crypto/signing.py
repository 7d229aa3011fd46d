"""The signature of the installation (Ed25519), under certificates. The private key lies wrapped in the key store.

`signing_keys`  {_id: number, key: first 16 digits of SHA-256 of the public key, public, epoch, wrapped, at}
"""

import hashlib
from contextlib import suppress
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pymongo.errors import DuplicateKeyError

from models.crypto.keys import Keyring
from models.errors import N_, KeyStoreFault
from models.store import Clock

FIRST = 1
PURPOSE = "signing"


class Signed(NamedTuple):
    """A signature and which key made it; both in hexadecimal."""

    key: str
    public: str
    signature: str


def sign(keyring: Keyring, clock: Clock, content: bytes) -> Signed:
    """Sign some bytes with the installation's key, which is made on the first use."""
    found = keyring.database.signing_keys.find_one({}, sort=[("_id", -1)]) or _made(keyring, clock)
    private = Ed25519PrivateKey.from_private_bytes(keyring.unwrap(PURPOSE, found["epoch"], bytes(found["wrapped"])))
    return Signed(found["key"], bytes(found["public"]).hex(), private.sign(content).hex())


def public_keys(keyring: Keyring) -> dict[str, str]:
    """Every public key the installation has signed with: its name → the key in hexadecimal."""
    return {one["key"]: bytes(one["public"]).hex() for one in keyring.database.signing_keys.find().sort("_id")}


def is_signed(content: bytes, public: str, signature: str) -> bool:
    """Whether a signature (hexadecimal) of these bytes is by this public key (hexadecimal)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _made(keyring: Keyring, clock: Clock) -> dict[str, Any]:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    epoch, wrapped = keyring.wrap(PURPOSE, private.private_bytes_raw())
    made = {"_id": FIRST, "key": hashlib.sha256(public).hexdigest()[:16], "public": public}
    with suppress(DuplicateKeyError):  # another process was first; its key is the one
        keyring.database.signing_keys.insert_one({**made, "epoch": epoch, "wrapped": wrapped, "at": clock.now()})
    found = keyring.database.signing_keys.find_one({"_id": FIRST})
    if found is None:
        raise KeyStoreFault(N_("The key store did not keep the key that signs certificates."))
    return found
