"""One record as a sheet: sections, marks, timeline, and two revisions side by side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from flask_babel import gettext

from models.access.actions import Action
from models.access.cells import Cell, Record
from models.definitions.fields import in_language
from models.errors import N_, RecordNotFound
from views import findings, marks, people, related, steps, visibility
from views.access import current_door, load, may
from views.formats import locale
from views.shell import type_label

ACTIONS = {
    "create": N_("created it"),
    "edit": N_("changed it"),
    "trash": N_("moved it to the trash"),
    "restore": N_("restored it"),
    "revert": N_("went back to an earlier content"),
    "transition": N_("took a step with it"),
    "stub": N_("emptied what came from a destroyed record"),
    "load": N_("loaded it"),
    "generate": N_("generated it"),
}
DOTS = {
    "create": ("plus", "ok"),
    "trash": ("trash", "bad"),
    "restore": ("arrow-back-up", "ok"),
    "revert": ("history", "acc"),
    "transition": ("arrow-right", "ok"),
}
ELSEWHERE = ("department", "owner", "type", "state")
"""System keys that stand in the head of a record."""
TIMELINE_ROWS = 50
"""Entries of the timeline on one page."""


@dataclass
class SheetSection:
    """A section of the sheet: its marks, and how many of those that could hold a value do."""

    name: str
    label: str
    entries: list[marks.Mark] = field(default_factory=list)

    @property
    def told(self) -> tuple[int, int]:
        """(filled, of those whose state this person may know)."""
        told = [one for one in self.entries if one.look != marks.LOCKED]
        return sum(one.look not in ("empty", "fillable") for one in told), len(told)

    @property
    def locks(self) -> int:
        return sum(one.look == marks.LOCKED for one in self.entries)


def sheet_parts(door: Any, record: Record) -> dict[str, Any]:
    """Everything the record page shows."""
    stated = record.compiled.states.find(record.state)
    may_edit = Action.EDIT in record.may and record.trashed_at is None
    return {
        "door": door, "record": record, "compiled": record.compiled, "list_label": type_label(door.compiled),
        "list_address": url_for("records.index"), "state": stated, "sections": sections(record),
        "owner": people.user_name(record.owner), "department": people.department_name(record.department),
        "creator": people.user_name(record.created_by), "updater": people.user_name(record.updated_by),
        "edit": url_for("records.edit", record_id=record.id) if may_edit else None,
        "may_delete": Action.DELETE in record.may and record.trashed_at is None,
        "may_restore": Action.RESTORE in record.may and record.trashed_at is not None,
        "propose": _propose(door, record), "number": (record.archive_no or "").rpartition("-")[2],
        "panels": related.panels(record), **steps.of_record(door, record), **earlier(door, record, {}),
    }  # fmt: skip


def _propose(door: Any, record: Record) -> str | None:
    """Where this person proposes the destruction of the record."""
    if not record.archive_no or not may("cases:manage"):
        return None
    return url_for("destruction.new", type=door.compiled.name, numbers=record.archive_no)


def sections(record: Record) -> list[SheetSection]:
    """The sections with something in them for this person. What they may not know of leaves no trace."""
    kind_door = current_door().open(record.type)
    seen = visibility.Sight(record)
    made = []
    for section in record.compiled.shown_sections:
        found = SheetSection(section.name, in_language(section.labels, locale()))
        for one in record.compiled.active:
            if one.section != section.name or one.frame in ELSEWHERE or one.relation == "reverse":
                continue
            cell = record.cells.get(one.address)
            if cell is None and (one.type.name == "object" or not kind_door.knows(one)):
                continue
            if not seen.shows(one, cell):
                continue
            found.entries.append(marks.mark(cell, one, record.inputs))
        findings.attach(found.entries, record)
        if found.entries:
            made.append(found)
    return made


def earlier(door: Any, record: Record, args: Mapping[str, str]) -> dict[str, Any]:
    """One page of the timeline: its entries, and where the next older ones stand."""
    found = door.revisions(record.id, limit=TIMELINE_ROWS, before=_number(args.get("before"), 0) or None)
    more = url_for("records.timeline", record_id=record.id, before=found.before) if found.before else None
    return {"timeline": timeline(record, found.items), "more": more}


def timeline(record: Record, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The revisions, newest first, in words."""
    people.user_names(one["by"] for one in found)
    made = []
    for one in found:
        icon, tone = DOTS.get(one["action"], ("git-branch", "acc"))
        labels = [label_at(record, address) for address in one["changed"]]
        made.append({
            "number": one["rev"], "at": one["at"], "by": people.user_name(one["by"]), "icon": icon, "tone": tone,
            "words": words_of(record, one), "reason": one.get("reason", ""),
            "labels": [label for label in labels if label],
            "diff": url_for("records.diff", record_id=record.id, number=one["rev"])
            if one["rev"] > 1 and one["changed"] else None,
        })  # fmt: skip
    return made


