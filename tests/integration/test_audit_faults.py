"""The audit log under murder: processes, servers and lines die; the chains stay whole and lose nothing acknowledged."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pymongo
import pytest

from admin_app.services import EmbeddedMongo
from models.audit.lanes import lane_states, unclosed_lanes
from models.audit.log import AuditLog, Entry
from models.errors import Unavailable
from tests.cut_line import CutLine
from tests.verifying import entries_of, verified_lanes


def entry(n):
    return Entry("records:view", "user1", records=[f"r{n}"])


def logged(db):
    return [content["records"][0] for content in entries_of(db)]


@pytest.fixture
def writer(mongo_url, store):
    """Start a writing process; kept until the test ends."""
    started = []

    def start(threads, entries, name="w"):
        command = [sys.executable, "-m", "tests.audit_writer", mongo_url, store.data.name]
        process = subprocess.Popen([*command, str(threads), str(entries), name], stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_many_threads_in_many_processes_leave_no_fork_and_no_gap(store, writer):
    processes = [writer(16, 25, f"w{n}") for n in range(4)]
    acknowledged = [line for process in processes for line in process.communicate()[0].split()]
    assert [process.returncode for process in processes] == [0] * 4
    assert len(acknowledged) == 4 * 16 * 25
    assert sorted(acknowledged) == sorted(logged(store.data))
    assert set(lane_states(store.data).values()) == {"closed"}
    assert len(verified_lanes(store.data)) == 4


def test_a_killed_writer_loses_nothing_acknowledged_and_its_lane_is_told_abandoned(store, writer):
    process = writer(8, 100_000)
    acknowledged = [process.stdout.readline().strip() for _ in range(500)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.read().split("\n")[:-1]
    standing = logged(store.data)
    assert set(acknowledged) <= set(standing)
    assert len(standing) == len(set(standing))
    [lane] = verified_lanes(store.data)
    assert lane_states(store.data) == {lane: "open"}
    long_ago = store.clock.now() - timedelta(minutes=10)
    store.data.audit_lanes.update_one({"_id": lane}, {"$set": {"seen_at": long_ago}})
    assert lane_states(store.data) == unclosed_lanes(store.data) == {lane: "abandoned"}


@pytest.fixture
def line(mongo_url, short_folder):
    server = Path(unquote(mongo_url.removeprefix("mongodb://").partition("/?")[0]))
    made = CutLine(server, short_folder / "cut.sock")
    yield made
    made.close()


@pytest.mark.parametrize("retry", [True, False], ids=["driver retries", "driver gives up"])
@pytest.mark.parametrize("losses", [1, 3])
def test_a_lost_reply_leaves_neither_gap_nor_double(store, line, retry, losses):
    with pymongo.MongoClient(line.url, tz_aware=True, retryWrites=retry) as client:
        audit = AuditLog(client[store.data.name], store.clock, patience=5)
        audit.append(entry(0))
        for n in range(1, 20):
            if n % 5 == 0:
                line.lose(losses, b"audit_entries")
            audit.append(entry(n))
        audit.close()
    assert line.lost >= 3 * losses
    assert logged(store.data) == [f"r{n}" for n in range(20)]
    assert len(verified_lanes(store.data)) == 1


def test_a_lane_left_in_doubt_is_not_written_again(store, line):
    """A driver looks at a server it lost at most every 500 ms: less patience than a few such looks can never be met."""
    with pymongo.MongoClient(line.url, tz_aware=True, retryWrites=False, serverSelectionTimeoutMS=5000) as client:
        audit = AuditLog(client[store.data.name], store.clock, patience=2.0)
        audit.append(entry(0))
        line.lose(1000, b"audit_entries")
        with pytest.raises(Unavailable):
            audit.append(entry(1))
        line.lose(0, b"")
        audit.append(entry(2))
        audit.close()
    assert set(logged(store.data)) >= {"r0", "r2"}
    first, second = sorted(verified_lanes(store.data).values(), key=lambda contents: contents[0]["at"])
    assert sorted(lane_states(store.data).values()) == ["closed", "left"]
    assert second[0]["extra"]["after"] in lane_states(store.data)
    assert first[0]["action"] == second[0]["action"] == "lane:open"


def test_another_writer_under_our_number_is_found_and_its_lane_left(store):
    store.audit.append(entry(0))
    lane = store.audit.lane
    store.data.audit_entries.insert_one({"_id": f"{lane}:{2:012d}", "hash": b"foreign"})
    with pytest.raises(Unavailable):
        store.audit.append(entry(1))
    store.audit.append(entry(2))
    assert store.audit.lane != lane
    assert lane_states(store.data)[lane] == "left"


def test_a_killed_mongod_loses_nothing_acknowledged(clock, tmp_path_factory, short_folder):
    server = EmbeddedMongo(tmp_path_factory.mktemp("data"), short_folder)
    server.start()
    try:
        with pymongo.MongoClient(server.url, tz_aware=True) as client:
            audit = AuditLog(client.archive, clock, patience=10)
            acknowledged, kill = [], threading.Event()
            threads = [threading.Thread(target=_write, args=(audit, acknowledged, kill, n)) for n in range(8)]
            for thread in threads:
                thread.start()
            kill.wait()
            os.kill(server.pid, signal.SIGKILL)
            server._child.wait()
            server.start()
            for thread in threads:
                thread.join()
            audit.close()
            standing = logged(client.archive)
    finally:
        server.stop()
    assert len(acknowledged) == 8 * 60
    assert set(acknowledged) <= set(standing)
    assert len(standing) == len(set(standing))


def _write(audit, acknowledged, kill, name):
    for n in range(60):
        if n == 30:
            kill.set()
        audit.append(entry(f"{name}.{n}"))
        acknowledged.append(f"r{name}.{n}")
