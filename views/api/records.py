"""Records: list, create, read, change, and the verbs on one of them."""

from typing import Any

from flask import Response, url_for

from models.access.actions import Action
from models.access.cells import moment_text
from models.operations import records
from views.access import current_door, load
from views.api import answers, bodies, parameters
from views.api.parameters import QUESTION, takes
from views.api.preconditions import idempotency_key, written


@takes(*QUESTION, "limit", "after", "fields", "count")
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
    door = current_door().open(type_name)
    key = idempotency_key()
    record = records.create(door, bodies.read_object(), key=key)
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
    door = current_door().open(type_name)
    body = bodies.read_object()
    return answers.of_record(written(lambda expected: records.update(door, record_id, body, expected=expected)))


@takes()
def trashed(type_name: str, record_id: str) -> Response:
    """DELETE /records/{type}/{id}: to the trash"""
    bodies.read_nothing()
    door = current_door().open(type_name)
    return answers.of_record(written(lambda expected: records.trash(door, record_id, expected=expected)))


@takes()
def restored(type_name: str, record_id: str) -> Response:
    """POST /records/{type}/{id}/restore"""
    bodies.read_nothing()
    door = current_door().open(type_name)
    return answers.of_record(written(lambda expected: records.restore(door, record_id, expected=expected)))


@takes()
def reverted(type_name: str, record_id: str, number: int) -> Response:
    """POST /records/{type}/{id}/revisions/{n}/revert"""
    bodies.read_nothing()
    door = current_door().open(type_name)
    return answers.of_record(written(lambda expected: records.revert(door, record_id, number, expected=expected)))


@takes()
def revisions(type_name: str, record_id: str) -> Response:
    """GET /records/{type}/{id}/revisions: newest first"""
    found = current_door().open(type_name).revisions(record_id)
    items = [
        {
            "revision": one["rev"],
            "at": moment_text(one["at"]),
            "by": one["by"],
            "action": one["action"],
            "changed": one["changed"],
        }
        for one in found
    ]
    return answers.of_json({"items": items})
