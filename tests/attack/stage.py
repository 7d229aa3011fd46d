"""The scene of the attacks: one type, three records, who owns what, and who tries."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from flask import Flask

from models.access.door import Door
from models.operations import departments, grants, records, roles, types
from models.store import Store
from tests.attack.panel import SYSTEM, Caller, add_user, caller, process

FOLDER = Path(__file__).parent
ID_CARD = "11010519491231002X"
OTHER_ID_CARD = "440308199901010012"
PHONES = ("13812345678", "13987654321", "13711112222")
HIDDEN = (ID_CARD, "345678", "654321", "12345.00", "777123", "99887766")
"""What no answer to S may hold: identity numbers, phones, the pay of others, the income in the object."""
ROWS: tuple[dict[str, Any], ...] = (
    {"name": "张三丰", "phone": [PHONES[0]], "id_card": ID_CARD, "salary": "20000", "level": "gold",
     "notes": "first", "agreed": True, "family": {"spouse": "小红", "income": 777123}},
    {"name": "李四光", "phone": [PHONES[1]], "id_card": OTHER_ID_CARD, "salary": "12345", "level": "iron",
     "notes": "second", "agreed": True, "family": {"spouse": "小兰", "income": 99887766}},
    {"name": "王五德", "phone": [PHONES[2]], "salary": "5000", "level": "iron", "notes": "third"},
)  # fmt: skip
ROLES = ("boss", "sales", "helpdesk", "closer")


@dataclass
class Stage:
    """Everybody and everything of the scene.

    :param ids: of the three records: S's own; of S's department; of another department
    """

    store: Store
    app: Flask
    ids: list[str]
    boss: Caller
    s: Caller
    sh: Caller
    ch: Caller
    other: Caller

    @property
    def own(self) -> str:
        return self.ids[0]

    def another_process(self, who: Caller) -> Caller:
        """The same program, its next request answered by another process."""
        return Caller(process(self.store).test_client(), who.user, who.secret)

    def change_grants(self, change: Any) -> None:
        """Apply the policy after `change` has altered its tree."""
        tree = policy()
        change(tree)
        grants.apply(self.store, SYSTEM, tree, source="changed", reason="test")


def policy() -> dict[str, Any]:
    """The grants of the scene, as a tree."""
    return yaml.safe_load((FOLDER / "grants.yaml").read_text(encoding="utf-8"))


def build(store: Store) -> Stage:
    """The scene on an empty store."""
    for role in ROLES:
        roles.add(SYSTEM, store, id=role, labels={"zh-Hans": role, "zh-Hant": role, "en": role})
    types.apply(SYSTEM, store, types.read_definitions(FOLDER / "client.yaml"), reason="test")
    grants.apply(store, SYSTEM, policy(), source="grants.yaml", reason="test")
    for name in ("a", "b"):
        departments.add(SYSTEM, store, id=name, name=name)
    app = process(store)
    people = {
        "boss": add_user(store, "boss", ["boss"]),
        "s": add_user(store, "s", ["sales"], "a"),
        "sh": add_user(store, "sh", ["sales", "helpdesk"], "a"),
        "ch": add_user(store, "ch", ["closer", "helpdesk"], "b"),
        "other": add_user(store, "t", ["sales"], "b"),
    }
    door = Door(store, SYSTEM).open("client")
    owners = (people["s"].id, people["other"].id, people["other"].id)
    ids = [
        records.create(door, row | {"owner": owner, "department": place}).id
        for row, owner, place in zip(ROWS, owners, ("a", "a", "b"), strict=True)
    ]
    callers = {name: caller(app, store, user) for name, user in people.items()}
    return Stage(store, app, ids, **callers)
