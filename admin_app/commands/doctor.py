"""`dossier doctor`: everything that can be wrong, in words."""

import click

from admin_app.command_archive import settings_for_command
from admin_app.faults import WrongUse

MARKS = {"ok": "ok   ", "warn": "warn ", "fault": "FAULT"}


@click.command()
@click.option("--only", metavar="CHECK", help="Make this check alone.")
def doctor(only: str | None) -> None:
    """Check everything and say what to do."""
    from admin_app.doctor import CHECKS, examine
    from admin_app.opening import close_store, open_store

    if only is not None and only not in CHECKS:
        raise WrongUse("There is no check {only}. Choose among {known}.", only=only, known=", ".join(CHECKS))
    faults = 0
    with settings_for_command() as settings:
        store = open_store(settings, lane="doctor")
        try:
            for found in examine(settings, store, only):
                faults += found.level == "fault"
                click.echo(f"{MARKS[found.level]} {found.name}: {found.sentence}")
        finally:
            close_store(store)
    if faults:
        raise click.exceptions.Exit(1)


commands = [doctor]
