"""Text in files that spreadsheets open: no cell may come alive as a formula, and every cell comes back as it was."""

LIVE = frozenset("=+-@\t\r＝＋－＠")
"""What a spreadsheet may take for the beginning of a formula, the full-width forms of East Asian input included."""
MARKED = LIVE | {"'"}


def tamed(text: str) -> str:
    """Text no spreadsheet takes for a formula: an apostrophe before what could begin one.

    One more goes before text that looks tamed already, so that `untamed` gives back what there was.
    """
    return f"'{text}" if text[:1] in MARKED and text.lstrip("'")[:1] in LIVE else text


def untamed(text: str) -> str:
    """What was tamed, as it was."""
    return text[1:] if text[:1] == "'" and text.lstrip("'")[:1] in LIVE else text
