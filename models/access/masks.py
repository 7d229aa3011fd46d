"""What stands in place of a value that may only be recognised: fixed shapes that do not tell its length.

Masking is the last step before a value leaves the door. A write that sends a mask back is refused.
"""

from collections.abc import Callable
from typing import Any

from models.definitions.fields import Field

STARS = "****"


def mask(field: Field, value: Any) -> str:
    """The masked text of a stored, unsealed value; parts of a list are masked one by one."""
    one = MASKS.get(field.type.name, _covered)
    parts = value if isinstance(value, list) and field.type.name != "rows" else [value]
    return ", ".join(one(part) for part in parts)


def looks_masked(raw: Any) -> bool:
    """Whether text (anywhere inside a body value) carries a mask of ours."""
    if isinstance(raw, str):
        return "**" in raw
    if isinstance(raw, dict):
        return "masked" in raw or any(looks_masked(part) for part in raw.values())
    return isinstance(raw, list) and any(looks_masked(part) for part in raw)


def _covered(value: Any) -> str:
    return STARS


def _ends(before: int, stars: str, after: int) -> Callable[[Any], str]:
    """Some characters at either end; a value too short to hide anything is covered whole."""

    def masked(value: Any) -> str:
        text = str(value)
        if len(text) < before + after + 3:
            return stars
        return text[:before] + stars + (text[-after:] if after else "")

    return masked


def _name(value: Any) -> str:
    """The first character: a surname in most Chinese names, and no more of any other."""
    text = str(value)
    return f"{text[:1]}**" if len(text) > 1 else "**"


def _phone(value: Any) -> str:
    number = str(value["number"] if isinstance(value, dict) else value)
    prefix = "+86"
    return _ends(3, STARS, 4)(number.removeprefix(prefix))


def _email(value: Any) -> str:
    local, at, domain = str(value).rpartition("@")
    if not at:
        return STARS
    return f"{local[:2] if len(local) > 3 else ''}{STARS}@{domain}"


def _address(value: Any) -> str:
    """The region is coarse and stays; street and number are covered."""
    region = (value.get("region") or "") if isinstance(value, dict) else ""
    return f"{region} {STARS}".strip()


MASKS: dict[str, Callable[[Any], str]] = {
    "name": _name,
    "phone": _phone,
    "email": _email,
    "id_number": _ends(4, "************", 2),
    "credit_code": _ends(4, "************", 2),
    "bank_account": _ends(0, "************", 4),
    "plate": _ends(2, STARS, 1),
    "address": _address,
}
"""Field type name → mask of one value; every other type is covered whole."""
