"""Attacks by files: what the tests of `load` and of `export` share."""

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from tests.attack.asking import NAMES_OF_HIDDEN
from tests.attack.commands import Answer
from tests.attack.stage import HIDDEN, Stage
from tests.attack.unchanged import unchanged

UNUSABLE = ("id_card", "证件", "id_card_e5f6", "v.id_card_e5f6", "nothing_at_all", "$where", "family.income", "v", "s",
            "_id")  # fmt: skip
EXPORTS = ("csv", "xlsx", "jsonl")


def importing(tree: dict[str, Any]) -> None:
    """Whoever works with clients here may bring files in too."""
    inside = {"field": "department", "op": "in", "value": "@my_departments"}
    tree["scopes"].append({"holder": "role:sales", "type": "client", "actions": ["import"], "when": inside})
    tree["scopes"].append({"holder": "role:helpdesk", "type": "client", "actions": ["import"]})


def leaks(text: str | bytes) -> list[str]:
    """What stands in it that S may not know of."""
    text = text.encode() if isinstance(text, str) else text
    return [value for value in (*HIDDEN, *NAMES_OF_HIDDEN) if value.encode() in text]


def text_of(written: bytes, form: str) -> bytes:
    """Everything that stands in the file of an export."""
    if form != "xlsx":
        return written
    with zipfile.ZipFile(io.BytesIO(written)) as book:
        return b"".join(book.read(name) for name in book.namelist())


def refused(stage: Stage, calls: Iterable[Callable[[], Answer]]) -> None:
    """Every call is refused with the same words and no file, and nothing is touched."""
    told = set()
    with unchanged(stage.store):
        for call in calls:
            answer = call()
            assert answer.code == 1, answer
            assert answer.written is None
            assert (answer.out, answer.report) == ("", [])
            told.add(answer.err)
    assert told == {"dossier: You may not do this.\n"}
