"""What each part does, imported once by the supervisor before it forks them."""

import signal
import socket
import sys
from collections.abc import Sequence

from admin_app import opening
from admin_app.faults import in_words
from admin_app.processes import StopSign
from admin_app.settings import Settings
from admin_app.web import run_web
from jobs import ticker as ticker_job
from jobs import worker as worker_job
from models.errors import ArchiveError
from models.operations.migrations import migrate
from models.operations.users import first_sign_in_token
from models.store import Store
from seed import demo
from seed.loading import ensure_shipped


def web(settings: Settings, listener: socket.socket | None = None) -> None:
    """Serve the panel until SIGTERM."""
    run_web(settings, listener)


def worker(settings: Settings, queues: Sequence[str] = worker_job.QUEUES) -> None:
    """Work on the queues until SIGTERM."""
    worker_job.serve(lambda: opening.open_guarded(settings), str(settings.redis_url), queues)


def ticker(settings: Settings) -> None:
    """Tick until SIGTERM."""
    stopped = StopSign().on(signal.SIGTERM, signal.SIGINT)
    ticker_job.serve(lambda: opening.open_guarded(settings), stopped, redis_url=settings.redis_url)


def prepare(settings: Settings, url: str, demo_password: str | None) -> None:
    """Bring the data to this release: migrations, shipped definitions, demo, the first way in."""
    try:
        store = opening.open_guarded(settings, lane="prepare")
        store.keyring.self_test()
        migrate(store)
        ensure_shipped(store)
        if demo_password:
            _load_demo(store, demo_password)
        _open_the_door(store, url)
        opening.close_store(store)
    except ArchiveError as fault:
        print(f"dossier: {in_words(fault)}", file=sys.stderr, flush=True)
        raise SystemExit(1) from None


def _load_demo(store: Store, password: str) -> None:
    """Demo accounts and records, once; their password is said only when they were made."""
    if demo.load(store, password):
        names = ", ".join(account[0] for account in demo.ACCOUNTS)
        print(f"demo accounts, all with the password {password}: {names}", file=sys.stderr, flush=True)


def _open_the_door(store: Store, url: str) -> None:
    """Without users, the one-time link of the first administrator; a new one at each start, the old ones then fail."""
    secret = first_sign_in_token(store)
    if secret:
        print(f"first sign-in {url}/first-sign-in?token={secret}", file=sys.stderr, flush=True)
