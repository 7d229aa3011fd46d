"""Files of rows, whatever made them: CSV, XLSX, JSON, JSON lines, MongoDB extended JSON. Nothing in them is trusted."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from bson import Decimal128, Int64, ObjectId, json_util
from bson.errors import BSONError
from python_calamine import CalamineError, CalamineWorkbook

from models.errors import N_, ArchiveError, FieldValueError

FORMATS = ("csv", "xlsx", "json", "jsonl")
MOST_DIGITS = 15
LARGEST_JSON_BYTES = 512 * 2**20
csv.field_size_limit(1_000_000)
PLAIN_NODES = 50
"""Objects and lists in a line that is no deeper than any reader can go."""
HALF = re.compile("[\ud800-\udfff]")
"""Half of a character: JSON can escape it alone, but no text, file or database holds it."""
HALF_WORDS = N_("The text holds half a character.")
BAD_KINDS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, BSONError, re.error)
"""What comes of values that only look like extended JSON."""

Cells = dict[str, Any]


class BadFile(ArchiveError):
    """The file cannot be read at all; nothing of it was taken."""

    def __init__(self, words: str, **places: Any):
        super().__init__("bad_file", words, **places)


class BadRow(ArchiveError):
    """One row cannot be read; the others can."""


class Unreadable:
    """Stands where a cell lost what it held before it came to us; says so when its field is read."""

    def __init__(self, fault: FieldValueError):
        self.fault = fault


def rows_in(path: Path, form: str | None = None) -> Iterator[tuple[int, Cells | BadRow]]:
    """Rows of a file with their numbers as people count them (a header is row 1; the first line of JSON is 1).

    :raises BadFile: not one of the formats, or damaged
    """
    form = form or path.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise BadFile(N_("{name} is none of {known}."), name=path.name, known=", ".join(FORMATS))
    return {"csv": _csv, "xlsx": _xlsx, "json": _json, "jsonl": _jsonl}[form](path)


def _csv(path: Path) -> Iterator[tuple[int, Cells | BadRow]]:
    with path.open(encoding=_encoding(path), newline="") as stream:
        reader = csv.reader(stream, strict=False)
        try:
            head = _head(next(reader, []))
        except csv.Error as fault:
            raise BadFile(N_("Line {line} is not CSV: {why}"), line=reader.line_num, why=str(fault)) from None
        yield from _csv_rows(reader, head)


def _csv_rows(reader: Any, head: list[str]) -> Iterator[tuple[int, Cells | BadRow]]:
    """The rows below the head; a cell too large for one costs its own row."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            words = N_("Line {line} is not CSV: {why}")
            yield reader.line_num, BadRow("not_csv", words, line=reader.line_num, why=str(fault))
        else:
            if any(cells):
                yield reader.line_num, _cells(head, cells)


def _encoding(path: Path) -> str:
    """UTF-8 (with or without a mark), else GB 18030, as office programs in China write it."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding) as stream:
                while stream.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise BadFile(N_("{name} is neither UTF-8 nor GB 18030 text."), name=path.name)


def _head(cells: list[Any]) -> list[str]:
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    named = [name for name in names if name]
    if not named:
        raise BadFile(N_("The first row has no column names."))
    if double := next((name for name in named if named.count(name) > 1), None):
        raise BadFile(N_("Two columns are called “{name}”."), name=double)
    return names


def _cells(head: list[str], cells: list[Any]) -> Cells | BadRow:
    if len(cells) > len(head) and any(cell not in (None, "") for cell in cells[len(head) :]):
        return BadRow("too_many_cells", N_("The row has more cells than there are columns."))
    return {name: cell for name, cell in zip(head, cells, strict=False) if name and cell not in (None, "")}


def _xlsx(path: Path) -> Iterator[tuple[int, Cells | BadRow]]:
    try:
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as fault:
        raise BadFile(N_("{name} is no readable workbook."), name=path.name) from fault
    head = _head(rows[0] if rows else [])
    for number, cells in enumerate(rows[1:], 2):
        if any(cell not in (None, "") for cell in cells):
            yield number, _cells(head, [_sheet_value(cell) for cell in cells])


def _sheet_value(cell: Any) -> Any:
    """Every number of a sheet is a float; one beyond 15 digits has already been rounded."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return _plain(cell)
    if not float(cell).is_integer():
        return repr(float(cell))
    if abs(cell) >= 10**MOST_DIGITS:
        words = N_("A number of more than 15 digits was rounded in the sheet. Store it there as text.")
        return Unreadable(FieldValueError("rounded", words))
    return str(int(cell))


def _json(path: Path) -> Iterator[tuple[int, Cells | BadRow]]:
    if path.stat().st_size > LARGEST_JSON_BYTES:
        words = N_("{name} is too large for one JSON document. Write one object a line (.jsonl).")
        raise BadFile(words, name=path.name)
    try:
        found = _read(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as fault:
        raise BadFile(N_("{name} is not JSON in UTF-8."), name=path.name) from fault
    rows = found if isinstance(found, list) else [found]
    for number, row in enumerate(rows, 1):
        yield number, _object(row)


def _jsonl(path: Path) -> Iterator[tuple[int, Cells | BadRow]]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, _line(line)


def _line(line: bytes) -> Cells | BadRow:
    try:
        text = line.decode("utf-8-sig")
        if _is_plain(text):
            row = json.loads(text)
            return row if isinstance(row, dict) else _object(row)
        return _object(_read(text))
    except (ValueError, RecursionError):
        return BadRow("not_json", N_("The line is not one JSON object in UTF-8."))


def _is_plain(text: str) -> bool:
    """Whether a line holds nothing of extended JSON, whose reader is several times slower, and nothing odd."""
    odd = '"$' in text or "\\ud" in text or "\\uD" in text
    return not odd and text.count("{") + text.count("[") <= PLAIN_NODES


def _read(text: str) -> Any:
    """JSON with the extended kinds of MongoDB; what only looks like one of them is told at its field.

    :raises ValueError, RecursionError: no JSON
    """
    return json.loads(text, object_pairs_hook=_extended)


def _extended(pairs: list[tuple[str, Any]]) -> Any:
    try:
        return json_util.object_pairs_hook(pairs)
    except BAD_KINDS:
        words = N_("A value of kind {kind} cannot be taken.")
        return Unreadable(FieldValueError("unknown_kind", words, kind=_whole(pairs[0][0])))


def _whole(name: str) -> str:
    return HALF.sub("\ufffd", name)


def _object(row: Any) -> Cells | BadRow:
    if not isinstance(row, Mapping):
        return BadRow("not_an_object", N_("A row is an object with names and values."))
    try:
        return {_whole(str(name)): _plain(value) for name, value in row.items()}
    except RecursionError:
        return BadRow("too_deep", N_("The row is nested too deeply."))


def _plain(value: Any) -> Any:
    """JSON values of what extended JSON and sheets bring; what has no such value is told at its field."""
    if isinstance(value, str):
        return Unreadable(FieldValueError("not_text", HALF_WORDS)) if HALF.search(value) else value
    if value is None or isinstance(value, bool | float | Unreadable):
        return value
    if isinstance(value, Int64 | int):
        return int(value)
    if isinstance(value, Mapping):
        return {_whole(str(name)): _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, ObjectId | Decimal128):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    words = N_("A value of kind {kind} cannot be taken.")
    return Unreadable(FieldValueError("unknown_kind", words, kind=type(value).__name__))
