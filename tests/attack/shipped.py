"""The shipped types, roles and grants on an empty store, somebody of every role, and a few customers."""

from pathlib import Path

import yaml
from flask import Flask

from models.access.door import Door
from models.operations import departments, grants, records, roles, types
from models.store import Store
from tests.attack.panel import SYSTEM, Caller, add_user, caller

SEED = Path(__file__).parents[2] / "seed"
CUSTOMERS = {
    "enterprise": {"customer_name": "上海临江商贸有限公司", "phone": ["13812345678"]},
    "individual": {"customer_name": "张三丰", "phone": ["13987654321"]},
    "tenant": {"customer_name": "李四光", "phone": ["13711112222"]},
}


def ship(store: Store) -> None:
    """Bring types, roles and grants."""
    for role in yaml.safe_load((SEED / "roles.yaml").read_text(encoding="utf-8"))["roles"]:
        roles.add(SYSTEM, store, **role)
    types.apply(SYSTEM, store, types.read_definitions(SEED / "types"), reason="test")
    policy = yaml.safe_load((SEED / "grants.yaml").read_text(encoding="utf-8"))
    grants.apply(store, SYSTEM, policy, source="grants.yaml", reason="test")
    departments.add(SYSTEM, store, id="service", name="service")


def add_customers(store: Store, owner: str) -> dict[str, str]:
    """One customer of each kind in the department `service`; kind → id."""
    door = Door(store, SYSTEM)
    more = {"department": "service", "owner": owner}
    return {kind: records.create(door.open(kind), body | more).id for kind, body in CUSTOMERS.items()}


def somebody(app: Flask, store: Store, role: str) -> Caller:
    """A program of a new user with this role, in the department `service`."""
    return caller(app, store, add_user(store, f"{role}_program", [role], "service"))
