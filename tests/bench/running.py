"""The panel as it runs: how long until it is ready, and how large a web process grows."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.bench import drawn
from tests.bench.findings import Aim, Finding, plain
from tests.bench.ground import PASSWORD, ROOT, Ground, NotMeasured
from tests.bench.timing import Spread

TYPES, FIELDS, RECORDS = 27, 30, 40
"""Types drawn beside the three that ship and their base."""
REQUESTS = 1000
PAUSE_SECONDS = 0.006


@contextmanager
def up(data_dir: Path, *words: str, **environment: str) -> Iterator[tuple[str, float]]:
    """A running `dossier up`: its address, and the seconds until it said it was ready."""
    command = [sys.executable, "-m", "admin_app.cli", "up", "--data-dir", str(data_dir), "--port", "0", *words]
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        said = next((line for line in process.stdout if line.startswith("ready ")), "")
        if not said:
            raise NotMeasured("the panel did not come up")
        yield said.split()[1], time.perf_counter() - begun
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def start(ground: Ground) -> Iterator[Finding]:
    """`dossier up` on the data folder of this run, three times."""
    ground.panel()
    spent = []
    with ground.released():
        for _ in range(3):
            with up(ground.folder.path) as (_, seconds):
                spent.append(seconds)
    yield plain("start", "ready after `dossier up`", "s", Spread.of(spent), Aim("s", at_most=5))


def memory(ground: Ground) -> Iterator[Finding]:
    """The largest web worker after a thousand mixed requests over 30 types."""
    names = _thirty_types(ground)
    given = ground.settings("types")
    environment = {
        "DOSSIER_MONGO_URL": str(given.mongo_url), "DOSSIER_SECRET_KEY": str(given.secret_key),
        "DOSSIER_KEK": str(given.kek), "DOSSIER_WORKERS": "1",
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="ds") as folder, up(Path(folder), **environment) as (address, _):
        sizes = _web_workers(Path(folder))
        before = max(one["Rss"] for one in sizes)
        _thousand(address, names)
        sizes = _web_workers(Path(folder))
    resident, proportional = (max(one[name] for one in sizes) for name in ("Rss", "Pss"))
    note = f"{before:.0f} MB before"
    yield plain("memory", "web worker, resident", "MB", resident, Aim("MB", at_most=180), note=note)
    yield plain("memory", "web worker, proportional", "MB", proportional)


def _thirty_types(ground: Ground) -> list[str]:
    """The shipped kinds and drawn types, a few records in each."""
    names = [f"register{number:02d}" for number in range(TYPES)]
    if not ground.note().get("types"):
        ground.renew("types")
        drawn.put_in_force(ground.store("types"), *(drawn.a_type(name, FIELDS) for name in names))
        drawn.grant_all(ground.store("types"), names)
        for name in ("enterprise", "individual", "tenant", *names):
            ground.dossier("generate", "--type", name, "--count", str(RECORDS), "--full", database="types")
        ground.note(types=True)
    return ["enterprise", "individual", "tenant", *names]


def _thousand(address: str, names: list[str]) -> None:
    """Lists, records, forms, searches and REST in turn, as one administrator."""
    with requests.Session() as browser:
        page = browser.get(f"{address}/login").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        form = {"csrf_token": token[1] if token else "", "username": "admin", "password": PASSWORD}
        browser.post(f"{address}/login", data=form)
        ids = {name: _ids(browser, address, name) for name in names}
        for turn in range(REQUESTS):
            name = names[turn % len(names)]
            known = ids[name][turn // len(names) % len(ids[name])]
            path = (
                f"/admin/r/{name}/", f"/admin/r/{name}/{known}/", f"/api/v1/records/{name}?limit=50",
                f"/admin/r/{name}/?q=a1", f"/admin/r/{name}/{known}/edit/", f"/api/v1/records/{name}/{known}",
                f"/admin/r/{name}/new/",
            )[turn // len(names) % 7]  # fmt: skip
            answer = browser.get(address + path)
            if answer.status_code != 200:
                raise NotMeasured(f"{path}: {answer.status_code}")
            time.sleep(PAUSE_SECONDS)


def _ids(browser: requests.Session, address: str, name: str) -> list[str]:
    found = browser.get(f"{address}/api/v1/records/{name}?limit=20").json()
    return [one["id"] for one in found["items"]]


def _web_workers(folder: Path) -> list[dict[str, float]]:
    """RSS and PSS of gunicorn's workers, in megabytes."""
    from admin_app.processes import read_note

    master = read_note(folder / "up.json")["pids"]["web"]
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return [_size(int(pid)) for pid in children or [master]]


def _size(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    pairs = (line.split(":") for line in lines)
    return {name: int(rest.split()[0]) / 1024 for name, rest in pairs if name in ("Rss", "Pss")}
