"""`dossier up`, and its parts apart: `web`, `worker`, `ticker`, `migrate`."""

from pathlib import Path

import click

from admin_app.command_archive import archive_for_command
from admin_app.faults import WrongUse
from admin_app.settings import Settings, load_settings


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder of the installation.")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0: any free one.")
@click.option("--demo", is_flag=True, help="Load demo data and accounts.")
@click.option("--demo-password", metavar="PW", help="Password of the demo accounts; unset: a random one, shown once.")
@click.option("--workers", type=click.IntRange(1, 64), help="Web processes.")
@click.pass_context
def up(ctx: click.Context, demo: bool, demo_password: str | None, **given: object) -> None:
    """Run everything: servers where no URL is given, web, worker, ticker."""
    from admin_app import supervisor

    given["data_dir"] = given["data_dir"] or ctx.find_root().obj
    supervisor.up(load_settings(**given), demo=demo or demo_password is not None, demo_password=demo_password)


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), help="Web processes.")
def web(**given: object) -> None:
    """Serve the panel."""
    settings = _production(**given)
    from admin_app import bodies

    bodies.web(settings)


@click.command()
@click.option("--queue", "queues", multiple=True, help="Listen to this queue only; may be given again.")
def worker(queues: tuple[str, ...]) -> None:
    """Work on the queues."""
    settings = _production()
    from admin_app import bodies
    from jobs.worker import QUEUES

    unknown = set(queues) - set(QUEUES)
    if unknown:
        words = "There is no queue {names}. Choose among {known}."
        raise WrongUse(words, names=", ".join(sorted(unknown)), known=", ".join(QUEUES))
    if not settings.redis_url:
        raise WrongUse("A worker needs Redis: set DOSSIER_REDIS_URL.")
    bodies.worker(settings, queues or QUEUES)


@click.command()
def ticker() -> None:
    """Do every minute what must not be forgotten."""
    settings = _production()
    from admin_app import bodies

    bodies.ticker(settings)


@click.command()
def migrate() -> None:
    """Bring the data to this release."""
    from models.operations.migrations import migrate as run
    from models.operations.migrations import schema_number

    with archive_for_command(migrate=False) as store:
        done = run(store, told=click.echo)
        click.echo(f"layout {schema_number(store)}, {done} steps done")


def _production(**given: object) -> Settings:
    """Settings of a part that runs apart: nothing is started for it."""
    from admin_app import logs

    settings = load_settings(**given)
    if not settings.mongo_url:
        raise WrongUse("DOSSIER_MONGO_URL is not set. For a trial with embedded servers use `dossier up`.")
    logs.configure(settings.log_level, clock_offset=settings.clock_offset)
    return settings


commands = [up, web, worker, ticker, migrate]
