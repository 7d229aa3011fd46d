"""Certificates of destruction: one a case, signed, checkable offline, without any personal data of a customer.

`certificates`  {_id: case id, state: live|final|withdrawn, content: the signed bytes, signature: {key, public,
                 signature}, issued_at, type}

What the content says, field by field, stands in docs/destruction.md.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bson import Binary
from pymongo.errors import DuplicateKeyError

from models.access.door import Door
from models.audit.entries import moment_text
from models.crypto.signing import sign as signed_by_us
from models.errors import RecordNotFound, StaleRecord
from models.lifecycle import cases as table
from models.lifecycle.cases import CaseState, ItemState
from models.lifecycle.manifest import canonical
from models.operations.cases import Case, move
from models.operations.keeping import system_door
from models.operations.migrations import installation_id
from models.store import Store
from models.users import Actor

FORMAT = 1
SOFTWARE = "dossier"
CATEGORY = "purge"
"""Of clear, purge and destroy (NIST SP 800-88): by cryptographic erase."""
METHOD = ("key_deleted", "data_deleted", "copies_stubbed", "checked_in_fresh_process")
TOOK_OUT = "records:export"


def certify(actor: Actor, store: Store, case: Mapping[str, Any], after: Mapping[str, Any]) -> Case:
    """The last arrow of the live part: the supervisor's second signature, and the certificate, in one transaction.

    :raises StaleRecord: the case has a certificate already
    """
    now = store.clock.now()
    content = canonical(content_of(store, case, {**after, "at": now}))
    signature = signed_by_us(store.keyring, store.clock, content)
    document = {
        "_id": case["_id"],
        "state": "live",
        "content": Binary(content),
        "signature": signature._asdict(),
        "issued_at": now,
        "type": case["type"],
    }

    def also(session: Any) -> None:
        store.data.certificates.insert_one(document, session=session)

    try:
        return move(
            store, actor, case, "confirm", CaseState.CERTIFIED_LIVE, sign=after, also=also,
            manifest=case["manifest"]["hash"], signing_key=signature.key,
        )  # fmt: skip
    except DuplicateKeyError:
        raise StaleRecord from None


def find(store: Store, case_id: str) -> dict[str, Any]:
    """The certificate of a case: `state`, `content` as data, `signature`.

    :raises RecordNotFound: there is none
    """
    found = store.data.certificates.find_one({"_id": str(case_id)})
    if found is None:
        raise RecordNotFound
    return {**found, "content": json.loads(bytes(found["content"]))}


def content_of(store: Store, case: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Everything a certificate says."""
    items = list(store.data.case_items.find(_listed(case), {"sample": 0}).sort("record", 1))
    destroyed = [one for one in items if one["state"] == ItemState.CHECKED]
    signatures = [*case["signatures"], after]
    lines = _ledger_lines(store, case["_id"])
    return {
        "format": FORMAT,
        "certificate": case["_id"],
        "state": "live",
        "installation": installation_id(store),
        "software": SOFTWARE,
        "issued_at": moment_text(after["at"]),
        "type": case["type"],
        "authority": case["authority"],
        "rule": case.get("rule"),
        "proposed": _person(case["proposed"]),
        "approved": [_person(one) for one in signatures if one["role"] == table.APPROVES],
        "started": _person(case["started"]),
        "supervised": [_person(one) for one in signatures if one["role"] in (table.BEFORE, table.AFTER)],
        "category": CATEGORY,
        "method": list(METHOD),
        "manifest": {"hash": case["manifest"]["hash"], "count": case["manifest"]["count"]},
        "destroyed": len(destroyed),
        "skipped": _counts(one["reason"] for one in items if one["state"] == ItemState.SKIPPED),
        "subjects": [{"ref": one["record"], "key": one["key"], "archive_no": one["archive_no"]} for one in destroyed],
        "carried_out": {"from": moment_text(case["running_at"]), "to": moment_text(case["purged_at"])},
        "verification": _verification(case["check"]),
        "in_clear": in_clear(system_door(store), {one["type"] for one in destroyed}),
        "outside": _outside(store, {case["type"], case["base"]} | {one["type"] for one in destroyed}),
        "backups": "not_listed",
        "tokens": {"epoch": store.keyring.epoch, "final_when": "epoch_over"},
        "ledger": {"first": min(lines, default=0), "last": max(lines, default=0)},
        "audit": _audit_head(store),
    }


def _listed(case: Mapping[str, Any]) -> dict[str, Any]:
    return {"case": case["_id"], "listing": case["manifest"]["listing"]}


def _person(signature: Mapping[str, Any]) -> dict[str, Any]:
    told = {"by": signature["by"], "name": signature["name"], "at": moment_text(signature["at"])}
    return told | {name: signature[name] for name in ("role", "roles", "manifest_hash") if signature.get(name)}


def _counts(words: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found


def _verification(check: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": moment_text(check["at"]),
        "items": check["items"],
        "samples": check["samples"],
        "samples_opened": 0,
        "places": list(check["places"]),
        "cleared": dict(check["cleared"]),
        "findings": 0,
        "result": "passed",
    }


def in_clear(door: Door, types: Iterable[str]) -> list[dict[str, str]]:
    """The fields whose values were stored unencrypted, so that remains of the disk or of backups may hold them."""
    found = []
    for name in sorted(types):
        compiled = door.registry.get(name)
        for field in compiled.walk():
            plain = not (field.sealed or field.frame or field.computed or field.fields or field.in_rows)
            if field.active and plain:
                found.append({"type": name, "field": field.address, "grade": field.grade.word})
    return found


def _outside(store: Store, types: set[str]) -> dict[str, int]:
    """How many exports of these types the log knows of: no program can follow a file that has left."""
    named = {"action": TOOK_OUT, "type": {"$in": sorted(types)}}
    return {"exports": store.data.audit_entries.count_documents(named)}


def _ledger_lines(store: Store, case_id: str) -> list[int]:
    return list(store.data.tombstones.distinct("ledger", {"case": case_id}))


def _audit_head(store: Store) -> dict[str, Any]:
    """The last entry of the log as the certificate was made: what came before it cannot be changed unnoticed."""
    last = store.data.audit_entries.find_one({}, {"hash": 1, "at": 1}, sort=[("at", -1), ("_id", -1)])
    if last is None:
        return {}
    return {"entry": last["_id"], "hash": bytes(last["hash"]).hex(), "at": moment_text(last["at"])}
