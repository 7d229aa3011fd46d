"""Destruction for tests: records to destroy, cases brought to a state by the right persons, and the five invariants."""

from typing import Any

from argon2 import PasswordHasher

from models.access.door import Door
from models.lifecycle.cases import IRREVERSIBLE, CaseState, ItemState
from models.operations import cases, destruction, holds
from models.operations.bulk import Loader
from models.operations.records import create
from models.store import Store
from models.users import Actor
from tests.conftest import CAST_PASSWORD

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Real, and quick: a case is signed four times."""
SYSTEM = Actor.system_actor("cli:tests", "records to destroy")
REASON = "客户要求删除"


class People:
    """Who plays which part: the archivist proposes and starts, the head of service approves and supervises."""

    def __init__(self, store: Store, cast: dict[str, Actor]):
        store.data.users.update_many({}, {"$set": {"password": CHEAP.hash(CAST_PASSWORD)}})
        self.proposer = cast["archivist"].through("session")
        self.approver = cast["general_manager"].through("session")
        self.lawyer = cast["legal"].through("session")
        self.auditor = cast["auditor"].through("session")


def enterprises(store: Store, count: int, name: str = "待销毁公司") -> list[str]:
    """New records with a sealed phone and an address, by the loader."""
    loader = Loader(Door(store, SYSTEM).open("enterprise"))
    rows = [
        loader.read({"customer_name": f"{name}{number:05d}", "phone": [{"number": f"1380013{number:04d}"}]})
        for number in range(count)
    ]
    return [id for start in range(0, count, 500) for id in loader.write(rows[start : start + 500])]


def one(store: Store, type_name: str = "enterprise", **values: Any) -> str:
    """A new record, created like a single one."""
    return create(Door(store, SYSTEM).open(type_name), {"customer_name": "单个公司", **values}).id


def no_cooling(store: Store) -> None:
    """As the demonstration has it."""
    store.data.settings.update_one({"_id": "destruction"}, {"$set": {"cooling_days": 0}}, upsert=True)


def listed(store: Store, people: People, ids: list[str], type_name: str = "customer") -> dict[str, Any]:
    case = cases.propose(people.proposer, store, type_name, ids=ids, reason=REASON)
    return cases.submit(people.proposer, store, case["_id"])


def signed(case: dict[str, Any]) -> dict[str, str]:
    return {"signed_hash": case["manifest"]["hash"], "password": CAST_PASSWORD}


def armed(store: Store, people: People, ids: list[str], type_name: str = "customer") -> dict[str, Any]:
    no_cooling(store)
    case = listed(store, people, ids, type_name)
    cases.approve(people.approver, store, case["_id"], **signed(case))
    return cases.advance(store, case["_id"])


def running(store: Store, people: People, ids: list[str], type_name: str = "customer") -> dict[str, Any]:
    case = armed(store, people, ids, type_name)
    assert case["state"] == CaseState.ARMED, case["state"]
    cases.start(people.proposer, store, case["_id"], supervisor=people.approver.id, **signed(case))
    return cases.confirm(people.approver, store, case["_id"], **signed(case))


def carry_out(store: Store, case_id: str, **how: Any) -> dict[str, Any]:
    """All parts to the end; before the check this process takes another name, as a new one would have."""
    for _ in range(200):
        outcome = destruction.step(store, case_id, **how)
        if outcome == destruction.Outcome.FRESH:
            destruction.HAND.renew()
        elif outcome != destruction.Outcome.AGAIN:
            break
    return cases.find(store, case_id)


def certified(store: Store, people: People, case_id: str) -> dict[str, Any]:
    case = cases.find(store, case_id)
    return cases.confirm(people.approver, store, case_id, **signed(case))


# the five invariants


def broken(store: Store, held: set[str] = frozenset(), contents: dict[str, Any] | None = None) -> list[str]:  # type: ignore[assignment]
    """What of the five invariants does not hold, in words; empty where all of them do.

    :param held: records that have been under a hold since before their tombstone
    :param contents: id → `v` as it was, of records that must not have been touched
    """
    wrong = []
    tombs = {found["_id"]: found for found in store.data.tombstones.find()}
    keys = {found["_id"]: found for found in store.keys.data_keys.find()}
    lines = {record for line in store.ledger.lines() for record, _, _ in line["records"]}
    items = list(store.data.case_items.find())
    records = {found["_id"]: found for found in store.data.r_customer.find()}
    for id in held:
        if id in tombs or id not in records or id not in keys or keys[id].get("condemned"):
            wrong.append(f"1 held, and destroyed: {id}")
    for id, content in (contents or {}).items():
        if id not in tombs and (id not in records or records[id]["v"] != content or id not in keys):
            wrong.append(f"1 not condemned, and changed: {id}")
    for item in items:
        id = item["record"]
        if item["key"] and id not in keys and not (id in tombs and id in lines):
            wrong.append(f"2 key gone without tombstone and ledger line: {id}")
        if item["state"] in IRREVERSIBLE and id not in tombs:
            wrong.append(f"2 {item['state']} without tombstone: {id}")
        own = id in tombs and tombs[id]["case"] == item["case"]
        if item["state"] == ItemState.SKIPPED and own:
            wrong.append(f"4 skipped, and tombstoned: {id}")
    states = {case["_id"]: case["state"] for case in store.data.cases.find()}
    for certificate in store.data.certificates.find():
        mine = [one for one in items if one["case"] == certificate["_id"]]
        left = [one for one in mine if one["state"] not in ("checked", "skipped")]
        if left:
            wrong.append(f"3 certified over {left[0]['state']}: {certificate['_id']}")
    for id, tomb in tombs.items():
        shown = store.data.r_customer.find_one({"_id": id, "life.condemned": None})
        if shown:
            wrong.append(f"4 tombstoned, and shown: {id}")
        if states[tomb["case"]] in (CaseState.CANCELLED, CaseState.REJECTED):
            wrong.append(f"4 tombstoned by a case that was called off: {id}")
        rule = next((item["rule"] for item in items if item["record"] == id and item["case"] == tomb["case"]), None)
        due = next((item["due_on"] for item in items if item["record"] == id and item["case"] == tomb["case"]), None)
        if rule and (due is None or due > store.clock.today().isoformat()):
            wrong.append(f"5 before its due day: {id}")
    return wrong


def hold(store: Store, people: People, ids: list[str], type_name: str = "customer") -> Any:
    return holds.place(people.lawyer, store, type_name, ids=ids, reason="诉讼", reference="(2026) 民初 7 号")
