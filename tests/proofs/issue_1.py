"""Issue 1, sentence by sentence."""

import re
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from seed.loading import shipped_definitions
from tests.bench.running import up
from tests.proofs.evidence import Claim, Evidence, Verdict, measured, shown_by

ATTACKS = (1, 2, 3, 4, 7, 8, 9, 10, 13, 14, 18, 19, 21, 24, 28, 29, 30, 36, 37, 39, 41)
"""Of permissions, section 6. A test in a file about attacks names in its own name the ones it makes."""
PARTS = {"customer": (1, 38), "enterprise": (39, 79), "individual": (80, 105), "tenant": (106, 141)}
"""Profile fields of the requirements, first and last of each section: 38 + 41 + 26 + 36."""


def starts(evidence: Evidence) -> Verdict:
    """A new installation says it is ready, and its sign-in page opens."""
    with TemporaryDirectory(prefix="ds") as folder, up(Path(folder), "--demo") as (address, seconds):
        answer = requests.get(f"{address}/login", timeout=10)
    fine = answer.status_code == 200 and 'name="password"' in answer.text
    return Verdict(fine, f"ready after {seconds:.1f} s, /login {answer.status_code}")


def whole_suite(evidence: Evidence) -> Verdict:
    """Every test passes and none is skipped."""
    begun = time.monotonic()
    outcomes = Counter(evidence.tests.values())
    minutes = (time.monotonic() - begun) / 60
    counts = ", ".join(f"{outcomes[word]} {word}" for word in ("passed", "failed", "skipped"))
    figure = f"{counts} in {minutes:.0f} min"
    return Verdict(outcomes["passed"] > 0 and set(outcomes) == {"passed"}, figure)


def every_source(evidence: Evidence) -> Verdict:
    """Each F1–F141 is the source of a field or sub-field in the type its section is about."""
    shipped, counts, lacking = shipped_definitions(), [], []
    for name, (first, last) in PARTS.items():
        parts = [part for one in shipped[name].fields for part in (one, *one.fields)]
        named = {int(number) for part in parts for number in re.findall(r"F(\d+)", part.source or "")}
        wanted = set(range(first, last + 1))
        counts.append(f"{name} {len(wanted & named)}")
        lacking += [f"F{number}" for number in sorted(wanted - named)]
    return Verdict(not lacking, ", ".join(counts) + (f"; without {' '.join(lacking)}" if lacking else ""))


def attack(number: int) -> Claim:
    """One attack of the paper, against every route that has tests for it."""
    prove = shown_by(rf"attack[^:]*::test_(?:\d\d_and_)*{number:02d}(?:_|$)")
    return Claim(f"attack {number} leaks nothing", "all pass", prove)


CLAIMS = (
    Claim("`dossier up --demo` on a new folder says ready and opens the sign-in page", "opens", starts),
    Claim("make test passes", "no failure, none skipped", whole_suite),
    Claim("every profile field F1–F141 is shipped", "38 + 41 + 26 + 36", every_source),
    Claim("the shipped types load, compile and open", "all pass", shown_by("test_shipped_types", "test_shipped_def")),
    Claim("the shipped roles and grants mean what they say", "all pass", shown_by("test_shipped_grants")),
    Claim(
        "seven roles see exactly what the grants say, in a browser", "all pass",
        shown_by("tests/browser/.*::.*(role|sees|grants)"),
    ),
    Claim(
        "create, edit, conflict, trash, restore, compare, revert in a browser", "all pass",
        shown_by("tests/browser/.*conflict", "tests/browser/.*(trash|restore)", "tests/browser/.*(revert|compare)"),
    ),
    Claim("search by initials", "all pass", shown_by("(?i)initials")),
    Claim("CSV with BOM and no live formula; XLSX as calamine reads it", "all pass", shown_by("(?i)csv", "(?i)xlsx")),
    Claim(
        "theaters.jsonl loads through seed/maps/theaters.yaml and is listed, searched, edited, exported", "all pass",
        shown_by("(?i)theater"),
    ),
    Claim("generate makes ≥ 5,000 customers per second", "≥ 5,000/s", measured("generate")),
    Claim("load brings ≥ 2,500 records per second", "≥ 2,500/s", measured("load")),
    Claim("first page and any sort beside stock", "≥ 40 ×", measured("lists")),
    Claim("any page depth beside stock", "≥ 150 ×", measured("depth")),
    Claim("search beside stock", "≥ 200 ×", measured("search")),
    Claim("filter beside stock", "≥ 80 ×", measured("filter")),
    Claim("export beside stock, in clear and with four sealed columns", "≥ 6 × and ≥ 3 ×", measured("export")),
    Claim("record page", "≤ 15 ms", measured("record")),
    Claim("ten thousand to all customers", "≤ 1.3 ×", measured("growth")),
    Claim("permissions cost", "≤ 10 % or 3 ms", measured("permissions")),
    Claim("audit cost, list and record page", "≤ 2 ms, ≤ 5 ms", measured("audit")),
    Claim("plan compile", "≤ 5 ms", measured("plan")),
    Claim("web worker after 1,000 requests with 30 types", "≤ 180 MB", measured("memory")),
    Claim("ready after `dossier up`", "≤ 5 s", measured("start")),
    *(attack(number) for number in ATTACKS),
    Claim("seven routes of Flask-Admin are shut", "all pass", shown_by("(?i)(flask_?admin|stock)_?.*routes?")),
    Claim("planted values of sealed fields stand in no file", "all pass", shown_by("planted")),
    Claim(
        "kill −9 of web or mongod under 8 writing clients loses and doubles nothing", "all pass",
        shown_by("(?i)faults/.*(kill|lose)|test_.*kill.*(web|mongod|writer)"),
    ),
    Claim("`dossier up` comes back by itself", "all pass", shown_by("(?i)(supervis|restart|comes?_back|every_part)")),
    Claim("bad input gets a 4xx or a message, never a 500", "all pass", shown_by("(?i)(bad_input|nonsense|hostile)")),
    Claim(
        "schemathesis, all checks, as administrator and service_clerk", "finds nothing",
        shown_by("(?i)(schemathesis|fuzz)"),
    ),
    Claim("every page passes axe in both themes at 360 and 1440 pixels", "all pass", shown_by("(?i)axe")),
    Claim("no page lacks a string in three languages", "all pass", shown_by("(?i)(translat|catalogue|three_lang)")),
    Claim("every page is silent in the console under the CSP", "all pass", shown_by("(?i)(console|silent)")),
)  # fmt: skip
