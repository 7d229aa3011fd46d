"""Bringing rows of a file in: judged and checked like single writes, bad rows told one by one, good ones kept.

New records are written in batches; changes of standing ones one by one, each with its own entry in the log.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from models.access.actions import Action
from models.access.door import TypeDoor
from models.access.query import Query, refuse
from models.access.writing import FRAME_WRITABLE
from models.definitions.fields import LANGUAGES, Field
from models.errors import N_, ArchiveError, DefinitionError, FieldValueError, InvalidRecord, Unavailable
from models.operations import records
from models.operations.bulk import BATCH, Loader, Row
from models.operations.maps import Mapped, own_names
from models.operations.tables import BadRow, Cells

MODES = ("add", "update", "upsert")
MOST_UNDER_WAY = 2
"""Batches being written at once: while the database works on one, the next is sealed."""
LOOK_AHEAD = 200
"""Rows looked through for column names where there is no map."""

Numbered = tuple[int, Cells | BadRow]
Report = Callable[[int, str, ArchiveError], Any]
"""Takes row number, field address ("" for the row) and what is wrong with it."""


@dataclass
class Outcome:
    """What became of the rows of a file."""

    added: int = 0
    changed: int = 0
    bad: int = 0
    left: Counter[str] = field(default_factory=Counter)
    """Columns or paths that were not taken → rows in which they held something."""

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.added + self.changed + self.bad


def load(
    door: TypeDoor,
    rows: Iterable[Numbered],
    *,
    mapped: Mapped | None = None,
    mode: str = "add",
    key: str | None = None,
    dry_run: bool = False,
    report: Report = lambda row, address, fault: None,
    progress: Callable[[int], Any] = lambda rows: None,
) -> Outcome:
    """Bring rows in.

    :param key: address of the field that says which record a row is about, for update and upsert
    :param progress: told how many rows are done, now and then
    :raises AccessDenied: the actor may not import here, or not use the key
    :raises DefinitionError: map, mode and key do not fit one another
    :raises Unavailable: the archive stopped answering; what was told as done stands
    """
    if not door.may(Action.IMPORT) and not door.actor.system:
        raise refuse()
    ahead = iter(rows)
    if mapped is None:
        mapped, ahead = _by_names(door, ahead, key)
    with ThreadPoolExecutor(MOST_UNDER_WAY, "load") as writers:
        run = _Run(door, mapped, mode, key or mapped.key, dry_run, report, writers)
        for number, row in ahead:
            run.take(number, row)
            if run.outcome.rows % 100 == 0:
                progress(run.outcome.rows)
        run.write()
    progress(run.outcome.rows)
    run.outcome.left = mapped.left
    return run.outcome


def _by_names(door: TypeDoor, rows: Iterator[Numbered], key: str | None) -> tuple[Mapped, Iterator[Numbered]]:
    """A map out of the names in the first rows; names that are not ours, or not the actor's to know, are left alike.

    So are columns nobody writes (numbers, moments, what is computed): they come back with every export.
    """
    first = [row for _, row in zip(range(LOOK_AHEAD), rows, strict=False)]
    names = dict.fromkeys(name for _, row in first if not isinstance(row, BadRow) for name in row)
    known = [one.field for one in door.fields() if people_write(one.field) or one.field.address == key]
    if key and key in door.compiled.system:
        known.append(door.compiled.system[key])
    return own_names(names, known, LANGUAGES), chain(first, rows)


def people_write(one: Field) -> bool:
    """Whether a value of the field is ever taken from people."""
    return not (one.computed or one.system) and (not one.frame or one.frame in FRAME_WRITABLE)


class _Run:
    """One load under way. Batches are written by threads of their own while the rows of the next are judged."""

    def __init__(
        self,
        door: TypeDoor,
        mapped: Mapped,
        mode: str,
        key: str | None,
        dry_run: bool,
        report: Report,
        writers: ThreadPoolExecutor,
    ):
        if mode not in MODES:
            raise DefinitionError("mode", N_("Choose among {known}."), known=", ".join(MODES))
        if mode != "add" and not key:
            raise DefinitionError("key", N_("Say by which field a row finds its record."))
        self.door, self.mapped, self.mode, self.key = door, mapped, mode, key
        self.dry_run, self.report, self.outcome = dry_run, report, Outcome()
        self.loader = Loader(door, Action.IMPORT) if mode != "update" else None
        self.writers = writers
        self.waiting: list[tuple[int, Row]] = []
        self.under_way: deque[tuple[list[tuple[int, Row]], Future[list[str]]]] = deque()
        self.seen: set[str] = set()
        if mode != "add":
            door.count(Query(where={"field": key, "op": "empty", "value": True}))  # may the actor use it at all?

    def take(self, number: int, row: Cells | BadRow) -> None:
        """Judge a row; write it now, with its batch, or never."""
        if isinstance(row, BadRow):
            self._bad(number, {"": row})
            return
        body, faults = self.mapped.body(row)
        if faults:
            self._bad(number, faults)
            return
        try:
            self._place(number, body)
        except InvalidRecord as fault:
            self._bad(number, fault.errors)
        except Unavailable:
            raise
        except ArchiveError as fault:
            self._bad(number, {"": fault})

    def _place(self, number: int, body: Mapping[str, Any]) -> None:
        found = None if self.mode == "add" else self._standing(body)
        if found is not None:
            change = records.rehearse_update if self.dry_run else records.update
            if self.key in self.door.compiled.system:  # it says which record, and is never written
                body = {name: value for name, value in body.items() if name != self.key}
            change(self.door, found[0], body, expected=found[1], also=Action.IMPORT)
            self.outcome.changed += 1
        elif self.loader is None:
            raise FieldValueError("no_record", N_("No record has this value in the key field."))
        else:
            row = self.loader.read(body)
            if self.dry_run:
                self.loader.rehearse(row)
            self.waiting.append((number, row))
            if len(self.waiting) >= BATCH:
                self._send()

    def _standing(self, body: Mapping[str, Any]) -> tuple[str, int] | None:
        """Id and revision of the one record a row is about, as far as the actor may see it."""
        value = _part(body, self.key or "")
        if value is None or isinstance(value, list | Mapping):
            raise FieldValueError("no_key", N_("The row has no value for the key field."))
        if str(value) in self.seen:
            self.write()  # a record of an earlier row may be the one
        self.seen.add(str(value))
        page = self.door.page(Query(where={"field": self.key, "op": "eq", "value": value}, limit=2, fields=[]))
        if len(page.items) > 1:
            raise FieldValueError("several_records", N_("More than one record has this value in the key field."))
        return (page.items[0].id, page.items[0].revision) if page.items else None

    def write(self) -> None:
        """Write what waits; when this returns, all of it stands or is told as bad."""
        self._send()
        while self.under_way:
            self._settle()

    def _send(self) -> None:
        """Hand what waits to the writers, as soon as one of them is free."""
        waiting, self.waiting = self.waiting, []
        if not waiting or self.loader is None:
            return
        if self.dry_run:
            self.outcome.added += len(waiting)
            return
        while len(self.under_way) >= MOST_UNDER_WAY:
            self._settle()
        self.under_way.append(self._started(waiting))

    def _started(self, rows: list[tuple[int, Row]]) -> tuple[list[tuple[int, Row]], Future[list[str]]]:
        assert self.loader is not None
        return rows, self.writers.submit(self.loader.write, [row for _, row in rows])

    def _settle(self) -> None:
        """See the oldest batch under way land; one that is refused is written by halves, to find the rows at fault."""
        rows, landing = self.under_way.popleft()
        try:
            landing.result()
        except Unavailable:
            raise
        except ArchiveError as fault:
            self._by_halves(rows, fault)
        else:
            self.outcome.added += len(rows)

    def _by_halves(self, rows: list[tuple[int, Row]], fault: ArchiveError) -> None:
        if len(rows) == 1:
            self._bad(rows[0][0], fault.errors if isinstance(fault, InvalidRecord) else {"": fault})
            return
        half = len(rows) // 2
        for part in (rows[half:], rows[:half]):
            self.under_way.appendleft(self._started(part))

    def _bad(self, number: int, faults: Mapping[str, ArchiveError]) -> None:
        self.outcome.bad += 1
        for address, fault in faults.items():
            self.report(number, address, fault)


def _part(body: Mapping[str, Any], address: str) -> Any:
    name, _, part = address.partition(".")
    value = body.get(name)
    return value.get(part) if part and isinstance(value, Mapping) else value
