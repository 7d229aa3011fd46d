"""What a formula sees of a field: a number, text, yes or no, a day, a list or rows."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from models.definitions.fields import Field
from models.definitions.number_types import MINOR_PLACES
from models.definitions.time_types import aware
from models.definitions.zones import local_zone

_KINDS = {
    "text": "text", "name": "text", "long_text": "text", "email": "text", "id_number": "text", "credit_code": "text",
    "bank_account": "text", "plate": "text", "address": "text", "choice": "text", "integer": "number",
    "decimal": "number", "money": "number", "boolean": "boolean", "date": "date", "moment": "date", "phone": "list",
    "choices": "list", "map": "list", "rows": "rows",
}  # fmt: skip


def kind_of(field: Field) -> str | None:
    """The kind of a field in a formula; None where it cannot stand in one."""
    kind = _KINDS.get(field.type.name)
    return "list" if field.many and kind else kind


def plain_value(stored: Any, field: Field) -> Any:
    """A stored value as a formula computes with it: Decimal, str, bool, date, tuple, or None."""
    if stored is None:
        return None
    kind = kind_of(field)
    if kind == "rows":
        return tuple(_row(row, field) for row in stored if isinstance(row, Mapping))
    if kind == "list":
        items = stored.values() if isinstance(stored, Mapping) else stored
        return tuple(_scalar(item, field) for item in items)
    return _scalar(stored, field)


def _row(row: Mapping[str, Any], field: Field) -> dict[str, Any]:
    return {part.name: plain_value(row.get(part.id), part) for part in field.fields}


def _scalar(value: Any, field: Field) -> Any:
    name = field.type.name
    if name == "money":
        return Decimal(value).scaleb(-MINOR_PLACES.get(field.currency, 2))
    if name == "date":
        return date.fromisoformat(value)
    if isinstance(value, datetime):
        return aware(value).astimezone(local_zone()).date()
    if isinstance(value, Decimal128):
        return value.to_decimal()
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, Mapping):
        return value.get(field.type.compared_part) if field.type.compared_part else None
    return value
