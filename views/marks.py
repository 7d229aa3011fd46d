"""Cells as pages show them: which of the marks of the panel a cell wears, and its words.

One meaning, one look, everywhere: list, record, comparison, conflict.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext

from models.access.cells import Cell, Record
from models.definitions.fields import Field
from views import people, provinces
from views.formats import OfField, exact_moment, locale
from views.widgets import UNWRITABLE

NUMERIC = frozenset({"integer", "decimal", "money"})
CODES = NUMERIC | {"date", "moment", "sequence", "phone", "id_number", "credit_code", "bank_account", "plate"}
"""Field types whose text is set in tabular digits and does not wrap."""
WIDE = frozenset({"long_text", "address", "rows", "map", "object"})
"""Field types that take the whole width of a section."""
LOCKED = "locked"
"""A field the person may know of, whose value on this record is not theirs: absent from the record's cells."""


@dataclass
class Mark(OfField):
    """One field of one record, ready for the macros of `macros/marks.html`.

    :param enterable: the person may enter something here
    :param look: value | empty | masked | fillable | filled | unreadable | locked
    """

    field: Field
    look: str
    text: str = ""
    enterable: bool = False
    parts: list["Mark"] = field(default_factory=list)
    links: list[tuple[str, str, bool]] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)
    findings: list[Any] = field(default_factory=list)
    """What verification found here, in words (views/findings.py)."""

    @property
    def code(self) -> bool:
        return self.field.type.name in CODES

    @property
    def wide(self) -> bool:
        return self.field.type.name in WIDE

    @property
    def numeric(self) -> bool:
        return self.field.type.name in NUMERIC


def mark(cell: Cell | None, field: Field, inputs: Collection[str] = ()) -> Mark:
    """The look of a cell; None: the person may know the field, but not its value here.

    :param inputs: addresses of the cells that may be entered on this record
    """
    if cell is None:
        return Mark(field, LOCKED)
    look = "value" if cell.cells and cell.mark == "value" else cell.mark
    made = Mark(field, look, enterable=field.address in inputs and field.type.widget not in UNWRITABLE)
    if cell.cells:
        made.parts = [mark(sub, sub.field, inputs) for sub in cell.cells.values()]
        made.text = "；".join(f"{part.label} {part.text}" for part in made.parts if part.text)
    elif look == "masked":
        made.text = masked_text(cell, locale())
    elif look == "value":
        made.text = text_of(cell)
        made.links = _links(cell)
        made.table = _table(cell)
    return made


def masked_text(cell: Cell, language: str) -> str:
    """A masked cell as people read it."""
    return provinces.named(str(cell.value), language) if cell.field.type.name == "address" else str(cell.value)


def text_of(cell: Cell) -> str:
    """A readable cell in words: people and departments by name, everything else by its field type."""
    name = cell.field.type.name
    if name == "moment" and not cell.field.many:
        return exact_moment(cell.value)
    values = cell.value if isinstance(cell.value, list) else [cell.value]
    if name == "user":
        return "、".join(people.user_name(one) for one in values)
    if name == "reference":
        return "、".join(words for _, words, _ in _links(cell))
    if name == "department":
        return "、".join(people.department_name(one) for one in values)
    return cell.text(locale())


def _links(cell: Cell) -> list[tuple[str, str, bool]]:
    """(id, words, whether there is a page to go to) of what a reference points to."""
    if cell.field.type.name != "reference":
        return []
    ids = cell.value if isinstance(cell.value, list) else [cell.value]
    return [(one, _words_of(cell.labels.get(one), cell.stubs.get(one)), one in cell.labels) for one in ids]


def _words_of(label: str | None, case: str | None) -> str:
    """A reference in words; one that was destroyed is said to be so to whoever sees it."""
    if label:
        return label
    if case is not None:
        return gettext("destroyed under certificate %(case)s", case=case)
    return gettext("a record that is not yours to see")


def _table(cell: Cell) -> list[list[str]]:
    """Rows and maps as a small table: texts in the order of the sub-fields (a map: key, value)."""
    name = cell.field.type.name
    if name == "rows":
        subs = [sub for sub in cell.field.fields if sub.active]
        return [[sub.type.render(row.get(sub.id), sub, locale()) for sub in subs] for row in cell.value]
    if name == "map":
        return [[str(key), str(value)] for key, value in cell.value.items()]
    return []


def prepare_names(records: Iterable[Record]) -> None:
    """Fetch the names of all people on a page in one query."""
    ids: set[Any] = set()
    for record in records:
        ids |= {record.owner, record.created_by, record.updated_by}
        for cell in record.every_cell():
            if cell.field.type.name == "user" and cell.mark == "value":
                ids |= set(cell.value if isinstance(cell.value, list) else [cell.value])
    people.user_names(one for one in ids if isinstance(one, str))
