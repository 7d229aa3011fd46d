"""OpenAPI 3.1 of this interface as its caller may use it: their types, fields, operators and bodies, no others.

Composed from the compiled types and the caller's plan, and kept per set of holders and version of types and
grants. What ends by itself (a lend) is composed anew each time.
"""

import json
from collections.abc import Iterable
from typing import Any

from flask import Response

from models.access.actions import Action
from models.access.door import Door, TypeDoor
from models.access.knowledge import FieldAccess, field_access, step_access
from models.access.revisions import MOST_REVISIONS
from models.definitions.steps import REASON, Edge
from models.lifecycle.rules import TOLD
from models.operations.imports import MODES
from models.operations.runs import STATES
from models.operations.transitions import MOST_REASON, takes_somewhere
from models.store import Store
from views.access import current_door, current_store, may
from views.api import answers, schemas
from views.api.destruction_doc import RIGHTS, destruction_paths
from views.api.operations import (
    AFTER,
    COUNT,
    FINDINGS,
    FORMAT,
    ID,
    IDEMPOTENCY,
    IF_MATCH,
    LIMIT,
    NUMBER,
    PROBLEM,
    RUN,
    WORDS,
    file_answer,
    json_answer,
    listed,
    operation,
    record_answer,
    text_parameter,
)
from views.api.parameters import takes
from views.api.types import edges_of

Tree = dict[str, Any]
MOST_KEPT = 64
RUN_ASKED: Tree = {
    "type": "object",
    "required": ["run", "import"],
    "properties": {"run": {"type": "string"}, "import": {"type": "string"}},
}
FAILED_ROWS: Tree = {
    "description": "The rows, to correct and send again",
    "content": {"text/csv": {"schema": {}}, "application/x-ndjson": {"schema": {}}},
}


@takes()
def document() -> Response:
    """GET /openapi.json"""
    door = current_door()
    return answers.in_language(Response(_kept(current_store(), door), content_type="application/json"))


def _kept(store: Store, door: Door) -> str:
    held = door.policy.holders_of(door.actor)
    version = (door.stamps.types, door.stamps.grants)
    kept = store.caches.get("openapi")
    if kept is None or kept[0] != version or len(kept[1]) >= MOST_KEPT:
        kept = store.caches["openapi"] = (version, {})
    key = (held, door.actor.roles, door.actor.system)
    if key in kept[1]:
        return kept[1][key]
    parts = compose(door, with_log=may("audit:view"), with_jobs=may("jobs:view"), rights=frozenset(filter(may, RIGHTS)))
    text = json.dumps(parts, ensure_ascii=False)
    if not any(entry.until and entry.holder in held for entry in (*door.policy.grants, *door.policy.scopes)):
        kept[1][key] = text
    return text


def compose(
    door: Door, *, with_log: bool, with_jobs: bool = False, rights: frozenset[str] = frozenset()
) -> Tree:
    """The document for one actor."""
    components: Tree = {"Problem": PROBLEM}
    paths: Tree = {
        "/types": {
            "get": operation("types", "The types you may open", {"200": json_answer(listed({"type": "object"}))})
        },
        "/openapi.json": {"get": operation("openapi", "This document", {"200": json_answer({"type": "object"})})},
    }
    for one in door.types():
        paths |= _Paths(one, components).all()
    if with_log:
        filters = [text_parameter(name) for name in ("actor", "action", "type", "record")]
        answer = {"200": json_answer(listed({"type": "object"}, "next"))}
        paths["/audit/entries"] = {"get": operation("log", "The audit log", answer, [*filters, LIMIT, AFTER])}
    paths |= _findings()
    if with_jobs:
        paths |= _jobs()
    paths |= destruction_paths(rights)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dossier", "version": "1"},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _findings() -> Tree:
    """What verification found, and the work it made."""
    type_name, result = text_parameter("type"), text_parameter("state", enum=list(TOLD))
    task = text_parameter("state", enum=["open", "done"])
    answer = {"200": json_answer(listed({"type": "object"}, "next"))}
    results = operation("results", "Findings you may know", answer, [type_name, result, LIMIT, AFTER])
    tasks = operation("tasks", "Tasks you may see", answer, [task, LIMIT, AFTER])
    return {"/verification/results": {"get": results}, "/tasks": {"get": tasks}}


def _jobs() -> Tree:
    """Runs of jobs."""
    state = text_parameter("state", enum=list(STATES))
    answer = {"200": json_answer(listed(RUN, "next"))}
    one = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 200}}
    return {
        "/jobs": {"get": operation("jobs", "Runs of jobs", answer, [text_parameter("kind"), state, LIMIT, AFTER])},
        "/jobs/{id}": {"get": operation("job", "One run", {"200": json_answer(RUN)}, [one])},
    }


