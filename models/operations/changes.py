"""What every change of a system document has in common: the right to it, one transaction, one audit entry."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mongoengine import Document
from mongoengine.errors import ValidationError
from pymongo.client_session import ClientSession

from models.access.grants import may, policy_for
from models.audit.log import Entry
from models.errors import N_, AccessDenied, FieldValueError, RecordNotFound
from models.store import Stamps, Store, bump_stamp, read_stamps
from models.users import Actor

T = TypeVar("T")


def allowed(actor: Actor, store: Store, need: str) -> Stamps:
    """The stamps in force, if the actor may do `<resource>:<verb>`.

    :raises AccessDenied: otherwise
    """
    stamps = read_stamps(store)
    if not may(store, stamps, actor, need):
        raise AccessDenied(private=f"{actor.id} lacks {need}")
    return stamps


def owned(actor: Actor, store: Store, owner_id: str) -> None:
    """The thing is the actor's own, or they may manage users.

    :raises RecordNotFound: otherwise; a stranger learns not even that it exists
    """
    if owner_id != actor.id and not may(store, read_stamps(store), actor, "users:manage"):
        raise RecordNotFound


def needs_of(store: Store, stamps: Stamps, holders: Iterable[str]) -> frozenset[str]:
    """Every `<resource>:<verb>` that these holders (`role:x`, `user:y`) have together."""
    held, now = set(holders), store.clock.now()
    return frozenset(
        f"{scope.resource}:{action}"
        for scope in policy_for(store, stamps).scopes
        if scope.resource and scope.holder in held and not (scope.until and scope.until <= now)
        for action in scope.actions
    )


def check_reach(actor: Actor, store: Store, stamps: Stamps, holders: Iterable[str]) -> None:
    """Nobody hands out, takes over or shuts system rights they do not hold, save who may change rights anyway.

    Without it `users:manage` would be every right there is: by a new account, a new password or a token.

    :raises AccessDenied: these holders have more
    """
    if actor.system:
        return
    held = needs_of(store, stamps, actor.holders)
    if "permissions:manage" not in held and not needs_of(store, stamps, holders) <= held:
        words = N_("This account or role has rights to the system that you do not have yourself.")
        raise AccessDenied("beyond_reach", words)


def committed(store: Store, entry: Entry, write: Callable[[ClientSession], T], *, stamp: str | None = "users") -> T:
    """Write and raise the stamp in one transaction, the audit entry acknowledged before it commits.

    :param stamp: None: nothing that any process keeps has changed

    So a log that does not answer stops the change, and a crash between the two leaves an entry of a
    change that was tried: the harmless one of the two mistakes.
    """
    logged: list[Entry] = []

    def body(session: ClientSession) -> T:
        result = write(session)
        if stamp:
            bump_stamp(store, stamp, session)
        if not logged:  # a transaction that is tried again is still one act
            store.audit.append(entry)
            logged.append(entry)
        return result

    with store.data.client.start_session() as session:
        return session.with_transaction(body)


def entry_for(
    actor: Actor, action: str, kind: str, records: Iterable[str], fields: Iterable[str] = (), **extra: Any
) -> Entry:
    """An audit entry about system documents: ids and names of fields, never a value a person typed."""
    return Entry(
        action=action,
        actor=actor.id,
        as_user=None,
        type=kind,
        records=list(records),
        fields=list(fields),
        extra=extra,
        ref=None,
    )


def stored_form(document: Document) -> dict[str, Any]:
    """The checked document as it goes into its collection.

    :raises FieldValueError: for the first field that does not fit (MongoEngine's own error is an AssertionError)
    """
    try:
        document.validate()
    except ValidationError as wrong:
        field = next(iter(wrong.errors), "")
        raise FieldValueError("invalid", N_("This value does not fit here."), path=str(field)) from wrong
    return document.to_mongo().to_dict()
