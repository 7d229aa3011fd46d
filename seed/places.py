"""Real provinces, cities and counties (data/divisions.json), as the generator needs them."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from seed.words import PLATE_CHARACTERS, PROVINCE_CODES

DATA = Path(__file__).parent / "data"

PLATE_SIGNS = dict(zip(PROVINCE_CODES, PLATE_CHARACTERS, strict=True))
"""Province code → first character of its number plates."""

_NO_CITY = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Second-level names that are headings of the register, not cities."""


class Place(NamedTuple):
    """A county-level place. `code` is its six-digit register code, `city` as it is said in company names."""

    code: str
    province: str
    city: str
    county: str

    @property
    def full(self) -> str:
        """As an address begins: 江苏省苏州市吴中区."""
        return self.province + ("" if self.city == self.province else self.city) + self.county


@cache
def places() -> tuple[Place, ...]:
    """Every county of the register, in the order of the codes.

    A few cities have no counties: their towns stand here under the six digits of the city.
    """
    tree = json.loads((DATA / "divisions.json").read_text(encoding="utf-8"))
    return tuple(
        Place(county["code"][:6], province["name"], _city(province["name"], city["name"]), county["name"])
        for province in tree
        for city in province["children"]
        for county in city["children"]
    )


def _city(province: str, city: str) -> str:
    return province if city in _NO_CITY else city


@cache
def company_names() -> tuple[str, ...]:
    """Short names of real companies, without place, trade and legal form."""
    lines = (DATA / "company_names.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip())
