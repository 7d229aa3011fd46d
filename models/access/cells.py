"""What the door hands out: a record as one actor may see it, cell by cell, already masked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as slot
from datetime import datetime
from types import MappingProxyType
from typing import Any

from models.access.actions import Action
from models.access.levels import Read, Write
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field

NO_CELLS: "Mapping[str, Cell]" = MappingProxyType({})
NO_LABELS: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Cell:
    """One value for one reader. A hidden cell does not exist.

    :param mark: `value`, `empty`, `masked`, `fillable` (no value, may be filled unseen), `filled`, or
        `unreadable` (its key is gone or its seal is broken: one bad value never hides a record)
    :param value: the stored shape where `mark` is `value`, the masked text where it is `masked`
    :param full: whether the reader's plan gives the whole value (a page may still mask it by habit)
    :param cells: sub-cells of an object, by name
    :param labels: of a reference: id → what the reader may call it; one that is not theirs to name is absent
    :param stubs: of a reference: id → the case under which its record was destroyed
    """

    field: Field
    mark: str
    value: Any = None
    write: Write = Write.NONE
    full: bool = False
    cells: "Mapping[str, Cell]" = slot(default_factory=lambda: NO_CELLS)
    labels: Mapping[str, str] = slot(default_factory=lambda: NO_LABELS)
    stubs: Mapping[str, str] = slot(default_factory=lambda: NO_LABELS)

    def text(self, locale: str = "zh_Hans_CN") -> str:
        """Plain text for lists and exports; empty, fillable and filled have none."""
        if self.mark == "masked":
            return self.value
        if self.cells:
            parts = ((cell.field.label(locale), cell.text(locale)) for cell in self.cells.values())
            return "; ".join(f"{label}: {text}" for label, text in parts if text)
        if self.mark != "value":
            return ""
        if self.field.type.name == "reference":
            ids = self.value if isinstance(self.value, list) else [self.value]
            return ", ".join(self.labels.get(id) or id for id in ids)
        return self.field.type.render(self.value, self.field, locale)

    def to_json(self) -> Any:
        """The REST shape: readable values bare, others by what they are."""
        if self.cells:
            return {name: cell.to_json() for name, cell in self.cells.items()}
        if self.mark == "masked":
            return {"masked": self.value}
        if self.mark in ("fillable", "filled", "unreadable"):
            return {self.mark: True}
        if self.mark == "empty":
            return None
        if self.field.type.name == "reference":
            many = isinstance(self.value, list)
            found = [self._reference(id) for id in (self.value if many else [self.value])]
            return found if many else found[0]
        return self.field.type.to_json(self.value, self.field)

    def _reference(self, id: str) -> dict[str, Any]:
        known: dict[str, Any] = {"id": id, "label": self.labels.get(id)}
        return {**known, "destroyed": self.stubs[id]} if id in self.stubs else known


@dataclass(frozen=True, slots=True)
class Finding:
    """What verification says of a record, to a reader who may read or fill every field it is about.

    :param rule: key of the rule
    :param result: failed, warned or errored
    :param reason: a word of `models.lifecycle.checks.REASONS`, never a value
    :param since: day it was first found, `YYYY-MM-DD`
    """

    rule: str
    version: int
    result: str
    reason: str
    field: Field
    since: str

    @property
    def rule_id(self) -> str:
        """The rule as people know it: one for many fields has a key for each."""
        return self.rule.partition(":")[0]

    def to_json(self) -> dict[str, Any]:
        """The REST shape."""
        return {
            "rule": self.rule_id,
            "version": self.version,
            "result": self.result,
            "reason": self.reason,
            "field": self.field.address,
            "since": self.since,
        }


@dataclass(slots=True)
class Record:
    """A record through one reader's plan.

    :param inputs: cells that may be entered, by address; only of a single record that may be edited
    :param related: what its reverse relations lead to (`references.Related`); only of a single record
    """

    id: str
    compiled: CompiledType
    revision: int
    state: str
    archive_no: str | None
    department: str | None
    owner: str | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    trashed_at: datetime | None
    cells: dict[str, Cell]
    may: frozenset[Action] = frozenset()
    findings: list[Finding] = slot(default_factory=list)
    held: bool | None = None
    inputs: dict[str, Cell] = slot(default_factory=dict)
    related: list[Any] = slot(default_factory=list)

    @property
    def type(self) -> str:
        """The concrete type."""
        return self.compiled.name

    @property
    def title(self) -> str:
        """How the reader may call it: its title field if they may read that, else its number."""
        cell = self.cells.get(self.compiled.title.name)
        return (cell.text() if cell else "") or self.archive_no or self.id

    def every_cell(self) -> Iterator[Cell]:
        """All cells, sub-cells of objects included, in the order of the type."""
        for cell in self.cells.values():
            yield cell
            yield from cell.cells.values()

    def find(self, address: str) -> Cell | None:
        """A cell by address (`proprietor.hobbies`), None where it is hidden."""
        name, _, sub = address.partition(".")
        cell = self.cells.get(name)
        return cell.cells.get(sub) if cell and sub else cell

    def to_json(self) -> dict[str, Any]:
        """The REST shape of design.md 4."""
        body: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "revision": self.revision,
            "state": self.state,
            "archive_no": self.archive_no,
            "department": self.department,
            "owner": self.owner,
            "created_at": moment_text(self.created_at),
            "created_by": self.created_by,
            "updated_at": moment_text(self.updated_at),
            "updated_by": self.updated_by,
            "findings": [one.to_json() for one in self.findings],
        }
        if self.held is not None:
            body["held"] = self.held
        for name, cell in self.cells.items():
            body[name] = cell.to_json()
        return body


def moment_text(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z" if moment else None


def mark_of(read: Read, write: Write, *, filled: bool) -> str | None:
    """Which of the five looks a cell has; None: hidden."""
    if read == Read.FULL:
        return "value" if filled else "empty"
    if read == Read.MASKED:
        return "masked" if filled else ("empty" if write != Write.FILL else "fillable")
    if write >= Write.FILL:
        return "filled" if filled else "fillable"
    return None
