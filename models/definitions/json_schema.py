"""The JSON Schema of a record type as REST speaks it: what OpenAPI composes from, and a first check of a body."""

from collections.abc import Callable, Iterable
from typing import Any

from models.definitions.compiled_type import CompiledType
from models.definitions.fields import Field

Json = dict[str, Any]
Takes = Callable[[Field], bool]


def value_schema(one: Field) -> Json:
    """What a value of the field looks like, null (empty) included."""
    return _nullable(_list_of(one, _plain(one)))


def write_schema(compiled: CompiledType, takes: Takes) -> Json:
    """A request body: changed fields by name, no other key.

    :param takes: whether the caller may write a field (and so may know of it)
    """
    return _object((one for one in compiled.active if takes(one) and not one.frame), takes)


def read_schema(compiled: CompiledType, takes: Takes) -> Json:
    """The fields of a record in an answer; beside them stand the system keys.

    :param takes: whether the caller may know of a field
    """
    known = (one for one in compiled.active if takes(one))
    return {"type": "object", "properties": {one.name: read_value_schema(one, takes) for one in known}}


def read_value_schema(one: Field, takes: Takes) -> Json:
    """A value in an answer: bare, or the mark of one that is masked, or may be filled but not read."""
    bare = _nullable(_list_of(one, _plain(one, takes)))
    return {"title": one.labels["en"], "anyOf": [bare, MASKED, FILLABLE]}


MASKED: Json = {
    "type": "object", "required": ["masked"], "additionalProperties": False,
    "properties": {"masked": {"type": "string"}},
}  # fmt: skip
FILLABLE: Json = {
    "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False,
    "properties": {"fillable": {"const": True}, "filled": {"const": True}},
}  # fmt: skip


def _object(fields: Iterable[Field], takes: Takes) -> Json:
    properties = {}
    for one in fields:
        properties[one.name] = {"title": one.labels["en"], **_nullable(_list_of(one, _plain(one, takes)))}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _plain(one: Field, takes: Takes = lambda one: True) -> Json:
    """One value of the field."""
    name = one.type.name
    if name in ("choice", "choices") and one.options:
        keys: Json = {"type": "string", "enum": [option.key for option in one.options]}
        return keys if name == "choice" else {"type": "array", "items": keys, "uniqueItems": True}
    if name in ("object", "rows"):
        known = (part for part in one.fields if part.active and (part.in_rows or takes(part)))
        parts = _object(known, takes)
        return parts if name == "object" else {"type": "array", "items": parts}
    return {**one.type.json_schema, **_limits(one)}


def _limits(one: Field) -> Json:
    rules, text = one.validators, one.type.text_like
    limits = {"minLength": rules.get("min_length"), "maxLength": rules.get("max_length")} if text else {}
    return {key: value for key, value in limits.items() if value is not None}


def _list_of(one: Field, schema: Json) -> Json:
    return {"type": "array", "items": schema} if one.many else schema


def _nullable(schema: Json) -> Json:
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    if isinstance(kind, list):
        return {**schema, "type": [*kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
