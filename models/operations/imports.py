"""Bringing rows of a file in: judged and checked like single writes, bad rows told one by one, good ones kept.

New records are written in batches; changes of standing ones one by one, each with its own entry in the log.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from models.access.actions import Action
from models.access.door import TypeDoor
from models.access.query import Query, refuse
from models.access.writing import FRAME_WRITABLE
from models.definitions.fields import LANGUAGES, Field
from models.errors import N_, ArchiveError, DefinitionError, FieldValueError, InvalidRecord, Unavailable
from models.operations import records
from models.operations.bulk import BATCH, Loader, Row
from models.operations.cells import BadRow, Cells, Note, Numbered
from models.operations.foreign import Fitting
from models.operations.maps import Mapped, own_names
from models.operations.rehearsing import KeysMet, ValuesMet

MODES = ("add", "update", "upsert")
MOST_UNDER_WAY = 2
"""Batches being written at once: while the database works on one, the next is sealed."""
LONG = frozenset({"long_text", "rows", "map"})
"""Types of which one value can be thousands of times as large as another."""
BATCH_CHARACTERS = 2_000_000
"""Text in one transaction, however few rows that are."""

Report = Callable[[int, str, ArchiveError], Any]
"""Takes row number, field address ("" for the row) and what is wrong with it."""


Failed = Callable[[int, Cells | BadRow, Mapping[str, ArchiveError]], Any]
"""Takes row number, the row as it came, and what is wrong with it by field address."""


@dataclass
class Outcome:
    """What became of the rows of a file."""

    added: int = 0
    changed: int = 0
    bad: int = 0
    left: Counter[str] = field(default_factory=Counter)
    """Columns or paths that were not taken → rows in which they held something."""
    notes: list[Note] = field(default_factory=list)
    """How the file was read, and values in it."""

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
    failed: Failed = lambda row, cells, faults: None,
    progress: Callable[[int], Any] = lambda rows: None,
) -> Outcome:
    """Bring rows in.

    :param key: address of the field that says which record a row is about, for update and upsert
    :param failed: told of each bad row once, with what it held
    :param progress: told how many rows are done, now and then
    :raises AccessDenied: the actor may not import here, or not use the key
    :raises DefinitionError: map, mode and key do not fit one another
    :raises Unavailable: the archive stopped answering; what was told as done stands
    """
    with Loading(door, mapped=mapped, mode=mode, key=key, dry_run=dry_run) as loading:
        loading.serials, loading.sheet = getattr(rows, "serials", True), getattr(rows, "sheet", False)
        loading.report, loading.failed = report, failed
        for number, row in rows:
            loading.take(number, row)
            if loading.outcome.rows % 100 == 0:
                progress(loading.outcome.rows)
        loading.write()
    progress(loading.outcome.rows)
    outcome = loading.outcome
    outcome.notes = [*getattr(rows, "notes", ()), *loading.fitting.notes.values()]
    return outcome


def own_map(door: TypeDoor, key: str | None = None) -> Mapped:
    """A map out of the names of the fields; names that are not ours, or not the actor's to know, are left alike.

    So are columns nobody writes (numbers, moments, what is computed): they come back with every export.
    """
    known = [one.field for one in door.fields() if people_write(one.field) or one.field.address == key]
    if key and key in door.compiled.system:
        known.append(door.compiled.system[key])
    return own_names(known, LANGUAGES)


def people_write(one: Field) -> bool:
    """Whether a value of the field is ever taken from people."""
    return not (one.computed or one.system) and (not one.frame or one.frame in FRAME_WRITABLE)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that is to be written, as it came and as it was read."""

    number: int
    cells: Cells
    row: Row
    place: int = 0
    """Of the row among all rows of the file, where it matters."""