def words_of(record: Record, revision: Mapping[str, Any]) -> str:
    """What was done in a revision."""
    edge = record.compiled.workflow.find(revision.get("transition", ""))
    if edge is not None:
        return gettext("took the step “%(step)s”", step=steps.label_of(edge))
    return gettext(ACTIONS.get(revision["action"], N_("changed it")))


def label_at(record: Record, address: str) -> str:
    """What people call the field at an address; a sub-field after its object."""
    found = record.compiled.find(address)
    if found is None:
        return ""
    label = found.label(locale())
    holder = record.compiled.find(found.parent_name) if found.parent_name else None
    return f"{holder.label(locale())} · {label}" if holder else label


@dataclass
class Change:
    """One field that differs between two contents."""

    label: str
    old: marks.Mark
    new: marks.Mark


def changes(old: Record | None, new: Record) -> list[Change]:
    """What differs for this reader. Masked values that mask alike count as unchanged: the mask is all they see."""
    before = dict(_leaves(old)) if old else {}
    after = dict(_leaves(new))
    found = []
    for address in dict.fromkeys([*after, *before]):
        was, now = before.get(address), after.get(address)
        one = (now or was).field  # type: ignore[union-attr]
        if one.frame in ("updated_at", "updated_by", "revision", "created_at", "created_by") or one.computed:
            continue
        if _shape(was) != _shape(now):
            old_mark, new_mark = marks.mark(was or Cell(one, "empty"), one), marks.mark(now or Cell(one, "empty"), one)
            found.append(Change(label_at(new, address), old_mark, new_mark))
    return found


def _leaves(record: Record) -> Iterable[tuple[str, Cell]]:
    for cell in record.every_cell():
        if not cell.cells:
            yield cell.field.address, cell


def _shape(cell: Cell | None) -> tuple[str, Any]:
    return ("empty", None) if cell is None else (cell.mark, cell.value)


def changes_between(door: Any, record_id: str, older: int, newer: int) -> list[Change]:
    """:raises RecordNotFound: no such revision"""
    old = door.revision(record_id, older) if older >= 1 else None
    return changes(old, door.revision(record_id, newer))


def compare_parts(door: Any, record_id: str, args: Mapping[str, str]) -> dict[str, Any]:
    """Two revisions side by side, and the way back to the older one."""
    record = load(door, record_id)
    newer = _number(args.get("to"), record.revision)
    older = _number(args.get("from"), max(1, newer - 1))
    if older > newer:
        older, newer = newer, older
    if older < 1 or newer > record.revision:
        raise RecordNotFound
    return {
        "door": door, "record": record, "compiled": record.compiled, "list_label": type_label(door.compiled),
        "older": older, "newer": newer, "changes": changes_between(door, record_id, older, newer),
        "may_revert": Action.REVERT in record.may and record.trashed_at is None, "state": None,
    }  # fmt: skip


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise
