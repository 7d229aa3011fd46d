"""A log line of a fault tells what kind and where, never what somebody typed."""

import json
import subprocess
import sys

FAULTY = """
import logging, structlog
from admin_app import logs

logs.configure("INFO")
value = "310101199003074570"
try:
    raise ValueError("13812345678 is not a name")
except ValueError:
    structlog.get_logger("a").exception("failed", id="A1")
    logging.getLogger("b").exception("failed too")
"""


def test_an_exception_is_logged_without_its_words_and_without_local_values():
    """In a process of its own: logging belongs to a whole process."""
    done = subprocess.run([sys.executable, "-c", FAULTY], capture_output=True, text=True, check=True, timeout=60)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["error"] for line in lines] == ["ValueError", "ValueError"]
    assert all("<module>" in line["at"] for line in lines)
    assert "13812345678" not in done.stderr
    assert "310101199003074570" not in done.stderr
