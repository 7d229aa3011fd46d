"""What the rows of a foreign file are made of, whatever wrote it. Nothing in them is trusted."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from bson import Decimal128, Int64, ObjectId

from models.errors import N_, ArchiveError, FieldValueError

HALF = re.compile("[\ud800-\udfff]")
"""Half of a character: JSON can escape it alone, but no text, file or database holds it."""
HALF_WORDS = N_("The text holds half a character.")
OURS = "dossier:"
"""How the columns begin that we add to failed rows; they come back with them and are passed over."""

Cells = dict[str, Any]


class BadFile(ArchiveError):
    """The file cannot be read at all; nothing of it was taken."""

    def __init__(self, words: str, **places: Any):
        super().__init__("bad_file", words, **places)


class BadRow(ArchiveError):
    """One row cannot be read; the others can.

    :param raw: what stood there: text, or cells; None where it is too much to keep
    """

    def __init__(self, code: str, words: str, *, raw: str | list[str] | None = None, **places: Any):
        super().__init__(code, words, **places)
        self.raw = raw


Numbered = tuple[int, Cells | BadRow]


class Unreadable:
    """Stands where a cell lost what it held before it came to us; says so when its field is read.

    :param shown: what is left of it, for the person who looks for the row
    """

    def __init__(self, fault: FieldValueError, shown: str = ""):
        self.fault, self.shown = fault, shown


@dataclass(frozen=True)
class Note:
    """Something about how a file was read that whoever loads it should know."""

    words: str
    places: Mapping[str, Any] = field(default_factory=dict)

    def public_words(self, translate: Callable[[str], str] = lambda words: words) -> str:
        """The sentence for a person, translated by `translate`."""
        return translate(self.words).format_map(self.places)


def whole(name: str) -> str:
    """A name without halves of characters."""
    return HALF.sub("\ufffd", name)


def object_row(row: Any) -> Cells | BadRow:
    """What JSON says of a row."""
    if not isinstance(row, Mapping):
        return BadRow("not_an_object", N_("A row is an object with names and values."))
    try:
        return {whole(str(name)): plain(value) for name, value in row.items()}
    except RecursionError:
        return BadRow("too_deep", N_("The row is nested too deeply."))


def plain(value: Any) -> Any:
    """JSON values of what extended JSON and sheets bring; what has no such value is told at its field."""
    if isinstance(value, str):
        return Unreadable(FieldValueError("not_text", HALF_WORDS), whole(value)) if HALF.search(value) else value
    if value is None or isinstance(value, bool | float | Unreadable):
        return value
    if isinstance(value, Int64 | int):
        return int(value)
    if isinstance(value, Mapping):
        return {whole(str(name)): plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, ObjectId | Decimal128):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    words = N_("A value of kind {kind} cannot be taken.")
    return Unreadable(FieldValueError("unknown_kind", words, kind=type(value).__name__))
