"""A small verifier of audit lanes, written from the format and not from the code that writes it."""

import hashlib
import json
from collections import defaultdict
from datetime import datetime


def verified_lanes(db) -> dict[str, list[dict]]:
    """Lane → the content of its entries in order, after every link of every chain was checked."""
    lanes = defaultdict(list)
    for document in db.audit_entries.find().sort("_id"):
        lane, seq = document["_id"].split(":")
        lanes[lane].append((int(seq), document))
    return {lane: _verified(lane, entries) for lane, entries in lanes.items()}


def _verified(lane: str, entries: list[tuple[int, dict]]) -> list[dict]:
    prev, contents = bytes(32), []
    for expected, (seq, document) in enumerate(entries):
        assert seq == expected, f"lane {lane}: a gap before {seq}"
        assert document["prev"] == prev, f"lane {lane}: {seq} does not follow {expected - 1}"
        body = bytes(document["body"])
        inner = hashlib.sha256(body).digest()
        chained = hashlib.sha256(b"\0" + lane.encode() + seq.to_bytes(8, "big") + prev + inner).digest()
        assert document["hash"] == chained, f"lane {lane}: the body of {seq} was changed"
        content = json.loads(body)
        for name in ("actor", "action", "type", "records", "ref"):
            assert document.get(name) == content.get(name), f"lane {lane}: {name} of {seq} is not what the body says"
        assert document["at"] == datetime.fromisoformat(content["at"])
        prev = chained
        contents.append(content)
    return contents


def entries_of(db) -> list[dict]:
    """What all lanes say, without the marks of lanes themselves."""
    found = [content for contents in verified_lanes(db).values() for content in contents]
    return [content for content in found if not content["action"].startswith("lane:")]
