"""Exports as programs fetch them: streamed, nothing is kept."""

from urllib.parse import quote

from flask import Response

from models.access.actions import Action
from models.access.exporting import export_columns
from models.errors import N_, AccessDenied, MalformedQuery
from models.operations import exports
from views.access import current_door, current_store
from views.api import answers, parameters
from views.api.parameters import QUESTION, takes


@takes(*QUESTION, "format", "fields")
def exported(type_name: str) -> Response:
    """GET /records/{type}/export"""
    door = current_door().open(type_name)
    form = parameters.text("format") or "csv"
    query, names = parameters.question(), parameters.names("fields")
    if form not in exports.FORMATS:
        raise MalformedQuery("bad_format", N_("Choose csv, xlsx or jsonl."))
    if not door.may(Action.EXPORT):
        raise AccessDenied(private="export")
    columns = export_columns(door, names)
    pieces = exports.export(door, query, columns, form, answers.locale())
    answer = Response(pieces, content_type=exports.FORMATS[form])
    day = current_store().clock.today().isoformat()
    label = door.compiled.label(answers.locale())
    answer.headers["Content-Disposition"] = disposition(f"{door.compiled.name}-{day}.{form}", f"{label}-{day}.{form}")
    return answers.in_language(answer)


def disposition(plain: str, name: str) -> str:
    """A download under its own name in any script (RFC 5987), with a plain one for old clients."""
    safe = "".join(sign for sign in name if sign.isprintable() and sign not in '/\\:*?"<>|')
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
