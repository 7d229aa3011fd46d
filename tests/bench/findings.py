"""What a benchmark has found: a figure, what it is held against, and whether it reaches its aim."""

import json
import os
import platform
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.timing import Spread


@dataclass(frozen=True)
class Aim:
    """A bound of the design. Exactly one of the two is set."""

    unit: str
    at_least: float | None = None
    at_most: float | None = None

    def reached(self, figure: float) -> bool:
        """Whether a figure keeps the bound."""
        return figure >= self.at_least if self.at_least is not None else figure <= self.at_most  # type: ignore[operator]

    def __str__(self) -> str:
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        return f"{sign} {bound:g} {self.unit}"


def times(ratio: float) -> Aim:
    """So many times as quick as the stock side."""
    return Aim("×", at_least=ratio)


@dataclass(frozen=True)
class Finding:
    """One line of the table.

    :param figure: what the aim is compared with: the ratio to stock, or ours in `unit`
    """

    group: str
    name: str
    unit: str
    ours: Spread | None
    figure: float
    aim: Aim | None = None
    stock: Spread | None = None
    raw: Spread | None = None
    ratio: float | None = None
    note: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """None: there is no aim, the figure only informs."""
        return None if self.aim is None else self.aim.reached(self.figure)


def beside_stock(group: str, name: str, sides: dict[str, Spread], aim: Aim | None) -> Finding:
    """A finding of times in seconds: how many times as quick as stock."""
    ours, stock, raw = (sides.get(side) for side in ("ours", "stock", "raw"))
    assert ours is not None
    ratio = stock.middle / ours.middle if stock else None
    in_ms = {
        side: one.scaled(1000) if one else None for side, one in (("ours", ours), ("stock", stock), ("raw", raw))
    }
    return Finding(group, name, "ms", figure=ratio or ours.middle * 1000, aim=aim, ratio=ratio, **in_ms)


def plain(group: str, name: str, unit: str, ours: Spread | float, aim: Aim | None = None, **more: Any) -> Finding:
    """A finding that has no stock side."""
    spread = ours if isinstance(ours, Spread) else Spread(ours, ours, ours)
    return Finding(group, name, unit, spread, spread.middle, aim, **more)


def not_measured(group: str, reason: str) -> Finding:
    """What stands in the table where a group could not be run."""
    return Finding(group, "not measured", "", None, 0.0, Aim("", at_least=1), note=reason)


HEAD = ("what", "ours", "spread", "stock", "raw", "ratio", "aim", "")


def row(finding: Finding) -> tuple[str, ...]:
    """A finding as the cells of the table."""
    mark = {None: "", True: "ok", False: "short"}[finding.reached]
    return (
        f"{finding.group}: {finding.name}",
        f"{_number(finding.ours)} {finding.unit}",
        f"±{_number(finding.ours.width / 2)}" if finding.ours and finding.ours.width else "",
        _number(finding.stock),
        _number(finding.raw),
        f"{finding.ratio:,.1f} ×" if finding.ratio else "",
        str(finding.aim or ""),
        f"{mark} {finding.note}".strip(),
    )


WIDTHS = (46, 16, 10, 10, 10, 10, 16, 5)


def line(cells: tuple[str, ...]) -> str:
    """Cells side by side: the first to the left, numbers to the right."""
    first, *others, last = cells
    return " ".join([first.ljust(WIDTHS[0]), *(c.rjust(w) for c, w in zip(others, WIDTHS[1:], strict=False)), last])


def machine() -> dict[str, Any]:
    """What it was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def write_json(path: Path, findings: list[Finding], **facts: Any) -> None:
    """Everything that was found, for whoever compares runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = [{**asdict(one), "aim": str(one.aim or ""), "reached": one.reached} for one in findings]
    path.write_text(json.dumps({**facts, "findings": told}, ensure_ascii=False, indent=1), encoding="utf-8")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((one.partition(":")[2].strip() for one in lines if one.startswith("model name")), platform.machine())


def _number(value: Spread | float | None) -> str:
    if value is None:
        return ""
    figure = value.middle if isinstance(value, Spread) else value
    return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.3g}" if abs(figure) < 10 else f"{figure:.1f}"
