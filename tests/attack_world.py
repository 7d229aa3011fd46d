"""The set-up of the attacks: records of `client`, sales S (owner of record 1 only), helpdesk H, both in one: SH.

S reads name, level and notes, sees phone masked and salary only where they own the record, may edit notes
and fill gap; id_card, vip and person.hobby are hidden from everybody but the administrator.
H sees all names and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.access.door import Door, TypeDoor
from models.operations import grants, records
from models.operations import types as type_operations
from models.store import Store
from models.users import Actor, Department, Role, User

DEFINITION = Path(__file__).parent / "data" / "attack" / "client.yaml"
SYSTEM = Actor.system_actor("cli:test")
EVERY_ACTION = ["view", "create", "edit", "delete", "restore", "revert", "export", "import", "transition"]
HIDDEN_WORDS = ("id_card", "证件号码", "證件號碼", "Identity number", "vip", "hobby")
PLANTED = {"id_card": "310101199003074570", "salary": 87654321, "phone": "13812345678", "hobby": "围棋收藏"}

POLICY: dict[str, list[dict[str, Any]]] = {
    "scopes": [
        {"holder": "role:admin", "type": "client", "actions": EVERY_ACTION},
        {"holder": "role:admin", "resource": "permissions", "actions": ["view", "manage"]},
        {"holder": "role:sales", "type": "client", "actions": ["view", "create", "edit", "revert", "export"],
         "when": {"any": [{"field": "owner", "op": "eq", "value": "@me"},
                          {"field": "department", "op": "in", "value": "@my_departments"}]}},
        {"holder": "role:helpdesk", "type": "client", "actions": ["view", "export"]},
    ],
    "grants": [
        {"holder": "role:admin", "type": "client", "target": "*", "read": "full", "write": "edit",
         "use": ["filter", "sort", "search", "group"]},
        {"holder": "role:sales", "type": "client", "target": "name", "read": "full", "write": "edit"},
        {"holder": "role:sales", "type": "client", "target": "phone", "read": "masked"},
        {"holder": "role:sales", "type": "client", "target": "level", "read": "full"},
        {"holder": "role:sales", "type": "client", "target": "notes", "read": "full", "write": "edit"},
        {"holder": "role:sales", "type": "client", "target": "person.title", "read": "full", "write": "edit"},
        {"holder": "role:sales", "type": "client", "target": "gap", "write": "fill"},
        {"holder": "role:sales", "type": "client", "target": "salary", "read": "full",
         "when": {"field": "owner", "op": "eq", "value": "@me"}},
        {"holder": "role:helpdesk", "type": "client", "target": "name", "read": "full"},
    ],
}  # fmt: skip


@dataclass
class World:
    """A store with the attacked type, its people and five records."""

    store: Store
    actors: dict[str, Actor] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)

    def door(self, who: str, type_name: str = "client") -> TypeDoor:
        """The door of one of the cast, as of a new request."""
        return Door(self.store, self.actors[who]).open(type_name)

    def system(self) -> TypeDoor:
        """The door of the installation itself."""
        return Door(self.store, SYSTEM).open("client")

    def snapshot(self) -> dict[str, list[Any]]:
        """Everything that records, revisions, numbers and keys hold, to be compared byte for byte."""
        names = ("r_client", "revisions", "sequences", "number_voids", "idempotency", "grants_config", "change_sets")
        found = {name: list(self.store.data[name].find(sort=[("_id", 1)])) for name in names}
        return found | {"data_keys": list(self.store.keys.data_keys.find(sort=[("_id", 1)]))}


def build(store: Store, definition: Path = DEFINITION) -> World:
    """Definitions, policy, people; record 0 is S's, 1 SH's, 2 of their department too, 3 T's and 4 of another."""
    people = {
        "admin": (["admin"], None),
        "S": (["sales"], "a"),
        "T": (["sales"], "b"),
        "H": (["helpdesk"], "a"),
        "SH": (["sales", "helpdesk"], "a"),
    }
    names = ("admin", "sales", "helpdesk")
    store.data.roles.insert_many([Role(id=name, labels={"en": name}).to_mongo() for name in names])
    store.data.departments.insert_many([Department(id=one, name=one.upper()).to_mongo() for one in "ab"])
    world = World(store)
    for who, (roles, department) in people.items():
        user = User(id=f"user_{who.lower()}", username=who.lower(), name=who, roles=roles, department=department)
        store.data.users.insert_one(user.to_mongo())
        departments = (department,) if department else ()
        world.actors[who] = Actor(user.id, who, frozenset(roles), departments, department, person=user.id)
    definitions = type_operations.read_definitions(definition)
    type_operations.apply(SYSTEM, store, definitions, reason="attack")
    grants.apply(store, SYSTEM, POLICY, source="attack", reason="attack")
    for number, (owner, department) in enumerate([("S", "a"), ("SH", "a"), (None, "a"), ("T", "b"), (None, "b")]):
        world.ids.append(_record(world, number, owner, department))
    return world


def _record(world: World, number: int, owner: str | None, department: str) -> str:
    body: Mapping[str, Any] = {
        "name": f"澄川机电{number}号公司",
        "phone": [{"number": PLANTED["phone"]}],
        "id_card": PLANTED["id_card"],
        "salary": PLANTED["salary"] + number,
        "level": "ab"[number % 2],
        "notes": f"第 {number} 份",
        "vip": True,
        "person": {"title": "经理", "hobby": PLANTED["hobby"]},
        "department": department,
        "owner": world.actors[owner].id if owner else None,
    }
    return records.create(world.system(), body).id
