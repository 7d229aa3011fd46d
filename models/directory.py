"""Finding users: one page at a time, by name."""

import re
from typing import Any, NamedTuple

from models.store import Store
from models.usernames import comparable
from models.users import User, documents

PAGE = 50


class UserPage(NamedTuple):
    """Some users in the order of their user names.

    :param next: the user name to go on after; None: the end
    :param previous: the user name to go back before; None: the beginning
    """

    users: list[User]
    next: str | None
    previous: str | None


def page_of_users(
    store: Store,
    *,
    q: str = "",
    role: str = "",
    department: str = "",
    after: str | None = None,
    before: str | None = None,
    limit: int = PAGE,
) -> UserPage:
    """A page of users whose user name or name holds `q`, by keyset on the user name."""
    chosen: list[dict[str, Any]] = []
    if q.strip():
        word = {"$regex": re.escape(comparable(q)), "$options": "i"}
        chosen.append({"$or": [{"username": word}, {"name": word}]})
    if role:
        chosen.append({"roles": role})
    if department:
        chosen.append({"department": department})
    backward = before is not None and after is None
    if backward or after is not None:
        chosen.append({"username": {"$lt": before} if backward else {"$gt": after}})
    query = documents(store, User).filter(__raw__={"$and": chosen} if chosen else {})
    found = list(query.order_by("-username" if backward else "username").limit(limit + 1))
    more, users = len(found) > limit, found[:limit]
    if backward:
        users.reverse()
    return UserPage(
        users=users,
        next=users[-1].username if users and (more or backward) else None,
        previous=users[0].username if users and (more if backward else after is not None) else None,
    )
