"""Holds and cases in the OpenAPI document, as far as the caller's rights go."""

from collections.abc import Set
from typing import Any

from models.lifecycle.cases import PUBLIC_VERBS, CaseState
from views.api.operations import LIMIT, json_answer, listed, operation, text_parameter

Tree = dict[str, Any]
RIGHTS = ("holds:view", "holds:manage", "cases:view", "cases:manage")
TEXT: Tree = {"type": "string", "maxLength": 2000}
ANY: Tree = {"type": "object"}


def destruction_paths(rights: Set[str]) -> Tree:
    """The paths these rights open somewhere; a method that is not theirs answers with a refusal."""
    paths: Tree = {}
    if {"holds:view", "holds:manage"} & rights:
        paths |= _holds()
    if {"cases:view", "cases:manage"} & rights:
        paths |= _cases()
    return paths


def _body(required: list[str], **properties: Tree) -> Tree:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


def _path(name: str) -> Tree:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 40}}


def _chosen(most_reason: int, **more: Tree) -> Tree:
    """Records, by ids or by a condition, and why."""
    reason = {"type": "string", "minLength": 1, "maxLength": most_reason, "pattern": r"\S"}
    body = _body(["type", "reason"], type=TEXT, ids=IDS, where=ANY, reason=reason, **more)
    return body | {"oneOf": [{"required": ["ids"]}, {"required": ["where"]}]}


IDS: Tree = {"type": "array", "minItems": 1, "items": {"type": "string"}}
"""Records by id; `where` is a condition as lists take it."""


def _holds() -> Tree:
    state = text_parameter("state", enum=["placing", "placed", "lifting", "lifted"])
    return {
        "/holds": {
            "get": operation("holds", "Holds", {"200": json_answer(listed(ANY))}, [state, LIMIT]),
            "post": operation(
                "hold_place", "Hold records", {"201": json_answer(ANY)}, (), _chosen(200, reference=TEXT)
            ),
        },
        "/holds/{id}": {"delete": operation("hold_lift", "Lift a hold", {"200": json_answer(ANY)}, [_path("id")])},
    }


def _cases() -> Tree:
    state = text_parameter("state", enum=[one.value for one in CaseState])
    verb = _path("verb") | {"schema": {"enum": list(PUBLIC_VERBS)}}
    given = _body([], password=TEXT, manifest_hash=TEXT, supervisor=TEXT, reason=TEXT)
    answer = {"200": json_answer(ANY)}
    return {
        "/destruction/cases": {
            "get": operation("cases", "Destruction cases", {"200": json_answer(listed(ANY))}, [state, LIMIT]),
            "post": operation("case_propose", "Propose a case", {"201": json_answer(ANY)}, (), _chosen(500)),
        },
        "/destruction/cases/{id}": {
            "get": operation("case", "One case", answer, [_path("id"), LIMIT, text_parameter("after")])
        },
        "/destruction/cases/{id}/certificate": {
            "get": operation("case_certificate", "Its certificate", answer, [_path("id")])
        },
        "/destruction/cases/{id}/{verb}": {
            "post": operation("case_move", "Move a case", answer, [_path("id"), verb], given)
        },
    }
