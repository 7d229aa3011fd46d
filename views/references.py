"""References as a person types and reads them: by archive number and by what they may call the other record."""

from typing import Any

from models.definitions.fields import Field
from models.errors import RecordNotFound
from models.operations.references import ID
from views.access import current_door


def label_of(field: Field, id: str) -> str:
    """What this person may call the record a reference points to; "" where they may not."""
    target = target_of(field)
    return target.labels([id]).get(id, "") if target else ""


def id_of(field: Field, text: str) -> str:
    """The record somebody means by an id or an archive number, as they may see it; the text itself where none is."""
    target = None if ID.fullmatch(text) or not text.isprintable() else target_of(field)
    return target.ids_numbered([text]).get(text, text) if target else text


def target_of(field: Field) -> Any:
    """The door of the type it points to; None where this person has none."""
    try:
        return current_door().open(field.target or "")
    except RecordNotFound:
        return None
