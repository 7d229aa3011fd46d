"""Collecting everything that is wrong with a definition, so that its author mends it in one go."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from models.errors import N_, DefinitionError


class DefinitionFaults(DefinitionError):
    """All faults of one or more definition files. `faults` holds them one by one, in the order of the files."""

    def __init__(self, faults: Sequence[DefinitionError]):
        first = faults[0]
        super().__init__(first.where, first.words, **first.places)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class Faults:
    """The faults found so far. The same sentence at the same place counts once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], DefinitionError] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[DefinitionError]:
        return iter(self._found.values())

    def add(self, fault: DefinitionError) -> None:
        """Remember one fault, or each of several."""
        for one in getattr(fault, "faults", (fault,)):
            self._found.setdefault((one.where, str(one)), one)

    def raise_if_any(self) -> None:
        """:raises DefinitionFaults: when something was found"""
        if self._found:
            raise DefinitionFaults(list(self._found.values()))


class Place:
    """A spot in a definition (`file: path.of.key`) where a fault can be reported."""

    __slots__ = ("faults", "file", "path")

    def __init__(self, faults: Faults, file: str, path: str = ""):
        self.faults, self.file, self.path = faults, file, path

    def at(self, *keys: str | int) -> "Place":
        """The place below: a key is joined by a dot, a position stands in brackets."""
        path = self.path
        for key in keys:
            path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else str(key)
        return Place(self.faults, self.file, path)

    @property
    def where(self) -> str:
        """`file: path`, or the file alone at its top."""
        return f"{self.file}: {self.path}" if self.path else self.file

    def fault(self, words: str, **places: Any) -> None:
        """Report what is wrong here."""
        self.faults.add(DefinitionError(self.where, words, **places))


def suggest(word: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    """The known word a typing error most likely meant, or an empty text."""
    near = get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return near[0] if near else ""


def unknown_word(place: Place, word: Any, known: Mapping[str, Any] | Sequence[str]) -> None:
    """Report a word outside a closed list, with the nearest allowed one or all of a short list."""
    meant = suggest(word, known) if isinstance(word, str) else ""
    if meant:
        place.fault(N_("{word} is not known here; did you mean {meant}?"), word=quoted(word), meant=quoted(meant))
    elif len(known) <= 12:
        place.fault(N_("{word} is none of {known}"), word=quoted(word), known=", ".join(known))
    else:
        place.fault(N_("{word} is not known here"), word=quoted(word))


def quoted(value: Any, limit: int = 60) -> str:
    """A value of a definition as it may stand in a sentence: one line, not longer than `limit` characters."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
