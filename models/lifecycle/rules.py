"""Verification rules as data: read, checked with messages, compiled for a kind of record, and judged.

A rule asks one thing of one field (others may help) and belongs to one dimension of quality. What it says of a record
is passed, failed, warned, errored or skipped; the record keeps what did not pass, and the day on which to look again.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from models.crypto.envelope import UNREADABLE
from models.definitions.compiled_type import CompiledType
from models.definitions.faults import Faults
from models.definitions.fields import LANGUAGES, Field
from models.errors import N_, DefinitionError
from models.lifecycle.checks import EMPTY, NEVER, PREDICATES, UNREAD, Asked, Outcome, Predicate

RESULTS = ("passed", "failed", "warned", "errored", "skipped")
TOLD = ("failed", "warned", "errored")
"""What a record keeps as findings."""
DIMENSIONS = ("completeness", "uniqueness", "timeliness", "validity", "accuracy", "consistency")
SEVERITIES = ("must", "should")
KEYS = {"id", "version", "types", "field", "with", "dimension", "severity", "predicate", "parameters", "labels"}
REQUIRED = "@required"
"""As `field`: every field that the type requires, each a rule of its own."""
NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
CHECKS_VERSION = 1
"""Raised when a check judges otherwise than before: every record is then looked at again."""
MOST_RULES = 200


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """A rule as it is written.

    :param fields: addresses, the judged one first
    :param labels: what the rule asks for, in three languages
    """

    id: str
    version: int
    types: tuple[str, ...]
    fields: tuple[str, ...]
    dimension: str
    severity: str
    predicate: str
    parameters: Mapping[str, int]
    labels: Mapping[str, str]

    def to_tree(self) -> dict[str, Any]:
        """The same as plain data."""
        tree: dict[str, Any] = {"id": self.id, "version": self.version, "types": list(self.types)}
        tree["field"] = self.fields[0]
        if self.fields[1:]:
            tree["with"] = list(self.fields[1:])
        tree |= {"dimension": self.dimension, "severity": self.severity, "predicate": self.predicate}
        if self.parameters:
            tree["parameters"] = dict(self.parameters)
        return tree | {"labels": dict(self.labels)}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on one kind of record.

    :param key: `<rule id>`, with `:<field id>` where one rule is meant for many fields; no dots
    """

    key: str
    definition: RuleDefinition
    fields: tuple[Field, ...]

    def outcome(self, value_of: Callable[[Field], Any], asked: Asked, predicate: Predicate) -> Outcome:
        """What it says of a record; a bug in it is the rule's fault, never the data's.

        :param asked, predicate: as `RuleSet.asked` has them ready for a day
        """
        try:
            first = value_of(self.fields[0])
            if first is None and predicate.needs_value:
                return EMPTY
            values = [first, *[value_of(one) for one in self.fields[1:]]]
            for value in values:
                if value is UNREADABLE:
                    return UNREAD
            found = predicate.check(values, asked)
        except Exception:  # a running-out of time is none (jobs.worker.OutOfTime): it ends the part, and says nothing
            return Outcome("errored", "rule_error")
        if found.result == "failed" and self.definition.severity == "should":
            return Outcome("warned", found.reason, found.check_on)
        return found


@dataclass(frozen=True)
class RuleSet:
    """The rules on one kind, in force.

    :param digest: names rules, versions and kind: a record judged under another one is looked at again
    """

    kind: CompiledType
    rules: tuple[Rule, ...]
    digest: str
    _asked: dict[date, list[tuple[Rule, Asked, Predicate]]] = field(default_factory=dict, repr=False, compare=False)

    def asked(self, today: date) -> list[tuple[Rule, Asked, Predicate]]:
        """Every rule with what is the same for all records of a day."""
        kept = self._asked.get(today)
        if kept is None:
            kept = [
                (rule, Asked(rule.fields, today, rule.definition.parameters), PREDICATES[rule.definition.predicate])
                for rule in self.rules
            ]
            if len(self._asked) > 1:
                self._asked.clear()
            self._asked[today] = kept
        return kept

    @property
    def fields(self) -> list[Field]:
        """Every field that some rule reads."""
        return list({one.id: one for rule in self.rules for one in rule.fields}.values())


