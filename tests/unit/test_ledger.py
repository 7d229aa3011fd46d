"""The revocation ledger: what stands stays, what was changed is seen, what a crash tore is cut off."""

import json
import multiprocessing
from datetime import UTC, datetime

import pytest

from models.audit.ledger import GENESIS, Head, Ledger, LedgerFault
from models.errors import Unavailable

AT = datetime(2026, 11, 20, 6, 36, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(lambda: tmp_path / "state" / "a.ledger")


def revoked(count):
    return [(f"record{number:020d}", f"key{number:023d}", "0" * 64) for number in range(count)]


def test_lines_are_chained_and_read_back(ledger):
    assert ledger.head() == Head(0, GENESIS)
    heads = [ledger.append("XH-2026-0001", revoked(count), AT) for count in (1, 500, 3)]
    assert [head.n for head in heads] == [1, 2, 3]
    assert ledger.head() == heads[-1]
    assert [len(line["records"]) for line in ledger.lines()] == [1, 500, 3]
    assert ledger.path.stat().st_mode & 0o077 == 0


def test_a_torn_last_line_was_never_acknowledged(ledger):
    head = ledger.append("XH-2026-0001", revoked(2), AT)
    with ledger.path.open("ab") as file:
        file.write(b'{"n":2,"prev":"abc')
    assert ledger.head() == head
    assert len(list(ledger.lines())) == 1
    assert ledger.append("XH-2026-0002", revoked(1), AT).n == 2
    assert [line["n"] for line in ledger.lines()] == [1, 2]


@pytest.mark.parametrize("change", ["edit", "cut", "swap", "rubbish"])
def test_what_was_changed_is_seen(ledger, change):
    for number in range(4):
        ledger.append(f"XH-2026-{number:04d}", revoked(2), AT)
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    if change == "edit":
        lines[1] = json.dumps(json.loads(lines[1]) | {"case": "XH-2026-9999"}).encode() + b"\n"
    elif change == "cut":
        del lines[1]
    elif change == "swap":
        lines[1], lines[2] = lines[2], lines[1]
    else:
        lines[1] = b"not a line\n"
    ledger.path.write_bytes(b"".join(lines))
    with pytest.raises(LedgerFault):
        list(ledger.lines())


def test_an_unwritable_place_is_said_and_nothing_stands(tmp_path):
    (tmp_path / "file").write_text("in the way")
    ledger = Ledger(lambda: tmp_path / "file" / "a.ledger")
    with pytest.raises(Unavailable):
        ledger.append("XH-2026-0001", revoked(1), AT)


def _append(path, name):
    ledger = Ledger(lambda: path)
    for _ in range(20):
        ledger.append(name, revoked(3), AT)


def test_several_processes_make_one_chain(tmp_path):
    path = tmp_path / "a.ledger"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_append, args=(path, f"XH-{number}")) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [line["n"] for line in Ledger(lambda: path).lines()] == list(range(1, 61))
