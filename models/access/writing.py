"""Whether a change may be made, cell by cell, before anything is touched. Pure: no database, no clock.

A body holds changed fields by name in the REST shape. Refusals come first and name nothing the actor may
not know; then values are parsed, and every fault is reported at its field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.access.judge import Level
from models.access.levels import Read, Write
from models.access.masks import looks_masked
from models.access.query import refuse
from models.access.reading import Reader
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.errors import N_, AlreadyFilled, FieldValueError, InvalidRecord, UnknownKey

FRAME_WRITABLE = frozenset({"department", "owner"})
"""System keys an actor may write where the plan allows."""


@dataclass
class Change:
    """What a judged body comes to.

    :param values: top-level field id → new plain value (an object whole, its untouched parts kept), None to empty
    :param frame: document key → new value, for department and owner
    :param touched: ids of changed fields, sub-fields by their own id; what the log and the revision name
    """

    values: dict[str, Any] = field(default_factory=dict)
    frame: dict[str, Any] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.values or self.frame)


class ChangeReader:
    """Reads a body against one row: its levels and its present plain values.

    :param reader: the actor's reader of this kind under the action that writes
    :param levels: field id → level on this row
    :param knows: whether the actor may know of a field at all
    :param present: field id → plain value now (an object: a dict by sub-field id); empty for a new record
    """

    def __init__(
        self,
        kind: CompiledType,
        reader: Reader,
        levels: Mapping[str, Level],
        knows: Any,
        present: Mapping[str, Any],
        frame: Mapping[str, Any],
    ):
        self.kind, self.reader, self.levels, self.knows = kind, reader, levels, knows
        self.present, self.frame = present, frame
        self.errors: dict[str, FieldValueError] = {}
        self.change = Change()

    def read(self, body: Mapping[str, Any]) -> Change:
        """The change a body asks for.

        :raises UnknownKey: a key that is not there, or not the actor's to know
        :raises AccessDenied: a field the actor may know but not write here
        :raises AlreadyFilled: a fill that finds a value
        :raises InvalidRecord: values that do not fit, or a mask sent back
        """
        wanted = [(self._field(name), raw) for name, raw in body.items()]
        for one, raw in wanted:
            self._refuse_unwritable(one, raw)
        for one, raw in wanted:
            self._take(one, raw)
        if self.errors:
            raise InvalidRecord(self.errors)
        return self.change

    def _field(self, name: Any) -> Field:
        one = self.kind.find(name) if isinstance(name, str) and "." not in name else None
        if one is None or not self.knows(one):
            raise UnknownKey
        return one

    # rights, before any value is looked at

    def _refuse_unwritable(self, one: Field, raw: Any) -> None:
        if one.type.name == "object" and isinstance(raw, Mapping):
            for sub, part in self._parts(one, raw):
                self._refuse_cell(sub, part, self._present(one, sub))
        elif one.type.name == "object":
            for sub in self._known_parts(one):
                self._refuse_cell(sub, None, self._present(one, sub))
        else:
            self._refuse_cell(one, raw, self._now(one))

    def _refuse_cell(self, one: Field, raw: Any, now: Any) -> None:
        level = self.reader.level(one, self.levels)
        if one.frame and one.frame not in FRAME_WRITABLE:
            raise refuse()
        if level.write == Write.NONE:
            if level.read == Read.FULL and self._same(one, raw, now):
                return
            raise refuse()
        if level.write == Write.FILL and now is not None and not (level.read == Read.FULL and raw == now):
            raise AlreadyFilled

    def _same(self, one: Field, raw: Any, now: Any) -> bool:
        """A readable value sent back as it is changes nothing and is no attempt to write."""
        if raw in (None, "", [], {}):
            return now is None
        if now is not None and one.type.name == "reference":  # whatever label was sent with it
            return _names(raw) == _names(one.type.to_json(now, one))
        return now is not None and raw == one.type.to_json(now, one)

    # values

    def _take(self, one: Field, raw: Any) -> None:
        if one.frame:
            value = self._parsed(one, raw, one.address)
            if value != self._now(one) and one.address not in self.errors:
                self.change.frame[one.path] = value
                self.change.touched.append(one.id)
        elif one.type.name == "object":
            self._take_object(one, raw)
        else:
            value = self._parsed(one, raw, one.address)
            if one.address not in self.errors and value != self._now(one):
                self.change.values[one.id] = value
                self.change.touched.append(one.id)

    def _take_object(self, one: Field, raw: Any) -> None:
        if raw is None or raw == "":
            raw = {sub.name: None for sub in self._known_parts(one)}
        if not isinstance(raw, Mapping):
            words = N_("An object with these parts is expected: {parts}")
            names = ", ".join(sub.name for sub in self._known_parts(one))
            self.errors[one.address] = FieldValueError("not_an_object", words, parts=names)
            return
        whole = dict(self.present.get(one.id) or {})
        before = len(self.change.touched)
        for sub, part in self._parts(one, raw):
            value = self._parsed(sub, part, sub.address)
            if sub.address in self.errors or value == whole.get(sub.id):
                continue
            self.change.touched.append(sub.id)
            if value is None:
                whole.pop(sub.id, None)
            else:
                whole[sub.id] = value
        if len(self.change.touched) > before:
            self.change.values[one.id] = whole or None

    def _parsed(self, one: Field, raw: Any, address: str) -> Any:
        """The stored value, or a fault noted at its address."""
        level = self.reader.level(one, self.levels)
        try:
            if level.write == Write.NONE:  # sent back unchanged
                return self._now(one)
            if (isinstance(raw, dict) and "masked" in raw) or (level.read < Read.FULL and looks_masked(raw)):
                words = N_("This is the mask, not a value. Leave it out, or enter the whole value.")
                raise FieldValueError("masked_echo", words)
            value = one.type.as_written(self._now(one), one.type.parse(raw, one), one)
        except FieldValueError as fault:
            self.errors[address] = fault
            return None
        if value is None and one.required:
            self.errors[address] = FieldValueError("required", N_("This has to be filled in."))
        return value

    def _now(self, one: Field) -> Any:
        if one.frame:
            return self.frame.get(one.path)
        if one.parent_id:
            return (self.present.get(one.parent_id) or {}).get(one.id)
        return self.present.get(one.id)

    def _present(self, one: Field, sub: Field) -> Any:
        return (self.present.get(one.id) or {}).get(sub.id)

    def _parts(self, one: Field, raw: Mapping[str, Any]) -> list[tuple[Field, Any]]:
        by_name = {sub.name: sub for sub in self._known_parts(one)}
        if not raw.keys() <= by_name.keys():
            raise UnknownKey
        return [(by_name[name], part) for name, part in raw.items()]

    def _known_parts(self, one: Field) -> list[Field]:
        return [sub for sub in one.fields if sub.active and self.knows(sub)]


def _names(raw: Any) -> Any:
    """What a reference points to, without what it is called."""
    if isinstance(raw, list):
        return [_names(one) for one in raw]
    return raw.get("id") if isinstance(raw, Mapping) else raw


def missing(kind: CompiledType, values: Mapping[str, Any], knows: Any) -> dict[str, FieldValueError]:
    """Required fields that would be left empty, as far as the actor may know of them."""
    return {
        one.address: FieldValueError("required", N_("This has to be filled in."))
        for one in kind.active
        if one.required and not one.computed and not one.frame and one.id not in values and knows(one)
    }


def check_after(levels: Mapping[str, Level], reader: Reader, kind: CompiledType, touched: list[str]) -> None:
    """A write is judged on the row as it would be, too: nobody moves it out of, or into, their own reach.

    :raises AccessDenied: some changed cell could not be written on the changed row
    """
    for id in touched:
        one = kind.by_id.get(id) or next(field for field in kind.system.values() if field.id == id)
        if reader.level(one, levels).write == Write.NONE:
            raise refuse()
