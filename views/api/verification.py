"""What verification found, and the tasks it made, as far as the caller is told."""

from typing import Any

from flask import Response

from models.access.cells import Record
from models.access.query import PAGE_LIMIT, Query
from models.audit.entries import moment_text
from models.cursors import open_cursor, seal_cursor
from models.errors import N_, MalformedQuery
from models.lifecycle.rules import TOLD
from models.operations import tasks as kept
from views import tasks
from views.access import current_actor, current_door, current_store
from views.api import answers, parameters
from views.api.parameters import takes


@takes("type", "state", "limit", "after")
def results() -> Response:
    """GET /verification/results: findings on the records the caller sees, type by type, the latest changed first."""
    state, name = parameters.text("state") or "any", parameters.text("type")
    if state not in (*TOLD, "any"):
        raise MalformedQuery("bad_state", N_("There is no such state."))
    door = current_door()
    names = [name] if name else [one.compiled.name for one in door.types() if not one.compiled.kinds]
    start, inner = _place(parameters.text("after"), name, state)
    names, inner = [one for one in names if one >= start], inner if start in names else None
    limit = parameters.number("limit", 1, PAGE_LIMIT) or 50
    items: list[dict[str, Any]] = []
    after, place = None, 0
    while place < len(names):
        page = door.open(names[place]).page(Query(findings=state, fields=[], limit=limit, after=inner))
        items += [one for record in page.items for one in _findings(record, state)]
        place, inner = (place, page.next) if page.next else (place + 1, None)
        if len(items) >= limit or (items and inner):
            after = _mark(name, state, names[place], inner) if place < len(names) else None
            break
    return answers.of_json({"items": items, "next": after})


@takes("state", "limit", "after")
def listed() -> Response:
    """GET /tasks: those the caller may see, the newest first."""
    state = parameters.text("state") or "open"
    if state not in kept.STATES:
        raise MalformedQuery("bad_state", N_("There is no such state."))
    limit = parameters.number("limit", 1, PAGE_LIMIT) or 50
    found, mark = tasks.page("all", state=state, after=parameters.text("after"), limit=limit)
    return answers.of_json({"items": [_task(one) for one in found], "next": mark})


def _findings(record: Record, state: str) -> list[dict[str, Any]]:
    own = {"record": record.id, "type": record.type, "archive_no": record.archive_no, "revision": record.revision}
    return [own | one.to_json() for one in record.findings if state in ("any", one.result)]


def _task(one: tasks.Shown) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "state": one.state,
        "type": one.type,
        "record": one.record.id,
        "archive_no": one.record.archive_no,
        "rule": one.rule.partition(":")[0],
        "field": one.field,
        "result": one.result,
        "reason": one.reason,
        "department": one.dept,
        "owner": one.owner,
        "created_at": moment_text(one.created_at),
        "closed_at": moment_text(one.closed_at) if one.closed_at else None,
    }


def _use(name: str | None, state: str) -> str:
    return f"results|{current_actor().id}|{name or ''}|{state}"


def _mark(name: str | None, state: str, place: str, inner: str | None) -> str:
    return seal_cursor(current_store().secret, _use(name, state), [place, inner])


def _place(after: str | None, name: str | None, state: str) -> tuple[str, str | None]:
    """The type to go on with, and the mark inside it; a right may have been taken away since."""
    if after is None:
        return "", None
    match open_cursor(current_store().secret, _use(name, state), after):
        case [str() as place, str() | None as inner]:
            return place, inner
    raise MalformedQuery("bad_cursor", N_("This page mark belongs to another question. Begin again."))
