"""What may be done to user accounts. Every verb takes who does it first."""

from collections.abc import Iterable
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models.access.grants import policy_for
from models.attempts import ACCOUNT, forget
from models.audit.log import Entry
from models.errors import N_, AccessDenied, FieldValueError, InvalidRecord, NotSignedIn, RecordNotFound, StaleRecord
from models.operations.changes import allowed, check_reach, committed, entry_for, stored_form
from models.operations.sessions import end_all
from models.passwords import check_password, hashed
from models.sessions import digest_of, new_secret
from models.store import Stamps, Store
from models.usernames import comparable, parse_username
from models.users import ADMINISTRATOR, LOCALES, Actor, Department, Role, User, actor_of, documents, holders_of

MANAGE = "users:manage"
FIRST_LINK = "first_sign_in"


def get_user(store: Store, user_id: str) -> User:
    """
    :raises RecordNotFound: nobody has this id
    """
    user = documents(store, User).filter(id=user_id).first()
    if user is None:
        raise RecordNotFound
    return user


def find_by_username(store: Store, username: str) -> User | None:
    """The user of this name, however it is written."""
    return documents(store, User).filter(username=comparable(username)).first()


def actor_named(store: Store, username: str) -> Actor:
    """The actor of a user, for a command that works in their name.

    :raises RecordNotFound: nobody active is called so
    """
    user = find_by_username(store, username)
    if user is None or not user.active:
        raise RecordNotFound
    return actor_of(store, user)


def actor_of_id(store: Store, user_id: str) -> Actor:
    """Who a user is now, for work that goes on in their name.

    :raises RecordNotFound: nobody active has this id
    """
    user = get_user(store, user_id)
    if not user.active:
        raise RecordNotFound
    return actor_of(store, user)


def add(
    actor: Actor,
    store: Store,
    *,
    username: str,
    name: str,
    password: str | None = None,
    roles: Iterable[str] = (),
    department: str | None = None,
    person: str | None = None,
    locale: str = LOCALES[0],
    must_change: bool = True,
) -> User:
    """Open an account.

    :param password: None: nobody can sign in with one yet
    :raises InvalidRecord: values that do not fit, by their names
    """
    stamps = allowed(actor, store, MANAGE)
    roles = sorted(set(roles))
    given = {"username": username, "name": name, "password": password, "person": person}
    values = _checked(store, **given, roles=roles, department=department, locale=locale)
    check_reach(actor, store, stamps, _holders(roles))
    now = store.clock.now()
    user = User(
        username=values["username"],
        name=values["name"],
        roles=roles,
        department=department or None,
        person=person or None,
        locale=locale,
        must_change=must_change and password is not None,
        created_at=now,
        created_by=actor.id,
    )
    if password is not None:
        user.password, user.password_at = hashed(password), now
    entry = entry_for(actor, "users:add", "users", [user.id], roles=roles)
    return _insert(store, user, entry)


def edit(
    actor: Actor,
    store: Store,
    user_id: str,
    *,
    expected: int,
    name: str,
    department: str | None = None,
    person: str | None = None,
    locale: str = LOCALES[0],
) -> None:
    """Change what an account says about its person."""
    stamps = allowed(actor, store, MANAGE)
    user = get_user(store, user_id)
    check_reach(actor, store, stamps, holders_of(user))
    values = _checked(store, name=name, department=department, locale=locale, person=person)
    changes = {
        "name": values["name"],
        "department": department or None,
        "person": person or None,
        "locale": locale,
    }
    entry = entry_for(actor, "users:edit", "users", [user_id], _moved(user, changes))
    committed(store, entry, lambda session: _update(store, user_id, changes, expected, session))


def set_roles(actor: Actor, store: Store, user_id: str, roles: Iterable[str], *, expected: int | None = None) -> None:
    """Replace the roles of a user.

    :raises AccessDenied: to oneself, or with system rights the actor does not hold
    """
    stamps = allowed(actor, store, MANAGE)
    user, roles = get_user(store, user_id), sorted(set(roles))
    _checked(store, roles=roles)
    given, taken = set(roles) - set(user.roles), set(user.roles) - set(roles)
    if given and actor.id == user_id:
        raise AccessDenied("own_role", N_("Nobody gives a role to themselves. Ask another administrator."))
    check_reach(actor, store, stamps, _holders(given | taken))
    entry = entry_for(actor, "users:roles", "users", [user_id], given=sorted(given), taken=sorted(taken))

    def write(session: ClientSession) -> None:
        _check_not_last(store, stamps, user, roles, session)
        _update(store, user_id, {"roles": roles}, expected, session)

    committed(store, entry, write)


