"""Rows of text tables (CSV), by comma, semicolon, tab or bar. A row that cannot be read costs itself only."""

import csv
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import BinaryIO

from models.errors import N_, FieldValueError
from models.operations.cells import HALF, BadFile, BadRow, Cells, Note, Numbered, Unreadable, whole
from models.operations.headings import Heading, cells_of, heading_of
from models.operations.taming import untamed
from models.operations.texts import WORDS, Lines, LineTooLong, encoding_notes, encoding_of

LONGEST_LINE = 2_000_000
"""Characters of a line or of a cell."""
csv.field_size_limit(LONGEST_LINE)
DELIMITERS = ",\t;|"
PARTED = {
    "\t": N_("Its cells are parted by tabs."),
    ";": N_("Its cells are parted by semicolons."),
    "|": N_("Its cells are parted by bars."),
}
LOOKED_AT = 4
"""Rows looked at to find the heading."""
BROKEN = N_("Bytes here are no {encoding} text. Write the value again.")

Table = tuple[int, list[str]]


class CsvRows:
    """The rows of one text table.

    :raises BadFile: it is no text, or has no column names
    """

    def __init__(self, stream: BinaryIO, name: str):
        encoding = encoding_of(stream, name)
        self.encoding = WORDS[encoding]
        self.notes = encoding_notes(encoding)
        self._lines = Lines(stream, encoding, LONGEST_LINE)
        rows = self._read(_delimiter(self._lines, self.notes))
        first: list[Table | tuple[int, BadRow]] = list(islice(rows, LOOKED_AT))
        if first and isinstance(first[0][1], BadRow):
            raise BadFile(first[0][1].words, **first[0][1].places)
        sound = [(number, cells) for number, cells in first if not isinstance(cells, BadRow)]
        self.heading: Heading = heading_of([(number, dict(enumerate(cells))) for number, cells in sound])
        self.columns: list[str] | None = self.heading.columns
        self._rows = chain([one for one in first if one[0] > self.heading.last], rows)

    def __iter__(self) -> Iterator[Numbered]:
        for number, cells in self._rows:
            yield number, cells if isinstance(cells, BadRow) else self._row(cells)

    def _row(self, cells: list[str]) -> Cells | BadRow:
        row = cells_of(self.heading, dict(enumerate(cells)), lambda: cells)
        if isinstance(row, BadRow):
            return row
        for name, text in row.items():
            if text[0] == "'":
                row[name] = untamed(text)
            elif not text.isascii() and HALF.search(text):
                fault = FieldValueError("not_text", BROKEN, encoding=self.encoding)
                row[name] = Unreadable(fault, whole(text))
        return row

    def _read(self, delimiter: str) -> Iterator[Table | tuple[int, BadRow]]:
        """Rows by the number of the line they begin at; of one whose quotes do not close, the other lines come next."""
        lines = self._lines
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            lines.taken.clear()
            first = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except LineTooLong:
                yield first, BadRow("too_long", N_("Line {line} is far too long to be a row."), line=first)
            except csv.Error as fault:
                raw = lines.taken[0].rstrip("\r\n") if lines.taken else None
                lines.give_back()
                yield first, BadRow("not_csv", N_("Line {line} is not CSV: {why}"), line=first, why=str(fault), raw=raw)
            else:
                if any(cells):
                    yield first, cells


def _delimiter(lines: Lines, notes: list[Note]) -> str:
    """What stands most often in the first line, outside quotes; spreadsheets may say it in a line of its own."""
    try:
        first = next(lines, "")
    except LineTooLong:
        raise BadFile(N_("The first row has no column names.")) from None
    said = re.fullmatch(r'"?sep=(.)"?[\r\n]*', first)
    if said is None:
        lines.taken.insert(0, "")
        lines.give_back()
    bare = re.sub(r'"[^"]*"', "", first)
    best = said[1] if said else max(DELIMITERS, key=bare.count)
    if best in PARTED:
        notes.append(Note(PARTED[best]))
    return best
