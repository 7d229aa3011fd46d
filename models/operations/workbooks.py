"""Rows of XLSX workbooks, read as a stream: memory does not grow with the rows.

A library that reads whole sheets cannot read large ones, and shows neither formulas nor the digits that stand in
the file. The XML is read by expat, declarations of entities refused; formulas are never read, only what the
program that saved the file had made of them.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from typing import IO, Any, BinaryIO
from xml.parsers import expat

from models.errors import N_
from models.operations.cells import BadFile, Note, Numbered
from models.operations.headings import Heading, Merged, cells_of, heading_of, needs_merges
from models.operations.sheet_xml import parse
from models.operations.sheets import Sheet
from models.operations.spilling import Texts
from models.operations.styles import Styles, styles_in

CHUNK = 64 * 1024
LARGEST_DIRECTORY = 4 * 2**20
LARGEST_PART = 4 * 2**30
"""Bytes of one part of a workbook once it is unpacked."""
LARGEST_SMALL_PART = 16 * 2**20
"""Bytes of a part that is read whole: names of sheets, formats."""
BOMB_RATIO, BOMB_BYTES = 400, 64 * 2**20
"""What packs so well beyond this size is no table."""
OLD = b"\xd0\xcf\x11\xe0"
LOOKED_AT = 6
_MERGED = re.compile(rb'mergeCell\s[^>]{0,200}?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
DAMAGED = (zipfile.BadZipFile, zlib.error, expat.ExpatError, OSError, EOFError, ValueError, LookupError,
           NotImplementedError, RuntimeError, struct.error)  # fmt: skip


class WorkbookRows:
    """The rows of the first sheet that is not hidden.

    :raises BadFile: no workbook, damaged, or made to do harm
    """

    def __init__(self, stream: BinaryIO, name: str):
        self._name = name
        self.notes: list[Note] = []
        try:
            self._open(stream)
        except DAMAGED as fault:
            raise BadFile(N_("{name} is no readable workbook."), name=name) from fault

    def _open(self, stream: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(_judged(stream, self._name))
        path, epoch_1904 = self._first_sheet()
        styles = self._styles()
        self.serials = not epoch_1904
        self._sheet = Sheet(self._strings(), styles, epoch_1904=epoch_1904)
        self._path = path
        rows = self._sheet.rows(self._part(path))
        first = list(islice(rows, LOOKED_AT))
        shown = [(number, {place: _text(value) for place, value in cells.items()}) for number, cells in first]
        merges = self._merges(path) if needs_merges(shown) else []
        self.heading: Heading = heading_of(shown, merges)
        self.columns: list[str] | None = self.heading.columns
        self._rows = chain([one for one in first if one[0] > self.heading.last], rows)

    def __iter__(self) -> Iterator[Numbered]:
        rows = iter(self._rows)
        while True:
            try:
                number, cells = next(rows)
            except StopIteration:
                return
            except DAMAGED:
                raise BadFile(N_("{name} is no readable workbook."), name=self._name) from None
            if cells:
                yield number, cells_of(self.heading, cells, partial(_listed, cells))

    # the parts of a workbook

    def _first_sheet(self) -> tuple[str, bool]:
        found = _Book()
        parse(self._small("xl/workbook.xml"), found.start)
        targets = _Relations()
        parse(self._small("xl/_rels/workbook.xml.rels"), targets.start)
        visible = [one for one in found.sheets if one[2] == "visible"] or found.sheets
        if not visible:
            raise BadFile(N_("{name} has no sheet."), name=self._name)
        title, relation, _ = visible[0]
        if len(visible) > 1:
            words = N_("Only the first sheet, “{sheet}”, is read; there are {count}.")
            self.notes.append(Note(words, {"sheet": title[:60], "count": len(visible)}))
        target = targets.found[relation]
        return (target.lstrip("/") if target.startswith("/") else f"xl/{target}"), found.epoch_1904

    def _styles(self) -> Styles:
        if "xl/styles.xml" not in self._zip.namelist():
            return Styles([])
        return styles_in(self._small("xl/styles.xml"))

    def _strings(self) -> Texts:
        texts = Texts()
        if "xl/sharedStrings.xml" in self._zip.namelist():
            with self._part("xl/sharedStrings.xml") as part:
                Sheet.read_strings(part, texts)
        return texts

    def _merges(self, path: str) -> list[Merged]:
        """Cells drawn as one in the first rows; they are listed behind all rows."""
        merges, tail = [], b""
        with self._part(path) as part:
            while chunk := part.read(1 << 20):
                piece = tail + chunk
                for left, top, right, bottom in _MERGED.findall(piece):
                    if int(top) <= 2 * LOOKED_AT:
                        merges.append(Merged(int(top), column(left), int(bottom), column(right)))
                tail = piece[-300:] if b"mergeCell" in piece[-300:] else b""
        return merges

    def _small(self, path: str) -> IO[bytes]:
        if self._zip.getinfo(path).file_size > LARGEST_SMALL_PART:
            raise BadFile(N_("{name} unpacks to far more than a table holds."), name=self._name)
        return self._zip.open(path)

    def _part(self, path: str) -> IO[bytes]:
        info = self._zip.getinfo(path)
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > LARGEST_PART or (info.file_size > BOMB_BYTES and ratio > BOMB_RATIO):
            raise BadFile(N_("{name} unpacks to far more than a table holds."), name=self._name)
        return self._zip.open(info)


def _judged(stream: BinaryIO, name: str) -> BinaryIO:
    """The stream, if the directory of the archive is one to read into memory."""
    stream.seek(0)
    if stream.read(4) == OLD:
        words = N_("{name} has a password, or is an old .xls. Save it as .xlsx without a password.")
        raise BadFile(words, name=name)
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 66_000))
    tail = stream.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or int.from_bytes(tail[end + 12 : end + 16], "little") > LARGEST_DIRECTORY:
        raise BadFile(N_("{name} is no readable workbook."), name=name)
    stream.seek(0)
    return stream


class _Book:
    """Names of the sheets, and where days are counted from."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, str]] = []
        self.epoch_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet" and len(self.sheets) < 10_000:
            relation = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            self.sheets.append((attributes.get("name", ""), relation, attributes.get("state", "visible")))
        elif name == "workbookPr":
            self.epoch_1904 = attributes.get("date1904") in ("1", "true")


class _Relations:
    """Which part a relation means."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and len(self.found) < 10_000:
            self.found[attributes.get("Id", "")] = attributes.get("Target", "")


def column(letters: str | bytes) -> int:
    """The place of a column, from 0: A → 0, AA → 26."""
    place = 0
    for sign in letters if isinstance(letters, bytes) else letters.encode():
        place = place * 26 + sign - 64
    return place - 1


def _text(value: Any) -> Any:
    return getattr(value, "shown", value)


def _listed(cells: dict[int, Any]) -> list[str]:
    return [str(_text(cells.get(place, ""))) for place in range(max(cells, default=-1) + 1)]