class Loading:
    """One load under way. Batches are written by threads of their own while the rows of the next are judged.

    :param batch: how a batch is written, by the rows in it; else as `Loader.write` does it
    :param at_once: batches under way
    :raises AccessDenied: the actor may not import here, or not use the key
    :raises DefinitionError: map, mode and key do not fit one another
    """

    def __init__(
        self,
        door: TypeDoor,
        *,
        mapped: Mapped | None = None,
        mode: str = "add",
        key: str | None = None,
        dry_run: bool = False,
        batch: Callable[[Loader, list[Waiting]], list[str]] | None = None,
        at_once: int = MOST_UNDER_WAY,
    ):
        key = key or (mapped.key if mapped else None)
        if mode not in MODES:
            raise DefinitionError("mode", N_("Choose among {known}."), known=", ".join(MODES))
        if mode != "add" and not key:
            raise DefinitionError("key", N_("Say by which field a row finds its record."))
        self.mapped, self.mode, self.key = mapped or own_map(door, key), mode, key
        self.dry_run, self.outcome = dry_run, Outcome(left=self.mapped.left)
        self.report: Report = lambda row, address, fault: None
        self.failed: Failed = lambda row, cells, faults: None
        self.serials, self.sheet = True, False
        """How the table was written: see `tables.Table`."""
        self.keys = KeysMet(key) if mode != "add" else None
        self._values = ValuesMet()
        self._notes: dict[str, Note] = {}
        self.through(door)
        self._batch, self._at_once = batch or _written, at_once
        self._waiting: list[Waiting] = []
        self._size = self._at = 0
        self._under_way: deque[tuple[list[Waiting], Future[list[str]]]] = deque()

    def through(self, door: TypeDoor) -> None:
        """Go on through this door: the rights of the actor as they are now.

        :raises AccessDenied: the actor may not import here, or not use the key
        """
        if not door.may(Action.IMPORT) and not door.actor.system:
            raise refuse()
        self.door = door
        self._long = [one.id for kind in door.kinds for one in kind.active if one.type.name in LONG and one.id]
        self.fitting = Fitting((one.field for one in door.fields()), notes=self._notes)
        self.loader = Loader(door, Action.IMPORT) if self.mode != "update" else None
        if self.keys:
            self.keys.through(door)

    def __enter__(self) -> "Loading":
        self._writers = ThreadPoolExecutor(self._at_once, "load")
        return self

    def __exit__(self, *fault: Any) -> None:
        self._writers.shutdown()

    def take(self, number: int, row: Cells | BadRow, place: int = 0) -> None:
        """Judge a row; write it now, with its batch, or never."""
        self._at = place
        if isinstance(row, BadRow):
            self._bad(number, row, {"": row})
            return
        body, faults = self.mapped.body(row)
        faults |= self.fitting.fit(body, serials=self.serials, sheet=self.sheet)
        if faults:
            self._bad(number, row, faults)
            return
        try:
            self._place(number, row, body)
        except Unavailable:
            raise
        except ArchiveError as fault:
            self._bad(number, row, fault.errors if isinstance(fault, InvalidRecord) else {"": fault})

    def pass_over(self, row: Cells | BadRow) -> None:
        """A row that was taken before: only its key is remembered."""
        if self.keys is None or isinstance(row, BadRow):
            return
        body, faults = self.mapped.body(row)
        if not faults and not self.fitting.fit(body):
            with suppress(ArchiveError):
                self.keys.keep(self.keys.of(body), self.write)

    def _place(self, number: int, cells: Cells, body: dict[str, Any]) -> None:
        value = self.keys.of(body) if self.keys else None
        found = self._standing_record(value) if self.keys else None
        if found is not None:
            self._change(found, body)
        elif self.loader is None:
            raise FieldValueError("no_record", N_("No record has this value in the key field."))
        else:
            row = self.loader.read(body)
            if self.dry_run:
                self.loader.rehearse(row)
            self._waiting.append(Waiting(number, cells, row, self._at))
            self._size += sum(len(str(row.values[id])) for id in self._long if id in row.values)
            if len(self._waiting) >= BATCH or self._size > BATCH_CHARACTERS:
                self._send()
        if self.keys:
            self.keys.keep(value, self.write)

    def _change(self, found: tuple[str, int], body: dict[str, Any]) -> None:
        change = records.rehearse_update if self.dry_run else records.update
        if self.key in self.door.compiled.system:  # it says which record, and is never written
            body = {name: value for name, value in body.items() if name != self.key}
        change(self.door, found[0], body, expected=found[1], also=Action.IMPORT)
        self.outcome.changed += 1

    def _standing_record(self, value: Any) -> tuple[str, int] | None:
        """Id and revision of the one record a row is about, as far as the actor may see it."""
        page = self.door.page(Query(where={"field": self.key, "op": "eq", "value": value}, limit=2, fields=[]))
        if len(page.items) > 1:
            raise FieldValueError("several_records", N_("More than one record has this value in the key field."))
        return (page.items[0].id, page.items[0].revision) if page.items else None

    def write(self) -> None:
        """Write what waits; when this returns, all of it stands or is told as bad."""
        self._send()
        while self._under_way:
            self._settle()

    def _send(self) -> None:
        """Hand what waits to the writers, as soon as one of them is free."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        if not waiting or self.loader is None:
            return
        if self.dry_run:
            taken = self._values.standing(self.door, [one.row for one in waiting])
            for place, fault in taken.items():
                self._refused(waiting[place], fault)
            self.outcome.added += len(waiting) - len(taken)
            return
        while len(self._under_way) >= self._at_once:
            self._settle()
        self._under_way.append(self._started(waiting))

    def _started(self, rows: list[Waiting]) -> tuple[list[Waiting], Future[list[str]]]:
        assert self.loader is not None
        return rows, self._writers.submit(self._batch, self.loader, rows)

    def _settle(self) -> None:
        """See the oldest batch under way land; one that is refused is written by halves, to find the rows at fault."""
        rows, landing = self._under_way.popleft()
        try:
            landing.result()
        except Unavailable:
            raise
        except ArchiveError as fault:
            self._by_halves(rows, fault)
        else:
            self.outcome.added += len(rows)

    def _by_halves(self, rows: list[Waiting], fault: ArchiveError) -> None:
        """The first half before the second: of two rows with one value the first has it."""
        if len(rows) == 1:
            self._refused(rows[0], fault)
            return
        assert self.loader is not None
        half = len(rows) // 2
        for part in (rows[:half], rows[half:]):
            try:
                self._batch(self.loader, part)
            except Unavailable:
                raise
            except ArchiveError as worse:
                self._by_halves(part, worse)
            else:
                self.outcome.added += len(part)

    def _refused(self, one: Waiting, fault: ArchiveError) -> None:
        self._bad(one.number, one.cells, fault.errors if isinstance(fault, InvalidRecord) else {"": fault})

    def _bad(self, number: int, cells: Cells | BadRow, faults: Mapping[str, ArchiveError]) -> None:
        self.outcome.bad += 1
        self.failed(number, cells, faults)
        for address, fault in faults.items():
            self.report(number, address, fault)


def _written(loader: Loader, rows: list[Waiting]) -> list[str]:
    return loader.write([one.row for one in rows])
