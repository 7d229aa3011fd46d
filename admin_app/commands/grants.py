"""`dossier grants apply|export|diff PATH`: who may do what, as YAML that can be reviewed."""

import sys
from pathlib import Path
from typing import Any

import click
import yaml

from admin_app.command_archive import actor_for_command, archive_for_command
from models.definitions.sources import read_definition
from models.operations import grants


@click.group("grants")
def group() -> None:
    """Who may do, see and write what."""


@group.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--reason", default="", help="Why, for the change set.")
@click.option("--as", "username", metavar="USER", help="Act as this user.")
def apply(path: Path, reason: str, username: str | None) -> None:
    """Make the configuration in PATH (a file, or a folder with grants.yaml) the one in force."""
    with archive_for_command() as store:
        actor = actor_for_command(store, username)
        change = grants.apply(store, actor, _tree(path), source=_file(path).name, reason=reason)
        _say(grants.lines_of(store, change), "nothing to change")


@group.command()
@click.argument("path", type=click.Path(path_type=Path), required=False)
def export(path: Path | None) -> None:
    """Write the configuration in force to PATH (standard output without it)."""
    with archive_for_command() as store:
        text = yaml.safe_dump(grants.export(store), allow_unicode=True, sort_keys=False, width=160)
    if path is None:
        sys.stdout.write(text)
    else:
        (path / "grants.yaml" if path.is_dir() else path).write_text(text, encoding="utf-8")


@group.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
def diff(path: Path) -> None:
    """Say what applying PATH would change. Exit code 1 when there is something."""
    with archive_for_command() as store:
        change = grants.difference(store, grants.read_policy(store, _tree(path), _file(path).name))
        _say(grants.lines_of(store, change), "no difference")
    if change:
        raise SystemExit(1)


def _file(path: Path) -> Path:
    return path / "grants.yaml" if path.is_dir() else path


def _tree(path: Path) -> Any:
    return read_definition(_file(path))


def _say(lines: list[str], otherwise: str) -> None:
    click.echo("\n".join(lines) or otherwise)


commands = [group]
