"""The account of archive numbers: every number ever issued stands on a record or a tombstone, is void, or is being
loaded."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.access.door import Door, TypeDoor
from models.operations import numbers
from models.store import Store
from models.users import Actor

ACCOUNTANT = Actor.system_actor("job:numbers", "account of archive numbers")


@dataclass(frozen=True)
class Account:
    """One series of numbers.

    :param issued: numbers taken from it so far
    :param standing: of those, on records, and on tombstones of destroyed ones
    :param void: of those, in the register of void numbers
    :param loading: of those, in a block that a loader still holds, on no record yet
    """

    series: str
    issued: int
    standing: int
    void: int
    loading: int

    @property
    def missing(self) -> int:
        """Numbers nobody can account for; below zero, numbers that stand twice."""
        return self.issued - self.standing - self.void - self.loading


def accounts(store: Store) -> Iterator[Account]:
    """The account of every series."""
    doors = _doors(store)
    for sequence in store.data.sequences.find(sort=[("_id", 1)]):
        series = sequence["_id"]
        form = sequence.get("form") or f"^{re.escape(series)}-[0-9]+$"  # as every series of the first release
        standing = sum(door.count_numbered(form) for door in _one_a_collection(doors)) + _buried(store, form, doors)
        void = store.data.number_voids.count_documents({"series": series})
        yield Account(series, int(sequence["next"]), standing, void, _loading(store, series, doors))


def void_abandoned(store: Store) -> int:
    """Void what crashed loaders left of their blocks. Returns how many numbers became void."""
    doors = _doors(store)
    return numbers.void_abandoned(store, lambda some: _standing(doors, some))


def _doors(store: Store) -> list[TypeDoor]:
    """One door per concrete type."""
    door = Door(store, ACCOUNTANT)
    return [one for one in door.types() if not one.compiled.abstract]


def _one_a_collection(doors: list[TypeDoor]) -> Iterable[TypeDoor]:
    return {door.compiled.base: door for door in doors}.values()


def _standing(doors: list[TypeDoor], some: list[str]) -> set[str]:
    found: set[str] = set()
    for door in _one_a_collection(doors):
        found |= door.numbers_standing(some)
    return found


def _buried(store: Store, form: str, doors: list[TypeDoor]) -> int:
    """Numbers on tombstones alone: between tombstone and erasing, one stands on its record too."""
    numbered = {"archive_no": {"$regex": form}}
    gone = store.data.tombstones.count_documents({**numbered, "erased": True})
    under_way = store.data.tombstones.find({**numbered, "erased": None}, {"archive_no": 1})
    waiting = [found["archive_no"] for found in under_way]
    return gone + len(waiting) - len(_standing(doors, waiting))


def _loading(store: Store, series: str, doors: list[TypeDoor]) -> int:
    return sum(
        len(waiting) - len(_standing(doors, waiting))
        for block in numbers.open_blocks(store, series)
        if (waiting := list(block.numbers()))
    )
