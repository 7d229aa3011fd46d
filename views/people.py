"""Names of users and departments for the ids that stand in records; asked once per request."""

import re
from collections.abc import Iterable

from flask import g
from flask_babel import gettext

from models.users import User, departments_of, documents
from views.access import current_stamps, current_store

PERSON = re.compile(r"[a-z2-7]{26}")
"""An account's id. Commands, the loader and the ticker act under other names."""


def user_names(ids: Iterable[str | None]) -> dict[str, str]:
    """Names of accounts by id. An id without an account (a command, an erased user) has an empty one."""
    known: dict[str, str] = g.setdefault("user_names", {})
    wanted = {one for one in ids if one and one not in known}
    if wanted:
        for user in documents(current_store(), User).filter(id__in=list(wanted)).only("name"):
            known[user.id] = user.name
        known.update({one: "" for one in wanted if one not in known})
    return known


def user_name(one: str | None) -> str:
    """What to call whoever stands under this id."""
    if not one:
        return ""
    named = user_names([one]).get(one)
    return named or (gettext("a former user") if PERSON.fullmatch(one) else gettext("the system"))


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
    found = documents(current_store(), User).filter(active=True).order_by("name").limit(limit).only("name")
    return [(user.id, user.name) for user in found]
