"""Imports by programs: a file in, a run out; what was not taken comes back as a file or as JSON."""

from typing import Any

from flask import Response, request
from flask_babel import gettext
from werkzeug.exceptions import UnsupportedMediaType

from models.errors import N_, MalformedQuery
from models.operations import import_runs, uploads
from models.operations.imports import MODES
from views import imports
from views.access import current_door
from views.api import answers, parameters
from views.api.parameters import takes

MOST_TOLD = 1000


@takes("dry_run", "mode", "key")
def imported(type_name: str) -> Response:
    """POST /records/{type}/import: multipart "file" and "map" → 202 {"run", "import"}"""
    door = current_door().open(type_name)
    dry_run, mode, key = parameters.flag("dry_run"), parameters.text("mode") or "add", parameters.text("key")
    if mode not in MODES:
        raise MalformedQuery("bad_mode", N_("Choose add, update or upsert."))
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    given = request.files.get("file")
    if given is None or not given.filename:
        raise MalformedQuery("no_file", N_("The part “file” is missing, or has no file name."))
    one = imports.received(door, given, request.files.get("map"))
    one.mode, one.key = mode, key or one.key
    try:
        run_id = import_runs.request(door, uploads.keep(door.store, one), dry_run=dry_run)
    except BaseException:
        uploads.forget(door.store, one.id)
        raise
    imports.ring(run_id)
    return answers.of_json({"run": run_id, "import": one.id}, 202)


@takes()
def reported(type_name: str, import_id: str) -> Response:
    """GET /records/{type}/import/{id}: for whoever brought it, what was not taken and why"""
    door = current_door().open(type_name)
    one = uploads.find(door, import_id)
    rows: list[dict[str, Any]] = []
    for number, _, faults in import_runs.report(door.store, one):
        if len(rows) >= MOST_TOLD:
            break
        errors = [
            {"field": address, "code": fault.code, "message": fault.public_words(gettext)}
            for address, fault in faults.items()
        ]
        rows.append({"row": number, "errors": errors})
    return answers.of_json(
        {
            "id": one.id,
            "runs": one.runs,
            "stopped": one.stopped,
            "items": rows,
            "left": one.sealed.get("left", {}),
            "notes": [note.public_words(gettext) for note in one.notes],
        }
    )


@takes()
def failed(type_name: str, import_id: str) -> Response:
    """GET /records/{type}/import/{id}/failed: the rows themselves, to correct and send again"""
    door = current_door().open(type_name)
    return answers.in_language(imports.failed_file(door, uploads.find(door, import_id), gettext))
