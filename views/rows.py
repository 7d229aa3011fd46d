"""The rows of a list page, drawn in one go."""

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

from markupsafe import Markup, escape

from models.access.cells import Record
from models.definitions.fields import Field
from views.drawing import pen
from views.formats import machine_moment
from views.marks import NUMERIC

Drawer = Callable[[Record, str], str]
"""Draws one cell from a record and the record's address."""


class Rows:
    """The rows of one list page.

    :param title_id: the field a record is called by; where it is no column (`named` false) the first one opens it
    :param selectable: whether a row begins with a box
    :param restore: address of the restore form of a row by its id, in the trash
    """

    def __init__(
        self, title_id: str, *, named: bool, selectable: bool, restore: Callable[[str], str] | None, token: str
    ):
        self.pen = pen()
        self.title_id, self.named, self.selectable = title_id, named, selectable
        self.restore, self.token = restore, token
        self.friendly = self.pen.moments()
        self.select = self.pen.words["select"]

    def draw(self, records: Sequence[Record], fields: Sequence[Field], base: str) -> Markup:
        """The body of the table.

        :param fields: the columns
        :param base: address of the list; a record lies below it
        """
        drawers = list(self._drawers(fields))
        return Markup("\n".join([self._row(record, drawers, f"{base}{record.id}/") for record in records]))

    def _row(self, record: Record, drawers: Sequence[Drawer], address: str) -> str:
        parts = [f'<tr data-href="{address}" data-id="{record.id}">']
        if self.selectable:
            name = self.select.replace("%(name)s", str(escape(record.archive_no or record.title)))
            parts.append(
                '<td class="pick" data-cell="pick"><input class="form-check-input" type="checkbox" form="selection" '
                f'name="id" value="{record.id}" aria-label="{name}"></td>'
            )
        parts += [draw(record, address) for draw in drawers]
        if self.restore:
            parts.append(self._restore(record))
        parts.append("</tr>")
        return "".join(parts)

    def _drawers(self, fields: Sequence[Field]) -> Iterator[Drawer]:
        """How each column is drawn, decided once: the title, or else the first column, opens the record."""
        framed = {"archive_no": self._number, "state": self._state, "updated_at": self._moment("updated_at", "upd"),
                  "created_at": self._moment("created_at", "more")}  # fmt: skip
        opened = self.named
        for field in fields:
            if field.id == self.title_id:
                yield self._title(field.address)
            elif not opened:
                yield self._first
            else:
                yield framed.get(field.frame or "") or self._plain(field)
            opened = True

    def _first(self, record: Record, address: str) -> str:
        opener = self._opener(address, str(escape(record.archive_no or record.id)))
        return f'<td class="no q" data-cell="no">{opener}{self.pen.found(len(record.findings))}</td>'

    @staticmethod
    def _number(record: Record, address: str) -> str:
        return f'<td class="no q" data-cell="no">{escape(record.archive_no or "—")}</td>'

    def _state(self, record: Record, address: str) -> str:
        return f'<td data-cell="state">{self.pen.state(record.compiled.states.find(record.state))}</td>'

    def _moment(self, frame: str, place: str) -> Drawer:
        read, friendly = attrgetter(frame), self.friendly
        head = f'<td class="no q" data-cell="{place}"><time datetime="'

        def draw(record: Record, address: str) -> str:
            moment = read(record)
            return f'{head}{machine_moment(moment)}">{friendly(moment)}</time></td>'

        return draw

    def _plain(self, field: Field) -> Drawer:
        """Any other column. A field of another kind leaves the place blank."""
        id, name, framed, short = field.id, field.address, field.frame, self.pen.short
        style = "num" if field.type.name in NUMERIC else "q" if framed else ""
        head = f'<td class="{style}" data-cell="{"tel" if field.type.name == "phone" else "more"}">'

        def draw(record: Record, address: str) -> str:
            cell = record.cells.get(name)
            if cell is None and not framed and id not in record.compiled.by_id:
                return '<td data-cell="more"></td>'
            return f"{head}{short(cell)}</td>"

        return draw

    def _title(self, name: str) -> Drawer:
        def draw(record: Record, address: str) -> str:
            words, cell = "", record.cells.get(name)
            if cell is not None and cell.mark in ("value", "masked"):
                words = self.pen.words_of(cell)
            words = words or str(escape(record.archive_no or record.id))
            return (
                f'<td class="name" data-cell="name"><span class="row-x">{self.pen.kind(record.compiled)}'
                f"{self._opener(address, words)}{self.pen.found(len(record.findings))}</span></td>"
            )

        return draw

    @staticmethod
    def _opener(address: str, words: str) -> str:
        return f'<a href="{address}" data-open>{words}</a>'

    def _restore(self, record: Record) -> str:
        return (
            f'<td class="num" data-cell="more"><form method="post" action="{escape(self.restore(record.id))}">'  # type: ignore[misc]
            f'<input type="hidden" name="csrf_token" value="{escape(self.token)}">'
            f'<input type="hidden" name="revision" value="{record.revision}">'
            f'<button class="btn">{self.pen.icon("arrow-back-up")}{self.pen.words["restore"]}</button></form></td>'
        )
