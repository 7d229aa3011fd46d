"""Text of foreign files: in which encoding it is written, and its lines, however long or broken they are."""

import codecs
import io
from collections import deque
from collections.abc import Iterator
from typing import Any, BinaryIO

from models.errors import N_
from models.operations.cells import BadFile, Note

CHUNK_BYTES = 1 << 20
SAMPLE_BYTES = 4 << 20
"""How much is looked at to tell a damaged text of one encoding from a sound one of the other."""
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WORDS = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "gb18030": "GB 18030"}


class LineTooLong(Exception):
    """A line was passed over: no row is as long as that."""


def encoding_of(stream: BinaryIO, name: str) -> str:
    """UTF-8 or UTF-16 by their marks, else UTF-8, else GB 18030, as office programs in China write it.

    A text that is neither throughout is the one more of its lines are: the others are damaged, and come out with
    halves of characters where their bytes are wrong, so that no row is read as what it is not.

    :raises BadFile: it is no text
    """
    stream.seek(0)
    start = stream.read(4096)
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    if wide := _without_mark(start):
        return wide
    for encoding in ("utf-8-sig", "gb18030"):
        if _reads(stream, encoding):
            return encoding
    return _mostly(stream, name)


def encoding_notes(encoding: str) -> list[Note]:
    """What is said of an encoding nobody expects."""
    if encoding == "utf-8-sig":
        return []
    return [Note(N_("The text is read as {encoding}."), {"encoding": WORDS[encoding]})]


def _without_mark(start: bytes) -> str | None:
    """UTF-16 that does not say so: every other byte of what is mostly ASCII is NUL."""
    pairs = len(start) // 2
    if pairs < 4:
        return None
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[0::2])):
        other = start.count(0) - zeros.count(0)
        if zeros.count(0) > pairs * 0.4 and other * 20 < zeros.count(0):
            return encoding
    return None


def _reads(stream: BinaryIO, encoding: str) -> bool:
    """Whether a whole file is sound text of an encoding."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _mostly(stream: BinaryIO, name: str) -> str:
    stream.seek(0)
    lines = [line for line in stream.read(SAMPLE_BYTES).split(b"\n") if line]
    odd = [line for line in lines if not line.isascii()]
    sound = {encoding: sum(_is(line, encoding) for line in odd) for encoding in ("utf-8", "gb18030")}
    if (len(odd) - max(sound.values())) * 2 > len(lines):
        raise BadFile(N_("{name} is neither UTF-8 nor GB 18030 text."), name=name)
    return "gb18030" if sound["utf-8"] * 2 < sound["gb18030"] else "utf-8-sig"


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


class Lines:
    """The lines of a text with their numbers, ends included. Some can be given back, to be read once more.

    :param longest: characters; a longer line is passed over
    """

    def __init__(self, stream: BinaryIO, encoding: str, longest: int):
        stream.seek(0)
        errors = "surrogateescape" if encoding in ("utf-8-sig", "gb18030") else "surrogatepass"
        self._text = io.TextIOWrapper(
            io.BufferedReader(_Kept(stream), CHUNK_BYTES), encoding=encoding, errors=errors, newline=""
        )
        self._longest = longest
        self._again: deque[str] = deque()
        self.number = 0
        """Of the line read last; the first is 1."""
        self.taken: list[str] = []
        """Lines read since this was cleared."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """:raises LineTooLong: it was passed over; the next one can be read"""
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Every line taken but the first is read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        self.taken.clear()

    def piece(self) -> str:
        """Text as it comes, whatever its lines; "" at the end."""
        try:
            return self._text.read(self._longest)
        except UnicodeDecodeError:
            raise BadFile(N_("The text is damaged.")) from None

    def _read(self) -> str:
        try:
            line = self._text.readline(self._longest)
            if len(line) < self._longest:
                return line
            while (more := self._text.readline(self._longest)) and not more.endswith(("\n", "\r")):
                pass
        except UnicodeDecodeError:  # UTF-16 that ends in the middle of a character
            raise BadFile(N_("The text is damaged after line {line}."), line=self.number) from None
        self.number += 1
        raise LineTooLong


class _Kept(io.RawIOBase):
    """A stream that stays open when the text above it goes."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
