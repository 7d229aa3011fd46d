"""Record types as an administrator might draw them: the smallest that say what a test is about."""

import copy

from models.definitions.field_types import FIELD_TYPES
from models.definitions.record_types import TypeDefinition, load_type


def labels(word: str = "x") -> dict:
    return {"zh-Hans": word, "zh-Hant": word, "en": word}


def field(name: str, kind: str = "text", **said) -> dict:
    return {"id": f"{name}_aa11", "name": name, "labels": labels(), "type": kind, **said}


def choice(name: str, *keys: str, **said) -> dict:
    return field(name, "choice", options=[{"key": key, "labels": labels()} for key in keys], **said)


def a_type(*fields: dict, name: str = "permit", **said) -> dict:
    return {"type": name, "labels": labels(), "fields": list(fields), **said}


def with_states(**said) -> dict:
    states = {"initial": "open", "list": [{"name": "open", "labels": labels()}, {"name": "shut", "labels": labels()}]}
    return {"states": {**states, **said}}


def edge(**said) -> dict:
    return {"name": "shut", "labels": labels(), "from": ["open"], "to": "shut", **said}


def everything() -> dict:
    """A type with a field of every kind."""
    kinds = {
        "choice": {"options": [{"key": "a", "labels": labels()}, {"key": "b", "labels": labels(), "active": False}]},
        "choices": {"options": [{"key": "a", "labels": labels()}]},
        "reference": {"target": "permit", "copies": ["a_text"], "many": True},
        "object": {"fields": [field("part_a"), field("part_b", "choice", options=[{"key": "a", "labels": labels()}])]},
        "rows": {"fields": [field("part_c", "date", open_end=True)], "validators": {"max_items": 5}},
        "formula": {"formula": "a_integer"},
        "sequence": {"numbering": {"prefix": "V"}},
        "text": {"validators": {"max_length": 9, "pattern": "[a-z]*"}, "default": "abc", "many": False},
        "money": {"currency": "HKD", "validators": {"min": 0.5, "max": "12.5"}},
    }
    return a_type(*(field(f"a_{kind}", kind, **kinds.get(kind, {})) for kind in FIELD_TYPES))


def definitions(*trees: dict) -> dict[str, TypeDefinition]:
    """The trees as definitions, by type name; faults call them `<type>.yaml`."""
    loaded = [load_type(copy.deepcopy(tree), f"{tree['type']}.yaml") for tree in trees]
    return {one.type: one for one in loaded}
