"""Numbers that name a person, company, account or car: judged by length, check digit and calendar only.

What is unusual but possible (a region nobody knows, an unlikely age, Luhn of an account) is left to
verification, which warns.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from models.definitions.base_type import FieldType
from models.definitions.text_rules import clean_code, text_of
from models.errors import N_, FieldValueError

if TYPE_CHECKING:
    from models.definitions.fields import Field

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_FIRST_BIRTH_YEAR = 1850


class _CodeType(FieldType):
    """A code that is stored in one spelling: upper case, half width, without spaces and dashes."""

    sealed_by_default = True
    longest = 40

    def read_one(self, raw: Any, field: "Field") -> str | None:
        text = text_of(raw)
        if len(text) > 100:
            raise FieldValueError("too_long", N_("This is too long for a number of this kind."))
        code = clean_code(text)
        if code:
            self.judge(code)
        return code or None

    def judge(self, code: str) -> None:
        """:raises FieldValueError: no such code can exist"""
        raise NotImplementedError

    def normalise_one(self, value: Any) -> str:
        return clean_code(value)


class IdNumberType(_CodeType):
    """Number of an identity document: resident card (18 or 15 digits, those of 港澳台居民 and foreigners included),
    permanent residence card, travel permit, passport.
    """

    name = "id_number"
    _travel = re.compile(r"(?=(?:.*\d){4})[A-Z0-9]{6,12}")
    _residence = re.compile(r"[A-Z]{3}\d{12}")

    def judge(self, code: str) -> None:
        if not code.isascii() or not code.isalnum():
            raise FieldValueError("not_an_id_number", N_("An identity number has only digits and letters."))
        if len(code) == 18:
            judge_resident_number(code)
        elif len(code) == 15 and code.isdigit():
            _judge_birth("19" + code[6:12])
        elif self._residence.fullmatch(code):
            return
        elif not self._travel.fullmatch(code) or (code.isdigit() and len(code) > 10):
            words = N_("An identity number has 18 characters, or 15 on old cards; this has {count}.")
            raise FieldValueError("id_length", words, count=len(code))


def judge_resident_number(code: str) -> None:
    """Length, check digit (ISO 7064 MOD 11-2) and birth date of an 18-digit number.

    :raises FieldValueError: one of them is wrong
    """
    if not code[:17].isdigit() or code[0] == "0":
        raise FieldValueError("not_an_id_number", N_("An 18-digit identity number has digits only; the last may be X."))
    _judge_birth(code[6:14])
    if resident_check_digit(code) != code[17]:
        raise FieldValueError("check_digit", N_("The check digit does not fit: look for a mistyped character."))


def resident_check_digit(code: str) -> str:
    """The eighteenth character that belongs to the first seventeen digits."""
    return _ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(code, _ID_WEIGHTS, strict=False)) % 11]


def _judge_birth(digits: str) -> None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        born = None
    latest = datetime.now(UTC).date() + timedelta(days=1)
    if born is None or born.year < _FIRST_BIRTH_YEAR or born > latest:
        raise FieldValueError("birth_date", N_("The birth date inside this number is impossible."))


_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {char: value for value, char in enumerate(_CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_AUTHORITIES = frozenset("123456789ANY")
"""First character: who registered the organisation (GB 32100)."""
_PROVINCES = frozenset(
    [10, *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 67), 71, 81, 82]
)
"""First two digits of the region; 10 is the state itself, 66 the Xinjiang corps."""


class CreditCodeType(_CodeType):
    """Unified social credit code (GB 32100-2015): 18 characters, two check digits."""

    name = "credit_code"

    def judge(self, code: str) -> None:
        if len(code) != 18:
            words = N_("A credit code has 18 characters; this has {count}.")
            raise FieldValueError("credit_length", words, count=len(code))
        if any(char not in _CREDIT_VALUES for char in code):
            raise FieldValueError("credit_alphabet", N_("A credit code has digits and letters, never I, O, S, V or Z."))
        if code[0] not in _AUTHORITIES or not code[2:8].isdigit() or int(code[2:4]) not in _PROVINCES:
            words = N_("The first eight characters name no registering authority and region.")
            raise FieldValueError("credit_region", words)
        if credit_check_digit(code) != code[17] or organisation_check_digit(code[8:16]) != code[16]:
            raise FieldValueError("check_digit", N_("The check digit does not fit: look for a mistyped character."))


def credit_check_digit(code: str) -> str:
    """The eighteenth character (MOD 31) that belongs to the first seventeen."""
    total = sum(_CREDIT_VALUES[char] * weight for char, weight in zip(code, _CREDIT_WEIGHTS, strict=False))
    return _CREDIT_ALPHABET[-total % 31]


def organisation_check_digit(code: str) -> str:
    """The ninth character of an organisation code (GB 11714) that belongs to the first eight."""
    total = sum(int(char, 36) * weight for char, weight in zip(code, _ORGANISATION_WEIGHTS, strict=False))
    return "0123456789X"[-total % 11]


class BankAccountType(_CodeType):
    """Number of a bank account or card. Luhn is not asked: accounts of companies do not follow it."""

    name = "bank_account"
    _form = re.compile(r"\d{6,32}|[A-Z]{2}\d{2}[A-Z0-9]{8,30}|[A-Z0-9]{0,6}\d{6,28}")

    def judge(self, code: str) -> None:
        if not code.isascii() or not self._form.fullmatch(code):
            raise FieldValueError("not_an_account", N_("An account number has 6 to 32 digits."))


_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_SIMPLIFIED = str.maketrans("滬遼魯蘇贛雲晉陝閩貴粵瓊寧學領應急掛試", "沪辽鲁苏赣云晋陕闽贵粤琼宁学领应急挂试")
_PLATE = re.compile(
    f"{_PROVINCE}[A-Z][A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳试超领]"
    f"|{_PROVINCE}[A-Z](?:[A-HJ-K][A-HJ-NP-Z0-9]\\d{{4}}|\\d{{5}}[A-HJ-K])"  # new energy, small and large
    f"|{_PROVINCE}[A-Z]?[A-Z0-9]{{4,5}}应急"
    f"|使\\d{{6}}|\\d{{6}}使|\\d{{6}}领|WJ{_PROVINCE}?\\d{{4}}[0-9A-Z]|[A-Z]{{2}}\\d{{5}}"
    f"|{_PROVINCE}?[A-Z]{{0,2}}\\d{{5,8}}"  # vehicles without motor: each city has its own form
)


class PlateType(_CodeType):
    """Licence plate: cars, new energy, police, embassies, troops, bicycles and e-bikes."""

    name = "plate"
    can_be_many = True

    def read_one(self, raw: Any, field: "Field") -> str | None:
        return super().read_one(text_of(raw).translate(_SIMPLIFIED), field)

    def judge(self, code: str) -> None:
        if not _PLATE.fullmatch(code):
            raise FieldValueError("not_a_plate", N_("This is not a licence plate, such as 京A12345 or 粤BD12345."))

    def normalise_one(self, value: Any) -> str:
        return clean_code(value).translate(_SIMPLIFIED)
