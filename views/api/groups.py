"""Counting and adding up records by the values of a field."""

from typing import Any

from flask import Response

from models.errors import N_, MalformedQuery
from views.access import current_door
from views.api import answers, parameters
from views.api.parameters import takes

MOST_MEASURES = 8


@takes("where", "q", "by", "measures")
def grouped(type_name: str) -> Response:
    """GET /records/{type}/group"""
    door = current_door().open(type_name)
    by = parameters.text("by")
    if by is None:
        raise MalformedQuery("no_key", N_("Name the field to group by: by=state."))
    measures = parameters.names("measures")
    measures = ["count"] if measures is None else measures
    if not 0 < len(measures) <= MOST_MEASURES:
        raise MalformedQuery("bad_measure", N_("Name one to eight measures, such as count,sum:area."))
    found = door.group(by, measures, parameters.question())
    body: dict[str, Any] = {"by": by, "groups": found.groups, "capped": found.capped}
    return answers.of_json(body)
