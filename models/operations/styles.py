"""What the formats of a workbook say about its numbers: which of them are days, which show leading zeros."""

import re
from dataclasses import dataclass, field
from typing import IO

from models.operations.sheet_xml import parse

BUILT_IN_DAYS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_SILENT = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]?')
"""Parts of a format that stand for themselves."""
_ZEROS = re.compile(r"0{2,15}")


@dataclass
class Styles:
    """By the number a cell gives: the format code, or "" where nobody said."""

    codes: list[str | int]
    _days: dict[int, bool] = field(default_factory=dict)

    def is_day(self, style: int) -> bool:
        """Whether a number in this style is shown as a day or a time."""
        if style not in self._days:
            code = self.codes[style] if 0 <= style < len(self.codes) else 0
            self._days[style] = code in BUILT_IN_DAYS if isinstance(code, int) else _is_day_code(code)
        return self._days[style]

    def zeros(self, style: int) -> int:
        """How many digits a whole number in this style shows at least; 0 where it is shown as it is."""
        code = self.codes[style] if 0 <= style < len(self.codes) else 0
        return len(code) if isinstance(code, str) and _ZEROS.fullmatch(code) else 0


def styles_in(part: IO[bytes]) -> Styles:
    """The cell styles of `xl/styles.xml`, in their order."""
    own: dict[int, str] = {}
    ids: list[int] = []
    inside = [False]

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt" and len(own) < 10_000:
            own[int(attributes.get("numFmtId", 0))] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            inside[0] = True
        elif name == "xf" and inside[0] and len(ids) < 100_000:
            ids.append(int(attributes.get("numFmtId", 0)))

    def end(name: str) -> None:
        if name == "cellXfs":
            inside[0] = False

    parse(part, start, end)
    return Styles([own.get(one, one) for one in ids])


def _is_day_code(code: str) -> bool:
    code = code.partition(";")[0]
    if re.search(r"\[[hms]+\]", code, re.IGNORECASE):  # a span of time, not a day
        return False
    bare = _SILENT.sub("", code).lower()
    return "general" not in bare and any(sign in bare for sign in "ymdhs")
