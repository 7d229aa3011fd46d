"""How each widget of a field type turns between form text and the shapes a body takes.

A field type names its widget (`FieldType.widget`, or its own name); this table says how the inputs of one
field are read back. Inputs are named by field id, parts of a value by further dotted words, so that a field
called `validate` or `data` does no harm. Drawing them is the task of `macros/inputs.html`.
"""

import re
from collections.abc import Callable
from typing import Any

from werkzeug.datastructures import MultiDict

from models.definitions.fields import Field
from models.definitions.time_types import OPEN_END

Raw = Any
"""Text, list, or dict as a form holds it and as a body takes it; None where empty."""
MOST_ROWS = 200
WITHOUT_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def kind_of(field: Field) -> str:
    """Which inputs a field is drawn with: a key of WIDGETS."""
    return field.type.widget


def read(form: MultiDict, name: str, field: Field) -> Raw:
    """What a person entered for a field under an input name."""
    kind = kind_of(field)
    if field.many and kind not in LIST_KINDS:
        return _items(form, name)
    return WIDGETS[kind](form, name, field)


def present(form: MultiDict, name: str) -> bool:
    """Whether the form held inputs for this name at all. What was not on the form is not touched."""
    return name in form or f"{name}.here" in form


def clean(text: str | None) -> str | None:
    """Form text as it is compared and sent: line ends unified, outer blanks gone, None where nothing is left."""
    if text is None:
        return None
    kept = text.replace("\r\n", "\n").strip()
    return kept or None


def _text(form: MultiDict, name: str, field: Field) -> Raw:
    return clean(form.get(name))


def _boolean(form: MultiDict, name: str, field: Field) -> Raw:
    return {"true": True, "false": False}.get(form.get(name, ""))


def _date(form: MultiDict, name: str, field: Field) -> Raw:
    if field.open_end and form.get(f"{name}.open"):
        return OPEN_END
    return clean(form.get(name))


def _choices(form: MultiDict, name: str, field: Field) -> Raw:
    return [value for value in form.getlist(name) if value] or None


def _items(form: MultiDict, name: str, field: Field | None = None) -> Raw:
    return [kept for text in form.getlist(name) if (kept := clean(text))] or None


def _address(form: MultiDict, name: str, field: Field) -> Raw:
    """One address; a place without any words is empty, whatever its country says."""
    parts = {part: clean(form.get(f"{name}.{part}")) for part in ("region", "country", "text")}
    if not parts["text"] and not parts["region"]:
        return None
    return {part: value for part, value in parts.items() if value}


def _reference(form: MultiDict, name: str, field: Field) -> Raw:
    """The record picked, or the archive number typed where there is no script to pick with."""
    return clean(form.get(f"{name}.number")) or clean(form.get(name))


def _map(form: MultiDict, name: str, field: Field) -> Raw:
    keys, values = form.getlist(f"{name}.key"), form.getlist(f"{name}.value")
    pairs = {clean(key): clean(value) for key, value in zip(keys, values, strict=False)}
    return {key: value for key, value in pairs.items() if key and value} or None


def _rows(form: MultiDict, name: str, field: Field) -> Raw:
    """Rows in the order of the form; a row without any value is none."""
    subs = [sub for sub in field.fields if sub.active]
    rows = []
    for number in form.getlist(f"{name}.row")[:MOST_ROWS]:
        if number.isalnum():
            given = {sub.name: read(form, f"{name}.{number}.{sub.id}", sub) for sub in subs}
            row = {part: value for part, value in given.items() if value is not None}
            rows += [row] if row else []
    return rows or None


def _nothing(form: MultiDict, name: str, field: Field) -> Raw:
    return None


def _moment(form: MultiDict, name: str, field: Field) -> Raw:
    """Browsers leave seconds out when they are none; the form writes them, and compares."""
    given = clean(form.get(name))
    return f"{given}:00" if given and WITHOUT_SECONDS.fullmatch(given) else given


WIDGETS: dict[str, Callable[[MultiDict, str, Field], Raw]] = {
    "text": _text,
    "email": _text,
    "long_text": _text,
    "number": _text,
    "checkbox": _boolean,
    "date": _date,
    "moment": _moment,
    "select": _text,
    "select_many": _choices,
    "phones": _items,
    "address": _address,
    "reference": _reference,
    "user": _text,
    "department": _text,
    "map": _map,
    "rows": _rows,
    "object": _nothing,
    "attachment": _nothing,
    "none": _nothing,
}
LIST_KINDS = frozenset({"select_many", "phones", "rows", "map"})
"""Widgets that read a list by themselves."""
UNWRITABLE = frozenset({"none", "attachment"})
"""Widgets that nobody types into."""
