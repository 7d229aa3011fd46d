"""Destruction cases and holds as programs see them. A program proposes and reads; only a session signs."""

from collections.abc import Mapping
from typing import Any

from flask import Response, url_for

from models.audit.entries import moment_text
from models.errors import N_, MalformedQuery, RecordNotFound
from models.lifecycle.cases import MANAGE, PUBLIC_VERBS, CaseState
from models.operations import cases, certificates, holds
from models.operations.cases import Case
from views import carrying
from views.access import current_actor, current_store, needs
from views.api import answers, bodies, parameters
from views.api.parameters import takes

VIEW = "cases:view"
MOST = 200
STATES = tuple(state.value for state in CaseState)


# holds


@needs(holds.VIEW)
@takes("state", "limit")
def listed_holds() -> Response:
    """GET /holds: the newest first"""
    state = parameters.text("state") or ""
    if state and state not in ("placing", "placed", "lifting", "lifted"):
        raise MalformedQuery("bad_state", N_("There is no such state."))
    found = holds.listed(current_store(), state=state, limit=parameters.number("limit", 1, MOST) or 50)
    return answers.of_json({"items": [hold_json(one) for one in found]})


@needs(holds.MANAGE)
@takes()
def placed_hold() -> Response:
    """POST /holds {"type", "ids"|"where", "reason", "reference"}"""
    body = bodies.read_object()
    known(body, {"type": str, "ids": list, "where": dict, "reason": str, "reference": str})
    placed = holds.place(
        current_actor(), current_store(), body.get("type", ""), ids=_ids(body), where=body.get("where"),
        reason=body.get("reason", ""), reference=body.get("reference", ""),
    )  # fmt: skip
    told = hold_json(holds.find(current_store(), placed.id)) | {"refused": placed.refused}
    return answers.of_json(told, 201)


@needs(holds.MANAGE)
@takes()
def lifted_hold(hold_id: str) -> Response:
    """DELETE /holds/{id}"""
    bodies.read_nothing()
    holds.lift(current_actor(), current_store(), hold_id)
    return answers.of_json(hold_json(holds.find(current_store(), hold_id)))


def hold_json(hold: Mapping[str, Any]) -> dict[str, Any]:
    """The REST shape of a hold."""
    told = {name: hold.get(name) for name in ("type", "reason", "reference", "state", "by", "held")}
    moments = {name: _moment(hold.get(name)) for name in ("placed_at", "lifted_at")}
    return {"id": hold["_id"], **told, **moments, "by_condition": hold.get("where") is not None}


# cases


@needs(VIEW)
@takes("state", "limit")
def listed() -> Response:
    """GET /destruction/cases: the newest first"""
    state = parameters.text("state")
    if state is not None and state not in STATES:
        raise MalformedQuery("bad_state", N_("There is no such state."))
    found = cases.listed(
        current_store(), states=[state] if state else (), limit=parameters.number("limit", 1, MOST) or 50
    )
    return answers.of_json({"items": [case_json(one) for one in found]})


@needs(MANAGE)
@takes()
def proposed() -> Response:
    """POST /destruction/cases {"type", "ids"|"where", "reason"}"""
    body = bodies.read_object()
    known(body, {"type": str, "ids": list, "where": dict, "reason": str})
    case = cases.propose(
        current_actor(), current_store(), body.get("type", ""), ids=_ids(body), where=body.get("where"),
        reason=body.get("reason", ""),
    )  # fmt: skip
    answer = answers.of_json(case_json(case), 201)
    answer.headers["Location"] = url_for("api.case", case_id=case["_id"])
    return answer


@needs(VIEW)
@takes("limit", "after")
def shown(case_id: str) -> Response:
    """GET /destruction/cases/{id}: the case, its progress, and some of its items"""
    store = current_store()
    case = cases.find(store, case_id)
    limit, after = parameters.number("limit", 1, MOST) or 50, parameters.text("after") or ""
    items = cases.items_of(store, case, after=after, limit=limit)
    told = case_json(case) | {"progress": cases.progress(store, case), "items": [item_json(one) for one in items]}
    return answers.of_json(told | {"next": items[-1]["record"] if len(items) == limit else None})


@needs(VIEW)
@takes()
def moved(case_id: str, verb: str) -> Response:
    """POST /destruction/cases/{id}/{verb}: managing or approving, as the verb takes it"""
    if verb not in PUBLIC_VERBS:
        raise RecordNotFound
    body = bodies.read_object()
    known(body, dict.fromkeys(("password", "manifest_hash", "supervisor", "reason"), str))
    return answers.of_json(case_json(carrying.done(verb, case_id, body)))



@needs(VIEW)
@takes()
def certificate(case_id: str) -> Response:
    """GET /destruction/cases/{id}/certificate: what docs/verify/certificate.py takes"""
    found = certificates.find(current_store(), case_id)
    return answers.of_json({name: found[name] for name in ("content", "signature", "state")})


def case_json(case: Case) -> dict[str, Any]:
    """The REST shape of a case."""
    names = ("type", "authority", "rule", "reason", "state", "needed", "blocked", "fault", "ended")
    manifest = case.get("manifest") or {}
    return {
        "id": case["_id"],
        **{name: case.get(name) for name in names},
        "manifest_hash": manifest.get("hash"),
        "count": manifest.get("count"),
        "proposed": _person(case["proposed"]),
        "signatures": [_person(one) | {"role": one["role"]} for one in case["signatures"]],
        "supervisor": (case.get("supervisor") or {}).get("by"),
        "cooling_until": _moment(case.get("cooling_until")),
    }


def item_json(item: Mapping[str, Any]) -> dict[str, Any]:
    """One record of a case: ids and how far it has come."""
    names = ("record", "type", "archive_no", "state", "due_on", "part_of")
    return {name: item.get(name) for name in names} | {"revision": item["rev"], "reason": item.get("reason")}


def known(body: Mapping[str, Any], kinds: Mapping[str, type]) -> None:
    """:raises MalformedQuery: a key that is not taken here, or a value of another kind"""
    for name, value in body.items():
        if name not in kinds:
            raise MalformedQuery("unknown_key", N_("The request names something that is not there."))
        if not isinstance(value, kinds[name]) or (kinds[name] is str and len(value) > 2000):
            raise MalformedQuery("malformed", N_("A value in the request is of the wrong kind."))


def _ids(body: Mapping[str, Any]) -> list[str] | None:
    ids = body.get("ids")
    if ids is not None and not all(isinstance(one, str) for one in ids):
        raise MalformedQuery("malformed", N_("A value in the request is of the wrong kind."))
    return ids


def _person(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"by": one["by"], "name": one["name"], "at": moment_text(one["at"])}


def _moment(at: Any) -> str | None:
    return moment_text(at) if at is not None else None
