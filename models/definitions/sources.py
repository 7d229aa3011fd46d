"""Reading definition files. A file may come from anybody: nothing in it is executed, expanded or trusted."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from models.errors import N_, DefinitionError

LARGEST_BYTES = 2_000_000
DEEPEST = 24
MOST_NODES = 200_000
INT64 = 2**63
LARGEST_FLOAT = 1e18


class _PlainLoader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """Scalars of the JSON kind only: a bare `no`, `on`, `1:30` or `2026-01-01` stays the text it looks like."""

    yaml_implicit_resolvers: dict[str, list] = {}  # noqa: RUF012 (the loader's own protocol)


_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$"), list("-0123456789")
)


def read_definition(path: Path) -> dict[str, Any]:
    """The mapping at the top of a YAML file.

    :raises DefinitionError: not readable, not UTF-8, not YAML, or YAML that does more than say what is there
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        words = N_("cannot be read: {reason}")
        raise DefinitionError(str(path), words, reason=error.strerror or type(error).__name__) from None
    return parse_definition(raw, str(path))


def parse_definition(raw: bytes, file: str) -> dict[str, Any]:
    """The mapping in `raw`. `file` is how messages call it.

    :raises DefinitionError: as `read_definition`
    """
    tree = parse_yaml(raw, file)
    if not isinstance(tree, dict):
        raise DefinitionError(file, N_("must hold keys with values, as in `type: enterprise`"))
    return tree


def parse_yaml(raw: bytes, file: str) -> Any:
    """Plain data (mapping, list, text, number, true or false, null) out of YAML bytes.

    :raises DefinitionError: as `read_definition`
    """
    if len(raw) > LARGEST_BYTES:
        raise DefinitionError(file, N_("is larger than {limit} bytes"), limit=LARGEST_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DefinitionError(file, N_("is not UTF-8 (byte {at}): save it as UTF-8"), at=error.start) from None
    try:
        _refuse_machinery(text, file)
        return _Builder(file).plain(yaml.compose(text, Loader=_PlainLoader), "", DEEPEST)
    except yaml.YAMLError as error:
        raise DefinitionError(file, N_("is not YAML: {reason}"), reason=_reason(error)) from None
    except RecursionError:
        raise _too_deep(file) from None


def _refuse_machinery(text: str, file: str) -> None:
    """Walk the events before anything is built."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_PlainLoader)):
        line = event.start_mark.line + 1
        if getattr(event, "tag", None):
            raise DefinitionError(file, N_("line {line}: tags (!) are not taken"), line=line)
        if isinstance(event, yaml.DocumentStartEvent) and count > 1:
            raise DefinitionError(file, N_("line {line}: one file holds one document"), line=line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _too_deep(file)
        if count > MOST_NODES:
            raise _too_much(file)


class _Builder:
    """Nodes to plain data. An alias is copied out, and what it copies counts: a billion laughs ends early."""

    def __init__(self, file: str):
        self.file = file
        self.left = MOST_NODES

    def plain(self, node: yaml.Node | None, path: str, levels: int) -> Any:
        """The data of one node and what is below it, at most `levels` deep (an alias to itself never ends)."""
        self.left -= 1
        if self.left < 0:
            raise _too_much(self.file)
        if levels < 0:
            raise _too_deep(self.file)
        if node is None:
            return None
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path, levels - 1))
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, f"{path}[{at}]", levels - 1) for at, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _pairs(self, node: yaml.MappingNode, path: str, levels: int) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._wrong(path, N_("a key must be a plain word"))
            key = key_node.value
            if key in seen:
                raise self._wrong(path, N_("{key} stands here twice"), key=key)
            seen.add(key)
            yield key, self.plain(value_node, f"{path}.{key}" if path else key, levels)

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Any:
        kind = node.tag.rsplit(":", 1)[-1]
        if kind == "null":
            return None
        if kind == "bool":
            return node.value == "true"
        if kind == "float":
            return self._float(node, path)
        if kind == "int":
            # Measured before it is converted: Python refuses, slowly, to read a number of 10,000 digits.
            if len(node.value) > 20 or not -INT64 <= int(node.value) < INT64:
                raise self._wrong(path, N_("this number is larger than can be stored"))
            return int(node.value)
        if "\x00" in node.value:
            raise self._wrong(path, N_("this text holds a null character"))
        return node.value

    def _float(self, node: yaml.ScalarNode, path: str) -> float:
        number = float(node.value)
        if abs(number) > LARGEST_FLOAT:
            raise self._wrong(path, N_("this number is larger than can be stored"))
        return number

    def _wrong(self, path: str, words: str, **places: Any) -> DefinitionError:
        return DefinitionError(f"{self.file}: {path}" if path else self.file, words, **places)


def _too_much(file: str) -> DefinitionError:
    return DefinitionError(file, N_("holds more than {limit} values"), limit=MOST_NODES)


def _too_deep(file: str) -> DefinitionError:
    return DefinitionError(file, N_("is nested deeper than {limit} levels"), limit=DEEPEST)


def _reason(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
    return f"line {mark.line + 1}, {problem}" if mark else str(problem)
