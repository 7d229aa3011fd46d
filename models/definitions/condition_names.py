"""Conditions and steps in definitions: people write names, the archive keeps ids. Renaming a field changes none."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from models.definitions.compiled_type import CompiledType
from models.definitions.field_definitions import FieldDefinition
from models.definitions.record_types import TypeDefinition
from models.definitions.workflow import Workflow

Word = Callable[[str], str]


def with_ids(definition: TypeDefinition, compiled: CompiledType) -> TypeDefinition:
    """The definition as it is stored."""
    return _with_words(definition, lambda word: found.id if (found := compiled.resolve(word)) else word)


def with_names(definition: TypeDefinition, compiled: CompiledType) -> TypeDefinition:
    """The definition as people write it."""
    return _with_words(definition, lambda word: found.address if (found := compiled.resolve(word)) else word)


def _with_words(definition: TypeDefinition, word: Word) -> TypeDefinition:
    include = tuple(
        replace(one, visible_when=_tree(one.visible_when, word)) if one.visible_when else one
        for one in definition.include
    )
    return replace(
        definition,
        include=include,
        fields=tuple(_field(one, word) for one in definition.fields),
        workflow=definition.workflow and _workflow(definition.workflow, word),
    )


def _field(one: FieldDefinition, word: Word) -> FieldDefinition:
    parts = tuple(_field(part, word) for part in one.fields)
    condition = _tree(one.visible_when, word) if one.visible_when else None
    if parts == one.fields and condition == one.visible_when:
        return one
    return replace(one, fields=parts, visible_when=condition)


def _workflow(workflow: Workflow, word: Word) -> Workflow:
    states = tuple(replace(state, effects=_effects(state.effects, word)) for state in workflow.states)
    edges = tuple(
        replace(
            edge,
            when=_tree(edge.when, word) if edge.when else None,
            required=tuple(word(name) for name in edge.required),
            fields=tuple(word(name) for name in edge.fields),
            effects=_effects(edge.effects, word),
        )
        for edge in workflow.transitions
    )
    return replace(workflow, states=states, transitions=edges)


def _effects(effects: Iterable[Mapping[str, Any]], word: Word) -> tuple[Mapping[str, Any], ...]:
    return tuple({**effect, "set": word(effect["set"])} for effect in effects)


def _tree(tree: Mapping[str, Any], word: Word) -> dict[str, Any]:
    """The same tree with every field called by `word`. What is no condition stays as it is."""
    if isinstance(tree.get("field"), str):
        return {**tree, "field": word(tree["field"])}
    return {
        key: [_tree(part, word) if isinstance(part, Mapping) else part for part in value]
        if isinstance(value, list)
        else _tree(value, word)
        if isinstance(value, Mapping)
        else value
        for key, value in tree.items()
    }
