"""How a command reaches the archive: by the URLs, else the running `up`, else servers for its own time."""

import getpass
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from admin_app.data_folder import DataFolder
from admin_app.faults import WrongUse
from admin_app.services import EmbeddedMongo
from admin_app.settings import Settings, load_settings

if TYPE_CHECKING:
    from models.store import Store
    from models.users import Actor

PATIENCE_SECONDS = 60.0


@contextmanager
def settings_for_command() -> Iterator[Settings]:
    """Settings whose MongoDB answers, for the time of a command."""
    settings = load_settings(data_dir=click.get_current_context().find_root().obj)
    folder = DataFolder(settings.data_dir)
    if settings.mongo_url and settings.secret_key:
        yield settings
        return
    folder.make()
    if settings.mongo_url:
        yield folder.completed(settings)
        return
    with ExitStack() as stack:
        yield folder.completed(settings, **_urls(folder, stack))


def _urls(folder: DataFolder, stack: ExitStack) -> dict[str, str]:
    """The servers of a running `up`, else a mongod of our own until `stack` ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        running = folder.running()
        if running:
            return {name: running[name] for name in ("mongo_url", "redis_url")}
        try:
            stack.enter_context(folder.held(f"dossier {' '.join(sys.argv[1:2])}"))
        except WrongUse:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
            continue
        server = EmbeddedMongo(folder.path, folder.sockets())
        stack.callback(server.stop)
        server.start()
        return {"mongo_url": server.url}


@contextmanager
def archive_for_command(*, migrate: bool = True) -> Iterator["Store"]:
    """The store a command works on; pending migrations run first and what ships is there, as in `up`.

    :raises WrongUse: another command holds the data folder for longer than a minute
    """
    from admin_app.opening import close_store, open_guarded
    from models.operations.migrations import migrate as run_migrations
    from seed.loading import ensure_shipped

    with settings_for_command() as settings:
        store = open_guarded(settings)
        try:
            if migrate:
                run_migrations(store)
                ensure_shipped(store)
            yield store
        finally:
            close_store(store)


def actor_for_command(store: "Store", username: str | None = None) -> "Actor":
    """The user named by `--as`, else the system actor `cli:<os user>`.

    :raises WrongUse: no such user, or not active
    """
    from models.errors import RecordNotFound
    from models.users import Actor

    if username is None:
        return Actor.system_actor(f"cli:{getpass.getuser()}")
    from models.operations.users import actor_named

    try:
        return actor_named(store, username)
    except RecordNotFound:
        words = "There is no active user {name}. `dossier user list` shows who there is."
        raise WrongUse(words, name=username) from None