@dataclass
class Judgement:
    """What all rules together say of one record.

    :param findings: as the record keeps them, without `since`
    :param outcomes: (key of the rule, result)
    """

    findings: list[dict[str, Any]] = field(default_factory=list)
    check_on: str = NEVER
    outcomes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def worst(self) -> str:
        """The gravest of the results."""
        results = {result for _, result in self.outcomes}
        return next((one for one in (*TOLD, "passed") if one in results), "skipped")


def judge(rules: RuleSet, value_of: Callable[[Field], Any], today: date) -> Judgement:
    """Ask every rule.

    :param value_of: the plain value of a field, None where it is empty, `UNREADABLE` where it cannot be opened
    """
    found = Judgement()
    for rule, asked, predicate in rules.asked(today):
        result, reason, check_on = rule.outcome(value_of, asked, predicate)
        found.outcomes.append((rule.key, result))
        if check_on < found.check_on:
            found.check_on = check_on
        if result in TOLD:
            ids = [one.id for one in rule.fields]
            said = {"rule": rule.key, "v": rule.definition.version, "result": result, "reason": reason}
            found.findings.append(said | {"fields": ids})
    return found


def with_since(findings: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]], today: str) -> list[dict]:
    """The findings as they are stored: what was found before keeps its first day."""
    known = {(one["rule"], one["result"]): one.get("since", today) for one in before}
    return [{**one, "since": known.get((one["rule"], one["result"]), today)} for one in findings]


def compile_rules(definitions: Iterable[RuleDefinition], kind: CompiledType) -> RuleSet:
    """The rules that hold for a kind. One whose field the kind does not have in use is left out."""
    rules = []
    for one in definitions:
        if not {kind.name, kind.base} & set(one.types):
            continue
        if one.fields[0] == REQUIRED:
            rules += [Rule(f"{one.id}:{each.id}", one, (each,)) for each in kind.active if _is_asked_for(each)]
            continue
        fields = [kind.find(address) for address in one.fields]
        known = tuple(each for each in fields if each is not None)
        if len(known) == len(fields):
            rules.append(Rule(one.id, one, known))
    return RuleSet(kind, tuple(rules), _digest(kind, rules))


def _is_asked_for(one: Field) -> bool:
    return one.required and not one.computed and not one.frame and not one.system


def _digest(kind: CompiledType, rules: Sequence[Rule]) -> str:
    said = [CHECKS_VERSION, kind.name]
    for rule in rules:
        fields = [(one.id, one.type.name, one.many) for one in rule.fields]
        said += [rule.key, rule.definition.version, fields, sorted(rule.definition.parameters.items())]
    return sha256(repr(said).encode()).hexdigest()[:16]


# reading


def read_rules(tree: Any, where: str) -> list[RuleDefinition]:
    """The rules of a file.

    :raises DefinitionFaults: with everything that is wrong
    """
    faults = Faults()
    found: dict[str, RuleDefinition] = {}
    listed = tree.get("rules") if isinstance(tree, dict) else None
    if not isinstance(listed, list) or set(tree) != {"rules"} or len(listed) > MOST_RULES:
        faults.add(DefinitionError(where, N_("must be one list called rules, of at most {most}"), most=MOST_RULES))
        faults.raise_if_any()
        return []
    for place, one in enumerate(listed):
        spot = f"{where}: rules.{place}"
        if rule := _read(one, spot, faults):
            if rule.id in found:
                faults.add(DefinitionError(spot, N_("there is another rule {id}"), id=rule.id))
            found[rule.id] = rule
    faults.raise_if_any()
    return list(found.values())


