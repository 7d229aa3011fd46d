"""Conditions as sentences, in the three languages of the panel."""

from collections.abc import Sequence
from typing import Any

from models.definitions.fields import Field, in_language
from models.definitions.operands import Day, Fixed, Me, MyDepartments, Operand, Today
from models.errors import FieldValueError

Words = dict[str, str]


def _words(hans: str, hant: str, english: str) -> Words:
    return {"zh-Hans": hans, "zh-Hant": hant, "en": english}


_OPERATORS: dict[str, Words] = {
    "eq": _words("{field}是{value}", "{field}是{value}", "{field} is {value}"),
    "ne": _words("{field}不是{value}", "{field}不是{value}", "{field} is not {value}"),
    "in": _words("{field}是{value}之一", "{field}是{value}之一", "{field} is one of {value}"),
    "gt": _words("{field}大于{value}", "{field}大於{value}", "{field} is more than {value}"),
    "gte": _words("{field}不小于{value}", "{field}不小於{value}", "{field} is at least {value}"),
    "lt": _words("{field}小于{value}", "{field}小於{value}", "{field} is less than {value}"),
    "lte": _words("{field}不大于{value}", "{field}不大於{value}", "{field} is at most {value}"),
    "between": _words(
        "{field}在{first}到{last}之间", "{field}在{first}到{last}之間", "{field} is from {first} to {last}"
    ),
    "starts": _words("{field}以{value}开头", "{field}以{value}開頭", "{field} begins with {value}"),
    "contains": _words("{field}包含{value}", "{field}包含{value}", "{field} contains {value}"),
}
_TIMES: dict[str, Words] = {
    "gt": _words("{field}晚于{value}", "{field}晚於{value}", "{field} is after {value}"),
    "gte": _words("{field}不早于{value}", "{field}不早於{value}", "{field} is on or after {value}"),
    "lt": _words("{field}早于{value}", "{field}早於{value}", "{field} is before {value}"),
    "lte": _words("{field}不晚于{value}", "{field}不晚於{value}", "{field} is on or before {value}"),
}
_EMPTY = _words("{field}为空", "{field}為空", "{field} is empty")
_FILLED = _words("{field}已填写", "{field}已填寫", "{field} is filled")
_NEVER = _words("不成立", "不成立", "never")
_ME = _words("本人", "本人", "me")
_MINE = _words("本人所属部门", "本人所屬部門", "my departments")
_TODAY = _words("今天", "今天", "today")
_AGO = _words("{days}天前", "{days}天前", "{days} days ago")
_AHEAD = _words("{days}天后", "{days}天後", "in {days} days")
_AND = _words("，并且", "，並且", " and ")
_OR = _words("，或者", "，或者", " or ")
_NOT = _words("并非（{part}）", "並非（{part}）", "not ({part})")
_BRACKETS = _words("（{part}）", "（{part}）", "({part})")
_QUOTES = _words("“{text}”", "「{text}」", "“{text}”")
_LIST = _words("、", "、", ", ")


def leaf_words(field: Field, op: str, value: Any, operands: Sequence[Operand], locale: str) -> str:
    """One question as a clause."""
    label = field.label(locale)
    if op == "empty":
        return in_language(_EMPTY if value else _FILLED, locale).format(field=label)
    parts = [_operand_words(operand, field, locale) for operand in operands]
    if op == "in" and not parts:
        return in_language(_NEVER, locale)
    op = "eq" if op == "in" and len(parts) == 1 else op
    table = _TIMES if op in _TIMES and field.type.name in ("date", "moment") else _OPERATORS
    shown = in_language(_LIST, locale).join(parts)
    return in_language(table[op], locale).format(field=label, value=shown, first=parts[0], last=parts[-1])


def joined(kind: str, parts: Sequence[str], nested: Sequence[bool], locale: str) -> str:
    """Several clauses as one sentence, groups inside it in brackets."""
    brackets = in_language(_BRACKETS, locale)
    clauses = [brackets.format(part=part) if inner else part for part, inner in zip(parts, nested, strict=True)]
    return in_language(_AND if kind == "all" else _OR, locale).join(clauses)


def negation(part: str, locale: str) -> str:
    """The opposite of a sentence."""
    return in_language(_NOT, locale).format(part=part)


def _operand_words(operand: Operand, field: Field, locale: str) -> str:
    if isinstance(operand, Me):
        return in_language(_ME, locale)
    if isinstance(operand, MyDepartments):
        return in_language(_MINE, locale)
    if isinstance(operand, Today):
        return _today_words(operand.days, locale)
    if isinstance(operand, Day):
        return operand.day.isoformat()
    return _value_words(operand, field, locale)


def _today_words(days: int, locale: str) -> str:
    if days == 0:
        return in_language(_TODAY, locale)
    return in_language(_AGO if days < 0 else _AHEAD, locale).format(days=abs(days))


def _value_words(operand: Fixed, field: Field, locale: str) -> str:
    value = operand.values[0]
    if field.type.compared_part or field.sealed:
        shown = str(value)
    else:
        shown = _rendered(value, field, locale)
    if isinstance(value, str) and field.type.text_like:
        return in_language(_QUOTES, locale).format(text=shown)
    return shown


def _rendered(value: Any, field: Field, locale: str) -> str:
    try:
        return field.type.render_one(value, field, locale)
    except (FieldValueError, TypeError):
        return str(value)
