"""`make proof ISSUE=n`: runs what shows an issue and says it in one line per claim.

`ok|short <claim> <figure> <aim>`. The whole test suite runs once and the benchmarks once, over CUSTOMERS=100000
unless told otherwise; each claim reads its part. A claim whose tests do not exist is short.
"""

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[0] = str(ROOT)

from tests.proofs import issue_1, issue_2  # noqa: E402
from tests.proofs.evidence import Evidence, Size, Verdict  # noqa: E402

ISSUES = {"1": issue_1.CLAIMS, "2": issue_2.CLAIMS}
SMALLER = Size(customers=int(os.environ.get("CUSTOMERS") or 100_000), full=False)
WHOLE = Size(customers=1_000_000, full=True)


def line(verdict: Verdict, words: str, aim: str) -> str:
    """What is printed of one claim."""
    return f"{'ok' if verdict.reached else 'short':5} {words} · {verdict.figure} · {aim}"


def main(arguments: list[str]) -> int:
    """Exit code 0: every claim holds; 1: some are short; 2: wrong use."""
    if len(arguments) != 1 or arguments[0] not in ISSUES:
        print(f"which issue? one of {', '.join(ISSUES)}", file=sys.stderr)
        return 2
    size = WHOLE if os.environ.get("FULL") == "1" else SMALLER
    print(f"issue {arguments[0]}: {size}", flush=True)
    begun, evidence, short = time.monotonic(), Evidence(ROOT, size), 0
    for claim in ISSUES[arguments[0]]:
        verdict = claim.prove(evidence)
        short += not verdict.reached
        print(line(verdict, claim.words, claim.aim), flush=True)
    print(f"{len(ISSUES[arguments[0]])} claims, {short} short, {(time.monotonic() - begun) / 60:.0f} minutes")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
