"""What holds, retention and destruction have in common: whose right it is, whom the system is, which doors it opens."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pymongo import ReturnDocument

from models.access.door import Door, TypeDoor
from models.attempts import ACCOUNT, forget, take
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.errors import N_, AccessDenied, FieldValueError, InvalidRecord, MalformedQuery, RecordNotFound
from models.operations.users import get_user
from models.passwords import is_right
from models.store import Store
from models.users import Actor

WORKER = Actor.system_actor("job:destruction", "carries out what was approved")
MOST_CHOSEN = 20_000
"""Records of one case or hold that are named one by one."""


def system_door(store: Store, actor: Actor = WORKER) -> Door:
    """The door as the installation itself, as of now."""
    return Door(store, actor)


def of_person(actor: Actor) -> str:
    """The human behind an account; accounts that say nothing are each a person of their own."""
    return actor.person or actor.id


def chosen(
    door: TypeDoor, ids: Sequence[str] | None, where: Mapping[str, Any] | None, most: int = MOST_CHOSEN
) -> list[str]:
    """The records a person names, one by one or by a condition.

    :raises MalformedQuery: neither or both are given, none answers, or more than `most`
    :raises RecordNotFound: one of them is not there, or not the person's to see
    """
    if (ids is None) == (where is None):
        raise MalformedQuery("ids_or_where", N_("Name the records by ids or by where, one of the two."))
    found = door.chosen_where(where, most + 1) if where is not None else _named(door, list(dict.fromkeys(ids or ())))
    if not found:
        raise MalformedQuery("none_chosen", N_("No record answers to this."))
    if len(found) > most:
        raise MalformedQuery("too_many", N_("At most {most} records at once."), most=most)
    return found


def _named(door: TypeDoor, ids: list[str]) -> list[str]:
    found = set(door.chosen(ids))
    if found != set(ids):
        raise RecordNotFound
    return ids


def show_password(actor: Actor, store: Store, password: str) -> None:
    """A signature is given by a person who is there: signed in with a password, and showing it again now.

    :raises AccessDenied: a token or a command
    :raises InvalidRecord: the password is wrong
    :raises TooManyAttempts: it was guessed too often
    """
    if actor.via != "session" or actor.system:
        raise AccessDenied("by_session", N_("Only a person signs: sign in with your password to do this."))
    user = get_user(store, actor.id)
    take(store, ACCOUNT, user.username)
    if not user.active or not is_right(user.password, password):
        raise InvalidRecord({"password": FieldValueError("wrong", N_("This is not your present password."))})
    forget(store, ACCOUNT, user.username)


def check_words(name: str, text: str, most: int) -> str:
    """A short text a person has to give.

    :raises InvalidRecord: empty or too long
    """
    words = " ".join((text or "").split())
    if not words:
        raise InvalidRecord({name: FieldValueError("required", N_("This has to be filled in."))})
    if len(words) > most:
        raise InvalidRecord({name: FieldValueError("length", N_("At most {most} characters."), most=most)})
    return words


def references(door: Door, relation: str, base: str) -> Iterator[tuple[TypeDoor, CompiledType, Field]]:
    """Every reference of a kind of relation that may lead to a record of `base` or its kinds, with who holds it.

    :param relation: `link` or `part_of`
    """
    for compiled in door.registry:
        if compiled.abstract:
            continue
        for field in compiled.walk():
            if field.type.name != "reference" or field.relation != relation or field.target is None:
                continue
            if field.target in door.registry.types and door.registry.get(field.target).base == base:
                yield door.open(compiled.name), compiled, field


def next_number(store: Store, prefix: str) -> str:
    """The next number of a register of the year, such as XH-2026-0031. One that comes to nothing leaves a gap."""
    year = store.clock.today().year
    counter = store.data.meta.find_one_and_update(
        {"_id": f"numbers:{prefix}:{year}"}, {"$inc": {"next": 1}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    return f"{prefix}-{year}-{counter['next']:04d}"  # type: ignore[index]  # an upsert always finds one


def forget_names(store: Store, ids: Sequence[str]) -> None:
    """Delete what is kept about a record outside its collection: the registry of such places."""
    for collection, path in named_in(store):
        collection.delete_many({path: {"$in": list(ids)}})


def named_in(store: Store) -> tuple[tuple[Any, str], ...]:
    """Collections whose documents are about one record, and where they name it."""
    return ((store.data.idempotency, "record"), (store.data.tasks, "record"))
