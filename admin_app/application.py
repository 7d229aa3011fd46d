"""`create_app`: the web part, put together in a fixed order."""

import os
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from admin_app import assets, error_pages, health, identity, languages, pages, request_log, security, uploads
from admin_app.addresses import AddressedApp
from models.store import Store
from views.access import settle
from views.api import routes


class Shell:
    """What every request finds under `app.extensions["dossier"]`.

    The store is opened by the process that first asks: a MongoDB client must not cross a fork.
    """

    def __init__(self, settings: Any, open_store: Callable[[Any], Store]):
        self.settings = settings
        self._open_store = open_store
        self._pid = 0
        self._store: Store | None = None
        self._lock = threading.Lock()

    @property
    def store(self) -> Store:
        if self._pid != os.getpid():
            with self._lock:
                if self._pid != os.getpid():
                    self._store, self._pid = self._open_store(self.settings), os.getpid()
        return self._store  # type: ignore[return-value]

    def opened(self) -> Store | None:
        """The store, if this process has opened one."""
        return self._store if self._pid == os.getpid() else None


class Panel(AddressedApp):
    """The application. Nothing a view made leaves before the log entries about it stand."""

    def dispatch_request(self) -> Any:
        """:raises Unavailable: the log did not take an entry: what the view made is thrown away"""
        answer = super().dispatch_request()
        settle()
        return answer


def create_app(settings: Any, open_store: Callable[[Any], Store]) -> Flask:
    """The panel as a WSGI application. Opens no connection; the first request does.

    :param open_store: how a process gets its store; tests bring their own
    """
    app = Panel(__name__)
    app.config.update(SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=32 * 1024 * 1024, TESTING=False)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["dossier"] = Shell(settings, open_store)
    if hops := getattr(settings, "proxies", 0):
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    for part in (request_log, uploads, security, identity, languages, assets, error_pages, pages, routes, health):
        part.init_app(app)
    return app
