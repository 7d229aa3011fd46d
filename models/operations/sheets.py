"""Cells of one sheet: what a person sees in them, as text; what was lost in them says so."""

import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO, Any

from models.errors import N_, FieldValueError
from models.operations.cells import Unreadable
from models.operations.sheet_xml import pieces, reader
from models.operations.spilling import Texts
from models.operations.styles import Styles

MOST_DIGITS = 15
MOST_COLUMNS, MOST_ROWS = 16_384, 1_048_576
LONGEST_CELL = 200_000
"""Characters; a sheet itself keeps 32,767."""
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_INTEGER = re.compile(r"-?\d+")
ROUNDED = N_(
    "A sheet keeps 15 digits of a number; the rest of {shown} was lost in it. Format the column as text and enter the"
    " number again."
)
_DAY_ZERO, _DAY_ZERO_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_LEAP_DAY_THAT_NEVER_WAS = 60
_LAST_SERIAL = 2_958_466

Row = tuple[int, dict[int, Any]]


class Sheet:
    """Reads the rows of one sheet: number of the row, and what is in it by place of the column from 0."""

    def __init__(self, texts: Texts, styles: Styles, *, epoch_1904: bool = False):
        self._texts, self._styles, self._epoch_1904 = texts, styles, epoch_1904
        self._done: list[Row] = []
        self._cells: dict[int, Any] = {}
        self._row = 0
        self._place = -1
        self._kind, self._style = "n", 0
        self._formula = self._reading = False
        self._value: str | None = None
        self._parts: list[str] = []
        self._length = 0
        self._silent = 0
        self._columns: dict[str, int] = {}

    def rows(self, part: IO[bytes]) -> Iterator[Row]:
        """:raises ValueError: a place no sheet has"""
        with part:
            for _ in pieces(part, reader(self._start, self._end, self._text)):
                done, self._done = self._done, []
                yield from done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._place = self._place_of(attributes.get("r"))
            self._kind = attributes.get("t", "n")
            self._style = int(attributes.get("s", 0))
            self._formula, self._value = False, None
        elif name in ("v", "t"):
            if not self._silent:
                self._parts, self._length, self._reading = [], 0, True
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._silent += 1
        elif name == "row":
            given = attributes.get("r")
            self._row = int(given) if given else self._row + 1
            if not 1 <= self._row <= MOST_ROWS:
                raise ValueError("row")
            self._cells, self._place = {}, -1

    def _text(self, text: str) -> None:
        if self._reading and self._length <= LONGEST_CELL:
            self._parts.append(text)
            self._length += len(text)

    def _end(self, name: str) -> None:
        if name in ("v", "t"):
            if self._reading:
                self._value = (self._value or "") + "".join(self._parts)
                self._reading = False
        elif name == "c":
            value = self._read()
            if value is not None and value != "":
                self._cells[self._place] = value
        elif name == "rPh":
            self._silent -= 1
        elif name == "row" and self._cells:
            self._done.append((self._row, self._cells))

    def _place_of(self, reference: str | None) -> int:
        if not reference:
            place = self._place + 1
        else:
            letters = reference.rstrip("0123456789")
            if letters not in self._columns:
                self._columns[letters] = _column(letters)
            place = self._columns[letters]
        if place >= MOST_COLUMNS:
            raise ValueError("column")
        return place

    def _read(self) -> Any:
        """What stands in the cell at hand: text, yes or no, None."""
        raw, kind = self._value, self._kind
        if raw is None:
            return _lost("no_value", FORMULA_WORDS) if self._formula else None
        if len(raw) > LONGEST_CELL:
            return _lost("too_long", N_("This cell holds more than any field takes."), raw[:100])
        if kind == "s":
            return self._texts[int(raw)]
        if kind in ("inlineStr", "str"):
            return raw
        if kind == "b":
            return raw.strip() in ("1", "true")
        if kind == "e":
            return _lost("sheet_error", N_("The sheet says {shown} here: a formula of it failed."), raw[:20])
        if kind == "d":
            return raw
        return self._number(raw.strip())

    def _number(self, raw: str) -> Any:
        if not raw:
            return None
        if self._style and self._styles.is_day(self._style):
            return self._day(float(raw))
        if len(raw) <= MOST_DIGITS and _INTEGER.fullmatch(raw):
            zeros = self._styles.zeros(self._style) if self._style else 0
            return raw.zfill(zeros) if zeros and raw[0] != "-" else raw
        number = float(raw)
        if not math.isfinite(number):
            return _lost("not_a_number", N_("{shown} is not a number."), raw[:20])
        if abs(number) >= 10**MOST_DIGITS:
            return _lost("rounded", ROUNDED, raw[:40])
        text = f"{number:.15g}"
        return f"{Decimal(text):f}" if "e" in text else text

    def _day(self, serial: float) -> Any:
        """A day, or a day and time, or a time alone, from the number of days since the epoch."""
        if not 0 <= serial < _LAST_SERIAL:
            return _lost("no_such_day", N_("{shown} is not a day of the sheet."), f"{serial:g}")
        days, thousandths = divmod(round(serial * 86_400_000), 86_400_000)
        if days == 0 and not self._epoch_1904:
            return (_DAY_ZERO + timedelta(milliseconds=thousandths)).time().isoformat()
        if not self._epoch_1904:
            if days == _LEAP_DAY_THAT_NEVER_WAS:
                return _lost("no_such_day", N_("{shown} is not a day of the sheet."), "1900-02-29")
            days += days < _LEAP_DAY_THAT_NEVER_WAS
        moment = (_DAY_ZERO_1904 if self._epoch_1904 else _DAY_ZERO) + timedelta(days=days, milliseconds=thousandths)
        return moment.isoformat() if thousandths else moment.date().isoformat()

    @staticmethod
    def read_strings(part: IO[bytes], texts: Texts) -> None:
        """The shared strings, without the readings that stand beside Japanese ones."""
        parts: list[str] = []
        state = [0, False, 0]  # inside a reading, inside a text, characters so far

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "si":
                parts.clear()
                state[2] = 0
            elif name == "rPh":
                state[0] += 1
            elif name == "t":
                state[1] = not state[0]

        def text(piece: str) -> None:
            if state[1] and state[2] <= LONGEST_CELL:
                parts.append(piece)
                state[2] += len(piece)

        def end(name: str) -> None:
            if name == "si":
                texts.append("".join(parts))
            elif name == "rPh":
                state[0] -= 1
            elif name == "t":
                state[1] = False

        for _ in pieces(part, reader(start, end, text)):
            pass


FORMULA_WORDS = N_("This cell holds a formula whose result was never saved. Open the file in a sheet and save it.")


def _lost(code: str, words: str, shown: str = "") -> Unreadable:
    return Unreadable(FieldValueError(code, words, shown=shown), shown)


def _column(letters: str) -> int:
    place = 0
    for sign in letters:
        if not "A" <= sign <= "Z" or place > MOST_COLUMNS:
            raise ValueError("column")
        place = place * 26 + ord(sign) - 64
    if not letters:
        raise ValueError("column")
    return place - 1
