"""How a customer is reached: phones, e-mail, addresses."""

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from models.definitions.base_type import FieldType, Json, at, check_count, join_items, split_items
from models.definitions.text_rules import check_length, clean_line, comparable, text_of
from models.definitions.time_types import json_moment, moment_in
from models.errors import N_, FieldValueError

if TYPE_CHECKING:
    from models.definitions.fields import Field

REGION = "CN"
Phones = list[dict[str, Any]]
_MOST_PHONES = 20
_NOISE = re.compile("[\\s\\-.()\u2010-\u2015\u2212]+")
_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})")
_SERVICE = re.compile(r"(?:\+?86)?(95\d{3,6}|96\d{3,5}|100\d{2}|12\d{3}|1[12]\d)")
_EXTENSION = re.compile(r"\s*(?:转|轉|分机|分機|内线|內線|ext\.?|x|#|,|;ext=)\s*(\d{1,8})$", re.IGNORECASE)
_DASHED_EXTENSION = re.compile(r"((?:\+?86-?)?0\d{2,3}-?\d{7,8})-(\d{1,6})")


class PhoneType(FieldType):
    """Phone numbers, always a list: [{"number": E.164 with ";ext=" where there is one, "verified_at": moment | None}].

    The number plan is judged, not whether somebody answers.
    """

    name = "phone"
    widget = "phones"
    sealed_by_default = True
    sortable = False
    token_kinds = ("eq", "tail")
    compared_part = "number"
    json_schema = {  # noqa: RUF012
        "type": "array",
        "items": {
            "type": "object", "required": ["number"], "additionalProperties": False,
            "properties": {
                "number": {"type": "string"},
                "verified_at": {"type": ["string", "null"], "format": "date-time"},
            },
        },
    }  # fmt: skip

    def parse(self, raw: Any, field: "Field") -> list[dict[str, Any]] | None:
        if raw is None or raw == "" or raw == []:
            return None
        items = split_items(raw) if isinstance(raw, str) else raw if isinstance(raw, list) else [raw]
        check_count(items, min(_MOST_PHONES, int(field.validators.get("max_items", _MOST_PHONES))))
        phones: dict[str, dict[str, Any]] = {}
        for index, item in enumerate(items):
            try:
                phone = self.read_one(item, field)
            except FieldValueError as error:
                raise at(index, error)  # noqa: B904  (the same error, with its place)
            if phone is not None:
                phones.setdefault(phone["number"], phone)
        return list(phones.values()) or None

    def read_one(self, raw: Any, field: "Field") -> dict[str, Any] | None:
        verified_at = None
        if isinstance(raw, dict):
            if not raw.keys() <= {"number", "verified_at"}:
                words = N_("A phone has a “number” such as 13812345678 and nothing else.")
                raise FieldValueError("not_a_phone", words)
            verified_at = _moment_or_none(raw.get("verified_at"))
            raw = raw.get("number")
            if raw is None or raw == "":
                return None
        number = e164(text_of(raw))
        return {"number": number, "verified_at": verified_at} if number else None

    def operand(self, raw: Any, field: "Field") -> str | None:
        """The number alone."""
        phone = self.read_one(raw, field)
        return phone["number"] if phone else None

    def check(self, value: Any, field: "Field") -> None:
        """Nothing is left to judge: `parse` knows the number plan."""

    def render(self, value: Any, field: "Field", locale: str = "zh_Hans_CN") -> str:
        return join_items([local_number(phone["number"]) for phone in value or ()])

    def to_json(self, value: Any, field: "Field") -> Json:
        if not value:
            return None
        return [{"number": phone["number"], "verified_at": _json_or_none(phone.get("verified_at"))} for phone in value]

    def normalise_one(self, value: Any) -> str:
        """E.164 without the extension: whoever asks for a number means the line."""
        number = value["number"] if isinstance(value, dict) else value
        return number.partition(";")[0]

    @staticmethod
    def tail(number: str) -> str:
        """The last four digits of a normalised number: what people remember."""
        return number[-4:]

    def as_written(self, old: Phones | None, new: Phones | None, field: "Field") -> Phones | None:
        """Numbers that stay keep their verification: nobody verifies a number by typing that it is."""
        known = {phone["number"]: phone.get("verified_at") for phone in old or ()}
        return [{"number": phone["number"], "verified_at": known.get(phone["number"])} for phone in new or ()] or None


def e164(text: str) -> str:
    """A number as people write it → "+8613812345678", or "+861012345678;ext=801"; "" when nothing is left.

    :raises FieldValueError: no such number in the plan of its country (China where none is given)
    """
    if len(text) == 11 and text.isascii() and text.isdigit() and text[0] == "1" and _mobile_prefix(text[:5]):
        return "+86" + text
    if len(text) > 60:
        raise _not_a_phone()
    return _read_number(text)


@lru_cache(maxsize=20_000)
def _mobile_prefix(prefix: str) -> bool:
    """Whether the number plan knows mobiles that begin so: it decides by the first five digits."""
    number = phonenumbers.PhoneNumber(country_code=86, national_number=int(prefix + "0" * 6))
    return phonenumbers.is_valid_number(number)


def _read_number(text: str) -> str:
    text = comparable(clean_line(text))
    if not text:
        return ""
    extension = ""
    if found := _EXTENSION.search(text):
        text, extension = text[: found.start()], found[1]
    elif found := _DASHED_EXTENSION.fullmatch(text):
        text, extension = found[1], found[2]
    number = _in_plan(_NOISE.sub("", text))
    return f"{number};ext={extension}" if extension else number


