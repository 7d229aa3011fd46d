"""Habits of a person: how pages look and what their lists show. Never a right, so no entry in the log."""

from collections.abc import Mapping
from typing import Any

from models.errors import N_, ArchiveError
from models.store import Store, bump_stamp
from models.users import DENSITIES, LOCALES, THEMES, Actor, User, documents

CHOICES = {"theme": THEMES, "density": DENSITIES, "locale": LOCALES}
MOST_COLUMNS = 60


def keep_looks(store: Store, actor: Actor, looks: Mapping[str, str]) -> None:
    """Keep the colours, row height or language of this person's pages.

    :raises ArchiveError: a value that is not offered
    """
    changed = {f"set__{name}": value for name, value in looks.items() if value in CHOICES.get(name, ())}
    if len(changed) != len(looks):
        raise ArchiveError("invalid", N_("That choice is not offered."))
    if changed:
        documents(store, User).filter(id=actor.id).update_one(**changed)
        bump_stamp(store, "users")  # every process keeps the accounts it read for a while


def keep_list(store: Store, actor: Actor, type_name: str, habits: Mapping[str, Any]) -> None:
    """Keep what one list shows to this person: `columns` (field ids in order) and `sort`.

    Kept by field id, so a renamed field stays where it was and a re-created name does not take its place.
    """
    kept = {
        "columns": [str(field_id) for field_id in habits.get("columns", ())][:MOST_COLUMNS],
        "sort": str(habits.get("sort", ""))[:200],
    }
    given = {name: kept[name] for name in kept if name in habits}
    changes = {f"prefs.lists.{type_name}.{name}": value for name, value in given.items()}
    if changes:
        store.data.users.update_one({"_id": actor.id}, {"$set": changes})
        bump_stamp(store, "users")


def list_habits(account: User, type_name: str) -> dict[str, Any]:
    """`columns` and `sort` as kept; empty where nothing was chosen."""
    prefs = account.prefs if isinstance(account.prefs, dict) else {}
    return dict(prefs.get("lists", {}).get(type_name, {}))
