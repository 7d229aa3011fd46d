"""Numbers that look and check like real ones: identity cards, credit codes, bank cards, plates, phones."""

from datetime import date
from random import Random

from seed.words import BANK_PREFIXES, MOBILE_PREFIXES

_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CARD_CHECKS = "10X98765432"
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_CREDIT_VALUES = {sign: value for value, sign in enumerate(_CREDIT_SIGNS)}
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PLATE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def identity_number(rng: Random, region: str, born: date, *, female: bool) -> str:
    """A resident identity number (18 characters) of this place, birthday and sex."""
    turn = int(rng.random() * 500) * 2 + (0 if female else 1)
    body = f"{region}{born:%Y%m%d}{turn:03d}"
    return body + _CARD_CHECKS[sum(w * int(sign) for w, sign in zip(_CARD_WEIGHTS, body, strict=True)) % 11]


def credit_code(rng: Random, region: str) -> str:
    """A unified social credit code (18 characters) of a company of this place, both check signs right."""
    number = f"{int(rng.random() * 36**8) % 10**8:08d}"
    rest = 11 - sum(w * int(sign) for w, sign in zip(_BODY_WEIGHTS, number, strict=True)) % 11
    body = f"91{region}{number}" + ("X" if rest == 10 else "0" if rest == 11 else str(rest))
    total = sum(w * _CREDIT_VALUES[sign] for w, sign in zip(_CREDIT_WEIGHTS, body, strict=True))
    return body + _CREDIT_SIGNS[-total % 31]


def bank_card(rng: Random) -> str:
    """A bank card number of 19 digits with its Luhn digit."""
    body = rng.choice(BANK_PREFIXES) + f"{int(rng.random() * 10**12):012d}"
    digits = [int(sign) for sign in reversed(body)]
    total = sum(_DOUBLED[digit] for digit in digits[0::2]) + sum(digits[1::2])
    return body + str(-total % 10)


def mobile(rng: Random) -> str:
    """A mobile number of mainland China, without country code."""
    return rng.choice(MOBILE_PREFIXES) + f"{int(rng.random() * 10**8):08d}"


def plate(rng: Random, sign: str) -> str:
    """A number plate of a province: six signs, or seven of an electric car."""
    letter = _PLATE_SIGNS[int(rng.random() * 10)]
    if rng.random() < 0.25:
        return f"{sign}{letter}{rng.choice('DF')}{int(rng.random() * 10**5):05d}"
    return f"{sign}{letter}" + "".join(rng.choices(_PLATE_SIGNS[24:], k=3)) + "".join(rng.choices(_PLATE_SIGNS, k=2))


def sim_number(rng: Random) -> str:
    """The 20 digits printed on a SIM card."""
    return f"898600{int(rng.random() * 10**14):014d}"


def terminal_number(rng: Random) -> str:
    """A tracking terminal's number."""
    return f"T{int(rng.random() * 10**10):010d}"
