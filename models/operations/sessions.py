"""Signing in, going on, and ending sessions."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from models.attempts import ACCOUNT, ADDRESS, forget, give_back, take
from models.audit.log import Entry
from models.errors import NotSignedIn, RecordNotFound
from models.operations.changes import committed, entry_for, owned
from models.passwords import hashed, is_outdated, is_right
from models.sessions import IDLE, LONGEST, Standing, Standings, digest_of, new_secret, standing_of
from models.store import Stamps, Store
from models.usernames import comparable
from models.users import Actor, Session, User, documents


def sign_in(store: Store, username: str, password: str, *, address: str, agent: str = "") -> tuple[str, User]:
    """Judge a password and begin a session.

    An unknown name, a shut account and a wrong password cost the same work and get the same words.

    :returns: the session's secret, for the browser only, and the user
    :raises NotSignedIn: not recognised
    :raises TooManyAttempts: the name or the address has to wait
    """
    name, place = comparable(username), _network(address)
    take(store, ADDRESS, place)
    take(store, ACCOUNT, name)
    user = documents(store, User).filter(username=name).first()
    if not is_right(user.password if user and user.active else None, password):
        store.audit.append(_outcome("session:refuse", user))
        raise NotSignedIn
    give_back(store, ADDRESS, place)
    forget(store, ACCOUNT, name)
    return begin(store, user, address=address, agent=agent, password=password), user


def begin(store: Store, user: User, *, address: str, agent: str = "", password: str = "") -> str:
    """A new session of a user who has shown who they are.

    :param password: the right one, to be kept anew where its kept form is outdated
    :returns: the session's secret
    :raises NotSignedIn: the account was shut or got another password meanwhile
    """
    secret, now = new_secret(), store.clock.now()
    session = Session(
        id=digest_of(secret),
        user=user.id,
        created_at=now,
        seen_at=now,
        expires_at=now + IDLE,
        address=address[:64],
        agent=agent[:120],
    )
    changes: dict[str, Any] = {"signed_in_at": now}
    if password and is_outdated(user.password):
        changes["password"] = hashed(password)

    def write(transaction: ClientSession) -> None:
        unchanged = {"_id": user.id, "active": True, "password": user.password}
        if not store.data.users.update_one(unchanged, {"$set": changes}, session=transaction).matched_count:
            raise NotSignedIn
        store.data.sessions.insert_one(session.to_mongo().to_dict(), session=transaction)

    committed(store, _outcome("session:begin", user), write, stamp=None)
    return secret


def resume(store: Store, secret: str, stamps: Stamps) -> Standing | None:
    """Who stands behind a session's secret now; None: nobody any more.

    Read from the database once a minute and at every move of the users stamp, and carried on by as much.
    """
    digest, now = digest_of(secret), store.clock.now()
    standings: Standings = store.cached("standings", Standings)
    found = standings.find(digest, stamps.users, now)
    if found:
        return found
    alive = {"_id": digest, "revoked_at": None, "expires_at": {"$gt": now}, "created_at": {"$gt": now - LONGEST}}
    ends = {"$min": [{"$add": ["$created_at", _ms(LONGEST)]}, now + IDLE]}
    session = store.data.sessions.find_one_and_update(
        alive, [{"$set": {"seen_at": now, "expires_at": ends}}], return_document=ReturnDocument.AFTER
    )
    user = documents(store, User).filter(id=session["user"], active=True).first() if session else None
    if user is None or session is None:
        return None
    standing = standing_of(
        store, user, means=digest, via="session", ends_at=session["expires_at"], users_stamp=stamps.users
    )
    standings.keep(digest, stamps.users, standing)
    return standing


def end(actor: Actor, store: Store, session_id: str) -> None:
    """Sign out: the session ends in every process."""
    _revoke(actor, store, actor.id, [session_id], "session:end")


def revoke(actor: Actor, store: Store, session_id: str) -> None:
    """End a session: one's own, or with `users:manage` anybody's.

    :raises RecordNotFound: there is none, or it is somebody else's and the actor may not
    """
    session = documents(store, Session).filter(id=session_id).first()
    if session is None:
        raise RecordNotFound
    owned(actor, store, session.user)
    _revoke(actor, store, session.user, [session_id], "session:revoke")


def revoke_others(actor: Actor, store: Store, keep: str) -> int:
    """End all of one's own sessions but this one.

    :returns: how many
    """
    ids = [session.id for session in of_user(store, actor.id) if session.id != keep]
    if ids:
        _revoke(actor, store, actor.id, ids, "session:revoke")
    return len(ids)


def of_user(store: Store, user_id: str) -> list[Session]:
    """A user's living sessions, the last used first."""
    living = documents(store, Session).filter(user=user_id, revoked_at=None, expires_at__gt=store.clock.now())
    return list(living.order_by("-seen_at"))


def end_all(store: Store, user_id: str, session: ClientSession) -> None:
    """End all sessions and tokens of a user as a part of another change."""
    chosen, ended = {"user": user_id, "revoked_at": None}, {"$set": {"revoked_at": store.clock.now()}}
    for name in ("sessions", "api_tokens"):
        store.data[name].update_many(chosen, ended, session=session)


def _revoke(actor: Actor, store: Store, user_id: str, ids: Iterable[str], action: str) -> None:
    chosen = {"_id": {"$in": list(ids)}, "user": user_id, "revoked_at": None}
    ended = {"$set": {"revoked_at": store.clock.now()}}
    entry = entry_for(actor, action, "sessions", [user_id], sessions=[name[:16] for name in ids])
    committed(store, entry, lambda session: store.data.sessions.update_many(chosen, ended, session=session))


def _outcome(action: str, user: User | None) -> Entry:
    """What a sign-in leaves in the log. A name that nobody has is not kept: it may be a mistyped password."""
    if user is None:
        return entry_for(Actor.system_actor("system:nobody"), action, "sessions", [])
    return entry_for(Actor(user.id, user.name), action, "sessions", [user.id])


def _network(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that one household of IPv6 has."""
    return ":".join(address.split(":")[:4]) if ":" in address else address


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
