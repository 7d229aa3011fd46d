"""`dossier destroy`: what cases there are, and working off what is ready. It signs nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from admin_app.command_archive import settings_for_command
from admin_app.settings import Settings

if TYPE_CHECKING:
    from models.store import Store

MOST_PARTS = 10_000
FAULTY = ("needs_human", "blocked")


@click.group()
def destroy() -> None:
    """Destruction cases. Signing is for persons, in the panel."""


@destroy.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are over, too.")
def list_cases(every: bool) -> None:
    """Cases: number, state, how many records, when proposed."""
    from models.lifecycle.cases import OPEN
    from models.operations import cases

    with _archive() as (_, store):
        for case in cases.listed(store, states=() if every else sorted(OPEN)):
            count = (case.get("manifest") or {}).get("count", "-")
            click.echo(f"{case['_id']}\t{case['state']}\t{count}\t{case['proposed']['at']:%Y-%m-%d %H:%M}")


@destroy.command()
@click.argument("case_id", metavar="ID")
def show(case_id: str) -> None:
    """One case as JSON: state, signatures, progress; its certificate where there is one."""
    from models.errors import RecordNotFound
    from models.operations import cases, certificates

    with _archive() as (_, store):
        case = cases.find(store, case_id)
        told: dict[str, Any] = {name: case.get(name) for name in SHOWN}
        told["progress"] = cases.progress(store, case)
        try:
            found = certificates.find(store, case_id)
            told["certificate"] = {"content": found["content"], "signature": found["signature"]}
        except RecordNotFound:
            told["certificate"] = None
        click.echo(json.dumps(told, ensure_ascii=False, indent=2, default=str))


SHOWN = (
    "_id", "type", "authority", "rule", "reason", "state", "proposed", "manifest", "needed", "signatures",
    "cooling_until", "supervisor", "started", "blocked", "fault", "ended", "moves",
)  # fmt: skip


@destroy.command()
@click.option("--case", "case_id", metavar="ID", help="This case alone.")
@click.option("--once", is_flag=True, hidden=True, help="One part in this process, and its outcome as a word.")
def step(case_id: str | None, once: bool) -> None:
    """Work off what is ready: cooling-off that is over, cases that run, their check in a process of its own."""
    from models.operations import cases, destruction

    stopped = False
    with _archive() as (settings, store):
        if once and case_id:
            click.echo(destruction.step(store, case_id, scanners=_scanners(settings)).value)
            return
        cases.advance_all(store)
        for one in [case_id] if case_id else destruction.ready(store):
            _carry_out(settings, store, one)
            state = cases.find(store, one)["state"]
            stopped |= state in FAULTY
            click.echo(f"{one}\t{state}")
    if stopped:
        raise click.exceptions.Exit(1)


def _carry_out(settings: Settings, store: "Store", case_id: str) -> None:
    from models.operations import destruction

    for _ in range(MOST_PARTS):
        outcome = destruction.step(store, case_id, scanners=_scanners(settings))
        if outcome == destruction.Outcome.FRESH:
            outcome = destruction.Outcome(_elsewhere(settings, case_id))
        if outcome != destruction.Outcome.AGAIN:
            return


def _elsewhere(settings: Settings, case_id: str) -> str:
    """A part in a process that has touched nothing of the case."""
    command = [sys.executable, "-m", "admin_app.cli", "destroy", "step", "--once", "--case", case_id]
    done = subprocess.run(command, env=_environment(settings), capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(done.stderr.strip().removeprefix("dossier: ") or "The check could not be begun.")
    return done.stdout.strip()


def _environment(settings: Settings) -> dict[str, str]:
    """What leads another process to the same archive. Secrets go by the environment, not by the command line."""
    names = ("mongo_url", "keys_url", "redis_url", "secret_key", "kek", "ledger", "data_dir", "tz", "clock_offset")
    given = {name: getattr(settings, name) for name in names}
    return {**os.environ, **{f"DOSSIER_{name.upper()}": str(value) for name, value in given.items() if value}}


def _scanners(settings: Settings) -> list[Any]:
    if not settings.redis_url:
        return []
    from jobs.destruction import redis_scanner
    from jobs.worker import connect

    return [redis_scanner(connect(settings.redis_url))]


@contextmanager
def _archive() -> Iterator[tuple[Settings, "Store"]]:
    from admin_app.opening import close_store, open_guarded
    from models.operations.migrations import migrate

    with settings_for_command() as settings:
        store = open_guarded(settings, lane="destroy")
        try:
            migrate(store)
            yield settings, store
        finally:
            close_store(store)


commands = [destroy]
