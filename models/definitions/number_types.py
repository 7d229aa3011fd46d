"""Whole numbers, decimals, money, yes and no."""

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128

from models.definitions.base_type import EQUALITY, ORDER, FieldType, Json
from models.definitions.text_rules import clean_line, comparable, shown, text_of
from models.errors import N_, FieldValueError

if TYPE_CHECKING:
    from models.definitions.fields import Field

INT64 = 2**63 - 1
EXACT_DIGITS = 15
"""JSON numbers are read as doubles in many places: beyond this REST sends text."""
_PLAIN = re.compile(r"[+-]?\d{1,40}(?:\.\d{0,40})?|[+-]?\.\d{1,40}")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3}){1,12}(?:\.\d{0,40})?")
_SIMPLE_AMOUNT = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{2}))?")
"""An amount as REST and exports write it: nine in ten need no closer look."""
_MOST_DECIMAL = Decimal(10) ** 20
_MOST_PLACES = 10

MINOR_PLACES = {
    "BIF": 0, "CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "PYG": 0, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
"""Decimal places of a currency (ISO 4217) where they are not two."""
_CURRENCY_SIGNS = {
    "CNY": ("¥", "￥", "元", "圆", "人民币", "RMB"),
    "JPY": ("¥", "￥", "円"),
    "USD": ("$", "US$", "美元"),
    "HKD": ("HK$", "$", "港元", "港币"),
    "TWD": ("NT$", "$", "新台币", "元"),
    "EUR": ("€", "欧元"),
    "GBP": ("£", "英镑"),
}


def number_of(raw: Any) -> Decimal:
    """A number from text (thousands separators, full-width digits) or from a JSON number.

    :raises FieldValueError: anything else: true, NaN, infinity, a list, an object
    """
    if isinstance(raw, bool):
        raise not_a_number(raw)
    if isinstance(raw, int):
        if raw.bit_length() > 130:
            raise FieldValueError("too_large", N_("This number is too large."))
        return Decimal(raw)
    if isinstance(raw, float):
        raw = repr(raw)
    elif isinstance(raw, Decimal128 | Decimal):
        raw = str(raw)
    text = text_of(raw)
    if len(text) > 100:
        raise FieldValueError("too_large", N_("This number is too large."))
    if not (text.isascii() and (text.isdigit() or _PLAIN.fullmatch(text))):
        text = comparable(clean_line(text)).replace("\u2212", "-").replace(" ", "")
        if "," in text and _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if not text.isascii() or not (_PLAIN.fullmatch(text) or _SCIENTIFIC.fullmatch(text)):
            raise not_a_number(raw)
    return Decimal(text)


_SCIENTIFIC = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,20})?[eE][+-]?\d{1,2}")


def not_a_number(raw: Any) -> FieldValueError:
    """Said where text or another shape stands for a number."""
    return FieldValueError("not_a_number", N_("{given} is not a number, such as 1250 or 1,250."), given=shown(raw))


@lru_cache(maxsize=500)
def _bound(rule: Any) -> Decimal:
    """A `min` or `max` of a definition as a number."""
    return Decimal(str(rule))


class _NumberType(FieldType):
    widget = "number"
    operators = (*EQUALITY, *ORDER)
    json_schema = {"type": ["number", "string"]}  # noqa: RUF012

    def check_one(self, value: Any, field: "Field") -> None:
        rules = field.validators
        if not rules:
            return
        number = self.number(value, field)
        least, most = rules.get("min"), rules.get("max")
        if least is not None and number < _bound(least):
            raise FieldValueError("too_small", N_("The least allowed here is {least}."), least=least)
        if most is not None and number > _bound(most):
            raise FieldValueError("too_large", N_("The most allowed here is {most}."), most=most)

    def number(self, value: Any, field: "Field") -> Decimal:
        """The stored value as the number people speak of."""
        return Decimal(value)


class IntegerType(_NumberType):
    """A whole number of 64 bits."""

    name = "integer"

    def read_one(self, raw: Any, field: "Field") -> int:
        if type(raw) is int and -INT64 - 1 <= raw <= INT64:
            return raw
        number = number_of(raw)
        if number != number.to_integral_value():
            raise FieldValueError("not_whole", N_("{given} is not a whole number."), given=shown(raw))
        whole = int(number)
        if not -INT64 - 1 <= whole <= INT64:
            raise FieldValueError("too_large", N_("This number is too large."))
        return whole

    def json_one(self, value: int, field: "Field") -> Json:
        return value if abs(value) < 10**EXACT_DIGITS else str(value)


class DecimalType(_NumberType):
    """An exact decimal number: at most 20 digits before the point and 10 behind."""

    name = "decimal"

    def read_one(self, raw: Any, field: "Field") -> Decimal128:
        number = number_of(raw)
        if abs(number) >= _MOST_DECIMAL:
            raise FieldValueError("too_large", N_("This number is too large."))
        places = min(int(field.validators.get("decimals", _MOST_PLACES)), _MOST_PLACES)
        return Decimal128(rounded(number, places, raw))

    def number(self, value: Decimal128, field: "Field") -> Decimal:
        return value.to_decimal()

    def render_one(self, value: Decimal128, field: "Field", locale: str) -> str:
        return f"{value.to_decimal():f}"

    def json_one(self, value: Decimal128, field: "Field") -> Json:
        return json_number(value.to_decimal())

    def normalise_one(self, value: Decimal128) -> str:
        return f"{value.to_decimal():f}"