def disable(actor: Actor, store: Store, user_id: str, *, expected: int | None = None) -> None:
    """Shut an account: its sessions and tokens end with the next request."""
    stamps = allowed(actor, store, MANAGE)
    user = get_user(store, user_id)
    check_reach(actor, store, stamps, holders_of(user))

    def write(session: ClientSession) -> None:
        _check_not_last(store, stamps, user, [], session)
        _update(store, user_id, {"active": False}, expected, session)
        end_all(store, user_id, session)

    committed(store, entry_for(actor, "users:disable", "users", [user_id]), write)


def enable(actor: Actor, store: Store, user_id: str, *, expected: int | None = None) -> None:
    """Open a shut account again. Its earlier sessions and tokens stay ended."""
    stamps = allowed(actor, store, MANAGE)
    user = get_user(store, user_id)
    check_reach(actor, store, stamps, holders_of(user))
    entry = entry_for(actor, "users:enable", "users", [user_id])
    committed(store, entry, lambda session: _update(store, user_id, {"active": True}, expected, session))


def unlock(actor: Actor, store: Store, user_id: str) -> None:
    """End the pause after too many wrong passwords."""
    allowed(actor, store, MANAGE)
    user = get_user(store, user_id)
    committed(store, entry_for(actor, "users:unlock", "users", [user_id]), lambda session: None)
    forget(store, ACCOUNT, user.username)


def set_password(actor: Actor, store: Store, user_id: str, password: str, *, must_change: bool = True) -> None:
    """Give somebody a new password. All their sessions and tokens end."""
    stamps = allowed(actor, store, MANAGE)
    user = get_user(store, user_id)
    check_reach(actor, store, stamps, holders_of(user))
    _checked(store, password=password, of=user.username)
    changes = {"password": hashed(password), "password_at": store.clock.now(), "must_change": must_change}

    def write(session: ClientSession) -> None:
        _update(store, user_id, changes, None, session)
        end_all(store, user_id, session)

    committed(store, entry_for(actor, "users:password", "users", [user_id], ["password"]), write)
    forget(store, ACCOUNT, user.username)


def first_sign_in_token(store: Store) -> str | None:
    """The secret of the one-time link with which the first administrator opens their account.

    Each call makes the earlier links worthless.

    :returns: None where there are users already
    """
    if store.data.users.find_one({}, {"_id": 1}):
        return None
    secret = new_secret()
    store.data.meta.replace_one({"_id": FIRST_LINK}, {"digest": digest_of(secret)}, upsert=True)
    return secret


def is_first_link(store: Store, secret: str) -> bool:
    """Whether the link still opens something."""
    return store.data.meta.find_one({"_id": FIRST_LINK, "digest": digest_of(secret)}) is not None


def add_first(store: Store, secret: str, *, username: str, name: str, password: str, locale: str = LOCALES[0]) -> User:
    """Open the first administrator's account with the one-time link, which ends with it.

    :raises NotSignedIn: the link is used up, or somebody else was first
    :raises InvalidRecord: values that do not fit; the link goes on holding
    """
    if not is_first_link(store, secret):
        raise NotSignedIn(N_("This link has been used or replaced by a newer one."))
    actor, now = Actor.system_actor("system:first-sign-in"), store.clock.now()
    values = _checked(store, username=username, name=name, password=password, roles=[ADMINISTRATOR])
    user = User(
        username=values["username"],
        name=values["name"],
        roles=[ADMINISTRATOR],
        locale=locale,
        password=hashed(password),
        password_at=now,
        created_at=now,
        created_by=actor.id,
    )
    document = stored_form(user)

    def write(session: ClientSession) -> None:
        link = store.data.meta.delete_one({"_id": FIRST_LINK, "digest": digest_of(secret)}, session=session)
        if not link.deleted_count or store.data.users.find_one({}, {"_id": 1}, session=session):
            raise NotSignedIn(N_("This link has been used or replaced by a newer one."))
        store.data.users.insert_one(document, session=session)

    committed(store, entry_for(actor, "users:add", "users", [user.id], roles=[ADMINISTRATOR]), write)
    return user


