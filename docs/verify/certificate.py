#!/usr/bin/env python3
"""Check a certificate of destruction without the archive: `certificate.py FILE --key PUB`.

FILE is the JSON the certificate's page hands out: {"content": …, "signature": {key, public, signature}}. PUB is the
public key of the installation (64 hexadecimal digits, or a file that holds them), as its keeper published it: a key
that came with the certificate proves nothing. Needs Python and `cryptography`, and nothing of the archive itself.

Exit code 0: signed by this key, and consistent. 1: not. 2: cannot be read.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def canonical(content):
    """The bytes that were signed."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def faults(content, signature, public):
    """What is wrong, a sentence each."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            bytes.fromhex(signature["signature"]), canonical(content)
        )
    except (InvalidSignature, ValueError, KeyError):
        yield "the signature is not of this content by this key"
    if hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16] != signature.get("key"):
        yield "the certificate names another key"
    subjects = content["subjects"]
    if len(subjects) != content["destroyed"] or len({one["ref"] for one in subjects}) != len(subjects):
        yield "the subjects are not as many as the records destroyed"
    if content["destroyed"] + sum(content["skipped"].values()) != content["manifest"]["count"]:
        yield "destroyed and skipped do not add up to the list"
    people = {one["by"] for one in content["approved"]}
    if not people or content["proposed"]["by"] in people:
        yield "nobody but the proposer approved"
    if content["started"]["by"] in {one["by"] for one in content["supervised"]} or len(content["supervised"]) < 2:
        yield "nobody but the starter supervised, before and after"
    signed = {one["manifest_hash"] for one in (*content["approved"], *content["supervised"])}
    if signed != {content["manifest"]["hash"]}:
        yield "a signature was given under another list"
    if content["verification"]["result"] != "passed" or content["verification"]["samples_opened"]:
        yield "the check did not pass"


def main():
    parser = argparse.ArgumentParser(description="Check a certificate of destruction without the archive.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", required=True, help="public key: hexadecimal, or a file that holds it")
    asked = parser.parse_args()
    try:
        given = json.loads(asked.file.read_text(encoding="utf-8"))
        public = Path(asked.key).read_text(encoding="utf-8").strip() if Path(asked.key).is_file() else asked.key
        found = list(faults(given["content"], given["signature"], public))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        print(f"cannot be read: {type(fault).__name__}", file=sys.stderr)
        return 2
    for sentence in found:
        print(f"WRONG {sentence}")
    if not found:
        content = given["content"]
        print(f"ok    {content['certificate']}: {content['destroyed']} records, issued {content['issued_at']}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
