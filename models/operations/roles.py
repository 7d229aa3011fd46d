"""Roles: their names and what they are for. What they may do changes with grants, elsewhere."""

import re
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from models.access.grants import policy_for
from models.definitions.compiled import registry_for
from models.errors import N_, FieldValueError, InvalidRecord, RecordNotFound, StaleRecord, WrongState
from models.operations.changes import allowed, committed, entry_for, stored_form
from models.store import Store
from models.users import LABEL_KEYS, Actor, Role, documents

MANAGE = "users:manage"
_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")


def get_role(store: Store, role_id: str) -> Role:
    """
    :raises RecordNotFound: there is none
    """
    role = documents(store, Role).filter(id=role_id).first()
    if role is None:
        raise RecordNotFound
    return role


def add(actor: Actor, store: Store, *, id: str, labels: dict[str, str], help: dict[str, str] | None = None) -> Role:
    """A new role, which may do nothing until grants name it.

    :raises InvalidRecord: the id is odd or taken, or a label is missing
    """
    allowed(actor, store, MANAGE)
    errors = _faults(labels, help or {})
    if not _ID.fullmatch(id):
        errors["id"] = FieldValueError("characters", N_("An id is made of 2 to 40 small letters, digits and _."))
    if errors:
        raise InvalidRecord(errors)
    role = Role(id=id, labels=_tidy(labels), help=_tidy(help or {}))
    document = stored_form(role)
    try:
        committed(
            store,
            entry_for(actor, "roles:add", "roles", [id]),
            lambda session: store.data.roles.insert_one(document, session=session),
        )
    except DuplicateKeyError as taken:
        raise InvalidRecord({"id": FieldValueError("taken", N_("This id is taken."))}) from taken
    return role


def edit(
    actor: Actor, store: Store, role_id: str, *, expected: int, labels: dict[str, str], help: dict[str, str]
) -> None:
    """Change how a role is called and explained."""
    allowed(actor, store, MANAGE)
    get_role(store, role_id)
    if errors := _faults(labels, help):
        raise InvalidRecord(errors)
    changes = {"labels": _tidy(labels), "help": _tidy(help)}

    def write(session: ClientSession) -> None:
        chosen = {"_id": role_id, "rev": expected}
        update = {"$set": changes, "$inc": {"rev": 1}}
        if not store.data.roles.update_one(chosen, update, session=session).matched_count:
            raise StaleRecord

    committed(store, entry_for(actor, "roles:edit", "roles", [role_id], ["labels", "help"]), write)


def remove(actor: Actor, store: Store, role_id: str) -> None:
    """Take away a role that nobody holds and no grant names: a re-created name must inherit nothing.

    :raises WrongState: it is in use
    """
    stamps = allowed(actor, store, MANAGE)
    get_role(store, role_id)
    policy, holder = policy_for(store, stamps), f"role:{role_id}"
    named = (
        holder in policy.holders
        or any(holder in ceiling.holders | ceiling.outside for ceiling in policy.ceilings)
        or any(reach.role == role_id for reach in policy.reaches)
        or any(holder in edge.transition.who for kind in registry_for(store, stamps) for edge in kind.workflow.edges)
    )

    def write(session: ClientSession) -> Any:
        if named or store.data.users.find_one({"roles": role_id}, {"_id": 1}, session=session):
            words = N_("Somebody holds this role, or a grant or a step of a type names it. Change those first.")
            raise WrongState("in_use", words)
        return store.data.roles.delete_one({"_id": role_id}, session=session)

    committed(store, entry_for(actor, "roles:remove", "roles", [role_id]), write)


def _tidy(texts: dict[str, str]) -> dict[str, str]:
    return {key: " ".join(texts[key].split()) for key in LABEL_KEYS.values() if (texts.get(key) or "").strip()}


def _faults(labels: dict[str, str], help: dict[str, str]) -> dict[str, FieldValueError]:
    errors: dict[str, FieldValueError] = {}
    for key in LABEL_KEYS.values():
        if not 1 <= len((labels.get(key) or "").strip()) <= 60:
            errors[f"labels.{key}"] = FieldValueError("length", N_("A label has 1 to 60 characters."))
        if len(help.get(key) or "") > 300:
            errors[f"help.{key}"] = FieldValueError("length", N_("A help text has at most 300 characters."))
    return errors
