"""Record types as their caller may know them."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response

from models.access.actions import Action
from models.access.door import TypeDoor
from models.access.knowledge import FieldAccess, field_access
from models.definitions.fields import Field
from models.definitions.steps import Edge
from models.operations.transitions import takes_somewhere
from views.access import current_door, may
from views.api import answers
from views.api.parameters import takes

OPEN_TO = "types:manage"
"""Who is told of fields that are off."""


@takes()
def listed() -> Response:
    """GET /types"""
    found = [
        {
            "name": door.compiled.name,
            "labels": dict(door.compiled.labels),
            "version": door.compiled.version,
            "abstract": door.compiled.abstract,
            "base": door.compiled.base,
            "may": actions(door),
        }
        for door in current_door().types()
    ]
    return answers.of_json({"items": found})


@takes()
def shown(type_name: str) -> Response:
    """GET /types/{type}"""
    return answers.of_json(type_json(current_door().open(type_name), with_off=may(OPEN_TO)))


def actions(door: TypeDoor) -> list[str]:
    """What the caller may do somewhere in this type."""
    return [action.value for action in Action if door.may(action)]


def type_json(door: TypeDoor, *, with_off: bool) -> dict[str, Any]:
    """A type with the caller's own read and write.

    :param with_off: with the fields that are off, `"active": false`
    """
    compiled = door.compiled
    known = door.fields()
    fields = _nested(known)
    if with_off:
        fields += [_off(one) for one in compiled.fields if not one.active]
    sections = {one.field.section for one in known}
    return {
        "name": compiled.name,
        "labels": dict(compiled.labels),
        "version": compiled.version,
        "abstract": compiled.abstract,
        "base": compiled.base,
        "kinds": [kind.name for kind in door.kinds],
        "may": actions(door),
        "sections": [
            {"name": section.name, "labels": dict(section.labels)}
            for section in compiled.sections
            if section.name in sections
        ],
        "fields": fields,
        "system": [field_json(field_access(door, one)) for one in compiled.system.values()],
        "states": [{"name": state.name, "labels": dict(state.labels)} for state in compiled.states],
        "transitions": [step_json(door, edge) for edge in edges_of(door)],
    }


def edges_of(door: TypeDoor) -> list[Edge]:
    """The transitions of a type; of a base, those of its kinds, each name once."""
    found: dict[str, Edge] = {}
    for kind in door.kinds:
        for edge in kind.workflow.edges:
            found.setdefault(edge.name, edge)
    return list(found.values())


def step_json(door: TypeDoor, edge: Edge) -> dict[str, Any]:
    """A transition, with the fields of its request that the caller may know of, and whether they take it somewhere."""
    known = [one for one in edge.fields if door.knows(one)]
    return {
        "name": edge.name,
        "labels": dict(edge.transition.labels),
        "from": list(edge.transition.start),
        "to": edge.transition.end,
        "required": [one.address for one in edge.required if door.knows(one)],
        "fields": [one.address for one in known],
        "reason": edge.transition.reason,
        "may": takes_somewhere(door, edge),
    }


def _nested(known: Iterable[FieldAccess]) -> list[dict[str, Any]]:
    """Fields in order, the parts of an object inside it."""
    found: list[dict[str, Any]] = []
    for one in known:
        if one.field.parent_id:
            found[-1].setdefault("fields", []).append(field_json(one))
        else:
            found.append(field_json(one))
    return found


def field_json(one: FieldAccess) -> dict[str, Any]:
    """One field the caller may know of."""
    field = one.field
    body = _described(field) | {
        "sortable": one.sort,
        "searchable": one.search,
        "groupable": one.group,
        "operators": list(one.operators),
        "read": one.read.name.lower(),
        "write": one.write.name.lower(),
    }
    if field.type.name == "rows":
        body["fields"] = [_described(part) for part in field.fields if part.active]
    return body


def _described(field: Field) -> dict[str, Any]:
    """What a field is, whoever asks."""
    body: dict[str, Any] = {
        "id": field.id,
        "name": field.name,
        "labels": dict(field.labels),
        "type": field.type.name,
        "section": field.section,
        "grade": field.grade.name.lower(),
        "sealed": field.sealed,
        "required": field.required,
        "active": field.active,
        "many": field.many,
        "unique": field.unique,
        "column": field.list,
        "system": field.system or field.computed,
    }
    if field.help:
        body["help"] = dict(field.help)
    if field.purpose:
        body["purpose"] = field.purpose
    return body | _particulars(field)


def _particulars(field: Field) -> Mapping[str, Any]:
    """What only some field types have."""
    body: dict[str, Any] = {}
    if field.options:
        body["options"] = [
            {"key": option.key, "labels": dict(option.labels), "active": option.active} for option in field.options
        ]
    if field.type.name == "money":
        body["currency"] = field.currency
    if field.open_end:
        body["open_end"] = True
    if field.type.name == "reference":
        body |= {"target": field.target, "relation": field.relation}
    if field.validators:
        body["validators"] = {name: _plain(value) for name, value in field.validators.items()}
    return body


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _off(field: Field) -> dict[str, Any]:
    return _described(field) | {"operators": [], "read": "none", "write": "none"}
