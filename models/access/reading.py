"""From a stored document to a record as one actor may see it: open, judge, mask. Touches no database."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, NamedTuple

from models.access.cells import Cell, Finding, Record, mark_of
from models.access.documents import open_value, upgraded
from models.access.judge import ALL_LEVELS, NO_LEVEL, Judge, Level
from models.access.keyset import at_path
from models.access.levels import Read, Write
from models.access.masks import mask
from models.crypto.envelope import UNREADABLE
from models.crypto.keys import DataKey
from models.definitions.fields import Field
from models.definitions.grades import Grade

NOTHING: Mapping[str, Any] = {}
FRAME_KEYS = {
    "_id": 1, "type": 1, "tv": 1, "archive_no": 1, "rev": 1, "state": 1, "dept": 1, "owner": 1,
    "created_at": 1, "created_by": 1, "updated_at": 1, "updated_by": 1, "life": 1,
    "d.verification.findings": 1,
}  # fmt: skip


Steady = Callable[[Mapping[str, Any], DataKey | None], Cell | None]
"""Makes the cell of one field from a row and its key."""


class Way(NamedTuple):
    """How a field becomes a cell on every row that lies in the same scopes.

    :param steady: None where each row has to be judged, or the cell is made of others
    """

    field: Field
    address: str
    steady: Steady | None


@dataclass(frozen=True)
class Reader:
    """What turns documents of one kind into records for one actor.

    :param fields: the fields asked for; those out of reach leave no trace
    :param habit: mask what is confidential or higher although the plan gives it
    """

    judge: Judge
    fields: tuple[Field, ...]
    habit: bool = False
    _ways: dict[int, list[Way]] = dataclass_field(default_factory=dict, repr=False, compare=False)

    def projection(self) -> dict[str, int]:
        """What to fetch: the frame, what some row may show, and what judging and computing it reads."""
        return FRAME_KEYS | dict.fromkeys(self.read_paths(), 1)

    def read_paths(self) -> set[str]:
        """Document paths of the fields, of what conditions on them read, and of what formulas read."""
        values = {field.path if field.frame else f"v.{field.parent_id or field.id}" for field in self.needed()}
        return values | self.judged_paths()

    def needed(self) -> list[Field]:
        """Top-level fields whose stored values are read."""
        found: dict[str, Field] = {}
        by_id = self.judge.plan.type.by_id
        for field in self.fields:
            if self.shows(field):
                for id in (field.id, *field.depends):
                    found[id] = by_id.get(id, field)
        return [field for field in found.values() if not field.computed]

    def shows(self, field: Field) -> bool:
        """Whether some row may show it, or tell that it can be filled."""
        if field.frame or self.judge.plan.everything:
            return True
        if field.fields and field.type.name == "object":
            return any(self.shows(sub) for sub in field.fields if sub.active)
        return self.judge.plan.may_view_field(field)

    def judged_paths(self) -> set[str]:
        """Document paths that conditions of scopes, grants and ceilings read."""
        plan = self.judge.plan
        terms = [term.condition for term in self.judge.terms]
        rules = [rule.when for field in self.fields for rule in plan.rules.get(field.id, ())]
        caps = [cap.when for field in self.fields for cap in plan.caps.get(field.id, ())]
        fields = [field for condition in (*terms, *rules, *caps) if condition for field in condition.fields()]
        return {"s" if field.sealed else field.path.rsplit(".", 1)[0] if field.parent_id else field.path
                for field in fields}  # fmt: skip

    def sealed(self) -> bool:
        """Whether opening a row may need its key."""
        return any(field.sealed or any(sub.sealed for sub in field.fields) for field in self.needed())

    def record(
        self, document: Mapping[str, Any], key: DataKey | None, present: Mapping[str, Any] | None = None
    ) -> Record:
        """The record this actor may see. Hidden cells are absent.

        :param present: where `document` is an earlier content, the document as it is now: a cell shows only as
            far as both let it, and one reader reads one such record
        """
        document = upgraded(self.judge.plan.type, document, key)
        bits = 0 if self.judge.plan.everything else self.judge.bits(document)
        levels = {} if self.judge.plan.everything else self.judge.levels_within(bits, document)
        if present is not None:
            levels = least(levels, self.judge.levels(present))
        if bits not in self._ways:
            self._ways[bits] = [self._way(field, levels) for field in self.fields]
        cells = {}
        for field, address, steady in self._ways[bits]:
            cell = steady(document, key) if steady else self._cell(field, document, levels, key)
            if cell is not None:
                cells[address] = cell
        return Record(
            id=document["_id"],
            compiled=self.judge.plan.type,
            revision=document["rev"],
            state=document["state"],
            archive_no=document.get("archive_no"),
            department=document.get("dept"),
            owner=document.get("owner"),
            created_at=document["created_at"],
            created_by=document["created_by"],
            updated_at=document["updated_at"],
            updated_by=document["updated_by"],
            trashed_at=document["life"].get("trashed_at"),
            cells=cells,
            findings=self._findings(document, levels) if present is None else [],
        )

    def _findings(self, document: Mapping[str, Any], levels: Mapping[str, Level]) -> list[Finding]:
        """What verification found that this reader may know: they may read or fill every field it is about.

        Where only some fields were fetched, what the level of another one depends on may not have been.
        """
        stored = ((document.get("d") or NOTHING).get("verification") or NOTHING).get("findings")
        if not stored:
            return []
        by_id, fetched = self.judge.plan.type.by_id, {field.id for field in self.fields}
        found = []
        for one in stored:
            fields = [by_id[id] for id in one["fields"] if id in by_id and by_id[id].active]
            if len(fields) == len(one["fields"]) and all(self._tells(field, levels, fetched) for field in fields):
                said = Finding(one["rule"], one["v"], one["result"], one["reason"], fields[0], one["since"])
                found.append(said)
        return found

    def _tells(self, field: Field, levels: Mapping[str, Level], fetched: set[str]) -> bool:
        known = {field.id, field.parent_id} & fetched or not self.judge.differs(field)
        level = self.level(field, levels)
        return bool(known) and (level.read > Read.NONE or level.write >= Write.FILL)

    def _way(self, field: Field, levels: Mapping[str, Level]) -> Way:
        if field.relation == "reverse":  # computed for a single record, by the door
            return Way(field, field.address, lambda document, key: None)
        made = field.type.name == "object" or field.formula is not None
        steady = None if made or self.judge.differs(field) else self._steady(field, self.level(field, levels))
        return Way(field, field.address, steady)

    def _steady(self, field: Field, level: Level) -> Steady:
        """A field of one level: what does not depend on the row is worked out once. Lists are made of these."""
        lacking = mark_of(level.read, level.write, filled=False)
        holder, name = ("v", field.path.removeprefix("v.")) if not field.frame else ("", field.path)
        if mark_of(level.read, level.write, filled=True) not in ("value", "masked") or "." in name:
            return lambda document, key: self._stored(field, level, document, key)
        write, full = level.write, level.read == Read.FULL
        nothing = Cell(field, lacking, write=write, full=full) if lacking else None
        plain = full and not (self.habit and field.grade >= Grade.CONFIDENTIAL)

        def steady(document: Mapping[str, Any], key: DataKey | None) -> Cell | None:
            stored = (document.get(holder) or NOTHING).get(name) if holder else document.get(name)
            if stored is None:
                return nothing
            value = open_value(field, stored, key) if isinstance(stored, bytes) else stored
            if plain and value is not UNREADABLE:
                return Cell(field, "value", value, write, True)
            return self._shown(field, level, "value" if full else "masked", value)

        return steady

    def cell(self, field: Field, document: Mapping[str, Any], key: DataKey | None) -> Cell | None:
        """One cell of an `upgraded` row, None where it is hidden."""
        levels = {} if self.judge.plan.everything else self.judge.levels(document)
        return self._cell(field, document, levels, key)

    def level(self, field: Field, levels: Mapping[str, Level]) -> Level:
        """The level of one field by the levels of its row; system keys are open to whoever sees the row."""
        if self.judge.plan.everything:
            return ALL_LEVELS if not field.system else Level(Read.FULL, Write.NONE)
        level = levels.get(field.id, NO_LEVEL)
        if field.frame:
            level = Level(Read.FULL, level.write)
        if field.system or field.computed:
            level = Level(level.read, Write.NONE)
        return level

    def _cell(
        self, field: Field, document: Mapping[str, Any], levels: Mapping[str, Level], key: DataKey | None
    ) -> Cell | None:
        if field.type.name == "object":
            return self._object(field, document, levels, key)
        level = self.level(field, levels)
        if field.formula is not None:
            return self._formula(field, level, document, levels, key)
        return self._stored(field, level, document, key)

    def _stored(self, field: Field, level: Level, document: Mapping[str, Any], key: DataKey | None) -> Cell | None:
        stored = at_path(document, field.path)
        mark = mark_of(level.read, level.write, filled=stored is not None)
        if mark not in ("value", "masked"):
            return Cell(field, mark, write=level.write, full=level.read == Read.FULL) if mark else None
        return self._shown(field, level, mark, open_value(field, stored, key))

    def _shown(self, field: Field, level: Level, mark: str, value: Any) -> Cell:
        if value is UNREADABLE:
            return Cell(field, "unreadable", write=level.write)
        if mark == "value" and self.habit and field.grade >= Grade.CONFIDENTIAL:
            mark = "masked"
        shown = mask(field, value) if mark == "masked" else value
        return Cell(field, mark, shown, level.write, full=level.read == Read.FULL)

    def _object(
        self, field: Field, document: Mapping[str, Any], levels: Mapping[str, Level], key: DataKey | None
    ) -> Cell | None:
        cells = {}
        for sub in field.fields:
            if sub.active and (cell := self._cell(sub, document, levels, key)) is not None:
                cells[sub.name] = cell
        if not cells:
            return None
        filled = any(cell.mark in ("value", "masked", "filled") for cell in cells.values())
        write = max(cell.write for cell in cells.values())
        return Cell(field, "value" if filled else "empty", write=write, cells=cells)

    def _formula(
        self,
        field: Field,
        level: Level,
        document: Mapping[str, Any],
        levels: Mapping[str, Level],
        key: DataKey | None,
    ) -> Cell | None:
        """Computed from what it reads, and no more open than any of it."""
        by_id = self.judge.plan.type.by_id
        sources = [by_id[id] for id in field.depends if id in by_id]
        read = min([level.read, *(self.level(source, levels).read for source in sources)])
        if read == Read.NONE:
            return None
        values = self._opened(sources, document, key)
        if values is None:
            return Cell(field, "unreadable")
        value = field.formula.evaluate(values, self.judge.bound.today)  # type: ignore[union-attr]
        mark = mark_of(read, Write.NONE, filled=value is not None)
        if mark not in ("value", "masked"):
            return Cell(field, mark, full=read == Read.FULL) if mark else None
        return self._shown(field, Level(read, Write.NONE), mark, value)

    @staticmethod
    def _opened(sources: Iterable[Field], document: Mapping[str, Any], key: DataKey | None) -> dict[str, Any] | None:
        """The plain values of some fields in the shape of `v`; None when one of them cannot be read."""
        values: dict[str, Any] = {}
        for source in sources:
            stored = at_path(document, source.path)
            if stored is None:
                continue
            value = open_value(source, stored, key)
            if value is UNREADABLE:
                return None
            holder = values.setdefault(source.parent_id, {}) if source.parent_id else values
            holder[source.id] = value
        return values


def least(one: Mapping[str, Level], other: Mapping[str, Level]) -> dict[str, Level]:
    """Field id → what both give."""
    return {
        id: Level(min(level.read, other[id].read), min(level.write, other[id].write))
        for id, level in one.items()
        if id in other
    }


def shown_ids(records: Iterable[Record]) -> list[str]:
    """Ids of the fields whose values (whole or masked) stand in some record: what the log says was read."""
    found: dict[str, None] = {}
    for record in records:
        for cell in record.every_cell():
            if cell.mark in ("value", "masked") and not cell.cells:
                found[cell.field.id] = None
    return list(found)