def _insert(store: Store, user: User, entry: Entry) -> User:
    document = stored_form(user)
    try:
        committed(store, entry, lambda session: store.data.users.insert_one(document, session=session))
    except DuplicateKeyError as taken:
        raise InvalidRecord({"username": FieldValueError("taken", N_("This user name is taken."))}) from taken
    return user


def _update(store: Store, user_id: str, changes: dict[str, Any], expected: int | None, session: ClientSession) -> None:
    """Compare-and-set on `rev` where the caller saw one."""
    chosen = {"_id": user_id} if expected is None else {"_id": user_id, "rev": expected}
    result = store.data.users.update_one(chosen, {"$set": changes, "$inc": {"rev": 1}}, session=session)
    if not result.matched_count:
        raise StaleRecord


def _moved(user: User, changes: dict[str, Any]) -> list[str]:
    return [name for name, value in changes.items() if getattr(user, name) != value]


def _holders(roles: Iterable[str]) -> set[str]:
    return {f"role:{role}" for role in roles}


def _check_not_last(store: Store, stamps: Stamps, user: User, roles: Iterable[str], session: ClientSession) -> None:
    """Somebody else who can manage users remains, or this user still can.

    Asked inside the transaction: of two administrators who shut each other out, the second is tried
    again after the first (both raise the stamp) and finds nobody left.

    :raises AccessDenied: the change would leave nobody
    """
    scopes = [scope for scope in policy_for(store, stamps).scopes if scope.resource == "users" and not scope.until]
    holders = {scope.holder for scope in scopes if "manage" in scope.actions and not scope.when}
    if not holders & holders_of(user) or holders & {*_holders(roles), f"user:{user.id}"}:
        return
    managing_roles = [holder.removeprefix("role:") for holder in holders if holder.startswith("role:")]
    managing_users = [holder.removeprefix("user:") for holder in holders if holder.startswith("user:")]
    others = {
        "active": True,
        "password": {"$ne": None},
        "_id": {"$ne": user.id},
        "$or": [{"roles": {"$in": managing_roles}}, {"_id": {"$in": managing_users}}],
    }
    if store.data.users.find_one(others, {"_id": 1}, session=session) is None:
        words = N_("This is the last account that can manage users. Give somebody else that right first.")
        raise AccessDenied("last_administrator", words)


def _checked(store: Store, *, of: str | None = None, **values: Any) -> dict[str, Any]:
    """The values as they are kept; all faults at once, under their names."""
    errors: dict[str, FieldValueError] = {}
    kept = dict(values)
    for name, value in values.items():
        try:
            kept[name] = _CHECKS[name](store, value, of or comparable(values.get("username") or ""))
        except FieldValueError as wrong:
            errors[name] = wrong
    if errors:
        raise InvalidRecord(errors)
    return kept


def _check_name(store: Store, value: str, username: str) -> str:
    name = " ".join((value or "").split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise FieldValueError("length", N_("A name has 1 to 80 visible characters."))
    return name


def _check_roles(store: Store, value: Iterable[str], username: str) -> Iterable[str]:
    known = {role.id for role in documents(store, Role).only("id")}
    if set(value) - known:
        raise FieldValueError("unknown", N_("One of these roles does not exist."))
    return value


def _check_department(store: Store, value: str | None, username: str) -> str | None:
    if value and documents(store, Department).filter(id=value).first() is None:
        raise FieldValueError("unknown", N_("This department does not exist."))
    return value


def _check_locale(store: Store, value: str, username: str) -> str:
    if value not in LOCALES:
        raise FieldValueError("choice", N_("That choice is not offered."))
    return value


def _check_person(store: Store, value: str | None, username: str) -> str | None:
    if value and (len(value) > 80 or not value.isprintable()):
        raise FieldValueError("length", N_("A name has 1 to 80 visible characters."))
    return value


def _check_new_password(store: Store, value: str | None, username: str) -> str | None:
    if value is not None:
        check_password(value, username=username)
    return value


_CHECKS = {
    "username": lambda store, value, username: parse_username(value or ""),
    "name": _check_name,
    "roles": _check_roles,
    "department": _check_department,
    "locale": _check_locale,
    "person": _check_person,
    "password": _check_new_password,
}