def _in_plan(digits: str) -> str:
    if (mobile := _MOBILE.fullmatch(digits)) and _mobile_prefix(mobile[1][:5]):
        return "+86" + mobile[1]
    if service := _SERVICE.fullmatch(digits):
        return "+86" + service[1]
    if not digits.isascii():
        raise _not_a_phone()
    try:
        number = phonenumbers.parse(digits, REGION)
    except phonenumbers.NumberParseException:
        raise _not_a_phone() from None
    if not phonenumbers.is_valid_number(number):
        raise _not_a_phone()
    number.extension = None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def local_number(number: str) -> str:
    """As people of the region write it: 13812345678, 010-12345678 ext. 801 as 010-12345678转801, +1 650-253-0000."""
    line, _, extension = number.partition(";ext=")
    if len(line) == 14 and line.startswith("+861"):
        shown = line[3:]
    else:
        shown = _formatted(line)
    return f"{shown}转{extension}" if extension else shown


@lru_cache(maxsize=4_000)
def _formatted(line: str) -> str:
    if _SERVICE.fullmatch(line):
        return line[3:]
    try:
        parsed = phonenumbers.parse(line, None)
    except phonenumbers.NumberParseException:
        return line
    if parsed.country_code != 86:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    area, _, rest = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL).partition(" ")
    return f"{area}-{rest.replace(' ', '')}" if area.startswith("0") else f"{area}{rest}".replace(" ", "-")


class EmailType(FieldType):
    """An e-mail address in lower case. Its form is judged, the network is never asked."""

    name = "email"
    widget = "email"
    sealed_by_default = True
    can_be_many = True
    json_schema = {"type": "string", "format": "email"}  # noqa: RUF012
    _simple = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")

    def read_one(self, raw: Any, field: "Field") -> str | None:
        text = text_of(raw)
        if len(text) > 320:
            raise _not_an_email()
        text = clean_line(text)
        if not text:
            return None
        local, _, domain = text.partition("@")
        if len(local) <= 64 and self._simple.fullmatch(local) and local.isascii() and _is_domain(domain):
            return text.lower()
        return _validated(comparable(text))

    def normalise_one(self, value: str) -> str:
        return comparable(value).lower()


@lru_cache(maxsize=10_000)
def _is_domain(domain: str) -> bool:
    """A plain ASCII domain that may stand in an address."""
    if not domain.isascii():
        return False
    try:
        return bool(_validated(f"a@{domain}"))
    except FieldValueError:
        return False


def _validated(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except (EmailNotValidError, ValueError):
        raise _not_an_email() from None


class AddressType(FieldType):
    """Where something is: {"region": division code or None, "country": ISO 3166 letters, "text": the rest}."""

    name = "address"
    widget = "address"
    compared_part = "text"
    sealed_by_default = True
    sortable = False
    can_be_many = True
    json_schema = {  # noqa: RUF012
        "type": "object", "required": ["text"], "additionalProperties": False,
        "properties": {
            "region": {"type": ["string", "null"]}, "country": {"type": "string"}, "text": {"type": "string"},
        },
    }  # fmt: skip
    _region = re.compile(r"[0-9A-Z][0-9A-Z-]{1,11}")
    _country = re.compile(r"[A-Z]{2}")

    def read_one(self, raw: Any, field: "Field") -> dict[str, Any] | None:
        region, country = None, "CN"
        if isinstance(raw, dict):
            if not raw.keys() <= {"region", "country", "text"}:
                words = N_(
                    "An address has a “text”, and may have a “region” such as 110105 and a “country” such as CN."
                )
                raise FieldValueError("not_an_address", words)
            region, country = self._part(raw, "region"), self._part(raw, "country") or "CN"
            raw = raw.get("text")
            raw = "" if raw is None else raw
        text = text_of(raw)
        if len(text) > 2_000:
            check_length(text, 0, 500)
        text = clean_line(text)
        if text or region:
            return {"region": region, "country": country, "text": text}
        return None

    def operand(self, raw: Any, field: "Field") -> str | None:
        """The text alone: region and country are not compared."""
        address = self.read_one(raw, field)
        return address["text"] if address else None

    def _part(self, raw: dict[Any, Any], name: str) -> str | None:
        part = raw.get(name)
        if part is None or part == "":
            return None
        form = self._region if name == "region" else self._country
        text = text_of(part)
        if not text.isascii() or not form.fullmatch(text):
            words = N_("A region is a division code such as 110105, a country two letters such as CN.")
            raise at(name, FieldValueError(f"bad_{name}", words))
        return text

    def check_one(self, value: dict[str, Any], field: "Field") -> None:
        check_length(value["text"], 0, min(int(field.validators.get("max_length", 500)), 500))

    def render_one(self, value: dict[str, Any], field: "Field", locale: str) -> str:
        return value["text"] or value.get("region") or ""

    def json_one(self, value: dict[str, Any], field: "Field") -> Json:
        return {"region": value.get("region"), "country": value.get("country", "CN"), "text": value.get("text", "")}

    def normalise_one(self, value: Any) -> str:
        return comparable(value["text"] if isinstance(value, dict) else value)


def _not_a_phone() -> FieldValueError:
    words = N_("This is not a phone number: 11 digits, or area code and number such as 010-12345678, abroad with +.")
    return FieldValueError("not_a_phone", words)


def _not_an_email() -> FieldValueError:
    return FieldValueError("not_an_email", N_("This is not an e-mail address, such as name@example.com."))


def _moment_or_none(raw: Any) -> datetime | None:
    if raw is None or raw == "":
        return None
    if isinstance(raw, datetime):
        raw = raw.isoformat()
    text = text_of(raw)
    if len(text) > 100:
        raise FieldValueError("not_a_moment", N_("This is not a day and time, such as 2026-05-01 08:30."))
    return moment_in(clean_line(text), text)


def _json_or_none(moment: datetime | None) -> str | None:
    return json_moment(moment) if moment is not None else None