class _Paths:
    """The paths of one type; its schemas go into the components."""

    def __init__(self, door: TypeDoor, components: Tree):
        self.door, self.name = door, door.compiled.name
        self.label = door.compiled.label("en")
        self.fields = door.fields()
        framed = {one.field.name for one in self.fields}
        self.system = [field_access(door, one) for name, one in door.compiled.system.items() if name not in framed]
        self.schemas = components
        self._compose()

    def _compose(self) -> None:
        asked = [*self.system, *self.fields]
        self.schemas[self.name] = schemas.record(self.fields, self.label)
        self.schemas[f"{self.name}.where"] = schemas.condition(asked, f"{self.name}.where")
        writable = [one for one in self.system if one.field.name in ("department", "owner")]
        self.schemas[f"{self.name}.write"] = schemas.body([*self.fields, *writable])

    def all(self) -> Tree:
        """Every path the caller may use somewhere in this type."""
        list_path = f"/records/{self.name}"
        one_path = f"{list_path}/{{id}}"
        paths: Tree = {
            f"/types/{self.name}": {
                "get": operation(f"type_{self.name}", self.label, {"200": json_answer({"type": "object"})})
            }
        }
        found = {
            list_path: {"get": self._list(), "post": self._create()},
            f"{list_path}/group": {"get": self._group()},
            f"{list_path}/export": {"get": self._export()},
            f"{list_path}/import": {"post": self._import()},
            f"{list_path}/import/{{id}}": {"get": self._imported("report", json_answer({"type": "object"}))},
            f"{list_path}/import/{{id}}/failed": {"get": self._imported("failed", FAILED_ROWS)},
            one_path: {"get": self._read(), "patch": self._change(), "delete": self._verb("delete", Action.DELETE)},
            f"{one_path}/revisions": {"get": self._revisions()},
            f"{one_path}/restore": {"post": self._verb("restore", Action.RESTORE)},
            f"{one_path}/revisions/{{number}}/revert": {"post": self._verb("revert", Action.REVERT, NUMBER)},
            **{f"{one_path}/transitions/{edge.name}": {"post": self._step(edge)} for edge in edges_of(self.door)},
        }
        for path, methods in found.items():
            if any(methods.values()):
                paths[path] = {
                    method: one or self._closed(f"{method}{path}", "{id}" in path) for method, one in methods.items()
                }
        return paths

    def _closed(self, name: str, of_record: bool) -> Tree:
        """A method of an open path that this caller may use nowhere: the path answers it, with a refusal."""
        word = "".join(sign if sign.isalnum() else "_" for sign in name)
        return operation(word, "Not open to you", {}, [ID] if of_record else [])

    def _ref(self, suffix: str = "") -> Tree:
        return {"$ref": f"#/components/schemas/{self.name}{suffix}"}

    def _record(self) -> Tree:
        """One record: of a base type, in the shape of its own kind."""
        kinds = [kind.name for kind in self.door.kinds]
        if kinds == [self.name]:
            return self._ref()
        return {"anyOf": [{"$ref": f"#/components/schemas/{kind}"} for kind in kinds]}

    def _where(self) -> Tree:
        content = {"application/json": {"schema": self._ref(".where")}}
        return {"name": "where", "in": "query", "content": content}

    def _columns(self) -> Tree:
        names = sorted({one.field.address for one in (*self.system, *self.fields)})
        return _list_parameter("fields", names)

    def _sort(self) -> list[Tree]:
        names = "|".join(sorted({one.field.name for one in (*self.system, *self.fields) if one.sort}))
        if not names:
            return []
        return [text_parameter("sort", pattern=f"^-?({names})(,-?({names})){{0,2}}$")]

    def _list(self) -> Tree | None:
        if not self.door.may(Action.VIEW):
            return None
        item = self._ref() | {"required": schemas.REQUIRED}
        body = listed(item, "next")
        count = {
            "type": "object",
            "properties": {"value": {"type": ["integer", "null"]}, "capped": {"type": "boolean"}},
        }
        body["properties"]["count"] = count
        query = [self._where(), WORDS, *self._sort(), self._columns(), LIMIT, AFTER, COUNT, FINDINGS]
        return operation(f"list_{self.name}", f"{self.label}: a page", {"200": json_answer(body)}, query)

    def _create(self) -> Tree | None:
        if not self.door.may(Action.CREATE) or self.door.compiled.abstract:
            return None
        answer = {"201": record_answer(self._record())}
        return operation(f"create_{self.name}", f"{self.label}: a new one", answer, [IDEMPOTENCY], self._ref(".write"))

    def _read(self) -> Tree | None:
        if not self.door.may(Action.VIEW):
            return None
        return operation(f"read_{self.name}", self.label, {"200": record_answer(self._record())}, [ID])

    def _change(self) -> Tree | None:
        if not self.door.may(Action.EDIT):
            return None
        answer = {"200": record_answer(self._record())}
        schema = self._ref(".write")
        return operation(f"change_{self.name}", f"{self.label}: change", answer, [ID, IF_MATCH], schema)

    def _verb(self, word: str, action: Action, *more: Tree) -> Tree | None:
        if not self.door.may(action):
            return None
        answer = {"200": record_answer(self._record())}
        return operation(f"{word}_{self.name}", f"{self.label}: {word}", answer, [ID, *more, IF_MATCH])

    def _step(self, edge: Edge) -> Tree | None:
        """A transition, with the fields of it that this caller may write somewhere."""
        if not takes_somewhere(self.door, edge):
            return None
        named = {part.id for one in edge.fields for part in (one, *one.fields)}
        named |= {one.parent_id for one in edge.fields if one.parent_id}
        writable = [step_access(self.door, one) for one in self.fields if one.field.id in named]
        schema = schemas.body(writable)
        schema["properties"][REASON] = {"type": ["string", "null"], "maxLength": MOST_REASON}
        label = f"{self.label}: {edge.transition.labels['en']}"
        answer = {"200": record_answer(self._record())}
        return operation(f"{edge.name}_{self.name}", label, answer, [ID, IF_MATCH], schema)

    def _revisions(self) -> Tree | None:
        if not self.door.may(Action.VIEW):
            return None
        answer = {"200": json_answer(listed({"type": "object"}, "next"))}
        limit = LIMIT | {"schema": {"type": "integer", "minimum": 1, "maximum": MOST_REVISIONS}}
        return operation(f"revisions_{self.name}", f"{self.label}: earlier contents", answer, [ID, limit, AFTER])

    def _group(self) -> Tree | None:
        keys = sorted({one.field.name for one in (*self.system, *self.fields) if one.group})
        if not keys or not self.door.may(Action.VIEW):
            return None
        body = {"type": "object", "required": ["by", "groups", "capped"], "properties": {"groups": {"type": "array"}}}
        by = {"name": "by", "in": "query", "required": True, "schema": {"enum": keys}}
        measures = _list_parameter("measures", self._measures(), least=1, most=8)
        query = [self._where(), WORDS, by, measures]
        return operation(
            f"group_{self.name}", f"{self.label}: by the values of a field", {"200": json_answer(body)}, query
        )

    def _measures(self) -> list[str]:
        return ["count", *(f"{word}:{one.field.name}" for one in self._measured() for word in ("sum", "avg"))]

    def _measured(self) -> Iterable[FieldAccess]:
        return (one for one in self.fields if one.group and one.field.type.name in ("integer", "decimal", "money"))

    def _import(self) -> Tree | None:
        if not self.door.may(Action.IMPORT):
            return None
        query: list[Tree] = [
            {"name": "dry_run", "in": "query", "schema": {"type": "integer", "enum": [0, 1]}},
            {"name": "mode", "in": "query", "schema": {"enum": list(MODES)}},
            text_parameter("key"),
        ]
        answer = {"202": json_answer(RUN_ASKED)}
        found = operation(f"import_{self.name}", f"{self.label}: bring a file in", answer, query)
        file = {"type": "string", "format": "binary"}
        body = {"type": "object", "required": ["file"], "properties": {"file": file, "map": file}}
        return found | {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": body}}}}

    def _imported(self, what: str, answer: Tree) -> Tree | None:
        if not self.door.may(Action.IMPORT):
            return None
        return operation(f"import_{what}_{self.name}", f"{self.label}: what was not taken", {"200": answer}, [ID])

    def _export(self) -> Tree | None:
        if not self.door.may(Action.EXPORT):
            return None
        query = [self._where(), WORDS, *self._sort(), FORMAT, self._columns()]
        return operation(f"export_{self.name}", f"{self.label}: a file", {"200": file_answer()}, query)


def _list_parameter(name: str, values: list[str], *, least: int = 0, most: int = 200) -> Tree:
    """A list as `a,b`."""
    schema = {"type": "array", "minItems": least, "maxItems": most, "items": {"enum": values}}
    return {"name": name, "in": "query", "style": "form", "explode": False, "schema": schema}
