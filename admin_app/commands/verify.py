"""`dossier verify run`: verification by hand, worked off in this process."""

import click

from admin_app.command_archive import actor_for_command, archive_for_command
from admin_app.faults import WrongUse

MOST_PARTS = 100_000


@click.group()
def verify() -> None:
    """Verify records by the rules in force."""


@verify.command("run")
@click.option("--rule", metavar="RULE", default="", help="Judge anew every record this rule holds for.")
@click.option("--type", "type_name", metavar="TYPE", default="", help="Judge anew every record of this type.")
def run(rule: str, type_name: str) -> None:
    """Judge what is due, or anew what is named. Exit code 1: a rule could not be worked out, or the run failed."""
    from jobs import working
    from models.definitions.compiled import registry_for
    from models.operations import runs, verification
    from models.operations.rules import in_force
    from models.store import read_stamps

    with archive_for_command() as store:
        actor = actor_for_command(store)
        stamps = read_stamps(store)
        known = {one.id for one in in_force(store, stamps)}
        if rule and rule not in known:
            raise WrongUse("There is no rule {rule}. Choose among {known}.", rule=rule, known=", ".join(sorted(known)))
        if type_name and type_name not in registry_for(store, stamps).types:
            raise WrongUse("There is no type {type}.", type=type_name)
        params = {name: value for name, value in (("rule", rule), ("type", type_name)) if value}
        run_id = runs.request(store, actor, verification.KIND, params)
        for _ in range(MOST_PARTS):
            if not working.perform(store, run_id, verification.KIND):
                break
        ended = runs.get(store, run_id)
    click.echo(f"{ended.state}: {ended.done} records")
    for name, number in sorted(ended.counts.items()):
        if "/" not in name or (rule and name.startswith((f"{rule}/", f"{rule}:"))):
            click.echo(f"{number:>10} {name}")
    if ended.state != "done" or ended.counts.get("errored"):
        raise click.exceptions.Exit(1)


commands = [verify]
