"""How long destruction cases cool off, and how many other persons approve them."""

from pymongo.client_session import ClientSession

from models.errors import N_, FieldValueError, InvalidRecord
from models.operations.changes import allowed, committed, entry_for
from models.store import Store
from models.users import Actor

DEFAULTS = {"cooling_days": 7, "approvals": 1}
"""Of the document `destruction` in `settings`: how long a case cools off, how many other persons approve it."""


def settings_of(store: Store) -> dict[str, int]:
    """How long cases cool off and how many approve them."""
    found = store.data.settings.find_one({"_id": "destruction"}) or {}
    return {name: int(found.get(name, value)) for name, value in DEFAULTS.items()}


def configure(actor: Actor, store: Store, *, cooling_days: int, approvals: int = 1) -> None:
    """Choose for every case to come how long it cools off and how many other persons approve it.

    :raises AccessDenied: without `settings:manage`
    """
    allowed(actor, store, "settings:manage")
    if not (0 <= cooling_days <= 90 and 1 <= approvals <= 5):
        raise InvalidRecord({"cooling_days": FieldValueError("range", N_("0 to 90 days, 1 to 5 approvals."))})
    chosen = {"cooling_days": cooling_days, "approvals": approvals}
    entry = entry_for(
        actor, "settings:destruction", "settings", [], cooling_days=cooling_days, approvals=approvals
    )

    def write(session: ClientSession) -> None:
        store.data.settings.update_one({"_id": "destruction"}, {"$set": chosen}, upsert=True, session=session)

    committed(store, entry, write, stamp="settings")
