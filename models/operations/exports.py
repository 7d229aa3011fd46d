"""Exports as files: CSV, XLSX and JSON Lines out of the rows the door hands out.

The door judges, masks and logs; what stands here only writes. Nothing is kept on disk after it was sent.
"""

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import xlsxwriter

from models.access.door import Query, TypeDoor
from models.definitions.fields import Field
from models.errors import N_, ArchiveError
from models.operations.taming import MARKED, tamed

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}
NUMBERS = frozenset({"integer", "decimal", "money"})
PLAIN_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,10})?")
EXACT_DIGITS = 15
CHUNK_ROWS = 500
READ_BYTES = 256 * 1024
SHEET_ROWS = 1_048_576
CELL_CHARACTERS = 32_767


def export(
    door: TypeDoor, query: Query, columns: Sequence[Field], form: str, locale: str = "zh_Hans_CN"
) -> Iterator[bytes]:
    """The bytes of an export file, in pieces.

    :param columns: of `models.access.exporting.export_columns`
    :param form: a key of FORMATS
    :raises ArchiveError: before the first piece, where something in it is not the actor's to take out
    """
    if form not in FORMATS:
        raise ArchiveError("bad_format", N_("Choose csv, xlsx or jsonl."))
    if form == "jsonl":
        return _started(jsonl(door.export_records(query, list(columns), form=form)))
    rows = door.export(query, list(columns), form=form, locale=locale)
    heads = heads_of(columns, locale)
    if form == "xlsx":
        return _started(xlsx(heads, columns, rows))
    return _started(csv_text(heads, columns, rows))


def heads_of(columns: Sequence[Field], locale: str) -> list[str]:
    """Labels of the columns; where two are alike, the address beside them."""
    labels = [column.label(locale) or column.address for column in columns]
    return [
        label if labels.count(label) == 1 else f"{label} ({column.address})"
        for label, column in zip(labels, columns, strict=True)
    ]


def csv_text(heads: Sequence[str], columns: Sequence[Field], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, so that spreadsheets read it as such; no cell begins a live formula."""
    numeric = [column.type.name in NUMBERS for column in columns]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([tamed(head) for head in heads])
    yield b"\xef\xbb\xbf" + buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    left = iter(rows)
    while chunk := list(islice(left, CHUNK_ROWS)):
        writer.writerows([
            [text if text[:1] not in MARKED else _tamed(text, one) for text, one in zip(row, numeric, strict=True)]
            for row in chunk
        ])  # fmt: skip
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def _tamed(text: str, number: bool) -> str:
    """In a column of numbers a plain negative one is harmless."""
    return text if number and PLAIN_NUMBER.fullmatch(text) else tamed(text)


def xlsx(heads: Sequence[str], columns: Sequence[Field], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A workbook without a formula cell; a second sheet begins where the first is full.

    Written to an unnamed temporary file row by row: memory does not grow with the rows.
    """
    numeric = [column.type.name in NUMBERS for column in columns]
    with tempfile.TemporaryFile() as file:
        book = xlsxwriter.Workbook(file, {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False,
        })  # fmt: skip
        bold = book.add_format({"bold": True})
        sheet, at = None, 0
        for row in chain([None], rows):
            if sheet is None or at >= SHEET_ROWS:
                sheet, at = book.add_worksheet(), 1
                for place, head in enumerate(heads):
                    sheet.write_string(0, place, head, bold)
            if row is not None:
                _write_row(sheet, at, row, numeric)
                at += 1
        book.close()
        file.seek(0)
        while piece := file.read(READ_BYTES):
            yield piece


def _write_row(sheet: Any, at: int, row: Sequence[str], numeric: Sequence[bool]) -> None:
    """Numbers as numbers where a double holds them exactly; everything else as text, whatever it looks like."""
    for place, (text, number) in enumerate(zip(row, numeric, strict=True)):
        if not text:
            continue
        if number and PLAIN_NUMBER.fullmatch(text) and sum(sign.isdigit() for sign in text) <= EXACT_DIGITS:
            sheet.write_number(at, place, float(text))
        else:
            sheet.write_string(at, place, text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…")


def jsonl(objects: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """One REST-shaped object a line."""
    lines: list[str] = []
    for one in objects:
        lines.append(json.dumps(one, ensure_ascii=False, separators=(",", ":")))
        if len(lines) >= CHUNK_ROWS:
            yield ("\n".join(lines) + "\n").encode()
            lines.clear()
    if lines:
        yield ("\n".join(lines) + "\n").encode()


def _started(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first one made already: a refusal is raised here and not half-way through an answer."""
    first = next(pieces, b"")
    return chain([first], pieces)
