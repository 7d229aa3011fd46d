"""What a case is about, frozen: one line a record, one hash over all of it. Approvers sign the hash.

Lines are canonical JSON (sorted keys, no spaces, UTF-8). The hash is the root of a Merkle tree (RFC 6962): leaf 0
is the head of the case, then one leaf a line in the order of record ids, so that a single line can be proved later.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HEAD = ("case", "type", "authority", "rule", "rule_version", "count")
LINE = ("record", "type", "rev", "key", "rule", "rule_version", "due_on", "part_of", "copies")


def canonical(content: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed and signed."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def line_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an item that the manifest fixes; what happens to it later is not in it."""
    return {name: item.get(name) for name in LINE}


def manifest_hash(case: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> str:
    """The hash (64 hexadecimal digits) of a case and its items, in whatever order they come.

    :param case: has `_id`, `type`, `authority` and, for a rule's case, `rule` {id, version}
    """
    lines = sorted((line_of(item) for item in items), key=lambda line: line["record"])
    rule = case.get("rule") or {}
    head = {
        "case": case["_id"],
        "type": case["type"],
        "authority": case["authority"],
        "rule": rule.get("id"),
        "rule_version": rule.get("version"),
        "count": len(lines),
    }
    return root_of([canonical(head), *(canonical(line) for line in lines)]).hex()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of RFC 6962 over some entries."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        # Pairs from the left with the odd one carried up give the tree of the RFC, whose left part is a power of two.
        couples = zip(level[::2], level[1::2], strict=False)
        pairs = [hashlib.sha256(b"\x01" + one + other).digest() for one, other in couples]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def fingerprint(record: str, key: str | None, case: str) -> str:
    """Names a destroyed record in ledger and tombstone: tells nothing of its content, and is found again by id."""
    return hashlib.sha256(f"destroyed|{record}|{key or ''}|{case}".encode()).hexdigest()
