"""The benchmarks run over a few customers; what they find there says nothing, that they run says enough."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GROUPS = "lists,depth,search,filter,record,export,plan,audit"


def test_the_benchmarks_run_over_five_hundred_customers(tmp_path):
    report = tmp_path / "bench.json"
    command = [sys.executable, "tests/bench/run.py", "--count", "500", "--only", GROUPS]
    done = subprocess.run(
        [*command, "--folder", str(tmp_path), "--json", str(report), "--budget", "0"],
        cwd=ROOT, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "not measured" not in done.stdout, done.stdout
    assert all(f"{group}: " in done.stdout for group in GROUPS.split(","))
    assert report.exists()
