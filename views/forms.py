"""The form of a record: its fields as this person may write them, read back as the body of a change.

Only what was on the form and differs from what it showed is sent on. Hidden fields are not on the form and
survive a save; a box that was not ticked is no permission to write null.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field as FormField
from wtforms.form import BaseForm

from models.access.cells import Cell, Record
from models.access.levels import Write
from models.definitions.contact_types import local_number
from models.definitions.fields import Field, Option, in_language
from models.errors import FieldValueError
from views import marks, people, widgets
from views.formats import locale


class RecordInput(FormField):
    """The inputs of one field of a record. Their value is `raw`: what stands in a body."""

    def __init__(self, label: Any = None, validators: Any = None, *, of: Field, cell: Cell | None, **kwargs: Any):
        super().__init__(label or of.label(locale()), validators, **kwargs)
        self.of = of
        self.cell = cell
        self.must = of.required
        self.error_paths: dict[str, str] = {}

    # wtforms keeps text in `data`; ours may be a list or a tree, and is read by the widget of the field type
    def process(self, formdata: MultiDict | None, data: Any = None, extra_filters: Any = None) -> None:
        self.initial = initial_raw(self.of, self.cell)
        self.raw = self.initial
        self.given = formdata is not None and widgets.present(formdata, self.name)
        self.cleared = bool(formdata and formdata.get(f"{self.name}.clear"))
        if self.given:
            self.raw = widgets.read(formdata, self.name, self.of)

    @property
    def kind(self) -> str:
        return widgets.kind_of(self.of)

    @property
    def blind(self) -> bool:
        """The person may write what they cannot (fully) read: an empty box means *leave it*."""
        return self.cell is not None and self.cell.mark in ("masked", "filled", "fillable")

    @property
    def changed(self) -> bool:
        """Whether the person entered something else than the form showed."""
        if not self.given:
            return False
        if self.blind:
            return self.raw is not None or self.cleared
        return self.raw != self.initial and not self._means_the_same()

    def _means_the_same(self) -> bool:
        """A browser writes some values its own way (11:13 for 11:13:00): the parsed value decides."""
        if self.cell is None or self.cell.mark != "value":
            return False
        try:
            return bool(self.of.type.parse(self.raw, self.of) == self.cell.value)
        except FieldValueError:
            return False

    @property
    def mark(self) -> marks.Mark:
        return marks.mark(self.cell, self.of)

    @property
    def grade(self) -> int:
        return int(self.of.grade) // 10

    @property
    def wide(self) -> bool:
        return self.of.many or self.kind in ("long_text", "rows", "map", "address", "phones", "select_many")

    @property
    def options(self) -> list[tuple[str, str]]:
        """What may be chosen: (key, words). An option that is off stays offered where it stands."""
        if self.kind == "department":
            return people.department_choices()
        if self.kind == "user":
            return people.user_choices()
        chosen = self.raw if isinstance(self.raw, list) else [self.raw]
        return [(one.key, words(one)) for one in self.of.options if one.active or one.key in chosen]

    def keep(self, errors: Mapping[str, str]) -> None:
        """Show what was wrong with it: messages by place inside the value ("" for the whole)."""
        self.error_paths = dict(errors)
        self.errors = list(errors.values())


def words(option: Option) -> str:
    return in_language(option.labels, locale())


def initial_raw(field_: Field, cell: Cell | None) -> Any:
    """What the inputs show before anybody types: the readable value in the shape of a body."""
    if cell is None or cell.mark != "value":
        return None
    return raw_of(field_, cell.value)


def raw_of(field_: Field, value: Any) -> Any:
    """A stored value as the form holds it, such that reading the untouched form gives the same again."""
    if value is None:
        return None
    kind = widgets.kind_of(field_)
    if kind == "phones":
        return [local_number(one["number"]) for one in value]
    if field_.many:
        return [_one(field_, kind, one) for one in value]
    if kind == "rows":
        subs = {sub.id: sub for sub in field_.fields}
        return [
            {subs[id].name: raw_of(subs[id], part) for id, part in row.items() if id in subs and subs[id].active}
            for row in value
        ]
    return _one(field_, kind, value)


def _one(field_: Field, kind: str, value: Any) -> Any:
    if kind == "checkbox":
        return bool(value)
    if kind in ("select_many", "map"):
        return value
    if kind == "address":
        return {part: text for part, text in value.items() if text}
    if kind in ("reference", "user", "department", "select", "date"):
        return str(value)
    if kind == "moment":
        return field_.type.render(value, field_, "en").replace(" ", "T")
    return widgets.clean(field_.type.render(value, field_, "en"))


@dataclass
class FormSection:
    """One section of the form with what stands in it, in the order of the type."""

    name: str
    label: str
    entries: list["Entry"] = field(default_factory=list)


@dataclass
class Entry:
    """One line of a form: inputs, or (an object) a group of them, or a value that is only shown."""

    of: Field
    input: RecordInput | None = None
    shown: marks.Mark | None = None
    group: list["Entry"] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.of.label(locale())


class RecordForm(BaseForm):
    """All inputs of one record: what the judge of the change would take, and beside it what is only shown.

    :param record: fetched to be edited; None for a new one
    :param writes: of a new one: field address → how far it may be written
    """

    def __init__(self, compiled: Any, record: Record | None = None, *, writes: Mapping[str, Write] | None = None):
        self.compiled, self.record, self.writes = compiled, record, writes or {}
        self.inputs: dict[str, RecordInput] = {}
        super().__init__({})
        self.sections = self._sections(compiled.shown_sections)

    def _sections(self, sections: Iterable[Any]) -> list[FormSection]:
        made = []
        for section in sections:
            entries = [
                entry
                for one in self.compiled.active
                if one.section == section.name and (entry := self._entry(one)) is not None
            ]
            if entries:
                made.append(FormSection(section.name, in_language(section.labels, locale()), entries))
        return made

    def _entry(self, one: Field) -> Entry | None:
        if one.type.name == "object":
            group = [entry for sub in one.fields if sub.active and (entry := self._entry(sub))]
            return Entry(one, group=group) if any(entry.input or entry.shown for entry in group) else None
        if self.writable(one):
            return Entry(one, input=self._input(one, self.record.inputs[one.address] if self.record else None))
        cell = self.record.find(one.address) if self.record else None
        return Entry(one, shown=marks.mark(cell, one)) if cell else None

    def writable(self, one: Field) -> bool:
        """Whether this person may enter something here."""
        if one.system or one.computed or one.type.widget in widgets.UNWRITABLE:
            return False
        if self.record:
            return one.address in self.record.inputs
        return self.writes.get(one.address, Write.NONE) >= Write.FILL

    def _input(self, one: Field, cell: Cell | None) -> RecordInput:
        bound = RecordInput(of=one, cell=cell, name=one.id, _form=self, _meta=self.meta, _translations=None)
        self._fields[one.id] = self.inputs[one.id] = bound
        bound.process(None)
        return bound

    def read(self, formdata: MultiDict) -> None:
        """Take what was entered."""
        for one in self.inputs.values():
            one.process(formdata)

    @property
    def changed(self) -> list[RecordInput]:
        return [one for one in self.inputs.values() if one.changed]

    def body(self) -> dict[str, Any]:
        """The change as REST would send it: changed fields by name, objects by their changed sub-fields."""
        body: dict[str, Any] = {}
        for one in self.changed:
            if one.of.parent_name:
                body.setdefault(one.of.parent_name, {})[one.of.name] = one.raw
            else:
                body[body_key(one.of)] = one.raw
        return body

    raw_of = staticmethod(raw_of)

    def keep_errors(self, errors: Mapping[str, Any], translate: Any) -> list[str]:
        """Put messages at their inputs; returns those whose field is not on the form."""
        found: dict[str, dict[str, str]] = {}
        loose = []
        by_address = {one.of.address: one for one in self.inputs.values()}
        for address, error in errors.items():
            said = error.public_words(translate)
            if address in by_address:
                found.setdefault(address, {})[getattr(error, "path", "")] = said
            else:
                loose.append(said)
        for address, said in found.items():
            by_address[address].keep(said)
        return loose


def body_key(field_: Field) -> str:
    """The name a body uses: system keys that a person may write go by their own."""
    return field_.frame or field_.name
