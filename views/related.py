"""What refers to a record, on its page; and new records that begin by referring to it."""

import json
from dataclasses import dataclass
from typing import Any

from flask import url_for

from models.access.actions import Action
from models.access.cells import Record
from models.access.references import MOST_RELATED, Related, is_open
from models.definitions.fields import Field
from models.operations.references import ID
from views.access import current_door
from views.formats import OfField
from views.references import target_of
from views.shell import type_label

SHOWN = 5
"""Records of a relation on the page of the one they refer to; the others are on their list."""


@dataclass(frozen=True)
class Panel(OfField):
    """One relation of a record: how many, how many of them open, the first few, and where to go on.

    :param new: (label, address) for each kind that this person may make here
    """

    field: Field
    count: str
    open: int
    records: list[dict[str, Any]]
    all: str
    new: list[tuple[str, str]]


def panels(record: Record) -> list[Panel]:
    """The relations of a record that its reader may follow."""
    return [_panel(record, found) for found in record.related]


def _panel(record: Record, found: Related) -> Panel:
    inverse = found.target.compiled.find(found.field.inverse or "")
    assert inverse is not None  # it was just asked for
    where = {"all": [{"field": inverse.address, "op": "eq", "value": record.id}]}
    name = found.target.compiled.name
    return Panel(
        found.field,
        count=f"{MOST_RELATED}+" if found.more else str(len(found.records)),
        open=found.open,
        records=[_line(one) for one in found.records[:SHOWN]],
        all=url_for("records.index", type_name=name, where=json.dumps(where, separators=(",", ":"))),
        new=_new(record, found, inverse.name) if record.trashed_at is None else [],
    )


def _line(record: Record) -> dict[str, Any]:
    return {
        "address": url_for("records.record", type_name=record.type, record_id=record.id), "title": record.title,
        "number": record.archive_no if record.archive_no != record.title else "", "at": record.updated_at,
        "state": record.compiled.states.find(record.state), "open": is_open(record),
    }  # fmt: skip


def _new(record: Record, found: Related, inverse: str) -> list[tuple[str, str]]:
    made = []
    for kind in found.target.kinds:
        if not kind.abstract and current_door().open(kind.name).may(Action.CREATE):
            made.append((type_label(kind), url_for("records.new", type_name=kind.name, **{inverse: record.id})))
    return made


def prefill(form: Any, args: Any) -> None:
    """Begin a new record at what it was opened from: a reference named in the address, and what is copied from it."""
    for one in list(form.inputs.values()):
        given = args.get(one.of.name, "")
        if one.kind != "reference" or one.of.many or one.of.parent_id or not ID.fullmatch(given):
            continue
        target = target_of(one.of)
        if target is None or not target.seen_among([given]):
            continue
        one.raw = given
        sources = {source: own for own, source in one.of.copied}
        for address, value in target.readable(given, sources).items():
            copy = next((other for other in form.inputs.values() if other.of.address == sources[address]), None)
            if copy is not None:
                copy.raw = form.raw_of(copy.of, value)
