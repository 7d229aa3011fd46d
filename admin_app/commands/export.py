"""`dossier export`: records as a file, as one user may take them out."""

import json
from pathlib import Path
from typing import Any

import click

from admin_app.command_archive import actor_for_command, archive_for_command


@click.command()
@click.option("--type", "type_name", required=True, help="Record type.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
@click.option("--format", "form", type=click.Choice(["csv", "xlsx", "jsonl"]), help="Else by the ending of the file.")
@click.option("--fields", metavar="A,B", help="Columns; else every field that may be exported.")
@click.option("--where", metavar="JSON", help="Condition on the records.")
@click.option("--as", "username", metavar="USER", required=True, help="Act as this user.")
def export(
    type_name: str, out: Path, form: str | None, fields: str | None, where: str | None, username: str
) -> None:
    """Write the records of a type that USER may export, with the fields USER may export."""
    from models.access.door import Door
    from models.access.exporting import export_columns
    from models.access.query import Query
    from models.operations import exports

    form = form or out.suffix.lower().lstrip(".")
    if form not in exports.FORMATS:
        raise click.UsageError("Say the format: csv, xlsx or jsonl.")
    query = Query(where=_tree(where))
    with archive_for_command() as store:
        actor = actor_for_command(store, username)
        door = Door(store, actor).open(type_name)
        columns = export_columns(door, fields.split(",") if fields else None)
        pieces = exports.export(door, query, columns, form, actor.locale)
        _write(out, pieces)
    click.echo(f"{out}: {len(columns)} columns")


def _tree(where: str | None) -> Any:
    if where is None:
        return None
    try:
        return json.loads(where)
    except ValueError:
        raise click.UsageError("--where is not JSON.") from None


def _write(out: Path, pieces: Any) -> None:
    """Whole or not at all: a half-written file looks like a whole one."""
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as stream:
            stream.writelines(pieces)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


commands = [export]
