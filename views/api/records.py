"""Records: list, create, read, change, and the verbs on one of them."""

from typing import Any

from flask import Response, url_for

from models.access.actions import Action
from models.access.cells import moment_text
from models.access.door import TypeDoor
from models.access.revisions import MOST_REVISIONS
from models.cursors import open_cursor, seal_cursor
from models.definitions.steps import REASON
from models.errors import N_, AccessDenied, MalformedQuery
from models.operations import records, transitions
from views.access import current_door, current_store, load
from views.api import answers, bodies, parameters
from views.api.parameters import QUESTION, takes
from views.api.preconditions import idempotency_key, written


@takes(*QUESTION, "limit", "after", "fields", "count", "findings")
def listed(type_name: str) -> Response:
    """GET /records/{type}"""
    door = current_door().open(type_name)
    query, counted = parameters.list_question(), parameters.flag("count")
    page = door.page(query)
    body: dict[str, Any] = {"items": [answers.record_json(one) for one in page.items], "next": page.next}
    if counted:
        count = door.count(query)
        body["count"] = {"value": count.value, "capped": count.capped}
    return answers.of_json(body)


@takes()
def created(type_name: str) -> Response:
    """POST /records/{type}"""
    door = _door_for(Action.CREATE, type_name)
    key = idempotency_key()
    # a type that takes no record of its own says so, whatever is sent
    record = records.create(door, {} if door.compiled.abstract else bodies.read_object(), key=key)
    answer = answers.of_record(record, 201)
    answer.headers["Location"] = url_for("api.shown", type_name=type_name, record_id=record.id)
    return answer


@takes()
def shown(type_name: str, record_id: str) -> Response:
    """GET /records/{type}/{id}"""
    return answers.of_record(load(current_door().open(type_name), record_id, Action.VIEW))


@takes()
def changed(type_name: str, record_id: str) -> Response:
    """PATCH /records/{type}/{id}"""
    door = _door_for(Action.EDIT, type_name)
    body = bodies.read_object()
    return answers.of_record(written(lambda expected: records.update(door, record_id, body, expected=expected)))


@takes()
def trashed(type_name: str, record_id: str) -> Response:
    """DELETE /records/{type}/{id}: to the trash"""
    door = _door_for(Action.DELETE, type_name)
    bodies.read_nothing()
    return answers.of_record(written(lambda expected: records.trash(door, record_id, expected=expected)))


@takes()
def restored(type_name: str, record_id: str) -> Response:
    """POST /records/{type}/{id}/restore"""
    door = _door_for(Action.RESTORE, type_name)
    bodies.read_nothing()
    return answers.of_record(written(lambda expected: records.restore(door, record_id, expected=expected)))


@takes()
def reverted(type_name: str, record_id: str, number: int) -> Response:
    """POST /records/{type}/{id}/revisions/{n}/revert"""
    door = _door_for(Action.REVERT, type_name)
    bodies.read_nothing()
    return answers.of_record(written(lambda expected: records.revert(door, record_id, number, expected=expected)))


@takes()
def stepped(type_name: str, record_id: str, name: str) -> Response:
    """POST /records/{type}/{id}/transitions/{name}: the fields of the step by name, and `reason`"""
    door = _door_for(Action.TRANSITION, type_name)
    body = bodies.read_object_or_nothing()
    reason = body.pop(REASON, None)
    if not isinstance(reason, str | None):
        raise MalformedQuery("bad_reason", N_("A reason is a text."))
    return answers.of_record(
        written(lambda expected: transitions.take(door, record_id, name, body, expected=expected, reason=reason))
    )


@takes("limit", "after")
def revisions(type_name: str, record_id: str) -> Response:
    """GET /records/{type}/{id}/revisions: newest first"""
    door = current_door().open(type_name)
    limit, after = parameters.number("limit", 1, MOST_REVISIONS) or MOST_REVISIONS, parameters.text("after")
    secret, use = current_store().secret, f"{door.actor.id}|{type_name}|{record_id}|revisions"
    before = open_cursor(secret, use, after)[0] if after else None
    found = door.revisions(record_id, limit=limit, before=before)
    items = [
        {
            "revision": one["rev"],
            "at": moment_text(one["at"]),
            "by": one["by"],
            "action": one["action"],
            "changed": one["changed"],
            **{key: one[key] for key in ("transition", "reason") if key in one},
        }
        for one in found.items
    ]
    next = seal_cursor(secret, use, [found.before]) if found.before else None
    return answers.of_json({"items": items, "next": next})


def _door_for(action: Action, type_name: str) -> TypeDoor:
    """The door of a type in which the action is open to the caller somewhere; where it is, the verb judges.

    :raises RecordNotFound: the type is not the caller's to know
    :raises AccessDenied: said before anything of the request is read
    """
    door = current_door().open(type_name)
    takes_none = action == Action.CREATE and door.compiled.abstract
    if not door.may(action) and not takes_none:
        raise AccessDenied(private=f"{action} in {type_name}")
    return door
