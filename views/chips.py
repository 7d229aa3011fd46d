"""Conditions in the words of the page, and the small form that makes one."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from models.definitions.fields import Field, in_language
from models.errors import N_, MalformedQuery
from views import people
from views.formats import locale
from views.references import id_of, label_of

OPERATORS = {
    "eq": N_("is"), "ne": N_("is not"), "in": N_("is one of"), "empty": N_("is empty"), "gt": N_("more than"),
    "gte": N_("at least"), "lt": N_("less than"), "lte": N_("at most"), "between": N_("between"),
    "starts": N_("begins with"), "contains": N_("contains"),
}  # fmt: skip
DAY_OPERATORS = {
    "gt": N_("after"), "gte": N_("from"), "lt": N_("before"), "lte": N_("until"), "between": N_("between"),
}  # fmt: skip
CHIP_WORDS = {"eq": "", "in": "", "between": "", "gte": "≥", "gt": ">", "lt": "<", "lte": "≤"}
DAYS = frozenset({"date", "moment"})
AGO = re.compile(r"@today(?:-([0-9]{1,5}))?")
LAST = re.compile(r"last:([0-9]{1,5})")
RELATIVE = (7, 30, 90, 365)
MOST_VALUES = 50


def operator_words(field: Field, operator: str) -> str:
    """An operator as people say it of this kind of value."""
    words = DAY_OPERATORS.get(operator) if field.type.name in DAYS else None
    return gettext(words or OPERATORS[operator])


def words_of(leaf: Any, find: Callable[[str], Field | None]) -> tuple[str, str]:
    """(label, words) of one condition. A tree that is more than a leaf, or of an unknown field, is named as such."""
    field = find(str(leaf.get("field"))) if isinstance(leaf, dict) and isinstance(leaf.get("field"), str) else None
    operator, value = (leaf.get("op"), leaf.get("value")) if field is not None else (None, None)
    if field is None or not isinstance(operator, str) or operator not in OPERATORS:
        return gettext("Condition"), gettext("from a link")
    label = field.label(locale())
    if operator == "empty":
        return label, gettext("is empty") if value is not False else gettext("is filled in")
    ago = AGO.fullmatch(value) if isinstance(value, str) and operator == "gte" else None
    if ago:
        days = ago[1]
        return label, gettext("the last %(days)s days", days=days) if days else gettext("today")
    values = value if isinstance(value, list) else [value]
    texts = [value_words(field, one) for one in values]
    sign = CHIP_WORDS.get(operator, gettext(OPERATORS[operator]))
    joint = " – " if operator == "between" else gettext(", ")
    return label, f"{sign} {joint.join(texts)}".strip()


def value_words(field: Field, value: Any) -> str:
    """A value of a condition in words: options by label, people and departments by name."""
    if value == "@me":
        return gettext("me")
    if value == "@my_departments":
        return gettext("my departments")
    if isinstance(value, str) and (ago := AGO.fullmatch(value)):
        return gettext("%(days)s days ago", days=ago[1]) if ago[1] else gettext("today")
    option = next((one for one in field.options if one.key == value), None)
    if option:
        return in_language(option.labels, locale())
    if field.type.name == "user" and isinstance(value, str):
        return people.user_name(value)
    if field.type.name == "department" and isinstance(value, str):
        return people.department_name(value)
    if field.type.name == "reference" and isinstance(value, str):
        return label_of(field, value) or value
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return str(value)


def leaf_from(form: MultiDict, field: Field, operators: tuple[str, ...]) -> Mapping[str, Any]:
    """The condition a person put together.

    :raises MalformedQuery: an operator that is not offered, or no value. Whether it fits is judged by the door.
    """
    operator = form.get("op", "")
    leaf: dict[str, Any] = {"field": field.address, "op": operator}
    if operator in ("empty", "filled") and "empty" in operators:
        return {**leaf, "op": "empty", "value": operator == "empty"}
    if (days := LAST.fullmatch(operator)) and "gte" in operators:
        return {**leaf, "op": "gte", "value": f"@today-{int(days[1])}"}
    if operator not in operators:
        raise MalformedQuery("bad_operator", N_("Choose how to compare."))
    values = [value.strip() for value in form.getlist("value") if value.strip()][:MOST_VALUES]
    if field.type.name == "reference":
        values = [id_of(field, value) for value in values]
    if operator == "in" or (operator == "eq" and len(values) > 1):
        if not values:
            raise MalformedQuery("no_value", N_("Say what to look for."))
        single = values[0] if len(values) == 1 and values[0] == "@my_departments" else None
        return {**leaf, "op": "in", "value": single or values}
    if len(values) < (2 if operator == "between" else 1):
        raise MalformedQuery("no_value", N_("Say what to look for."))
    return {**leaf, "value": values[:2] if operator == "between" else values[0]}


def presets(field: Field, operators: tuple[str, ...]) -> list[tuple[str, str]]:
    """(value of the operator select, words): the operators offered, relative days first for days."""
    offered = []
    if field.type.name in DAYS and "gte" in operators:
        offered += [(f"last:{days}", gettext("the last %(days)s days", days=days)) for days in RELATIVE]
    for operator in operators:
        if operator == "empty":
            offered += [("empty", gettext("is empty")), ("filled", gettext("is filled in"))]
        else:
            offered.append((operator, operator_words(field, operator)))
    return offered
