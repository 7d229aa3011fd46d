"""One line per request, without query strings: what people search for is customer data too.

An address that led nowhere is told by its rule alone: it may hold anything.
"""

import time

import structlog
from flask import Flask, Response, g, request

from views.access import request_id

LOG = structlog.get_logger("dossier.web")
QUIET = {"static", "health.healthz", "health.readyz", "health.metrics"}


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    if request.endpoint not in QUIET:
        actor = g.get("actor")
        LOG.info(
            "request",
            id=request_id(),
            method=request.method,
            path=request.path if response.status_code < 400 else str(request.url_rule or ""),
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            actor=actor.id if actor else None,
        )
    return response
