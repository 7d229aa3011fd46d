"""XML of a workbook, piece by piece. Whoever declares entities or a document type is refused."""

from collections.abc import Callable, Iterator
from typing import IO, Any
from xml.parsers import expat

CHUNK = 64 * 1024


class Forbidden(ValueError):
    """The part declares what no program that writes tables declares."""


def reader(
    start: Callable[[str, dict[str, str]], Any],
    end: Callable[[str], Any] | None = None,
    text: Callable[[str], Any] | None = None,
) -> Any:
    """A parser that calls with names free of their prefixes."""
    made = expat.ParserCreate()
    made.buffer_text = True
    local: dict[str, str] = {}

    def bare(name: str) -> str:
        if len(local) > 1000:
            local.clear()
        return local.setdefault(name, name.rpartition(":")[2])

    made.StartElementHandler = lambda name, attributes: start(local.get(name) or bare(name), attributes)
    if end is not None:
        made.EndElementHandler = lambda name: end(local.get(name) or bare(name))
    if text is not None:
        made.CharacterDataHandler = text
    made.StartDoctypeDeclHandler = _forbidden
    made.EntityDeclHandler = _forbidden
    return made


def parse(part: IO[bytes], start: Callable[..., Any], end: Callable[..., Any] | None = None) -> None:
    """Read a part to its end."""
    for _ in pieces(part, reader(start, end)):
        pass


def pieces(part: IO[bytes], parser: Any) -> Iterator[None]:
    """Feed a part to a parser; yields after each piece.

    :raises ExpatError: it is not XML
    """
    while chunk := part.read(CHUNK):
        parser.Parse(chunk, False)
        yield
    parser.Parse(b"", True)
    yield


def _forbidden(*_: Any) -> None:
    raise Forbidden
