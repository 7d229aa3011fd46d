"""`dossier types`: record types judged, put in force, written out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from admin_app.command_archive import actor_for_command, archive_for_command
from models.definitions.faults import DefinitionFaults

if TYPE_CHECKING:
    from models.definitions.compiled import CompiledType, TypeRegistry
    from models.definitions.record_types import TypeDefinition
    from models.store import Store

PATH = click.Path(path_type=Path, exists=True)
FOLDER = click.Path(path_type=Path, file_okay=False)


@contextmanager
def faults_told() -> Iterator[None]:
    """Every fault of a definition is a line of its own; what the command then says is how many."""
    try:
        yield
    except DefinitionFaults as found:
        for fault in found.faults:
            click.echo(fault)
        count = "1 fault" if len(found.faults) == 1 else f"{len(found.faults)} faults"
        raise click.ClickException(f"{count}. Mend them; nothing was put in force.") from None


@click.group()
def types() -> None:
    """Record types as data."""


@types.command()
@click.argument("path", type=PATH)
def validate(path: Path) -> None:
    """Judge the definitions in a file or folder, without the archive, and show the indexes they would have."""
    from models.operations.types import read_definitions
    from models.operations.types import validate as judge

    with faults_told():
        given = read_definitions(path)
        registry = judge(path, _shipped(given))
    for name in sorted(given):
        click.echo(_line(registry.get(name)))
    for base in sorted({registry.get(name).base for name in given}):
        _say_indexes(registry, base)


def _shipped(given: Mapping[str, "TypeDefinition"]) -> dict[str, "TypeDefinition"]:
    """The shipped types, for definitions that extend or point to one of them."""
    import seed
    from models.operations.types import read_definitions

    folder = Path(seed.__file__).parent / "types"
    return {name: one for name, one in read_definitions(folder).items() if name not in given}


def _line(compiled: "CompiledType") -> str:
    parts = sum(len(one.fields) for one in compiled.fields)
    off = sum(not one.active for one in compiled.walk())
    sealed = sum(one.sealed for one in compiled.walk() if one.active)
    words = f"{compiled.name}: {len(compiled.fields)} fields, {parts} sub-fields, {off} off, {sealed} sealed"
    return f"{words}; holds {', '.join(compiled.kinds)}" if compiled.abstract else words


def _say_indexes(registry: "TypeRegistry", base: str) -> None:
    from models.definitions.index_plan import MOST_INDEXES

    compiled = registry.get(base)
    click.echo(f"{compiled.collection}: {len(compiled.planned)} of {MOST_INDEXES} indexes")
    for planned in compiled.planned:
        unique = " unique" if planned.unique else ""
        click.echo(f"  {planned.name}{unique} ({', '.join(planned.paths)}): {planned.why}")


@types.command()
@click.argument("path", type=PATH)
@click.option("--reason", default="dossier types apply", metavar="TEXT", help="Kept with the version.")
@click.option("--as", "username", metavar="USER", help="Act as this user.")
def apply(path: Path, reason: str, username: str | None) -> None:
    """Put the definitions in a file or folder in force."""
    from models.operations.types import apply as put_in_force
    from models.operations.types import read_definitions

    with faults_told():
        definitions = read_definitions(path)
    with archive_for_command() as store, faults_told():
        applied = put_in_force(actor_for_command(store, username), store, definitions, reason=reason)
        for name, version in sorted(applied.versions.items()):
            click.echo(f"{name}: version {version}")
        if not applied.versions:
            click.echo("no change")
        _refresh(store, applied.registry)


def _refresh(store: "Store", registry: "TypeRegistry") -> None:
    """Bring the records to the version in force at once; what a stop leaves, the ticker does."""
    from models.operations.refreshing import refresh

    for name in registry.names:
        done = refresh(store, name)
        if done.records:
            click.echo(f"{name}: {done.records} records rewritten")
        if done.collisions:
            click.echo(f"{name}: {done.collisions} of them hold a value that should stand once and does not", err=True)


@types.command()
@click.argument("path", type=FOLDER)
@click.option("--as", "username", metavar="USER", help="Act as this user.")
def export(path: Path, username: str | None) -> None:
    """Write the types in force into a folder, a file each."""
    from models.operations.types import export as write_out

    with archive_for_command() as store:
        for file in write_out(actor_for_command(store, username), store, path):
            click.echo(file)


commands = [types]
