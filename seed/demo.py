"""Demonstration data: a small organisation, an account for every role, 300 customers, registers. Always the same."""

from random import Random
from typing import Any

from models.access.door import Door
from models.operations import bulk, cases, departments, records, retention, runs, users, verification
from models.store import Store
from models.users import Actor, actor_of
from seed import customers, demo_registers
from seed.generate import body_of

CUSTOMERS = (("enterprise", 130), ("individual", 100), ("tenant", 70))
COMPLETE = 4
"""The first customers of each kind have every field filled."""
EDITED = 12
"""Customers of each kind that somebody has worked on since."""
EXPIRED = (1, 2)
"""Private persons whose identity document ran out: verification finds them."""

DEPARTMENTS = (
    ("head", "总公司", None),
    ("management", "总经办", "head"),
    ("service", "客户服务部", "head"),
    ("property", "客务部", "service"),
    ("sales", "销售部", "head"),
    ("sales_east", "华东销售部", "sales"),
    ("sales_south", "华南销售部", "sales"),
    ("front_office", "前台", "property"),
    ("engineering", "工程部", "head"),
    ("quality", "品质部", "head"),
    ("legal", "法务部", "head"),
    ("archives", "档案室", "head"),
    ("information", "信息部", "head"),
    ("audit", "审计部", "head"),
)
"""Id, name, parent."""

ACCOUNTS = (
    ("admin", "陈明远", "administrator", "information"),
    ("permission_admin", "赵静", "permission_admin", "information"),
    ("archivist", "孙慧", "archivist", "archives"),
    ("service_clerk", "李姝", "service_clerk", "property"),
    ("service_head", "周以宁", "service_head", "service"),
    ("sales", "王磊", "sales", "sales_east"),
    ("sales_director", "吴强", "sales_director", "sales"),
    ("general_manager", "郑建国", "general_manager", "management"),
    ("quality", "冯敏", "quality", "quality"),
    ("legal", "韩雪", "legal", "legal"),
    ("auditor", "曹静", "auditor", "audit"),
    ("contractor", "何俊", "contractor", "property"),
    ("front_desk", "林晓", "front_desk", "front_office"),
    ("engineering_head", "许国强", "engineering_head", "engineering"),
    ("technician", "马力", "technician", "engineering"),
)
"""User name, name of the person, role, department."""

_HOLDERS = ("service_clerk", "service_clerk", "service_head", "sales", "sales", "sales_director")
_PLACES = ("property", "property", "service", "sales_east", "sales_east", "sales_south")
"""Who looks after customers, and where their archives belong. Drawn apart: some lie in one department and are
looked after by another, so that every role meets the same customer."""


def load(store: Store, password: str) -> bool:
    """Bring the demonstration into an installation that holds the shipped types and roles.

    :param password: of every demo account
    :return: False where the demonstration stands already
    :raises InvalidRecord: the password is too weak
    """
    if users.find_by_username(store, ACCOUNTS[0][0]):
        return False
    actor = Actor.system_actor("job:demo", "demonstration data")
    for id, name, parent in DEPARTMENTS:
        departments.add(actor, store, id=id, name=name, parent=parent)
    people = {
        username: users.add(
            actor, store, username=username, name=name, password=password, roles=[role], department=department,
            person=f"demo-{username}", must_change=False,
        ).id
        for username, name, role, department in ACCOUNTS
    }  # fmt: skip
    cases.configure(actor, store, cooling_days=0)
    _set_examples(store, actor)
    made = {kind: _load_kind(Door(store, actor), kind, count, people) for kind, count in CUSTOMERS}
    who = {username: actor_of(store, users.get_user(store, id)) for username, id in people.items()}
    demo_registers.load(store, actor, who, made["tenant"][:12])
    runs.request(store, actor, verification.KIND)
    return True


EXAMPLES = {"customer_archive": "P1Y", "complaint_papers": "P3Y", "repair_papers": "P3Y"}
"""Periods of the demonstration, marked as examples: the law names none."""


def _set_examples(store: Store, actor: Actor) -> None:
    for rule in retention.listed(store):
        if rule["_id"] in EXAMPLES and rule["period"] is None:
            retention.change(
                actor, store, rule["_id"], expected=rule["version"], period=EXAMPLES[rule["_id"]],
                reason="example of the demonstration", example=True,
            )  # fmt: skip


def _load_kind(door: Door, kind: str, count: int, people: dict[str, str]) -> list[str]:
    opened = door.open(kind)
    loader, rng = bulk.Loader(opened), Random(f"demo:{kind}")
    rows = []
    for turn in range(count):
        body = body_of(loader.kind, rng, full=turn < COMPLETE)
        if kind == "individual" and turn in EXPIRED:
            body["id_document"] = {**body["id_document"], "valid_until": "2025-06-30"}
        rows.append(loader.read(body | _whose(rng, turn, people)))
    ids = loader.write(rows)
    for id in ids[:EDITED]:
        records.update(opened, id, _worked_on(rng), expected=1)
    return ids


def _whose(rng: Random, turn: int, people: dict[str, str]) -> dict[str, Any]:
    """The first customer of each kind lies with the property office and is looked after by the salesperson."""
    if turn == 0:
        return {"owner": people["sales"], "department": "property"}
    return {"owner": people[customers.pick(rng, _HOLDERS)], "department": customers.pick(rng, _PLACES)}


def _worked_on(rng: Random) -> dict[str, Any]:
    needs = ("增加巡检次数", "改为季度结算", "需要英文资料", "希望周末送货", "续签合同")
    return {"needs": [customers.pick(rng, needs)], "collection_channel": "visit"}
