"""JSON Schemas of values, records and bodies, composed from what a caller may read and write."""

from collections.abc import Iterable, Mapping
from typing import Any

from models.access.knowledge import FieldAccess
from models.access.levels import Read, Write
from models.definitions.fields import Field

Schema = dict[str, Any]
NOTHING: Schema = {"type": "null"}
TEXT: Schema = {"type": "string"}
EMPTY: tuple[Schema, ...] = (NOTHING, {"type": "array", "maxItems": 0}, {"type": "object", "maxProperties": 0})
"""What empties a field."""
MOMENT: Schema = {"type": "string", "format": "date-time"}
MASKED: Schema = {
    "type": "object",
    "required": ["masked"],
    "additionalProperties": False,
    "properties": {"masked": TEXT},
}
WORDS = ("fillable", "filled", "unreadable")
"""What is told of a cell whose value is not."""


def frame() -> dict[str, Schema]:
    """What every record carries beside its fields."""
    maybe = {"type": ["string", "null"]}
    return {
        "id": TEXT,
        "type": TEXT,
        "revision": {"type": "integer", "minimum": 1},
        "state": TEXT,
        "archive_no": maybe,
        "department": maybe,
        "owner": maybe,
        "created_at": MOMENT,
        "created_by": TEXT,
        "updated_at": MOMENT,
        "updated_by": TEXT,
        "findings": {"type": "array"},
        "held": {"type": "boolean"},
    }


REQUIRED = [name for name in frame() if name != "held"]


def record(fields: Iterable[FieldAccess], label: str) -> Schema:
    """A record as this caller may see it: fields that are hidden on a row are absent there."""
    own = {name: schema for name, schema in shown(fields).items() if name not in frame()}
    return {
        "type": "object",
        "title": label,
        "required": REQUIRED,
        "additionalProperties": False,
        "properties": frame() | own,
    }


def shown(fields: Iterable[FieldAccess]) -> dict[str, Schema]:
    """Cells by name, the parts of an object inside it."""
    found: dict[str, Schema] = {}
    for one in fields:
        field = one.field
        if field.parent_id:
            found[field.parent_name]["properties"][field.name] = cell(one)  # type: ignore[index]
        elif field.type.name == "object":
            found[field.name] = {"type": ["object", "null"], "additionalProperties": False, "properties": {}}
        else:
            found[field.name] = cell(one)
    return found


def cell(one: FieldAccess) -> Schema:
    """What may stand for one value, given the most this caller has on it."""
    shapes = [NOTHING]
    if one.read == Read.FULL:
        shapes.append(value(one.field))
    if one.read >= Read.MASKED:
        shapes.append(MASKED)
    shapes += [{"type": "object", "required": [word], "properties": {word: {"const": True}}} for word in WORDS]
    return {"title": one.field.label("en"), "anyOf": shapes}


def value(field: Field) -> Schema:
    """A whole value as REST sends it."""
    one = _one(field)
    return {"type": "array", "items": one} if field.many else one


def _one(field: Field) -> Schema:
    if field.type.name == "rows":
        return {"type": "array", "items": _object({part.name: _maybe(value(part)) for part in _parts(field)})}
    if field.type.name == "object":
        return _object({part.name: _maybe(value(part)) for part in _parts(field)})
    return dict(field.type.json_schema)


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, NOTHING]}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def _parts(field: Field) -> Iterable[Field]:
    return (part for part in field.fields if part.active)


def body(fields: Iterable[FieldAccess]) -> Schema:
    """A request body: the fields this caller may write somewhere, all optional."""
    properties: dict[str, Schema] = {}
    for one in fields:
        field = one.field
        if field.parent_id:
            if field.parent_name in properties and one.write > Write.NONE:
                properties[field.parent_name]["anyOf"][1]["properties"][field.name] = written(field)
        elif field.type.name == "object" and not field.system:
            properties[field.name] = {"title": field.label("en"), "anyOf": [NOTHING, _object({}), {"const": ""}]}
        elif one.write > Write.NONE and not field.computed:
            properties[field.name] = written(field)
    return _object({name: schema for name, schema in properties.items() if not _is_hollow(schema)})


