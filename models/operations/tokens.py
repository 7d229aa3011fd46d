"""Bearer tokens for programs: they act as their user, and end with one word."""

from datetime import timedelta

from models.errors import N_, AccessDenied, FieldValueError, RecordNotFound
from models.operations.changes import allowed, check_reach, committed, entry_for, owned
from models.sessions import (
    TOKEN_DAYS,
    TOKEN_PREFIX,
    TOUCH_EVERY,
    Standing,
    Standings,
    digest_of,
    new_secret,
    standing_of,
)
from models.store import Stamps, Store
from models.users import Actor, ApiToken, User, documents, holders_of

MOST_DAYS = 366


def create(actor: Actor, store: Store, user_id: str, *, name: str = "", days: int = TOKEN_DAYS) -> tuple[str, ApiToken]:
    """A new token of a user: one's own, or with `users:manage` anybody's within one's own rights.

    :returns: the secret, to be shown once and kept nowhere, and what is kept
    :raises FieldValueError: no such life time
    """
    if not 1 <= days <= MOST_DAYS:
        raise FieldValueError("days", N_("A token lives 1 to {most} days."), most=MOST_DAYS)
    if actor.via == "token":
        raise AccessDenied("by_token", N_("A token cannot make another one."))
    user = documents(store, User).filter(id=user_id, active=True).first()
    if user_id != actor.id:
        _check_other(actor, store, user)
    if user is None:
        raise RecordNotFound
    secret, now = new_secret(TOKEN_PREFIX), store.clock.now()
    token = ApiToken(
        user=user.id,
        name=" ".join(name.split())[:80] or "token",
        digest=digest_of(secret),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    token.validate()
    entry = entry_for(actor, "token:create", "tokens", [user.id], token=token.id, days=days)
    document = token.to_mongo().to_dict()
    committed(store, entry, lambda session: store.data.api_tokens.insert_one(document, session=session))
    return secret, token


def revoke(actor: Actor, store: Store, token_id: str) -> None:
    """End a token: one's own, or with `users:manage` anybody's. It fails from the next request on."""
    token = documents(store, ApiToken).filter(id=token_id).first()
    if token is None:
        raise RecordNotFound
    owned(actor, store, token.user)
    chosen, ended = {"_id": token_id, "revoked_at": None}, {"$set": {"revoked_at": store.clock.now()}}
    entry = entry_for(actor, "token:revoke", "tokens", [token.user], token=token_id)
    committed(store, entry, lambda session: store.data.api_tokens.update_one(chosen, ended, session=session))


def present(store: Store, secret: str, stamps: Stamps) -> Standing | None:
    """Who stands behind a token now; None: nobody."""
    if not secret.startswith(TOKEN_PREFIX):
        return None
    digest, now = digest_of(secret), store.clock.now()
    standings: Standings = store.cached("standings", Standings)
    found = standings.find(digest, stamps.users, now)
    if found:
        return found
    token = documents(store, ApiToken).filter(digest=digest, revoked_at=None, expires_at__gt=now).first()
    user = documents(store, User).filter(id=token.user, active=True).first() if token else None
    if user is None:
        return None
    if not token.seen_at or now - token.seen_at > 10 * TOUCH_EVERY:
        store.data.api_tokens.update_one({"_id": token.id}, {"$set": {"seen_at": now}})
    standing = standing_of(store, user, means=token.id, via="token", ends_at=token.expires_at, users_stamp=stamps.users)
    standings.keep(digest, stamps.users, standing)
    return standing


def of_user(store: Store, user_id: str) -> list[ApiToken]:
    """A user's living tokens, the newest first."""
    living = documents(store, ApiToken).filter(user=user_id, revoked_at=None, expires_at__gt=store.clock.now())
    return list(living.order_by("-created_at"))


def _check_other(actor: Actor, store: Store, user: User | None) -> None:
    """A token is the whole account: making one for somebody with more system rights would be climbing."""
    stamps = allowed(actor, store, "users:manage")
    if user is not None:
        check_reach(actor, store, stamps, holders_of(user))