class MoneyType(_NumberType):
    """An amount in minor units (1 = 0.01) of the field's currency, stored as int: no float ever holds money."""

    name = "money"
    json_schema = {  # noqa: RUF012
        "type": "object", "required": ["amount", "currency"], "additionalProperties": False,
        "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
    }  # fmt: skip

    def read_one(self, raw: Any, field: "Field") -> int | None:
        if isinstance(raw, dict):
            raw = self._amount_of(raw, field)
            if raw is None or raw == "":
                return None
        places = MINOR_PLACES.get(field.currency, 2)
        if isinstance(raw, str):
            if places == 2 and (simple := _SIMPLE_AMOUNT.fullmatch(raw)):
                minor = int(simple[2] + (simple[3] or "00"))
                return -minor if simple[1] else minor
            raw = _without_sign(raw, field.currency)
        number = number_of(raw)
        if abs(number) >= _MOST_DECIMAL:
            raise FieldValueError("too_large", N_("This amount is too large."))
        minor = int(rounded(number, places, raw).scaleb(places))
        if not -INT64 - 1 <= minor <= INT64:
            raise FieldValueError("too_large", N_("This amount is too large."))
        return minor

    def _amount_of(self, raw: dict[Any, Any], field: "Field") -> Any:
        if not raw.keys() <= {"amount", "currency"} or "amount" not in raw:
            words = N_("An amount has an “amount” such as 12.50 and the “currency” {currency}.")
            raise FieldValueError("not_money", words, currency=field.currency)
        if raw.get("currency", field.currency) != field.currency:
            raise FieldValueError("currency", N_("This field is kept in {currency}."), currency=field.currency)
        return raw["amount"]

    def number(self, value: int, field: "Field") -> Decimal:
        return Decimal(value).scaleb(-MINOR_PLACES.get(field.currency, 2))

    def render_one(self, value: int, field: "Field", locale: str) -> str:
        return f"{self.number(value, field):f}"

    def json_one(self, value: int, field: "Field") -> Json:
        return {"amount": f"{self.number(value, field):f}", "currency": field.currency}


class BooleanType(FieldType):
    """Yes or no. An empty one is neither."""

    name = "boolean"
    widget = "checkbox"
    json_schema = {"type": "boolean"}  # noqa: RUF012
    words = {  # noqa: RUF012
        True: frozenset(("true", "yes", "y", "on", "1", "是", "有", "对", "真", "√", "✓", "☑")),
        False: frozenset(("false", "no", "n", "off", "0", "否", "无", "無", "不是", "没有", "假", "×", "✗")),
    }

    def read_one(self, raw: Any, field: "Field") -> bool | None:
        if isinstance(raw, bool):
            return raw
        text = comparable(clean_line(text_of(raw)[:50])).casefold()
        if not text:
            return None
        for value, words in self.words.items():
            if text in words:
                return value
        raise FieldValueError("not_boolean", N_("{given} is neither yes nor no."), given=shown(raw))

    def render_one(self, value: bool, field: "Field", locale: str) -> str:
        if locale.startswith("zh"):
            return "是" if value else "否"
        return "Yes" if value else "No"

    def normalise_one(self, value: bool) -> str:
        return "true" if value else "false"


def rounded(number: Decimal, places: int, raw: Any) -> Decimal:
    """`number` with at most `places` decimals and no trailing zeros.

    :raises FieldValueError: it has more decimals than that
    """
    try:
        exact = number.quantize(Decimal(1).scaleb(-places))
    except InvalidOperation:
        raise FieldValueError("too_large", N_("This number is too large.")) from None
    if exact != number:
        words = N_("{given} has more than {places} decimals.")
        raise FieldValueError("too_many_decimals", words, given=shown(raw), places=places)
    plain = exact.normalize()
    return (plain if plain.as_tuple().exponent <= 0 else plain.quantize(Decimal(1))) + 0  # type: ignore[operator]


def json_number(number: Decimal) -> Json:
    """A JSON number where it is exact in 15 digits, else text."""
    if len(number.as_tuple().digits) > EXACT_DIGITS or abs(number) >= 10**EXACT_DIGITS:
        return f"{number:f}"
    if number == number.to_integral_value():
        return int(number)
    return float(number)


def _without_sign(text: str, currency: str) -> str:
    """An amount without the sign of its own currency, before or after it."""
    text = clean_line(text[:200])
    for sign in (currency, *_CURRENCY_SIGNS.get(currency, ())):
        if text[: len(sign)].upper() == sign:
            return text[len(sign) :].strip()
        if text[-len(sign) :].upper() == sign:
            return text[: -len(sign)].strip()
    return text
