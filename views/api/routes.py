"""The REST interface, a line for every address. Everything in it asks who is there first."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, Flask, Response

from views.access import standing
from views.api import (
    audit,
    destruction,
    exports,
    groups,
    imports,
    jobs,
    openapi,
    problems,
    records,
    types,
    verification,
)


class Route(NamedTuple):
    method: str
    address: str
    view: Callable[..., Any]
    name: str
    action: str
    """What it takes: an action on records (judged by the door), a system right, or "" for what everybody may know."""


ONE = "/records/<type_name>/<string(length=26):record_id>"
"""Ids have 26 characters: `export` and `group` under a type are none."""
UPLOAD = "/records/<type_name>/import/<string(length=26):import_id>"
CASE = "/destruction/cases/<case_id>"
ROUTES = (
    Route("GET", "/openapi.json", openapi.document, "document", ""),
    Route("GET", "/types", types.listed, "types", ""),
    Route("GET", "/types/<type_name>", types.shown, "type", ""),
    Route("GET", "/records/<type_name>", records.listed, "listed", "view"),
    Route("POST", "/records/<type_name>", records.created, "created", "create"),
    Route("GET", "/records/<type_name>/export", exports.exported, "exported", "export"),
    Route("GET", "/records/<type_name>/group", groups.grouped, "grouped", "view"),
    Route("POST", "/records/<type_name>/import", imports.imported, "imported", "import"),
    Route("GET", f"{UPLOAD}", imports.reported, "import_report", "import"),
    Route("GET", f"{UPLOAD}/failed", imports.failed, "import_failed", "import"),
    Route("GET", ONE, records.shown, "shown", "view"),
    Route("PATCH", ONE, records.changed, "changed", "edit"),
    Route("DELETE", ONE, records.trashed, "trashed", "delete"),
    Route("POST", f"{ONE}/restore", records.restored, "restored", "restore"),
    Route("POST", f"{ONE}/transitions/<name>", records.stepped, "stepped", "transition"),
    Route("GET", f"{ONE}/revisions", records.revisions, "revisions", "view"),
    Route("POST", f"{ONE}/revisions/<int:number>/revert", records.reverted, "reverted", "revert"),
    Route("GET", "/audit/entries", audit.entries, "entries", "audit:view"),
    Route("GET", "/verification/results", verification.results, "results", "view"),
    Route("GET", "/tasks", verification.listed, "tasks", "view"),
    Route("GET", "/jobs", jobs.listed, "jobs", "jobs:view"),
    Route("GET", "/jobs/<run_id>", jobs.shown, "job", "jobs:view"),
    Route("GET", "/holds", destruction.listed_holds, "holds", "holds:view"),
    Route("POST", "/holds", destruction.placed_hold, "placed", "holds:manage"),
    Route("DELETE", "/holds/<hold_id>", destruction.lifted_hold, "lifted", "holds:manage"),
    Route("GET", "/destruction/cases", destruction.listed, "cases", "cases:view"),
    Route("POST", "/destruction/cases", destruction.proposed, "proposed", "cases:manage"),
    Route("GET", "/destruction/cases/<case_id>", destruction.shown, "case", "cases:view"),
    Route("GET", f"{CASE}/certificate", destruction.certificate, "certificate", "cases:view"),
    Route("POST", f"{CASE}/<verb>", destruction.moved, "moved", "cases:view"),
)


def init_app(app: Flask) -> None:
    api = Blueprint("api", __name__, url_prefix="/api/v1")
    for route in ROUTES:
        api.add_url_rule(route.address, route.name, route.view, methods=[route.method])
    api.before_request(_somebody)
    app.register_blueprint(api)


def _somebody() -> Response | None:
    """Nobody in particular gets nothing but 401."""
    return problems.not_signed_in() if standing() is None else None
