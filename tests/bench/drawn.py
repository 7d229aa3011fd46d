"""Types, roles and grants drawn for measuring, put in force by the operations administrators use."""

from typing import Any

from models.definitions.record_types import TypeDefinition, load_type
from models.operations import grants, roles, types, users
from models.store import Store
from models.users import Actor
from tests.bench.ground import PASSWORD

ACTOR = Actor.system_actor("cli:bench")
KINDS = ("text", "integer", "date", "choice", "money", "boolean", "text", "long_text")
"""What fields are made of, in turn; long_text is sealed."""
GRADES = ("internal", "internal", "public", "internal", "confidential")
CONDITIONAL = ("f00", "f01")


def labels(word: str) -> dict[str, str]:
    """The same word in three languages."""
    return {"zh-Hans": word, "zh-Hant": word, "en": word}


def a_type(name: str, count: int) -> TypeDefinition:
    """A type with `count` fields of several kinds and grades."""
    tree = {
        "type": name,
        "labels": labels(name),
        "title": "f00",
        "numbering": {"prefix": name[:1].upper() + name[-2:].upper()},
        "sections": [{"name": "basic", "labels": labels("basic")}],
        "fields": [_field(number, f"aa{name[-2:]}") for number in range(count)],
    }
    return load_type(tree, f"{name}.yaml")


def _field(number: int, suffix: str) -> dict[str, Any]:
    kind = KINDS[number % len(KINDS)]
    said: dict[str, Any] = {}
    if kind == "choice":
        said["options"] = [{"key": f"o{place}", "labels": labels(f"o{place}")} for place in range(5)]
    if kind == "money":
        said["currency"] = "CNY"
    if number < 4:
        said["list"] = True
        said["sort"] = True
    name = f"f{number:02d}"
    return {
        "id": f"{name}_{suffix}", "name": name, "labels": labels(name), "type": kind,
        "section": "basic", "grade": GRADES[number % len(GRADES)], **said,
    }  # fmt: skip


def put_in_force(store: Store, *drawn: TypeDefinition) -> None:
    """Apply types as an administrator would."""
    types.apply(ACTOR, store, {one.type: one for one in drawn}, reason="bench")


def grant_many_and_one(store: Store, type_name: str) -> None:
    """`many`: five roles with two conditional fields between them; `one`: one role with everything."""
    mixed = [f"mix{number}" for number in range(5)]
    for name in (*mixed, "whole"):
        roles.add(ACTOR, store, id=name, labels=labels(name))
    tree = grants.export(store)
    tree["scopes"] += [_scope(name, type_name) for name in (*mixed, "whole")]
    tree["grants"].append(_grant("whole", type_name, "*"))
    for name, grade in zip(mixed, ("public", "internal", "confidential", "internal", "public"), strict=True):
        tree["grants"].append(_grant(name, type_name, grade))
    tree["ceilings"] = tree.get("ceilings", []) + [
        {"outside": ["role:whole"], "type": type_name, "target": name, "read_at_most": "masked",
         "when": {"field": "f02", "op": "gt", "value": "2020-01-01"}}
        for name in CONDITIONAL
    ]  # fmt: skip
    tree["grants"] += [
        _grant("mix1", type_name, name, when={"field": "owner", "op": "eq", "value": "@me"}) for name in CONDITIONAL
    ]
    grants.apply(store, ACTOR, tree, source="bench", reason="bench")
    for username, held in (("many", mixed), ("one", ["whole"])):
        users.add(
            ACTOR, store, username=username, name=username, password=PASSWORD, roles=held, must_change=False
        )  # fmt: skip


def grant_all(store: Store, names: list[str]) -> None:
    """The administrator sees and writes everything in these types."""
    tree = grants.export(store)
    for name in names:
        tree["scopes"].append(_scope("administrator", name))
        tree["grants"].append(_grant("administrator", name, "*"))
    grants.apply(store, ACTOR, tree, source="bench", reason="bench")


def _scope(role: str, type_name: str) -> dict[str, Any]:
    return {"holder": f"role:{role}", "type": type_name, "actions": ["view", "create", "edit", "export"]}


def _grant(role: str, type_name: str, target: str, **more: Any) -> dict[str, Any]:
    return {
        "holder": f"role:{role}", "type": type_name, "target": target, "read": "full", "write": "edit",
        "use": ["filter", "sort", "search"], **more,
    }  # fmt: skip
