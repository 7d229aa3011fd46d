"""Destruction cases: proposed, listed, approved, started and confirmed by persons; each arrow one compare-and-set.

`cases`       {_id: number, also the certificate's, type, base, authority: request|rule, rule?, reason, state, version,
               epoch, lease?, proposed, chosen: [ids], manifest?: {hash, count, listing}, needed, signatures: [],
               cooling_until?, supervisor?, started?, moves: [], hands: [], blocked?, check?}
`case_items`  {_id: "<case>:<listing>:<record>", case, listing, record, type, base, archive_no, rev, key, rule,
               rule_version, due_on, part_of, copies, group, alone, n, state, reason?, sample?}

`version` counts arrows, `epoch` those who took the work on. What a worker does stands in `destruction.py`.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pymongo.client_session import ClientSession

from models.access.door import Door
from models.access.grants import may
from models.errors import N_, AccessDenied, FieldValueError, InvalidRecord, RecordNotFound, StaleRecord, WrongState
from models.lifecycle import cases as table
from models.lifecycle.cases import CaseState, ItemState, Signature, arrows_from
from models.lifecycle.manifest import manifest_hash
from models.operations.case_settings import configure, settings_of
from models.operations.changes import allowed, committed, entry_for
from models.operations.keeping import check_words, chosen, next_number, of_person, show_password
from models.operations.listings import items_for
from models.operations.users import find_by_username
from models.store import Store, read_stamps
from models.users import Actor, User, actor_of, documents

__all__ = ["SYSTEM", "Case", "configure", "find", "listed", "move", "progress", "settings_of"]

S = CaseState
Case = dict[str, Any]


# reading


def find(store: Store, case_id: str) -> Case:
    """
    :raises RecordNotFound: there is no such case
    """
    case = store.data.cases.find_one({"_id": str(case_id)})
    if case is None:
        raise RecordNotFound
    return case


def listed(store: Store, *, states: Sequence[str] = (), limit: int = 100) -> list[Case]:
    """Cases, the newest first, without the ids they name."""
    asked = {"state": {"$in": list(states)}} if states else {}
    found = store.data.cases.find(asked, {"chosen": 0}).sort([("proposed.at", -1), ("_id", -1)]).limit(limit)
    return list(found)


def progress(store: Store, case: Mapping[str, Any]) -> dict[str, int]:
    """Item state → how many items of the case as listed are in it."""
    steps: list[dict[str, Any]] = [{"$match": _of(case)}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}]
    return {one["_id"]: one["count"] for one in store.data.case_items.aggregate(steps)}


def items_of(
    store: Store, case: Mapping[str, Any], *, states: Sequence[str] = (), after: str = "", limit: int = 100
) -> list[dict[str, Any]]:
    """Some items of a case, in the order of their records."""
    asked = {**_of(case), "record": {"$gt": after}} | ({"state": {"$in": list(states)}} if states else {})
    return list(store.data.case_items.find(asked, {"sample": 0}).sort("record", 1).limit(limit))


def _of(case: Mapping[str, Any]) -> dict[str, Any]:
    return {"case": case["_id"], "listing": (case.get("manifest") or {}).get("listing", 0)}


# the arrows


def move(
    store: Store,
    actor: Actor,
    case: Mapping[str, Any],
    verb: str,
    target: CaseState,
    *,
    set: Mapping[str, Any] | None = None,
    sign: Mapping[str, Any] | None = None,
    also: Any = None,
    **extra: Any,
) -> Case:
    """One arrow: where the case is still as it was read, and with its entry in the log.

    :param sign: a signature to add
    :param also: `also(session)` is written in the same transaction
    :raises WrongState: the table has no such arrow
    :raises StaleRecord: somebody else was first
    """
    if not any(one.target == target for one in arrows_from(case["state"], verb)):
        raise WrongState(words=N_("The case is in a state that does not allow this."))
    seen = {"_id": case["_id"], "state": case["state"], "epoch": case["epoch"], "version": case["version"]}
    now = store.clock.now()
    moved = {"verb": verb, "from": case["state"], "to": target, "by": actor.id, "name": actor.name, "at": now}
    push: dict[str, Any] = {"moves": moved} | ({"signatures": {**sign, "at": now}} if sign else {})
    update = {"$set": {"state": target, **(set or {})}, "$inc": {"version": 1}, "$push": push}
    entry = entry_for(
        actor, f"cases:{verb}", "cases", [case["_id"]], **{"from": case["state"], "to": target}, **extra
    )

    def write(session: ClientSession) -> None:
        if not store.data.cases.update_one(seen, update, session=session).matched_count:
            raise StaleRecord
        if also is not None:
            also(session)

    committed(store, entry, write, stamp=None)
    return find(store, case["_id"])


def propose(
    actor: Actor,
    store: Store,
    type_name: str,
    *,
    ids: Sequence[str] | None = None,
    where: Mapping[str, Any] | None = None,
    reason: str,
) -> Case:
    """A new case on request: a draft that names records. Nothing happens to them.

    :raises AccessDenied, RecordNotFound, MalformedQuery, InvalidRecord: no case was made
    """
    stamps = allowed(actor, store, table.MANAGE)
    door = Door(store, actor, stamps).open(type_name)
    reason = check_words("reason", reason, 500)
    found = chosen(door, ids, where)
    case = {"type": door.compiled.name, "base": door.compiled.base, "authority": "request", "rule": None}
    return begin(store, actor, {**case, "reason": reason}, found)


def begin(store: Store, actor: Actor, case: Mapping[str, Any], ids: Sequence[str]) -> Case:
    """Put a draft down; its kind and authority are given. For `propose` and the scan of retention."""
    now, settings = store.clock.now(), settings_of(store)
    person = "" if actor.system else of_person(actor)
    document = {
        "_id": next_number(store, "XH"),
        **case,
        "state": S.DRAFT,
        "version": 1,
        "epoch": 0,
        "lease": None,
        "proposed": {"by": actor.id, "name": actor.name, "person": person, "at": now},
        "chosen": list(ids),
        "manifest": None,
        "needed": settings["approvals"],
        "signatures": [],
        "moves": [],
        "hands": [],
    }
    entry = entry_for(
        actor, "cases:propose", "cases", [document["_id"]], count=len(ids), authority=case["authority"]
    )
    committed(store, entry, lambda session: store.data.cases.insert_one(document, session=session), stamp=None)
    return find(store, document["_id"])


def submit(actor: Actor, store: Store, case_id: str) -> Case:
    """Freeze the list of a draft: what is approved is exactly this.

    :raises WrongState: a hold stands on every record, or none of them is there any more
    """
    allowed(actor, store, table.MANAGE)
    case = find(store, case_id)
    listing = case["version"] + 1
    submitted = {"by": actor.id, "name": actor.name, "person": of_person(actor)}
    fresh: dict[str, Any] = {"manifest": None, "signatures": [], "submitted": submitted}
    case = move(store, actor, case, "appraise", S.APPRAISED, set=fresh)
    items = items_for(store, case, listing)
    if not any(one["state"] == ItemState.PENDING for one in items):
        held = any(one.get("reason") == "held" for one in items)
        words = N_("A hold stands on every one of these records.") if held else N_("None of these can be destroyed.")
        raise WrongState("held" if held else "nothing_left", words)
    for start in range(0, len(items), 1000):
        store.data.case_items.insert_many(items[start : start + 1000])
    manifest = {"hash": manifest_hash(case, items), "count": len(items), "listing": listing}
    case = move(store, actor, case, "list", S.LISTED, set={"manifest": manifest}, manifest=manifest["hash"])
    store.data.case_items.delete_many({"case": case_id, "listing": {"$ne": listing}})
    return case


def is_as_listed(store: Store, case: Mapping[str, Any]) -> bool:
    """Whether the items are still those whose hash was signed."""
    return manifest_hash(case, store.data.case_items.find(_of(case), {"sample": 0})) == case["manifest"]["hash"]


def _signed(store: Store, actor: Actor, case: Mapping[str, Any], signed_hash: str, password: str, role: str) -> Any:
    """The signature of somebody who names the manifest and shows the password.

    :raises StaleRecord: they name another manifest, or it is no longer what was listed: the case is then blocked
    """
    show_password(actor, store, password)
    if (case.get("manifest") or {}).get("hash") != signed_hash:
        raise StaleRecord
    if not is_as_listed(store, case):
        if arrows_from(case["state"], "block"):
            move(store, SYSTEM, case, "block", S.BLOCKED, set={"blocked": "manifest_changed", "signatures": []})
        raise StaleRecord
    return {
        "role": role,
        "by": actor.id,
        "name": actor.name,
        "person": of_person(actor),
        "roles": sorted(actor.roles),
        "manifest_hash": signed_hash,
    }


SYSTEM = Actor.system_actor("job:destruction", "moves cases that wait for nobody")


def _refused(code: str) -> AccessDenied:
    words = {
        "own_case": N_("Nobody approves what they proposed themselves, with whatever account."),
        "signed_already": N_("This person has signed already, with whatever account."),
        "own_start": N_("Whoever starts a case cannot supervise it, with whatever account."),
        "not_supervisor": N_("Only the supervisor named at the start confirms."),
    }
    return AccessDenied(code, words[code])


def approve(actor: Actor, store: Store, case_id: str, *, signed_hash: str, password: str) -> Case:
    """Sign the manifest. With the last signature needed the case is approved.

    :raises AccessDenied: the right is lacking, or the person proposed the case or has signed it
    :raises StaleRecord: another manifest than the one signed
    """
    allowed(actor, store, table.APPROVE)
    case = find(store, case_id)
    _require(case, "approve")
    signatures = table.signatures_of(case)
    for first in (case["proposed"], case["submitted"]):  # a rule proposes, a person then takes it up
        if refusal := table.refusal_to_approve(first["person"], signatures, of_person(actor)):
            raise _refused(refusal)
    sign = _signed(store, actor, case, signed_hash, password, table.APPROVES)
    now = [*signatures, Signature(table.APPROVES, actor.id, of_person(actor), signed_hash)]
    target = S.APPROVED if table.enough(now, signed_hash, case["needed"]) else S.LISTED
    return move(store, actor, case, "approve", target, sign=sign, manifest=signed_hash)


def reject(actor: Actor, store: Store, case_id: str, *, reason: str) -> Case:
    """Say no, with a reason. The case ends."""
    allowed(actor, store, table.APPROVE)
    case, words = find(store, case_id), check_words("reason", reason, 500)
    return move(store, actor, case, "reject", S.REJECTED, set={"ended": words})


def cancel(actor: Actor, store: Store, case_id: str, *, reason: str = "") -> Case:
    """Call a case off before anything is touched: whoever manages cases, or whoever may approve them."""
    if not may(store, read_stamps(store), actor, table.APPROVE):
        allowed(actor, store, table.MANAGE)
    words = check_words("reason", reason, 500) if reason.strip() else ""
    return move(store, actor, find(store, case_id), "cancel", S.CANCELLED, set={"ended": words})


def reopen(actor: Actor, store: Store, case_id: str) -> Case:
    """Make a blocked case a draft again. Its signatures are void."""
    allowed(actor, store, table.MANAGE)
    names = ("manifest", "supervisor", "started", "blocked")
    fresh: dict[str, Any] = {"signatures": [], **dict.fromkeys(names)}
    return move(store, actor, find(store, case_id), "reopen", S.DRAFT, set=fresh)


def start(
    actor: Actor, store: Store, case_id: str, *, supervisor: str, signed_hash: str, password: str
) -> Case:
    """Ask for an armed case to be carried out, in the presence of a second person, who then confirms.

    :param supervisor: user name or id
    :raises InvalidRecord: the supervisor may not supervise
    """
    allowed(actor, store, table.MANAGE)
    case = find(store, case_id)
    _require(case, "start")
    present = _supervisor(store, supervisor)
    if refusal := table.refusal_to_supervise(of_person(actor), of_person(present)):
        raise _refused(refusal)
    sign = _signed(store, actor, case, signed_hash, password, table.STARTS)
    named = {"by": present.id, "name": present.name, "person": of_person(present)}
    begun = {"by": actor.id, "name": actor.name, "person": of_person(actor), "at": store.clock.now()}
    return move(
        store, actor, case, "start", S.ARMED, set={"supervisor": named, "started": begun}, sign=sign,
        manifest=signed_hash, supervisor=present.id,
    )  # fmt: skip


def _supervisor(store: Store, word: str) -> Actor:
    user = documents(store, User).filter(id=word).first() or (find_by_username(store, word) if word else None)
    present = actor_of(store, user) if user is not None and user.active else None
    if present is None or not may(store, read_stamps(store), present, table.APPROVE):
        words = N_("Name somebody who may approve cases.")
        raise InvalidRecord({"supervisor": FieldValueError("supervisor", words)})
    return present


def confirm(actor: Actor, store: Store, case_id: str, *, signed_hash: str, password: str) -> Case:
    """The supervisor's word: before, the case then runs; after the check, it is then certified.

    :raises AccessDenied: somebody else than the supervisor
    :raises WrongState: nobody has started it yet
    """
    allowed(actor, store, table.APPROVE)
    case = find(store, case_id)
    _require(case, "confirm")
    named, begun = case.get("supervisor"), case.get("started")
    if not named or not begun:
        raise WrongState("not_started", N_("Nobody has started this case yet."))
    if actor.id != named["by"]:
        raise _refused("not_supervisor")
    if refusal := table.refusal_to_supervise(begun["person"], of_person(actor)):
        raise _refused(refusal)
    before = case["state"] == S.ARMED
    sign = _signed(store, actor, case, signed_hash, password, table.BEFORE if before else table.AFTER)
    if before:
        fresh = {"hands": [], "running_at": store.clock.now()}
        return move(store, actor, case, "confirm", S.RUNNING, set=fresh, sign=sign, manifest=signed_hash)
    from models.operations.certificates import certify

    return certify(actor, store, case, sign)


def resume(actor: Actor, store: Store, case_id: str, *, signed_hash: str, password: str) -> Case:
    """Go on with a case that needed a person: the cause is removed."""
    allowed(actor, store, table.MANAGE)
    case = find(store, case_id)
    _require(case, "resume")
    sign = _signed(store, actor, case, signed_hash, password, "resume")
    return move(store, actor, case, "resume", S.RUNNING, set={"hands": [], "fault": None}, sign=sign)


def _require(case: Mapping[str, Any], verb: str) -> None:
    """:raises WrongState: said before anybody is asked for a password"""
    if not arrows_from(case["state"], verb):
        raise WrongState(words=N_("The case is in a state that does not allow this."))


# what waits for nobody


def advance(store: Store, case_id: str) -> Case:
    """Approved → cooling → armed, as far as time and rights let it; otherwise nothing changes."""
    case = find(store, case_id)
    if case["state"] == S.APPROVED:
        days = settings_of(store)["cooling_days"]
        until = store.clock.now() + timedelta(days=days)
        case = move(store, SYSTEM, case, "cool", S.COOLING, set={"cooling_until": until})
    if case["state"] == S.COOLING and case["cooling_until"] <= store.clock.now():
        case = _arm(store, case)
    return case


def _arm(store: Store, case: Case) -> Case:
    """Rights are asked again: who has lost theirs, or left, has not approved."""
    if not is_as_listed(store, case):
        return move(store, SYSTEM, case, "block", S.BLOCKED, set={"blocked": "manifest_changed", "signatures": []})
    hash = case["manifest"]["hash"]
    standing = [one for one in table.signatures_of(case) if one.role == table.APPROVES and _may_still(store, one)]
    if not table.enough(standing, hash, case["needed"]):
        return move(store, SYSTEM, case, "block", S.BLOCKED, set={"blocked": "right_lost", "signatures": []})
    return move(store, SYSTEM, case, "arm", S.ARMED)


def _may_still(store: Store, signature: Signature) -> bool:
    user = documents(store, User).filter(id=signature.by, active=True).first()
    if user is None:
        return False
    now = actor_of(store, user)
    return of_person(now) == signature.person and may(store, read_stamps(store), now, table.APPROVE)


def advance_all(store: Store) -> int:
    """Move every case that waits for nobody. Returns how many moved."""
    moved = 0
    for one in store.data.cases.find({"state": {"$in": [S.APPROVED, S.COOLING]}}, {"state": 1}):
        try:
            moved += advance(store, one["_id"])["state"] != one["state"]
        except StaleRecord:  # another process was first
            continue
    return moved


def ensure_indexes(store: Store) -> None:
    """Harmless when they stand."""
    store.data.cases.create_index([("state", 1), ("proposed.at", -1)])
    store.data.cases.create_index([("proposed.at", -1)])
    store.data.case_items.create_index([("case", 1), ("listing", 1), ("state", 1), ("record", 1)])
    store.data.case_items.create_index([("case", 1), ("listing", 1), ("record", 1)])
    store.data.case_items.create_index("record")
    store.data.idempotency.create_index("record")
