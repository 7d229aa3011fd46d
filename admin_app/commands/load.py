"""`dossier load FILE`: rows of a foreign file become records."""

import csv
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from admin_app.command_archive import actor_for_command, archive_for_command
from models.errors import ArchiveError

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
@click.option("--type", "type_name", help="Record type; else the map says it.")
@click.option("--map", "map_file", type=FILE, help="How paths of the file become fields (YAML).")
@click.option("--mode", type=click.Choice(["add", "update", "upsert"]), default="add", show_default=True)
@click.option("--key", metavar="FIELD", help="The field by which a row finds its record.")
@click.option("--dry-run", is_flag=True, help="Judge every row and write nothing.")
@click.option("--report", "report_file", type=click.Path(path_type=Path, dir_okay=False), help="Bad rows as CSV.")
@click.option(
    "--failed",
    "failed_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Bad rows with their reasons, to correct and load again.",
)
@click.option("--as", "username", metavar="USER", help="Act as this user.")
def load(
    file: Path,
    type_name: str | None,
    map_file: Path | None,
    mode: str,
    key: str | None,
    dry_run: bool,
    report_file: Path | None,
    failed_file: Path | None,
    username: str | None,
) -> None:
    """Bring the rows of FILE (csv, xlsx, json, jsonl, MongoDB extended JSON) in. Exit code 1 when some were bad."""
    from models.access.door import Door
    from models.definitions.sources import read_definition
    from models.operations import imports
    from models.operations.bulk import work_in_batches
    from models.operations.failures import FailedRows
    from models.operations.maps import read_map
    from models.operations.tables import rows_in

    mapped = read_map(read_definition(map_file), map_file.name) if map_file else None
    name = type_name or (mapped and mapped.type)
    if not name:
        raise click.UsageError("Say the record type: --type, or type in the map.")
    with archive_for_command() as store, ExitStack() as stack:
        door = Door(store, actor_for_command(store, username)).open(name)
        work_in_batches()
        report = _Report(report_file, stack)
        bar = stack.enter_context(_Bar(file))
        rows = rows_in(file)
        failed = (
            FailedRows(rows.columns, stack.enter_context(failed_file.open("wb")).write) if failed_file else _nothing
        )
        outcome = imports.load(
            door, rows, mapped=mapped, mode=mode, key=key, dry_run=dry_run, report=report, failed=failed,
            progress=bar.to,
        )  # fmt: skip
    _say(outcome, dry_run)
    if outcome.bad:
        raise SystemExit(1)


def _nothing(*_: Any) -> None:
    """Nobody asked for the failed rows."""


class _Report:
    """Bad rows, to a CSV file or (the first few) to standard error."""

    SHOWN = 10

    def __init__(self, path: Path | None, stack: ExitStack):
        self.told, self.writer = 0, None
        if path is not None:
            stream = stack.enter_context(path.open("w", encoding="utf-8-sig", newline=""))
            self.writer = csv.writer(stream)
            self.writer.writerow(["row", "field", "code", "reason"])

    def __call__(self, row: int, address: str, fault: ArchiveError) -> None:
        self.told += 1
        if self.writer:
            self.writer.writerow([row, address, fault.code, fault.public_words()])
        elif self.told <= self.SHOWN:
            click.echo(f"row {row}: {address + ': ' if address else ''}{fault.public_words()}", err=True)
        elif self.told == self.SHOWN + 1:
            click.echo("more of the kind; --report FILE lists all", err=True)


class _Bar:
    """A bar that counts rows; its length is not known before the file is read."""

    def __init__(self, file: Path):
        self.file, self.shown = file, sys.stderr.isatty()

    def __enter__(self) -> "_Bar":
        return self

    def to(self, rows: int) -> None:
        """Show how many rows are done."""
        if self.shown:
            click.echo(f"\r{self.file.name}: {rows} rows", nl=False, err=True)

    def __exit__(self, *fault: Any) -> None:
        if self.shown:
            click.echo("", err=True)


def _say(outcome: Any, dry_run: bool) -> None:
    verb = "would be " if dry_run else ""
    done = f"{outcome.added} {verb}added, {outcome.changed} {verb}changed"
    click.echo(f"{done}, {outcome.bad} bad of {outcome.rows} rows")
    for note in outcome.notes:
        click.echo(note.public_words())
    for path, rows in outcome.left.most_common(50):
        click.echo(f"not taken: {path} ({rows} rows)")


commands = [load]
