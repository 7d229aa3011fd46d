"""Planted values: known secrets are put in at the front, then every file is searched for them."""

import json
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from admin_app.services import EmbeddedMongo

UNPACKED = (
    *("--wiredTigerCollectionBlockCompressor", "none"),
    *("--wiredTigerJournalCompressor", "none"),
    *("--wiredTigerIndexPrefixCompression", "false"),
)
"""Options under which a mongod writes what it is given byte by byte, so that a search of its files proves something."""
CHUNK_BYTES = 2**16


def unpacked_mongod(folder: Path, sockets: Path) -> EmbeddedMongo:
    """A mongod whose files hide nothing; not started yet."""
    return EmbeddedMongo(folder, sockets, extra=UNPACKED)


def planted(before: str = "", after: str = "") -> str:
    """A value nobody else writes: 80 random bits between what its field type wants."""
    return f"{before}{secrets.token_hex(10)}{after}"


def spellings(value: str) -> set[bytes]:
    """How a value may stand in a file: the encodings of database, browser, spreadsheet and JSON."""
    escaped = json.dumps(value)[1:-1].encode()
    return {value.encode(), value.encode("utf-16-le"), value.encode("gb18030"), escaped}


def files_holding(values: Iterable[str], *folders: Path) -> dict[str, set[Path]]:
    """Value → the files under the folders that hold it in any spelling; values found nowhere are absent."""
    wanted = [(value, spelling) for value in values for spelling in spellings(value)]
    found: dict[str, set[Path]] = {}
    for path, content in _contents(folders):
        for value, spelling in wanted:
            if spelling in content:
                found.setdefault(value, set()).add(path)
    return found


def flush(client) -> None:
    """Have the mongod write everything to its files."""
    client.admin.command("fsync")


def _contents(folders: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Every file without its empty stretches: a journal is made of zeros first, 100 MB of them."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                with path.open("rb") as file:
                    yield path, b"".join(chunk for chunk in _chunks(file) if chunk.count(0) < len(chunk))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
