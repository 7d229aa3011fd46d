"""Grants as people write them (YAML, field names) and as they are stored (field ids), both ways.

Every entry has an id made of what it says, so that the same line is the same entry wherever it stands, and
a change set is the difference of two sets of entries.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from models.access.actions import RESOURCE_ACTIONS, RESOURCES, USES, Action
from models.access.levels import Read, Write
from models.definitions.compiled import CompiledType, TypeRegistry
from models.definitions.conditions import parse_condition
from models.definitions.fields import Field
from models.definitions.grades import Grade
from models.errors import N_, ArchiveError, DefinitionError

Entry = dict[str, Any]
KINDS = {"scopes": "scope", "grants": "grant", "ceilings": "ceiling", "reach": "reach"}
KEYS = {
    "scope": {"holder", "type", "resource", "actions", "when", "from", "until"},
    "grant": {"holder", "type", "target", "read", "write", "use", "when", "record_id", "from", "until"},
    "ceiling": {"holders", "outside", "type", "target", "read_at_most", "write_at_most", "when", "from", "until"},
    "reach": {"role", "types", "grade", "read", "write", "from", "until"},
}
GRADES = {grade.word for grade in Grade}


class PolicyReader:
    """Turns one configuration into stored entries; collects every fault with its place.

    :param source: file name, for messages
    :param roles: known role ids; empty: not checked
    """

    def __init__(self, source: str, registry: TypeRegistry, roles: frozenset[str]):
        self.source, self.registry, self.roles = source, registry, roles
        self.faults: list[DefinitionError] = []

    def entries(self, tree: Any) -> list[Entry]:
        """The stored entries.

        :raises DefinitionError: the first fault; `faults` has them all
        """
        found: dict[str, Entry] = {}
        if not isinstance(tree, Mapping):
            raise DefinitionError(self.source, N_("A mapping with scopes, grants, ceilings and reach is expected."))
        for section, lines in tree.items():
            if section not in KINDS or not isinstance(lines, list):
                self._fault(str(section), N_("Only lists under {known} may stand here."), known=", ".join(KINDS))
                continue
            for place, line in enumerate(lines):
                entry = self._entry(f"{section}[{place}]", KINDS[section], line)
                if entry:
                    found[entry["_id"]] = entry
        if self.faults:
            raise self.faults[0]
        return list(found.values())

    def _fault(self, place: str, words: str, **places: Any) -> None:
        self.faults.append(DefinitionError(f"{self.source}: {place}", words, **places))

    def _entry(self, place: str, kind: str, line: Any) -> Entry | None:
        if not isinstance(line, Mapping):
            self._fault(place, N_("A mapping is expected."))
            return None
        if extra := sorted(set(map(str, line)) - KEYS[kind]):
            self._fault(place, N_("Unknown key {names}."), names=", ".join(extra))
            return None
        before = len(self.faults)
        entry = {key: value for key, value in line.items() if value is not None}
        for key in ("from", "until"):
            if key in entry:
                self._moment(place, key, entry)
        if len(self.faults) == before and "from" in entry and "until" in entry and entry["until"] <= entry["from"]:
            self._fault(place, N_("It ends before it begins."))
        check = {"scope": self._scope, "grant": self._grant, "ceiling": self._ceiling, "reach": self._reach}[kind]
        check(place, entry)
        if len(self.faults) > before:
            return None
        return {"_id": entry_id(kind, entry), "kind": kind, **entry}

    def _moment(self, place: str, key: str, entry: Entry) -> None:
        try:
            moment = datetime.fromisoformat(str(entry[key]))
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # the first and last day of all, seen from another zone, are no days
            self._fault(place, N_("{key} is a moment such as 2027-01-31T18:00:00+08:00."), key=key)
            return
        entry[key] = moment.replace(microsecond=moment.microsecond // 1000 * 1000)  # as BSON keeps it

    def _scope(self, place: str, entry: Entry) -> None:
        self._holder(place, entry.get("holder"))
        if ("type" in entry) == ("resource" in entry):
            self._fault(place, N_("Name either a type or a resource."))
        elif "resource" in entry:
            self._word(place, "resource", entry["resource"], RESOURCES)
            self._words(place, "actions", entry.get("actions"), RESOURCE_ACTIONS)
        else:
            kinds = self._kinds(place, entry["type"])
            self._words(place, "actions", entry.get("actions"), [action.value for action in Action])
            self._condition(place, entry, kinds)

    def _grant(self, place: str, entry: Entry) -> None:
        self._holder(place, entry.get("holder"))
        kinds = self._kinds(place, entry.get("type"))
        self._word(place, "read", entry.setdefault("read", "none"), [level.word for level in Read])
        self._word(place, "write", entry.setdefault("write", "none"), [level.word for level in Write])
        self._words(place, "use", entry.get("use", []), USES)
        self._target(place, entry, kinds)
        self._condition(place, entry, kinds)

    def _ceiling(self, place: str, entry: Entry) -> None:
        named = [key for key in ("holders", "outside") if entry.get(key)]
        if len(named) != 1:
            self._fault(place, N_("Name either holders or outside, with at least one role."))
        else:
            for holder in entry[named[0]]:
                self._holder(place, holder)
        kinds = self._kinds(place, entry.get("type"))
        self._word(place, "read_at_most", entry.get("read_at_most", "full"), [level.word for level in Read])
        self._word(place, "write_at_most", entry.get("write_at_most", "edit"), [level.word for level in Write])
        self._target(place, entry, kinds)
        self._condition(place, entry, kinds)

    def _reach(self, place: str, entry: Entry) -> None:
        if self.roles and entry.get("role") not in self.roles:
            self._fault(place, N_("There is no role {name}."), name=entry.get("role"))
        for name in entry.get("types") or [None]:
            self._kinds(place, name)
        self._word(place, "grade", entry.get("grade"), GRADES)
        self._word(place, "read", entry.get("read", "full"), [level.word for level in Read])
        self._word(place, "write", entry.get("write", "edit"), [level.word for level in Write])

    def _holder(self, place: str, holder: Any) -> None:
        kind, _, name = str(holder).partition(":")
        if kind not in ("role", "user") or not name:
            self._fault(place, N_("A holder is role:<id> or user:<id>, not {value}."), value=holder)
        elif kind == "role" and self.roles and name not in self.roles:
            self._fault(place, N_("There is no role {name}."), name=name)

    def _word(self, place: str, key: str, value: Any, known: Iterable[str]) -> None:
        if value not in list(known):
            words = N_("{key} is one of {known}, not {value}.")
            self._fault(place, words, key=key, known=", ".join(known), value=value)

    def _words(self, place: str, key: str, values: Any, known: Iterable[str]) -> None:
        if not isinstance(values, list):
            self._fault(place, N_("{key} is a list."), key=key)
            return
        for value in values:
            self._word(place, key, value, known)

    def _kinds(self, place: str, name: Any) -> list[CompiledType]:
        """The concrete types an entry holds for."""
        if name == "*":
            return list(self.registry)
        if name not in self.registry.names:
            self._fault(place, N_("There is no record type {name}."), name=name)
            return []
        return [*self.registry.concrete(name)]

    def _target(self, place: str, entry: Entry, kinds: list[CompiledType]) -> None:
        target = entry.get("target")
        if target == "*" or target in GRADES or not kinds:
            return
        found = {field.id for kind in kinds if (field := named(kind, target)) is not None}
        if len(found) != 1:
            self._fault(place, N_("There is no field {name} here."), name=target)
        else:
            entry["target"] = found.pop()

    def _condition(self, place: str, entry: Entry, kinds: list[CompiledType]) -> None:
        """Conditions are stored by field id, and read once per kind so that no plan fails on them later."""
        if entry.get("when") is None:
            return
        tree = entry["when"]
        for kind in kinds:
            try:
                tree = parse_condition(entry["when"], kind.resolve, deciding=True).to_json()
            except ArchiveError as fault:
                self._fault(
                    f"{place}.when",
                    N_("This condition does not hold for {type}: {why}"),
                    type=kind.name,
                    why=str(fault),
                )
                return
        entry["when"] = tree


def named(kind: CompiledType, word: Any) -> Field | None:
    """The field an entry means: by id, or by the address people use (one that is off, too)."""
    if not isinstance(word, str):
        return None
    return kind.by_id.get(word) or kind.by_address.get(word) or kind.system.get(word)


def entry_id(kind: str, entry: Mapping[str, Any]) -> str:
    """The same line has the same id."""
    said = json.dumps(
        [kind, {key: entry[key] for key in sorted(entry)}], sort_keys=True, ensure_ascii=False, default=str
    )
    return sha256(said.encode()).hexdigest()[:24]


def to_tree(entries: Iterable[Mapping[str, Any]], registry: TypeRegistry) -> dict[str, list[Entry]]:
    """Stored entries as people write them, in a steady order."""
    sections: dict[str, list[Entry]] = {section: [] for section in KINDS}
    for entry in entries:
        section = next(name for name, kind in KINDS.items() if kind == entry["kind"])
        sections[section].append(_line(entry, registry))
    return {name: sorted(lines, key=_steady) for name, lines in sections.items() if lines}


def _line(entry: Mapping[str, Any], registry: TypeRegistry) -> Entry:
    line = {key: value for key, value in entry.items() if key not in ("_id", "kind")}
    kinds = _kinds_of(line.get("type"), registry)
    if "target" in line:
        line["target"] = _address(line["target"], kinds)
    if "when" in line:
        line["when"] = _renamed(line["when"], lambda id: _address(id, kinds))
    return line


def _kinds_of(name: str | None, registry: TypeRegistry) -> list[CompiledType]:
    if name is None or name not in registry.names:
        return list(registry) if name == "*" else []
    return [*registry.concrete(name)]


def _address(id: str, kinds: list[CompiledType]) -> str:
    return next((kind.by_id[id].address for kind in kinds if id in kind.by_id), id)


def _renamed(tree: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(tree, Mapping):
        return {
            key: rename(value) if key == "field" else value if key == "value" else _renamed(value, rename)
            for key, value in tree.items()
        }
    return [_renamed(part, rename) for part in tree] if isinstance(tree, list) else tree


def _steady(line: Entry) -> str:
    who = line.get("holder") or line.get("role") or ""
    return json.dumps([who, line.get("type") or line.get("resource") or "", line], sort_keys=True, default=str)
