"""Rows of JSON: one object a line, one document of any size, and the extended kinds of MongoDB in both.

A document is read piece by piece. Where an object of it is damaged, reading goes on behind it if its brackets
close; if they do not, what is left of the document is told as one bad row.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from bson import json_util
from bson.errors import BSONError

from models.errors import N_, FieldValueError
from models.operations.cells import HALF, BadFile, BadRow, Cells, Numbered, Unreadable, object_row, whole
from models.operations.texts import Lines, LineTooLong, encoding_notes, encoding_of

LONGEST_OBJECT = 16 * 2**20
"""Characters; what MongoDB itself keeps is no larger."""
CHUNK = 2**20
KEPT_RAW = 64 * 1024
"""Characters of a line that is kept to be corrected."""
PLAIN_NODES = 50
"""Objects and lists in a line that is no deeper than any reader can go."""
BAD_KINDS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, BSONError, re.error)
"""What comes of values that only look like extended JSON."""
WITH_ZONE = json_util.JSONOptions(tz_aware=True)
"""MongoDB keeps moments in UTC: without their zone they would be taken for local ones."""
_SPACE = re.compile(r"[ \t\r\n]*")
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],]|"', re.DOTALL)


class DoubleKey(ValueError):
    """A name that stands twice in one object: no reader knows which of the two was meant."""


class JsonLines:
    """One object a line."""

    columns: list[str] | None = None

    def __init__(self, stream: BinaryIO, name: str):
        encoding = encoding_of(stream, name)
        self.notes = encoding_notes(encoding)
        self._lines = Lines(stream, encoding, LONGEST_OBJECT)

    def __iter__(self) -> Iterator[Numbered]:
        lines = self._lines
        while True:
            lines.taken.clear()
            try:
                line = next(lines)
            except StopIteration:
                return
            except LineTooLong:
                words = N_("Line {line} is far too long to be a row.")
                yield lines.number, BadRow("too_long", words, line=lines.number)
            else:
                if not line.isspace():
                    yield lines.number, _line(line)


class JsonDocument:
    """One document: a list of objects, one object, or objects one after the other as mongoexport writes them.

    :raises BadFile: it does not begin as one
    """

    columns: list[str] | None = None

    def __init__(self, stream: BinaryIO, name: str):
        encoding = encoding_of(stream, name)
        self.notes = encoding_notes(encoding)
        self._lines = Lines(stream, encoding, CHUNK)
        self._name = name
        self._text, self._at, self._ended = "", 0, False
        self._skip_space()
        self._list = self._peek() == "["
        if self._list:
            self._at += 1
        elif self._peek() != "{":
            raise BadFile(N_("{name} is not JSON."), name=name)

    def __iter__(self) -> Iterator[Numbered]:
        number = 0
        while self._more(number):
            number += 1
            row, goes_on = self._object()
            if number == 1 and not goes_on and isinstance(row, BadRow):
                raise BadFile(N_("{name} is not JSON."), name=self._name)
            yield number, row
            if not goes_on:
                return

    def _more(self, read: int) -> bool:
        """Whether another object follows, behind its comma."""
        self._skip_space()
        sign = self._peek()
        if self._list and sign == "]":
            self._at += 1
            self._list = False
            self._skip_space()
            return bool(self._peek())
        if self._list and read and sign == ",":
            self._at += 1
            self._skip_space()
            return True
        return bool(sign) or self._list

    def _object(self) -> tuple[Cells | BadRow, bool]:
        """The next object, and whether reading can go on behind it."""
        wanted = CHUNK
        while True:
            self._fill(wanted)
            try:
                row, self._at = READER.raw_decode(self._text, self._at)
            except DoubleKey as fault:
                return self._passed_over(_double(fault))
            except (ValueError, RecursionError):
                if self._ended or wanted >= LONGEST_OBJECT:
                    return self._passed_over(BadRow("not_json", N_("This is no object of JSON.")))
                wanted *= 2
            else:
                return object_row(row), True

    def _passed_over(self, bad: BadRow) -> tuple[BadRow, bool]:
        """Go behind the object at hand, by its brackets; where they do not close, the document ends here."""
        depth = 0
        self._fill(LONGEST_OBJECT)
        for found in _PIECE.finditer(self._text, self._at):
            sign = found[0]
            if sign == '"':
                break
            depth += (sign in "{[") - (sign in "}]")
            if depth <= 0 and sign in "}],":
                inside = depth == 0 and sign != ","
                ours = self._list and sign != "}"  # the end of the list, or the comma before its next object
                self._at = found.start() if ours and not inside else found.end()
                return bad, True
        self._at, self._ended, self._list = len(self._text), True, False
        words = N_("The document is damaged from here on; nothing behind this place was read.")
        return BadRow("damaged", words), False

    def _skip_space(self) -> None:
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text) or self._ended:
                return
            self._fill(CHUNK)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _fill(self, wanted: int) -> None:
        """Have so many characters ahead, or all there are."""
        if self._ended or len(self._text) - self._at >= wanted:
            return
        parts, length = [self._text[self._at :]], len(self._text) - self._at
        while length < wanted * 2 and (part := self._lines.piece()):
            parts.append(part)
            length += len(part)
        self._ended = length < wanted * 2
        self._text, self._at = "".join(parts), 0


def _line(line: str) -> Cells | BadRow:
    try:
        if not _is_plain(line):
            return object_row(json.loads(line, object_pairs_hook=_extended))
        row = json.loads(line, object_pairs_hook=_once)
        return row if isinstance(row, dict) else object_row(row)
    except DoubleKey as fault:
        return _double(fault, line)
    except (ValueError, RecursionError):
        return BadRow("not_json", N_("The line is not one JSON object."), raw=_raw(line))


def _is_plain(text: str) -> bool:
    """Whether a line holds nothing of extended JSON, whose reader is several times slower, and nothing odd."""
    odd = '"$' in text or "\\ud" in text or "\\uD" in text or not (text.isascii() or HALF.search(text) is None)
    return not odd and text.count("{") + text.count("[") <= PLAIN_NODES


def _double(fault: DoubleKey, line: str = "") -> BadRow:
    words = N_("The name “{name}” stands twice in one object.")
    return BadRow("double_key", words, name=whole(str(fault))[:100], raw=_raw(line))


def _raw(line: str) -> str | None:
    return whole(line.strip()) if line and len(line) <= KEPT_RAW else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise DoubleKey(next(name for name in names if names.count(name) > 1))
    return found


def _extended(pairs: list[tuple[str, Any]]) -> Any:
    """The extended kinds of MongoDB; what only looks like one of them is told at its field."""
    found = _once(pairs)
    if not any(name[:1] == "$" for name in found):
        return found
    try:
        return json_util.object_hook(found, WITH_ZONE)
    except BAD_KINDS:
        words = N_("A value of kind {kind} cannot be taken.")
        fault = FieldValueError("unknown_kind", words, kind=whole(pairs[0][0]))
        return Unreadable(fault, json.dumps(found, default=str))


READER = json.JSONDecoder(object_pairs_hook=_extended)
