"""People for tests of users, sign-in and sessions: roles on an empty store, and who holds them."""

from models.operations import roles, users
from models.store import Store, bump_stamp
from models.users import Actor, User, actor_of, ensure_indexes

PASSWORD = "tamper-lantern-98"
SYSTEM = Actor.system_actor("cli:test")
HOME = "192.0.2.7"
"""The address people sign in from."""


def staffed(store: Store) -> Store:
    """Roles for tests about people: one manages users, one only looks, one grants, one has nothing to do with them."""
    ensure_indexes(store)
    for role in ("administrator", "auditor", "sales", "permission_admin"):
        roles.add(SYSTEM, store, id=role, labels={"zh-Hans": role, "zh-Hant": role, "en": role})
    store.data.grants_config.insert_many([
        _scope("s1", "administrator", "users", ["view", "manage"]),
        _scope("s2", "auditor", "users", ["view"]),
        _scope("s3", "permission_admin", "permissions", ["view", "manage"]),
    ])
    bump_stamp(store, "grants")
    return store


def _scope(id, role, resource, actions):
    return {"_id": id, "kind": "scope", "holder": f"role:{role}", "resource": resource, "actions": actions}


def person(store, username, *held) -> Actor:
    """A new user with these roles, signed in."""
    user = users.add(
        SYSTEM, store, username=username, name=username.title(), password=PASSWORD, roles=held, must_change=False
    )
    return actor_of(store, user).through("session")


def entries(store, action):
    """What the log holds of an action."""
    return list(store.data.audit_entries.find({"action": action}))


def fresh(store, actor) -> User:
    """The user as stored now."""
    return users.get_user(store, actor.id)
