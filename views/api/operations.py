"""The building blocks of the OpenAPI document: parameters, answers, problems."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.access.query import PAGE_LIMIT
from models.operations.exports import FORMATS

Tree = dict[str, Any]
PROBLEM: Tree = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {name: {"type": "string"} for name in ("field", "code", "message", "path")},
            },
        },
    },
}
PROBLEMS = {
    "400": "No JSON, or damaged",
    "401": "Nobody is signed in",
    "403": "Not allowed",
    "404": "Unknown, or out of your scope",
    "405": "Not this way",
    "409": "The state of the record does not allow it",
    "412": "Somebody else wrote first",
    "413": "Too large",
    "414": "The address is too long",
    "415": "Not JSON",
    "422": "Does not fit",
    "428": "If-Match is missing",
    "429": "Too many requests",
    "500": "Our fault: the id stands in the log",
    "503": "The archive does not answer",
}


def text_parameter(name: str, **schema: Any) -> Tree:
    """An optional query parameter."""
    return {"name": name, "in": "query", "schema": {"type": "string", "minLength": 1, "maxLength": 200} | schema}


WORDS: Tree = {"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 200}}
LIMIT: Tree = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT}}
AFTER = text_parameter("after", maxLength=8000)
COUNT: Tree = {"name": "count", "in": "query", "schema": {"type": "integer", "enum": [0, 1]}}
FINDINGS = text_parameter("findings", maxLength=80, description="any, a result, or the key of a rule")
FORMAT: Tree = {"name": "format", "in": "query", "schema": {"enum": list(FORMATS)}}
ID: Tree = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[a-z2-7]{26}$"}}
NUMBER: Tree = {
    "name": "number",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
}
IF_MATCH: Tree = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the record as it was read",
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
}
NUMBERS: Tree = {"type": "object", "additionalProperties": {"type": "integer"}}
MOMENT_OR_NOT: Tree = {"type": ["string", "null"]}
RUN: Tree = {
    "type": "object",
    "required": ["id", "kind", "state", "due_at", "done", "total", "counts", "errors"],
    "additionalProperties": False,
    "properties": {
        **{name: {"type": "string"} for name in ("id", "kind", "state", "due_at", "asked_by")},
        "done": {"type": "integer"},
        "total": {"type": ["integer", "null"]},
        "counts": NUMBERS,
        "errors": NUMBERS,
        "started_at": MOMENT_OR_NOT,
        "finished_at": MOMENT_OR_NOT,
        "cancelling": {"type": "boolean"},
    },
}
"""A run of a job."""
IDEMPOTENCY: Tree = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,200}$"},
}


def operation(
    name: str,
    summary: str,
    answers: Mapping[str, Tree],
    parameters: Sequence[Tree] = (),
    body: Tree | None = None,
) -> Tree:
    """One operation with all it may answer."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: Tree = {"operationId": name, "summary": summary}
    if parameters:
        found["parameters"] = list(parameters)
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    problems = {status: {"description": words, "content": problem} for status, words in PROBLEMS.items()}
    del problems["414"]["content"]  # the web server says it before we are asked
    found["responses"] = dict(answers) | problems
    return found


def json_answer(schema: Tree) -> Tree:
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def record_answer(schema: Tree) -> Tree:
    """A record, its revision in the ETag."""
    tag = {"required": True, "schema": {"type": "string", "pattern": '^"[0-9]+"$'}}
    return json_answer(schema) | {"headers": {"ETag": tag}}


def file_answer() -> Tree:
    media = {content.partition(";")[0]: {"schema": {}} for content in FORMATS.values()}
    return {"description": "The file, as it is read", "content": media}


def listed(item: Tree, *more: str) -> Tree:
    """`{"items": […]}`, with the mark of the next page where there are pages."""
    properties: Tree = {"items": {"type": "array", "items": item}}
    properties |= {name: {"type": ["string", "null"]} for name in more}
    return {"type": "object", "required": ["items", *more], "properties": properties}