def _read(one: Any, spot: str, faults: Faults) -> RuleDefinition | None:
    def fault(part: str, sentence: str, **places: Any) -> None:
        faults.add(DefinitionError(f"{spot}.{part}" if part else spot, sentence, **places))

    if not isinstance(one, dict):
        fault("", N_("must be a rule: id, version, types, field …"))
        return None
    before = len(faults)
    for key in sorted(set(map(str, one)) - KEYS):
        fault(key, N_("no rule has this"))
    if not isinstance(one.get("id"), str) or not NAME.fullmatch(one["id"]):
        fault("id", N_("must be 2 to 40 small letters, digits and _"))
    if type(one.get("version")) is not int or one["version"] < 1:
        fault("version", N_("must be a number from 1 on"))
    if not _texts(one.get("types")) or not one["types"]:
        fault("types", N_("must be a list of names of types"))
    if not isinstance(one.get("field"), str):
        fault("field", N_("must be the address of a field"))
    if not _texts(one.get("with", [])):
        fault("with", N_("must be a list of addresses of fields"))
    for part, words in (("dimension", DIMENSIONS), ("severity", SEVERITIES), ("predicate", tuple(PREDICATES))):
        if one.get(part) not in words:
            fault(part, N_("must be one of: {known}"), known=", ".join(words))
    labels = one.get("labels")
    if not isinstance(labels, dict) or {name for name, text in labels.items() if _is_label(text)} != set(LANGUAGES):
        fault("labels", N_("must hold a sentence for each of: {known}"), known=", ".join(LANGUAGES))
    if len(faults) > before:
        return None
    _check_call(one, fault)
    if len(faults) > before:
        return None
    return RuleDefinition(
        one["id"], one["version"], tuple(one["types"]), (one["field"], *one.get("with", [])), one["dimension"],
        one["severity"], one["predicate"], dict(one.get("parameters") or {}), dict(one["labels"]),
    )  # fmt: skip


def _check_call(one: Mapping[str, Any], fault: Callable[..., None]) -> None:
    """The predicate gets as many fields and just the parameters it takes."""
    predicate = PREDICATES[one["predicate"]]
    least, most = predicate.fields
    if not least <= 1 + len(one.get("with", [])) <= most:
        fault("with", N_("this predicate takes {least} to {most} fields in all"), least=least, most=most)
    given = one.get("parameters") or {}
    if not isinstance(given, dict) or set(given) - set(predicate.parameters):
        fault("parameters", N_("must be among: {known}"), known=", ".join(predicate.parameters) or "—")
    elif any(type(number) is not int or not 0 <= number <= 36_500 for number in given.values()):
        fault("parameters", N_("must be whole numbers from 0 to 36500"))
    elif one["predicate"] == "not_older" and "days" not in given:
        fault("parameters", N_("must hold days"))


def check_fields(definitions: Iterable[RuleDefinition], types: Mapping[str, CompiledType], where: str) -> None:
    """Rules name types and fields that exist, of a type their predicate understands.

    :raises DefinitionFaults: with everything that is wrong
    """
    faults = Faults()
    for one in definitions:
        predicate = PREDICATES[one.predicate]
        for name in one.types:
            kind = types.get(name)
            if kind is None:
                faults.add(DefinitionError(f"{where}: {one.id}", N_("there is no type {name}"), name=name))
                continue
            for place, address in enumerate(one.fields if one.fields[0] != REQUIRED else ()):
                found = kind.find(address)
                if found is None or found.in_rows or found.computed:
                    words = N_("{type} has no field {name} that a rule can read")
                    faults.add(DefinitionError(f"{where}: {one.id}", words, type=name, name=address))
                elif place == 0 and predicate.types and found.type.name not in predicate.types:
                    words = N_("the predicate {predicate} does not understand a field of type {type}")
                    fault = DefinitionError(f"{where}: {one.id}", words, predicate=one.predicate, type=found.type.name)
                    faults.add(fault)
    faults.raise_if_any()


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_label(text: Any) -> bool:
    return isinstance(text, str) and 1 <= len(text.strip()) <= 200
