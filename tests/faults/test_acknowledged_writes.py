"""Eight clients write while web and mongod are killed: nothing acknowledged is lost, nothing is doubled."""

import itertools
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.panel import Panel, dossier, within

FULL = bool(os.environ.get("FULL"))
CLIENTS = 8
EACH = 60 if FULL else 8
"""At least: they write as long as there are kills."""
KILLS = 12 if FULL else 3
PAUSE_SECONDS = 9.0 if FULL else 1.5
"""Between kills. What dies five times within a minute is not started again."""
ANSWER_SECONDS = 20.0
PATIENCE_SECONDS = 240.0


@pytest.fixture
def panel(tmp_path):
    running = Panel(tmp_path / "data", "--demo-password", "tamper-lantern-98").start()
    yield running
    running.stop()


def token_of(panel):
    made = dossier(
        "--data-dir", panel.folder, "token", "create", "--user", "admin", "--name", "writer", cwd=panel.folder.parent
    )
    assert made.returncode == 0, made.stderr
    return made.stdout.split()[-1]


class Writer(threading.Thread):
    """One client: sends each record again under the same key until it is acknowledged."""

    def __init__(self, panel, token, number, killed):
        super().__init__(daemon=True)
        self.panel, self.token, self.number, self.killed = panel, token, number, killed
        self.begun: list[str] = []
        self.acknowledged: dict[str, str] = {}
        self.refused: list[str] = []

    def run(self):
        for turn in itertools.count():
            if turn >= EACH and self.killed.is_set():
                return
            name = f"断电演练{self.number:02d}{turn:05d}号公司"
            self.begun.append(name)
            end = time.monotonic() + PATIENCE_SECONDS
            while name not in self.acknowledged and time.monotonic() < end:
                self.send(name)

    def send(self, name):
        request = urllib.request.Request(
            f"{self.panel.url}/api/v1/records/enterprise",
            json.dumps({"customer_name": name}).encode(),
            {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": name.encode().hex(),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                self.acknowledged[name] = json.load(answer)["id"]
        except urllib.error.HTTPError as refused:
            if refused.code not in (429, 503):
                self.refused.append(f"{refused.code} {refused.read()[:200]!r}")
                raise
            time.sleep(0.2)
        except OSError:
            time.sleep(0.2)


def test_kill_9_loses_no_acknowledged_write_and_doubles_none(panel):
    token, killed = token_of(panel), threading.Event()
    writers = [Writer(panel, token, number, killed) for number in range(CLIENTS)]
    for writer in writers:
        writer.start()
    for turn in range(KILLS):
        time.sleep(PAUSE_SECONDS)
        name = ("web", "mongo")[turn % 2]
        before = panel.pids[name]
        os.kill(before, signal.SIGKILL)
        assert within(60, lambda name=name, before=before: panel.pids[name] not in (None, before))
        assert within(60, lambda: panel.get("/readyz") == 200)
    killed.set()
    for writer in writers:
        writer.join(PATIENCE_SECONDS)
    assert [writer.refused for writer in writers if writer.refused] == []
    acknowledged = {name: id for writer in writers for name, id in writer.acknowledged.items()}
    assert sorted(acknowledged) == sorted(name for writer in writers for name in writer.begun)
    assert len(acknowledged) >= CLIENTS * EACH
    standing = records(panel, token)
    assert {name: ids for name, ids in standing.items() if len(ids) > 1} == {}
    assert {name: ids[0] for name, ids in standing.items()} == acknowledged
    assert panel.process.poll() is None


def records(panel, token):
    """Name → ids of the records that stand."""
    found: dict[str, list[str]] = {}
    after = ""
    while after is not None:
        request = urllib.request.Request(
            f"{panel.url}/api/v1/records/enterprise?fields=customer_name&limit=200{after}",
            headers={"Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = json.load(answer)
        for one in page["items"]:
            if one["customer_name"].startswith("断电演练"):
                found.setdefault(one["customer_name"], []).append(one["id"])
        after = f"&after={page['next']}" if page["next"] else None
    return found
