"""The rows a load did not take, as a file that can be corrected and loaded again: each with its reason."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.errors import ArchiveError
from models.operations.cells import OURS, BadRow, Cells, Unreadable
from models.operations.taming import tamed

ROW, REASON = f"{OURS}row", f"{OURS}reason"
Translate = Callable[[str], str]


class FailedRows:
    """Writes failed rows: as CSV where the file had columns, else one object a line.

    :param heads: names of the columns by place, "" where there is none; None: each row has names of its own
    :param write: takes bytes, in pieces
    """

    def __init__(self, heads: Sequence[str] | None, write: Callable[[bytes], Any], translate: Translate = str):
        self._heads, self._write, self._translate = heads, write, translate
        self.count = 0

    @property
    def form(self) -> str:
        """The ending of the file."""
        return "jsonl" if self._heads is None else "csv"

    def __call__(self, row: int, cells: Cells | BadRow, faults: Mapping[str, ArchiveError]) -> None:
        """Write one row."""
        reason = reason_of(faults, self._translate)
        if self._heads is None:
            self._write(_line(cells, row, reason).encode())
        else:
            if not self.count:
                self._write(b"\xef\xbb\xbf" + _csv([ROW, REASON, *self._heads]))
            self._write(_csv([str(row), reason, *_texts(cells, self._heads)]))
        self.count += 1


def reason_of(faults: Mapping[str, ArchiveError], translate: Translate) -> str:
    """What is wrong with a row, in one line."""
    return "; ".join(
        f"{address}: {fault.public_words(translate)}" if address else fault.public_words(translate)
        for address, fault in faults.items()
    )


def _texts(cells: Cells | BadRow, heads: Sequence[str]) -> list[str]:
    if isinstance(cells, BadRow):
        return [cells.raw] if isinstance(cells.raw, str) else list(cells.raw or ())
    return [_text(cells.get(name or f"#{place}")) for place, name in enumerate(heads, 1)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Unreadable):
        return value.shown
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_lost)


def _csv(texts: Sequence[str]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow([tamed(text) for text in texts])
    return buffer.getvalue().encode("utf-8", "replace")


def _line(cells: Cells | BadRow, row: int, reason: str) -> str:
    if isinstance(cells, BadRow) and isinstance(cells.raw, str):
        return f"{cells.raw}\n"
    known = {} if isinstance(cells, BadRow) else {name: cell for name, cell in cells.items() if name[:8] != OURS}
    return json.dumps({**known, ROW: row, REASON: reason}, ensure_ascii=False, default=_lost) + "\n"


def _lost(value: Any) -> Any:
    return value.shown if isinstance(value, Unreadable) else str(value)
