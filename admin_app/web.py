"""The web part: gunicorn with threads, put together before the fork, connected after it."""

import gc
import socket
from typing import Any

from gunicorn.app.base import BaseApplication

from admin_app.application import create_app
from admin_app.opening import close_store, open_guarded
from admin_app.settings import Settings

GRACE_SECONDS = 5


class Panel(BaseApplication):
    """gunicorn around `create_app`: one import, then the forks.

    :param listener: a bound socket that the caller keeps, so that a restart never loses the port
    """

    def __init__(self, settings: Settings, listener: socket.socket | None = None):
        self.settings, self.listener = settings, listener
        super().__init__()

    def load_config(self) -> None:
        values: dict[str, Any] = {
            "bind": f"fd://{self.listener.fileno()}" if self.listener else f"{self.settings.host}:{self.settings.port}",
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            "worker_class": "gthread",
            "preload_app": True,
            "timeout": 60,
            "graceful_timeout": GRACE_SECONDS,
            "keepalive": 15,
            # Query strings are what people search for: gunicorn's own access log stays off.
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "proc_name": "dossier-web",
            "limit_request_line": 8190,
            "control_socket_disable": True,
            "pre_fork": _before_fork,
            "worker_exit": _after_worker,
        }
        for name, value in values.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app(self.settings, open_guarded)


def _before_fork(server: Any, worker: Any) -> None:
    """What is loaded now stays shared: the collector must not write into it in every process."""
    gc.collect()
    gc.freeze()


def _after_worker(server: Any, worker: Any) -> None:
    """Write out what the audit log of this process still holds."""
    shell = worker.app.callable.extensions["dossier"] if worker.app.callable else None
    opened = shell.opened() if shell else None
    if opened:
        close_store(opened)


def run_web(settings: Settings, listener: socket.socket | None = None) -> None:
    """Serve until SIGTERM."""
    Panel(settings, listener).run()
