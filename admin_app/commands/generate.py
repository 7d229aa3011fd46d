"""`dossier generate`: made-up records in any number."""

import getpass
from functools import partial

import click

from admin_app.command_archive import settings_for_command
from admin_app.settings import Settings


@click.command()
@click.option("--type", "type_name", required=True, help="Record type; `customer` draws its three kinds.")
@click.option("--count", required=True, type=click.IntRange(1, 100_000_000), help="How many records.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same values.")
@click.option("--full", is_flag=True, help="Fill every field instead of the usual 24.")
def generate(type_name: str, count: int, seed: int, full: bool) -> None:
    """Make up realistic records, checked, sealed and searchable like real ones."""
    from seed.generate import Order
    from seed.generate import generate as run

    order = Order(type_name, count, seed, full, actor=f"cli:{getpass.getuser()}")
    with settings_for_command() as settings:
        _check(settings, order)
        with click.progressbar(length=count, label=type_name, show_pos=True) as bar:
            made = run(partial(_open, settings), order, progress=bar.update)
    click.echo(f"{made} records made.")


def _open(settings: Settings):
    """The store of one worker process."""
    from admin_app.opening import open_store

    return open_store(settings, lane="generate")


def _check(settings: Settings, order) -> None:
    """Bring the data to this release, what ships included, and refuse a type that is not there: before any
    process is started.

    :raises ArchiveError: no such type
    """
    from admin_app.opening import close_store
    from models.definitions.compiled import registry_for
    from models.operations.migrations import migrate
    from models.store import read_stamps
    from seed.loading import apply_shipped

    store = _open(settings)
    try:
        migrate(store)
        apply_shipped(store)
        registry_for(store, read_stamps(store)).get(order.type)
    finally:
        close_store(store)


commands = [generate]
