"""Writing references: an archive number stands for its record, and nobody points to what they may not see.

What the other end is called, and what of it is copied beside the reference (`copies` of a definition), is read by
the plan of whoever writes: a copy holds what they could have typed.
"""

import re
from collections.abc import Mapping
from typing import Any

from models.access.documents import value_at
from models.access.door import TypeDoor
from models.access.judge import Judge, Level
from models.access.labelling import references_in
from models.access.levels import Write
from models.access.reading import Reader
from models.access.writing import Change
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.errors import N_, FieldValueError, InvalidRecord, RecordNotFound

ID = re.compile(r"[a-z2-7]{26}")
MOST_NUMBER = 60
NOT_THERE = N_("There is no such record, or it is not yours to see.")


class Known:
    """What the references of one type may point to, for the actor of a door. Remembers what it found."""

    def __init__(self, door: TypeDoor, kind: CompiledType):
        self._door = door
        self._fields = references_in(kind.active)
        self._seen: dict[str, set[str]] = {}
        self._numbered: dict[tuple[str, str], str | None] = {}

    def resolved(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body with ids where it names records by their archive numbers; what names none stays as it is."""
        if not self._fields:
            return body
        changed: dict[str, Any] = dict(body)
        for one in self._fields:
            holder = one.parent_name or one.name
            given = changed.get(holder)
            if one.parent_name:
                if isinstance(given, Mapping) and one.name in given:
                    changed[holder] = {**given, one.name: self._ids(one, given[one.name])}
            elif given:
                changed[holder] = self._ids(one, given)
        return changed

    def _ids(self, one: Field, raw: Any) -> Any:
        if isinstance(raw, list):
            return [self._ids(one, part) for part in raw]
        number = raw.strip() if isinstance(raw, str) else ""
        if ID.fullmatch(number) or not number.isprintable() or not 0 < len(number) <= MOST_NUMBER:
            return raw
        return self._id(one.target or "", number) or raw

    def _id(self, target: str, number: str) -> str | None:
        key = (target, number)
        if key not in self._numbered:
            opened = self._open(target)
            self._numbered[key] = opened.ids_numbered([number]).get(number) if opened else None
        return self._numbered[key]

    def check(self, values: Mapping[str, Any], present: Mapping[str, Any] | None = None) -> None:
        """Every record newly pointed to is there, and the actor's to see.

        :param values: top-level field id → new plain value
        :raises InvalidRecord: otherwise, at the field
        """
        errors = {
            one.address: FieldValueError("not_found", NOT_THERE)
            for one in self._fields
            if (one.parent_id or one.id) in values
            and not self._sees(one, _ids_at(values, one) - _ids_at(present or {}, one))
        }
        if errors:
            raise InvalidRecord(errors)

    def _sees(self, one: Field, ids: set[str]) -> bool:
        target = one.target or ""
        seen = self._seen.setdefault(target, set())
        if unknown := ids - seen:
            opened = self._open(target)
            seen |= opened.seen_among(unknown) if opened else set()
        return ids <= seen

    def _open(self, target: str) -> TypeDoor | None:
        try:
            return self._door.door.open(target)
        except RecordNotFound:
            return None


def _ids_at(values: Mapping[str, Any], one: Field) -> set[str]:
    found = value_at(values, one)
    return set(found) if isinstance(found, list) else {found} if found else set()


def resolved(door: TypeDoor, kind: CompiledType, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """See `Known.resolved`."""
    return Known(door, kind).resolved(body)


def check(door: TypeDoor, kind: CompiledType, change: Change, present: Mapping[str, Any]) -> None:
    """Judge the references of a change, for a record with these values.

    :raises InvalidRecord: one of them points to nothing the actor may see
    """
    Known(door, kind).check(change.values, present)


def fill_copies(
    door: TypeDoor, kind: CompiledType, change: Change, present: Mapping[str, Any], judge: Judge,
    levels: Mapping[str, Level],
) -> None:  # fmt: skip
    """Complete a checked change: beside a new reference, the fields that copy from its target.

    Only those that are empty, that the change says nothing about, and that the actor may fill.
    """
    reader = Reader(judge, ())
    for one in references_in(kind.active):
        target_id = value_at(change.values, one)
        if not one.copied or not isinstance(target_id, str) or target_id == value_at(present, one):
            continue
        wanted = {source: own for own_name, source in one.copied if (own := kind.find(own_name)) is not None}
        empty = {
            source: own for source, own in wanted.items()
            if own.id not in change.values and present.get(own.id) is None
            and reader.level(own, levels).write > Write.NONE
        }  # fmt: skip
        _copy(door, one, target_id, empty, change)


def _copy(door: TypeDoor, one: Field, target_id: str, wanted: Mapping[str, Field], change: Change) -> None:
    if not wanted:
        return
    found = door.door.open(one.target or "").readable(target_id, wanted)
    for source, own in wanted.items():
        if found.get(source) is not None:
            change.values[own.id] = found[source]
            change.touched.append(own.id)