def _is_hollow(schema: Schema) -> bool:
    """An object none of whose parts may be written."""
    return any(shape.get("type") == "object" and shape.get("properties") == {} for shape in schema.get("anyOf", ()))


def written(field: Field) -> Schema:
    """What a body may give for a field: the shape REST sends, or text as a person would type it; null empties."""
    shapes: list[Schema] = [*EMPTY, TEXT]
    if field.type.name != "attachment":
        one = _written_one(field)
        shapes.append(one)
        if field.many:
            shapes.append({"type": "array", "items": {"anyOf": [one, TEXT, NOTHING]}})
    return {"title": field.label("en"), "anyOf": shapes}


def _written_one(field: Field) -> Schema:
    kind = field.type.name
    if kind in ("choice", "choices"):
        keys = {"type": "string", "enum": [option.key for option in field.options if option.active]}
        return keys if kind == "choice" else {"type": "array", "items": keys}
    if kind == "rows":
        row = _object({part.name: written(part) for part in _parts(field)})
        return {"type": "array", "items": {"anyOf": [row, NOTHING]}}
    if kind == "object":
        return _object({part.name: written(part) for part in _parts(field)})
    return WRITTEN.get(kind) or dict(field.type.json_schema)


_NUMBER: Schema = {"type": ["number", "string"]}
WRITTEN: dict[str, Schema] = {
    "integer": {"type": ["integer", "string"]},
    "boolean": {"type": ["boolean", "string"]},
    "money": {
        "anyOf": [
            _NUMBER,
            {
                "type": "object",
                "required": ["amount"],
                "additionalProperties": False,
                "properties": {"amount": {"type": ["number", "string", "null"]}, "currency": TEXT},
            },
        ]
    },
    "phone": {
        "anyOf": [
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {"number": {"type": ["string", "null"]}, "verified_at": {"type": ["string", "null"]}},
            },
            {
                "type": "array",
                "items": {
                    "anyOf": [
                        TEXT,
                        {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {
                                "number": {"type": ["string", "null"]},
                                "verified_at": {"type": ["string", "null"]},
                            },
                        },
                    ]
                },
            },
        ]
    },
    "address": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "region": {"type": ["string", "null"]},
            "country": {"type": ["string", "null"]},
            "text": {"type": ["string", "null"]},
        },
    },
    "reference": {
        "type": "object",
        "required": ["id"],
        "additionalProperties": False,
        "properties": {"id": {"type": ["string", "null"]}, "label": True},
    },
    "user": {
        "type": "object",
        "required": ["id"],
        "additionalProperties": False,
        "properties": {"id": {"type": ["string", "null"]}, "label": True},
    },
    "map": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
}
WRITTEN["department"] = WRITTEN["user"]
"""What a body may hold where that is more than REST sends; the validators of the field come on top."""


_ONE: Schema = {"type": ["string", "number", "boolean"]}
_VALUE: Schema = {"anyOf": [_ONE, {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}}]}
OPERAND: Schema = {"anyOf": [_VALUE, {"type": "array", "items": _VALUE}]}
"""What a condition may compare with; whether it fits the field is told by the server."""


def condition(fields: Iterable[FieldAccess], name: str) -> Schema:
    """The condition tree over what this caller may ask."""
    by_operators: dict[tuple[str, ...], list[str]] = {}
    for one in fields:
        if one.operators:
            by_operators.setdefault(one.operators, []).append(one.field.address)
    leaves = [
        {
            "type": "object",
            "required": ["field", "op", "value"],
            "additionalProperties": False,
            "properties": {"field": {"enum": sorted(names)}, "op": {"enum": list(operators)}, "value": OPERAND},
        }
        for operators, names in by_operators.items()
    ]
    this = {"$ref": f"#/components/schemas/{name}"}
    some = {"type": "array", "minItems": 1, "maxItems": 50, "items": this}
    groups = [_only("all", some), _only("any", some), _only("not", this)]
    return {"anyOf": [*leaves, *groups]}


def _only(word: str, schema: Schema) -> Schema:
    return {"type": "object", "required": [word], "additionalProperties": False, "properties": {word: schema}}
