"""How columns or paths of a foreign file become fields of a type: a mapping file, or names that are ours already."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from models.definitions.fields import Field
from models.errors import N_, DefinitionError, FieldValueError
from models.operations.cells import OURS, Cells, Unreadable
from models.operations.columns import guess, words_of

KEYS = {"type", "key", "fields", "ignore", "unmapped"}
SOURCES = ("from", "template", "value")
OPTIONS = {"map", "date", "split"}
MOST_NAMES = 2_000
"""Names of columns that are remembered; each row of a hostile file may bring new ones."""
_PLACE = re.compile(r"\{([^{}]+)\}")

Faults = dict[str, FieldValueError]


@dataclass(frozen=True)
class Rule:
    """How one field gets its value."""

    address: str
    source: str
    what: Any
    choices: Mapping[str, Any] | None = None
    date_format: str | None = None
    split: str | None = None

    def paths(self) -> list[str]:
        """The paths of the row it reads."""
        if self.source == "from":
            return [self.what]
        return _PLACE.findall(self.what) if self.source == "template" else []

    def value(self, row: Cells) -> Any:
        """
        :raises FieldValueError: a date that is not in the format said, a value the map does not know
        """
        if self.source == "value":
            return self.what
        found = _filled(self.what, row) if self.source == "template" else at(row, self.what)
        if isinstance(found, Unreadable):
            raise found.fault
        if found is None or found == "":
            return None
        return self._turned(found)

    def _turned(self, found: Any) -> Any:
        if self.choices is not None:
            if str(found) not in self.choices:
                raise FieldValueError("not_mapped", N_("The map knows no value for this."))
            return self.choices[str(found)]
        if self.date_format:
            try:
                return datetime.strptime(str(found), self.date_format).date().isoformat()
            except ValueError:
                words = N_("This is no date in the form {form}.")
                raise FieldValueError("not_a_date", words, form=self.date_format) from None
        if self.split and isinstance(found, str):
            return [part.strip() for part in found.split(self.split) if part.strip()]
        return found


@dataclass
class Mapped:
    """A whole map; counts what it was not told about."""

    rules: tuple[Rule, ...]
    type: str | None = None
    key: str | None = None
    ignore: tuple[str, ...] = ()
    refuse_unmapped: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    """Without a map: what columns may be called (`columns.words_of`) → address. Columns come as rows have them."""
    left: Counter[str] = field(default_factory=Counter)
    """Path → rows in which it stood and was not taken."""
    _met: set[str] = field(default_factory=set)

    def body(self, row: Cells) -> tuple[dict[str, Any], Faults]:
        """The REST-shaped body of a row, and what is wrong with it, by field."""
        if self.words and not row.keys() <= self._met:
            self._meet(row)
        body: dict[str, Any] = {}
        faults: Faults = {}
        for rule in self.rules:
            try:
                value = rule.value(row)
            except FieldValueError as fault:
                faults[rule.address] = fault
                continue
            if value is not None:
                _put(body, rule.address, value)
        if row.keys() <= self._paths:
            return body, faults
        unknown = [path for path in leaves(row) if not self._taken(path)]
        self._leave(unknown)
        if unknown and self.refuse_unmapped:
            words = N_("The map does not say what becomes of {paths}.")
            faults[""] = FieldValueError("unmapped", words, paths=", ".join(unknown))
        return body, faults

    def _meet(self, row: Cells) -> None:
        """Learn of columns that no row had before."""
        fresh = [name for name in row if name not in self._met and len(self._met) < MOST_NAMES]
        self._met.update(fresh)
        found = guess([*(rule.what for rule in self.rules), *fresh], self.words)
        rules = tuple(Rule(found[name], "from", name) for name in fresh if name in found)
        if rules:
            self.rules += rules
            self.__dict__.pop("_paths", None)

    def _leave(self, paths: list[str]) -> None:
        for path in paths:
            self.left[path if path in self.left or len(self.left) < MOST_NAMES else "…"] += 1

    def _taken(self, path: str) -> bool:
        """Whether the map reads or ignores this path or one around it, or it is one of ours."""
        if path.startswith(OURS):
            return True
        while path:
            if path in self._paths:
                return True
            path = path.rpartition(".")[0]
        return False

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset((*self.ignore, *(path for rule in self.rules for path in rule.paths())))


def read_map(tree: Any, source: str) -> Mapped:
    """A mapping file.

    :raises DefinitionError: with its place
    """
    if not isinstance(tree, Mapping) or not isinstance(tree.get("fields"), Mapping):
        raise DefinitionError(source, N_("A map has fields, each with from, template or value."))
    if extra := sorted(set(tree) - KEYS):
        raise DefinitionError(source, N_("Unknown key {names}."), names=", ".join(map(str, extra)))
    if tree.get("unmapped", "report") not in ("report", "refuse"):
        raise DefinitionError(f"{source}: unmapped", N_("Either refuse or report."))
    for name in ("type", "key"):
        if not isinstance(tree.get(name, ""), str):
            raise DefinitionError(f"{source}: {name}", N_("A name is expected."))
    if not isinstance(tree.get("ignore") or [], list):
        raise DefinitionError(f"{source}: ignore", N_("A list of paths is expected."))
    rules = tuple(_rule(str(address), how, source) for address, how in tree["fields"].items())
    ignore = tuple(str(path) for path in tree.get("ignore") or ())
    return Mapped(rules, tree.get("type"), tree.get("key"), ignore, tree.get("unmapped") == "refuse")


def _rule(address: str, how: Any, source: str) -> Rule:
    place = f"{source}: fields.{address}"
    if not isinstance(how, Mapping):
        raise DefinitionError(place, N_("A mapping with from, template or value is expected."))
    named = [key for key in SOURCES if key in how]
    if len(named) != 1 or set(how) - {*SOURCES, *OPTIONS}:
        words = N_("Name one of from, template and value, and at most map, date and split beside it.")
        raise DefinitionError(place, words)
    choices = how.get("map")
    if choices is not None and not isinstance(choices, Mapping):
        raise DefinitionError(f"{place}.map", N_("A mapping is expected."))
    for name in ("date", "split"):
        if name in how and not (isinstance(how[name], str) and how[name]):
            raise DefinitionError(f"{place}.{name}", N_("Text is expected."))
    what = how[named[0]] if named[0] == "value" else str(how[named[0]])
    known = {str(key): value for key, value in choices.items()} if choices is not None else None
    return Rule(address, named[0], what, known, how.get("date"), how.get("split"))


def own_names(known: Iterable[Field], languages: Iterable[str]) -> Mapped:
    """Without a map: columns called as our fields are, by address, id or label in any of the languages."""
    return Mapped((), words=words_of(known, languages))


def at(row: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; a column may itself have dots in its name."""
    if path in row:
        return row[path]
    found: Any = row
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def leaves(row: Mapping[str, Any], before: str = "") -> list[str]:
    """The dotted paths at which a row holds something."""
    found: list[str] = []
    for name, value in row.items():
        path = f"{before}{name}"
        if value and isinstance(value, dict):
            found += leaves(value, f"{path}.")
        elif value not in (None, "", [], {}):
            found.append(path)
    return found


def _filled(template: str, row: Cells) -> str | None:
    parts = [at(row, path) for path in _PLACE.findall(template)]
    if parts and all(part in (None, "") for part in parts):
        return None
    text = _PLACE.sub(_text_at(row), template)
    return re.sub(r"\s+([,，、])", r"\1", re.sub(r"\s+", " ", text)).strip()


def _text_at(row: Cells) -> Callable[[re.Match[str]], str]:
    def text(match: re.Match[str]) -> str:
        value = at(row, match[1])
        return "" if value is None or isinstance(value, Mapping | list | Unreadable) else str(value)

    return text


def _put(body: dict[str, Any], address: str, value: Any) -> None:
    name, _, part = address.partition(".")
    if part:
        holder = body.setdefault(name, {})
        if isinstance(holder, dict):
            holder[part] = value
    else:
        body[name] = value
