"""For machines: `/healthz` (the process), `/readyz` (what it needs), `/metrics` (not public)."""

import hmac
import threading
import time
from collections.abc import Callable
from typing import Any

import pymongo
from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from pymongo.errors import PyMongoError
from redis import Redis
from redis.exceptions import RedisError

from models.audit.lanes import unclosed_lanes
from models.operations.migrations import schema_number
from models.store import Store

ASK_SECONDS = 2.0
LOOPBACK = ("127.0.0.1", "::1")
pages = Blueprint("health", __name__)


def init_app(app: Flask) -> None:
    """Register the three routes and count what is answered."""
    app.extensions["dossier_metrics"] = Metrics()
    app.register_blueprint(pages)
    app.after_request(_count)
    limiter, csrf = app.extensions.get("limiter"), app.extensions.get("csrf")
    for extension in (limiter, csrf):
        for one in extension if isinstance(extension, set) else [extension]:
            if one is not None:
                one.exempt(pages)


class Metrics:
    """Counters of this process. Each web process has its own: the label `pid` keeps them apart."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "endpoint", "status")
        self.answers = Counter("dossier_answers_total", "Answers given", labels, registry=self.registry)
        self.seconds = Histogram("dossier_answer_seconds", "Time to the answer", ("endpoint",), registry=self.registry)


def _count(response: Response) -> Response:
    metrics: Metrics = current_app.extensions["dossier_metrics"]
    endpoint = request.endpoint or "none"
    metrics.answers.labels(request.method, endpoint, response.status_code).inc()
    if (began := g.get("began")) is not None:
        metrics.seconds.labels(endpoint).observe(time.perf_counter() - began)
    return response


@pages.get("/healthz")
def healthz() -> tuple[Any, int]:
    """The process answers."""
    return jsonify(status="ok"), 200


@pages.get("/readyz")
def readyz() -> tuple[Any, int]:
    """Whether what the panel needs answers. Redis is told, not needed: without it jobs wait."""
    shell = current_app.extensions["dossier"]
    needed = {"mongo": _answers(lambda: _ping(shell.store)), "keys": _answers(lambda: _ping_keys(shell.store))}
    told = {"redis": _answers(lambda: _ping_redis(shell.settings.redis_url))}
    well = all(needed.values())
    words = {name: "ok" if fine else "down" for name, fine in {**needed, **told}.items()}
    return jsonify(status="ready" if well else "not_ready", **words), 200 if well else 503


@pages.get("/metrics")
def metrics() -> Response:
    """Prometheus text. From this machine, or with the token of DOSSIER_METRICS_TOKEN."""
    if not _may_scrape():
        abort(404)
    found: Metrics = current_app.extensions["dossier_metrics"]
    state = CollectorRegistry()
    state.register(State(current_app.extensions["dossier"].store))
    return Response(generate_latest(found.registry) + generate_latest(state), mimetype=CONTENT_TYPE_LATEST)


def _may_scrape() -> bool:
    token = current_app.extensions["dossier"].settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token:
        return hmac.compare_digest(given.encode(), token.encode())
    # A proxy on this machine would make everybody look local: whoever came through one is not.
    forwarded = {"X-Forwarded-For", "Forwarded", "X-Real-Ip"} & set(request.headers.keys())
    return request.remote_addr in LOOPBACK and not forwarded


class State:
    """Gauges read from the database when asked."""

    def __init__(self, store: Store):
        self.store = store

    def collect(self):
        """The facts a person on call wants first."""
        with pymongo.timeout(ASK_SECONDS):
            report = self.store.data.meta.find_one({"_id": "ticker"}) or {}
            age = (self.store.clock.now() - report["at"]).total_seconds() if "at" in report else -1
            yield GaugeMetricFamily("dossier_schema_number", "Layout of the data", value=schema_number(self.store))
            yield GaugeMetricFamily("dossier_ticker_age_seconds", "Since the last round; -1: never", value=age)
            lanes = list(unclosed_lanes(self.store.data).values())
            yield GaugeMetricFamily("dossier_audit_lanes_open", "Audit lanes being written", value=lanes.count("open"))
            died = "Audit lanes whose process died"
            yield GaugeMetricFamily("dossier_audit_lanes_abandoned", died, value=lanes.count("abandoned"))
        yield GaugeMetricFamily("dossier_threads", "Threads of this process", value=threading.active_count())


def _answers(ask: Callable[[], object]) -> bool:
    try:
        with pymongo.timeout(ASK_SECONDS):
            return bool(ask())
    except (PyMongoError, RedisError, OSError):
        return False


def _ping(store: Store) -> bool:
    return bool(store.data.client.admin.command("hello").get("isWritablePrimary"))


def _ping_keys(store: Store) -> bool:
    return bool(store.keys.client.admin.command("ping").get("ok"))


def _ping_redis(url: str | None) -> bool:
    if not url:
        return False
    connection = Redis.from_url(url, socket_connect_timeout=ASK_SECONDS, socket_timeout=ASK_SECONDS)
    try:
        return bool(connection.ping())
    finally:
        connection.close()
