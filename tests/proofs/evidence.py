"""What claims are judged by: one run of the test suite, one of the benchmarks, and facts that can be counted."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Size:
    """How much is run."""

    customers: int
    full: bool

    def __str__(self) -> str:
        rest = "long campaigns whole" if self.full else "long campaigns at a smaller size; FULL=1 runs them whole"
        return f"benchmarks over {self.customers:,} customers, {rest}"


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds, and the figure it rests on."""

    reached: bool
    figure: str


@dataclass(frozen=True)
class Claim:
    """One sentence of an issue's *It is done when*, and how it is shown."""

    words: str
    aim: str
    prove: Callable[["Evidence"], Verdict]


class Evidence:
    """Runs each thing once, when the first claim asks for it."""

    def __init__(self, root: Path, size: Size):
        self.root, self.size = root, size
        self.folder = root / "build" / "proof"
        self.folder.mkdir(parents=True, exist_ok=True)

    @cached_property
    def tests(self) -> dict[str, str]:
        """Every test that ran, `tests/unit/test_x.py::test_y[z]` → passed, failed or skipped."""
        report = self.folder / "tests.xml"
        command = [
            sys.executable, "-m", "pytest", "-q", "-n", os.environ.get("JOBS", "2"), "--dist", "loadfile", "tests",
            f"--junitxml={report}", "-o", "junit_family=xunit1",
        ]  # fmt: skip
        environment = os.environ | ({"FULL": "1"} if self.size.full else {})
        with (self.folder / "tests.log").open("w") as log:
            subprocess.run(command, cwd=self.root, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)
        return read_report(report)

    @cached_property
    def findings(self) -> dict[str, list[dict[str, Any]]]:
        """What `make bench` found, by group; empty where it could not run to its end."""
        path = self.folder / "bench.json"
        path.unlink(missing_ok=True)
        command = [sys.executable, "tests/bench/run.py", "--count", str(self.size.customers), "--json", str(path)]
        with (self.folder / "bench.log").open("w") as log:
            subprocess.run(command, cwd=self.root, stdout=log, stderr=subprocess.STDOUT, check=False)
        groups: dict[str, list[dict[str, Any]]] = {}
        for one in json.loads(path.read_text())["findings"] if path.exists() else ():
            groups.setdefault(one["group"], []).append(one)
        return groups


def read_report(path: Path) -> dict[str, str]:
    """Outcome by test, from a JUnit report."""
    found = {}
    for case in ElementTree.parse(path).iter("testcase") if path.exists() else ():
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found[f"{case.get('file')}::{case.get('name')}"] = outcome
    return found


def shown_by(*patterns: str) -> Callable[[Evidence], Verdict]:
    """The claim holds when every pattern finds tests, and all that are found passed.

    :param patterns: regular expressions searched for in `tests/…/test_x.py::test_y[z]`
    """

    def prove(evidence: Evidence) -> Verdict:
        missing, passed, other = [], 0, 0
        for pattern in patterns:
            outcomes = [outcome for name, outcome in evidence.tests.items() if re.search(pattern, name)]
            passed += outcomes.count("passed")
            other += len(outcomes) - outcomes.count("passed")
            if not outcomes:
                missing.append(pattern)
        figure = f"{passed} tests passed" + (f", {other} did not" if other else "")
        if missing:
            figure += f", none for {' '.join(missing)}"
        return Verdict(passed > 0 and not other and not missing, figure)

    return prove


def measured(*groups: str) -> Callable[[Evidence], Verdict]:
    """The claim holds when every finding of these benchmark groups that has an aim reaches it."""

    def prove(evidence: Evidence) -> Verdict:
        found = [one for group in groups for one in evidence.findings.get(group, ())]
        aimed = [one for one in found if one["aim"]]
        short = [one for one in aimed if not one["reached"]]
        worst = "; ".join(f"{one['name']} {one['figure']:.3g} ({one['aim']})" for one in short)
        figures = ", ".join(f"{one['figure']:.3g}" for one in aimed)
        figure = f"short: {worst}" if short else f"{figures or 'nothing measured'} at {evidence.size.customers:,}"
        return Verdict(bool(aimed) and not short, figure)

    return prove
