"""Text form of nested values, for CSV and lists: `label: value; label: value`, one line a row.

A value that would be misread is quoted like a JSON string. JSON itself is read too.
"""

import json
import re
from typing import Any

from models.errors import N_, FieldValueError

_PAIR = re.compile(
    r'[ \t]*(?P<label>[^:：;；\n"]+?)[ \t]*[:：][ \t]*'
    r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^;；\n"]*))'
    r"[ \t]*(?P<end>[;；\n]|$)"
)


def pairs_text(pairs: list[tuple[str, str]]) -> str:
    """One line for one object."""
    return "; ".join(f"{_label(label)}: {_quoted(value)}" for label, value in pairs)


def pairs_in(text: str) -> Any:
    """The rows written in `text`, each a dict of label → text; or whatever its JSON says.

    :raises FieldValueError: neither
    """
    if text.lstrip()[:1] in ("{", "["):
        return _json(text)
    rows: list[dict[str, str]] = []
    row: dict[str, str] = {}
    place, text = 0, text.replace("\r\n", "\n").strip()
    while place < len(text):
        found = _PAIR.match(text, place)
        if found is None:
            raise FieldValueError("not_pairs", N_("Write this as “name: value; name: value”, one line for each row."))
        quoted = found["quoted"]
        row[found["label"]] = _json(f'"{quoted}"') if quoted is not None else found["plain"].strip()
        if found["end"] != ";" and found["end"] != "；":
            rows.append(row)
            row = {}
        place = found.end()
    return [*rows, row] if row else rows


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise FieldValueError("not_json", N_("This is not well-formed JSON.")) from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _label(label: str) -> str:
    return re.sub('[:：;；\n"]', " ", label).strip()


def _quoted(value: str) -> str:
    if re.search('[;；\n"\\\\]', value) or value != value.strip():
        return json.dumps(value, ensure_ascii=False)
    return value
