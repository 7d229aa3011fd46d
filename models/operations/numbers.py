"""Archive numbers: issued in order, never reused, and accounted for.

Every number ever issued stands on a record, on a tombstone, or here as void with its reason. A single
number is issued inside the transaction of its record, so it cannot be lost; loaders reserve blocks, and what
a crash leaves of a block is voided by `void_abandoned`.

`sequences`      {_id: series, next, form: regular expression of its numbers}
`number_blocks`  {_id, series, first, last, used: highest number known to stand on a record or void, state, at}
`number_voids`   {_id: archive number, series, reason, at}
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from models.definitions.numbering import Numbering
from models.store import Store, new_id

ABANDONED_AFTER = timedelta(minutes=30)


@dataclass(frozen=True)
class Block:
    """Numbers `first` to `last` of a series, reserved for one loader."""

    id: str
    rule: Numbering
    day: date
    first: int
    last: int

    def numbers(self) -> Iterator[str]:
        """The archive numbers of the block, in order."""
        return (self.rule.format(self.day, number) for number in range(self.first, self.last + 1))


def issue(store: Store, rule: Numbering, session: Any) -> str:
    """The next number of a series, inside the caller's transaction."""
    day = store.clock.today()
    return rule.format(day, _advance(store, rule, day, 1, session))


def reserve(store: Store, rule: Numbering, count: int) -> Block:
    """A block of numbers for a loader; settle it with `settle` when its records stand."""
    day = store.clock.today()
    series = rule.series(day)

    def work(session: Any) -> Block:
        first = _advance(store, rule, day, count, session)
        block = Block(new_id(), rule, day, first, first + count - 1)
        reserved: dict[str, Any] = {"prefix": rule.prefix, "pattern": rule.pattern, "day": day.isoformat()}
        reserved |= {"first": block.first, "last": block.last, "state": "open", "at": store.clock.now()}
        store.data.number_blocks.insert_one({"_id": block.id, "series": series, **reserved}, session=session)
        return block

    with store.data.client.start_session() as session:
        return session.with_transaction(work)


def settle(store: Store, block: Block, unused: list[str], reason: str) -> None:
    """Close a block: its unused numbers are void."""
    _void(store, block.rule.series(block.day), unused, reason)
    store.data.number_blocks.update_one({"_id": block.id}, {"$set": {"state": "settled"}})


def void_abandoned(store: Store, stands: Any) -> int:
    """Void what crashed loaders left of their blocks. Returns how many numbers became void.

    :param stands: tells which of some archive numbers stand on a record: `list[str] -> set[str]`
    """
    voided = 0
    for block in open_blocks(store, before=store.clock.now() - ABANDONED_AFTER):
        issued = list(block.numbers())
        used = stands(issued)
        unused = [number for number in issued if number not in used]
        settle(store, block, unused, "abandoned")
        voided += len(unused)
    return voided


def open_blocks(store: Store, series: str | None = None, before: datetime | None = None) -> Iterator[Block]:
    """Blocks that a loader holds, or held when it died.

    :param before: only those reserved before this moment
    """
    asked: dict[str, Any] = {"state": "open"}
    asked |= {"series": series} if series else {}
    asked |= {"at": {"$lt": before}} if before else {}
    for found in store.data.number_blocks.find(asked):
        rule = Numbering(found["prefix"], found["pattern"])
        yield Block(found["_id"], rule, date.fromisoformat(found["day"]), found["first"], found["last"])


def _advance(store: Store, rule: Numbering, day: date, count: int, session: Any) -> int:
    """Take `count` numbers; returns the first. The series keeps the form of its numbers, for the account."""
    found = store.data.sequences.find_one_and_update(
        {"_id": rule.series(day)},
        {"$inc": {"next": count}, "$set": {"form": rule.form(day)}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return int(found["next"]) - count + 1  # type: ignore[index]  # an upsert always finds one


def _void(store: Store, series: str, numbers: list[str], reason: str) -> None:
    at = store.clock.now()
    for start in range(0, len(numbers), 1000):
        store.data.number_voids.insert_many(
            [{"_id": number, "series": series, "reason": reason, "at": at} for number in numbers[start : start + 1000]]
        )
