"""Files of rows, whatever made them: CSV, XLSX, JSON, JSON lines, MongoDB extended JSON.

All of them are read as streams: a file may be far larger than the memory of the process that reads it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from models.errors import N_
from models.operations.cells import BadFile, BadRow, Note, Numbered
from models.operations.csv_rows import CsvRows
from models.operations.json_rows import JsonDocument, JsonLines
from models.operations.workbooks import WorkbookRows


class Source(Protocol):
    """What reads one form."""

    columns: list[str] | None
    notes: list[Note]

    def __iter__(self) -> Iterator[Numbered]: ...


READERS: dict[str, Callable[[BinaryIO, str], Source]] = {
    "csv": CsvRows,
    "xlsx": WorkbookRows,
    "json": JsonDocument,
    "jsonl": JsonLines,
}
FORMATS = tuple(READERS)


class Table(Iterator[Numbered]):
    """The rows of a file with their numbers as people count them: a heading is row 1, so is the first line of JSON.

    :param columns: what the heading says, by place, "" where it says nothing; None: each row has names of its own
    :param notes: how the file was read
    :param sheet: whether a spreadsheet may have had it in its hands
    :param serials: whether plain numbers in it may be days counted from 1900
    """

    def __init__(self, stream: BinaryIO, name: str, form: str, *, ours: bool):
        self._stream, self._ours = stream, ours
        self.form = form
        source = READERS[form](stream, name)
        self.columns: list[str] | None = source.columns
        self.notes: list[Note] = source.notes
        self.serials: bool = getattr(source, "serials", True)
        self.sheet = form in ("csv", "xlsx")
        self._rows = iter(source)
        self._last = 0

    def __next__(self) -> Numbered:
        try:
            number, row = next(self._rows)
        except StopIteration:
            if self._ours:
                self._stream.close()
            raise
        except BadFile as fault:
            if not self._last:
                raise
            self._rows = iter(())
            # what came before it was taken
            return self._last + 1, BadRow("damaged", fault.words, **fault.places)
        self._last = number
        return number, row


def rows_in(source: Path | BinaryIO, form: str | None = None, name: str = "") -> Table:
    """The rows of a file.

    :param source: a path, or a stream that can be read at any place and stays open
    :param form: a key of FORMATS; else the ending of the name says it
    :raises BadFile: not one of the formats, or damaged
    """
    name = name or getattr(source, "name", "")
    form = form or Path(name).suffix.lower().lstrip(".")
    if form not in READERS:
        raise BadFile(N_("{name} is none of {known}."), name=name, known=", ".join(FORMATS))
    if not isinstance(source, Path):
        return Table(source, name, form, ours=False)
    stream = source.open("rb")
    try:
        return Table(stream, name, form, ours=True)
    except BaseException:
        stream.close()
        raise
