"""A file may be far larger than the memory of the process that loads it: 200 MB (3 in the short version) in 300."""

import csv
import json
import os
import subprocess
import sys

import pytest
import xlsxwriter

from tests.attack.commands import FORMS, commands_on

FULL = os.environ.get("FULL") == "1"
MEGABYTES = 200 if FULL else 3
MOST_RESIDENT = 300 * 2**20
HEADS = ("客户名称", "联系电话", "备注甲", "备注乙")
PROGRAM = """
import re, sys
from pathlib import Path
from admin_app.cli import run
try:
    code = run(sys.argv[1:])
except SystemExit as leaving:
    code = leaving.code or 0
kilobytes = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(code, int(kilobytes) * 1024)
"""
"""The peak of this program's own memory: what `getrusage` tells of a child begins at the peak of its parent."""


def rows():
    """Rows of about 3 KB, no two alike, that no packer makes much smaller."""
    for turn in range(MEGABYTES * 340):
        noise = "".join(chr(0x4E00 + (turn * 7919 + place * 104729) % 20000) for place in range(480))
        yield [f"客户{turn}有限公司", f"138{turn:08}", noise, noise[::-1]]


def written(path, form):
    if form == "xlsx":
        with xlsxwriter.Workbook(str(path), {"constant_memory": FULL}) as book:
            sheet = book.add_worksheet()
            for number, cells in enumerate([HEADS, *rows()] if not FULL else _headed()):
                for place, cell in enumerate(cells):
                    sheet.write_string(number, place, cell)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        if form == "csv":
            csv.writer(file).writerows(_headed())
            return
        objects = (json.dumps(dict(zip(HEADS, cells, strict=True)), ensure_ascii=False) for cells in rows())
        if form == "jsonl":
            file.writelines(f"{one}\n" for one in objects)
            return
        for number, one in enumerate(objects):
            file.write(f"{',' if number else '['}{one}\n")
        file.write("]")


def _headed():
    yield HEADS
    yield from rows()


@pytest.mark.parametrize("form", FORMS)
def test_a_large_file_is_checked_in_little_memory(shipped, mongo_url, tmp_path, monkeypatch, capsys, form):
    commands_on(shipped, mongo_url, tmp_path, monkeypatch, capsys)
    path = tmp_path / f"large.{form}"
    written(path, form)
    words = ["load", str(path), "--type", "enterprise", "--dry-run"]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True)
    code, resident = map(int, done.stdout.splitlines()[-1].split())
    told = done.stdout.splitlines()[0]
    assert (code, told.partition(",")[0]) == (0, f"{MEGABYTES * 340} would be added"), done.stdout + done.stderr
    assert resident < MOST_RESIDENT
    print(f"{form}: {path.stat().st_size / 2**20:.0f} MB in {resident / 2**20:.0f} MB")
