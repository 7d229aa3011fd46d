"""Workers and a ticker as whole processes over the stores of a test: `python -m tests.faults.crew ARGUMENTS`.

The master imports once, forks as `dossier up` does, and starts again whatever was killed. It ends with its parent.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from admin_app.parts import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Shanghai")


def open_store(mongo_url: str, name: str, kek: str, offset: int = 0):
    """The store of a test, opened by another process."""
    import pymongo

    from models.audit.log import AuditLog
    from models.crypto.keys import FileKek, Keyring
    from models.store import Clock, Store

    client = pymongo.MongoClient(mongo_url, uuidRepresentation="standard", tz_aware=True, w="majority")
    data, keys, clock = client[name], client[f"{name}_keys"], Clock(ZONE, offset)
    keyring = Keyring(keys, FileKek(Path(kek)), clock)
    return Store(data=data, keys=keys, clock=clock, keyring=keyring, audit=AuditLog(data, clock))


def _master(asked: dict) -> None:
    from jobs import registry, ticker, worker
    from models.operations import verification
    from tests.faults import planted

    for kind, job in planted.JOBS.items():
        registry.JOBS[kind] = job
    verified = registry.JOBS["verification"]
    registry.JOBS["verification"] = replace(verified, seconds=asked["lease"])
    verification.BATCH = asked["batch"]

    def opener(offset: int = 0) -> Callable:
        return lambda: open_store(asked["mongo"], asked["name"], asked["kek"], offset)

    bodies = [lambda: worker.serve(opener(), asked["redis"])] * asked["workers"]
    for offset in asked["tickers"]:
        bodies.append(lambda offset=offset: ticker.serve(opener(offset), _Never(), 0.3, asked["redis"]))
    end_with_parent(os.getppid())
    running = {_fork(body): body for body in bodies}
    print("ready", flush=True)
    while True:
        pid, _ = os.wait()
        if pid in running:
            body = running.pop(pid)
            time.sleep(0.05)
            running[_fork(body)] = body


class _Never:
    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return False


def _fork(body: Callable) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        end_with_parent(parent)
        body()
    finally:
        os._exit(1)


@contextmanager
def crew(store, mongo_url: str, redis_url: str, *, workers: int = 1, tickers=(0,), lease: int = 2, batch: int = 50):
    """Workers and tickers at work while the block runs; the master's process.

    :param tickers: seconds by which the clock of each is off
    :param lease: seconds a lease of the verification holds
    """
    asked = {
        "mongo": mongo_url, "redis": redis_url, "name": store.data.name, "kek": str(store.keyring._provider.path),
        "workers": workers, "tickers": list(tickers), "lease": lease, "batch": batch,
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.faults.crew", json.dumps(asked)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().strip() == "ready"
        yield process
    finally:
        for pid in _below(process.pid):
            _signal(pid, signal.SIGKILL)
        process.kill()
        process.wait(10)
        process.stdout.close()


def _below(root: int) -> set[int]:
    from tests.panel import family

    return family(root) - {root}


def members(process: subprocess.Popen) -> list[int]:
    """What the master has forked: workers, tickers, and the children that do a job."""
    return sorted(_below(process.pid))


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def kill(pid: int) -> bool:
    """kill −9; False: it had ended already."""
    return _signal(pid, signal.SIGKILL)


if __name__ == "__main__":
    _master(json.loads(sys.argv[1]))
