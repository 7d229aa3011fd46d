"""The rows of a list page, drawn in one go."""

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from models.access.cells import Cell, Record
from models.definitions.fields import Field
from views.drawing import pen
from views.marks import NUMERIC


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
        return Markup("\n".join([self._row(record, fields, f"{base}{record.id}/") for record in records]))

    def _row(self, record: Record, fields: Sequence[Field], address: str) -> str:
        parts = [f'<tr data-href="{address}" data-id="{record.id}">']
        if self.selectable:
            name = self.select.replace("%(name)s", str(escape(record.archive_no or record.title)))
            parts.append(
                '<td class="pick" data-cell="pick"><input class="form-check-input" type="checkbox" form="selection" '
                f'name="id" value="{record.id}" aria-label="{name}"></td>'
            )
        opened = self.named
        for field in fields:
            parts.append(self._cell(record, field, address, opens=not opened))
            opened = True
        if self.restore:
            parts.append(self._restore(record))
        parts.append("</tr>")
        return "".join(parts)

    def _cell(self, record: Record, field: Field, address: str, *, opens: bool) -> str:
        frame = field.frame
        if field.id == self.title_id:
            return self._title(record, record.cells.get(field.address), address)
        if opens:
            opener = self._opener(address, str(escape(record.archive_no or record.id)))
            return f'<td class="no q" data-cell="no">{opener}</td>'
        if frame == "archive_no":
            return f'<td class="no q" data-cell="no">{escape(record.archive_no or "—")}</td>'
        if frame == "state":
            return f'<td data-cell="state">{self.pen.state(record.compiled.states.find(record.state))}</td>'
        if frame in ("updated_at", "created_at"):
            moment = getattr(record, frame)
            cell = "upd" if frame == "updated_at" else "more"
            return (
                f'<td class="no q" data-cell="{cell}"><time datetime="{moment.isoformat()}">'
                f"{self.friendly(moment)}</time></td>"
            )
        return self._plain(record, field)

    def _plain(self, record: Record, field: Field) -> str:
        """Any other cell. A field of another kind leaves the place blank."""
        cell = record.cells.get(field.address)
        if cell is None and not field.frame and field.id not in record.compiled.by_id:
            return '<td data-cell="more"></td>'
        name = field.type.name
        style = "num" if name in NUMERIC else "q" if field.frame else ""
        place = "tel" if name == "phone" else "more"
        return f'<td class="{style}" data-cell="{place}">{self.pen.short(cell)}</td>'

    def _title(self, record: Record, cell: Cell | None, address: str) -> str:
        words = ""
        if cell is not None and cell.mark in ("value", "masked"):
            words = self.pen.words_of(cell)
        words = words or str(escape(record.archive_no or record.id))
        return (
            f'<td class="name" data-cell="name"><span class="row-x">{self.pen.kind(record.compiled)}'
            f"{self._opener(address, words)}</span></td>"
        )

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
