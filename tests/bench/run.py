"""`make bench`: our panel beside the stock one, over as many customers, in one run on one machine."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # not this folder: its `lists` and `plan` are no top-level modules

from tests.bench import destroying, exports, lists, rights, running, timing, verifying, writing  # noqa: E402
from tests.bench.findings import HEAD, Finding, line, machine, not_measured, row, write_json  # noqa: E402
from tests.bench.ground import Ground, NotMeasured  # noqa: E402

WHOLE = 1_000_000
"""Customers the aims of the design are made for."""
GROUPS = {
    "lists": lists.lists,
    "depth": lists.depth,
    "search": lists.search,
    "filter": lists.filters,
    "record": lists.record,
    "growth": lists.growth,
    "export": exports.exports,
    "permissions": rights.permissions,
    "audit": rights.audit,
    "plan": rights.plan,
    "memory": running.memory,
    "start": running.start,
    "generate": writing.generate,
    "load": writing.load,
    "verification": verifying.verify,
    "destruction": destroying.destruction_rate,
}


def measure(folder: Path, count: int, only: list[str], *, told=print) -> list[Finding]:
    """Run the groups and tell each finding as it comes.

    :param folder: keeps the data for the next run
    """
    os.environ["TZ"] = "Asia/Shanghai"
    found: list[Finding] = []
    told(line(HEAD))
    with Ground(folder, count) as ground:
        for name in only:
            begun = time.perf_counter()
            for finding in _group(name, ground):
                told(line(row(finding)))
                found.append(finding)
            told(f"    ({name}: {time.perf_counter() - begun:.0f} s)")
    return found


def _group(name: str, ground: Ground) -> Iterator[Finding]:
    """The findings of a group; what could not be measured is one that is short, so that the others still run."""
    try:
        yield from GROUPS[name](ground)
    except NotMeasured as reason:
        yield not_measured(name, str(reason))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=WHOLE, help="customers on either side")
    parser.add_argument("--only", default="", help=f"groups by commas: {','.join(GROUPS)}")
    parser.add_argument("--budget", type=float, default=1.0, help="share of the time usually spent on each line")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench", help="keeps the data between runs")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json", help="where everything is written")
    given = parser.parse_args()
    only = [name for name in given.only.split(",") if name] or list(GROUPS)
    if unknown := set(only) - GROUPS.keys():
        parser.error(f"no group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    timing.budget_share = given.budget
    facts = machine()
    where = f"{facts['processor']} × {facts['cores']}, {facts['memory_gb']} GB, load {facts['load']:.1f}"
    print(f"{given.count:,} customers on either side · {where}")
    if given.count < WHOLE:
        print(f"ratios are aimed at {WHOLE:,}: the stock side slows down with their number, so fewer fall short")
    begun = time.perf_counter()
    found = measure(given.folder, given.count, only, told=lambda text: print(text, flush=True))
    seconds = time.perf_counter() - begun
    write_json(given.json, found, count=given.count, machine=facts, seconds=round(seconds))
    short = [one for one in found if one.reached is False]
    print(f"{len(found)} findings, {len(short)} short of their aim, {seconds:.0f} s; {given.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
