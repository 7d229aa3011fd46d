"""Names of users and departments for the ids that stand in records; kept until the version of users moves."""

import re
from collections.abc import Iterable

from flask_babel import gettext

from models.users import departments_of
from views.access import current_stamps, current_store

PERSON = re.compile(r"[a-z2-7]{26}")
"""An account's id. Commands, the loader and the ticker act under other names."""
FORMERLY = {"shipped": "system:shipped", "first sign-in": "system:first-sign-in"}
"""What parts of the system were called before their ids had a kind; written so in older revisions."""
MOST_KEPT = 10_000
"""Names one process remembers."""


def user_names(ids: Iterable[str | None]) -> dict[str, str]:
    """Names of accounts by id. An id without an account (a command, an erased user) has an empty one."""
    known = _known_names()
    wanted = {one for one in ids if one and one not in known}
    if wanted:
        found = current_store().data.users.find({"_id": {"$in": list(wanted)}}, {"name": 1})
        known.update(dict.fromkeys(wanted, "") | {user["_id"]: user["name"] for user in found})
    return known


def _known_names() -> dict[str, str]:
    """What this process knows of the present accounts; begun anew when there are very many."""
    caches, stamp = current_store().caches, current_stamps().users
    kept = caches.get("user_names")
    if kept is None or kept[0] != stamp or len(kept[1]) > MOST_KEPT:
        kept = caches["user_names"] = (stamp, {})
    return kept[1]


def user_name(one: str | None) -> str:
    """What to call whoever stands under this id."""
    if not one:
        return ""
    if named := user_names([one]).get(one):
        return named
    return gettext("a former user") if PERSON.fullmatch(one) else _system_name(FORMERLY.get(one, one))


def _system_name(one: str) -> str:
    """What to call a part of the system. Who typed a command stands in the log, not here."""
    match one.partition(":"):
        case "cli", _, _:
            return gettext("the command line")
        case "job", _, _:
            return gettext("a background job")
        case _, _, "shipped":
            return gettext("as delivered")
        case _, _, "first-sign-in":
            return gettext("the first sign-in")
        case _:
            return gettext("the system")


def department_name(one: str | None) -> str:
    """The name of a department; a removed one is said to be gone."""
    if not one:
        return ""
    node = departments_of(current_store(), current_stamps().users).by_id.get(one)
    return node.name if node else gettext("a former department")


def department_choices() -> list[tuple[str, str]]:
    """Every department in the order of the tree, indented by depth."""
    tree = departments_of(current_store(), current_stamps().users)
    return [(node.id, "\u3000" * depth + node.name) for depth, node in tree.walk()]


def user_choices(limit: int = 500) -> list[tuple[str, str]]:
    """Active accounts by name, for pickers of a responsible person."""
    found = current_store().data.users.find({"active": True}, {"name": 1}, sort=[("name", 1)], limit=limit)
    return [(user["_id"], user["name"]) for user in found]
