"""Taking time fairly: sides in turn, warmed up, garbage collection off, medians and spread instead of means."""

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles

Work = Callable[[], object]

FEWEST, MOST = 5, 60
WARM_UP = 2
BUDGET_SECONDS = 6.0
budget_share = 1.0
"""Of the seconds given to a measurement; 0 does the fewest rounds."""
PAUSE_SECONDS = 0.006
"""Rest after each request: the panel brakes one person at 200 requests a second."""


@dataclass(frozen=True)
class Spread:
    """Middle and quartiles of one measured side."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: list[float]) -> "Spread":
        """From single figures, at least one."""
        if len(figures) < 2:
            return cls(figures[0], figures[0], figures[0])
        low, _, high = quantiles(figures, n=4, method="inclusive")
        return cls(median(figures), low, high)

    def scaled(self, factor: float) -> "Spread":
        """In another unit."""
        return Spread(self.middle * factor, self.low * factor, self.high * factor)

    def rate(self, count: float) -> "Spread":
        """Seconds for `count` things, as things per second."""
        return Spread(count / self.middle, count / self.high, count / self.low)

    @property
    def width(self) -> float:
        """The interquartile range."""
        return self.high - self.low


def seconds_of(work: Work) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def in_turn(sides: Mapping[str, Work], *, budget_seconds: float = BUDGET_SECONDS) -> dict[str, Spread]:
    """Measure all sides, one call each in every round, so that whatever else the machine does strikes all alike.

    :param budget_seconds: no round begins after so long, once there were `FEWEST`
    """
    spent: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(WARM_UP):
        for work in sides.values():
            work()
    gc.collect()
    gc.disable()
    try:
        end = time.perf_counter() + budget_seconds * budget_share
        for turn in range(MOST):
            if turn >= FEWEST and time.perf_counter() > end:
                break
            for name, work in sides.items():
                spent[name].append(seconds_of(work))
                time.sleep(PAUSE_SECONDS)
            if turn % 10 == 9:
                gc.collect()
    finally:
        gc.enable()
    return {name: Spread.of(figures) for name, figures in spent.items()}
