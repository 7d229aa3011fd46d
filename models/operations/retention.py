"""Retention rules: how long records of some types are kept. No period, no destruction.

`retention_rules`     {_id, version, labels, types, trigger, period, minimum, basis, example, by, at, reason}
`retention_versions`  {_id: "<rule>@<version>", …}                     every version there was, whole

A change is a new version; a case that was listed under an older one leaves its records alone. Due days are stamped by
the nightly scan, which proposes and never destroys.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from pymongo.client_session import ClientSession

from models.access.door import Door, TypeDoor
from models.definitions.compiled import CompiledType
from models.definitions.fields import in_language
from models.errors import FieldValueError, InvalidRecord, RecordNotFound, StaleRecord
from models.lifecycle.cases import OPEN
from models.lifecycle.retention import Period, day_of, due_on, periods_of
from models.operations import cases
from models.operations.changes import allowed, committed, entry_for
from models.operations.keeping import MOST_CHOSEN, check_words, system_door
from models.operations.minimums import trigger_of
from models.store import Store
from models.users import Actor

VIEW, MANAGE = "retention:view", "retention:manage"
SCANNER = Actor.system_actor("job:retention_scan", "stamps due days and proposes")
BATCH = 1000
Rule = dict[str, Any]


def ship(store: Store, actor: Actor, rules: Iterable[Mapping[str, Any]]) -> None:
    """Bring in the shipped rules that are not there. None of them has a period.

    :raises DefinitionError: a rule names a type or trigger that is not there
    """
    door = system_door(store)
    for one in rules:
        for name in one["types"]:
            trigger_of(door.registry.get(name), one["trigger"])
        if store.data.retention_rules.find_one({"_id": one["id"]}, {"_id": 1}):
            continue
        fresh = {"version": 1, "period": None, "minimum": None, "example": False}
        rule = {"_id": one["id"], **{name: value for name, value in one.items() if name != "id"}, **fresh}
        rule |= {"by": actor.id, "at": store.clock.now(), "reason": "shipped"}
        entry = entry_for(actor, "retention:add", "retention_rules", [one["id"]])
        committed(store, entry, _inserting(store, rule), stamp=None)


def _inserting(store: Store, rule: Rule) -> Callable[[ClientSession], None]:
    def write(session: ClientSession) -> None:
        store.data.retention_rules.insert_one(rule, session=session)
        _keep_version(store, rule, session)

    return write


def _keep_version(store: Store, rule: Mapping[str, Any], session: ClientSession) -> None:
    kept = {**rule, "_id": f"{rule['_id']}@{rule['version']}"}
    store.data.retention_versions.insert_one(kept, session=session)


def listed(store: Store) -> list[Rule]:
    """Every rule, in the order of ids."""
    return list(store.data.retention_rules.find().sort("_id"))


def find(store: Store, rule_id: str) -> Rule:
    """
    :raises RecordNotFound: there is no such rule
    """
    rule = store.data.retention_rules.find_one({"_id": str(rule_id)})
    if rule is None:
        raise RecordNotFound
    return rule


def change(
    actor: Actor,
    store: Store,
    rule_id: str,
    *,
    expected: int,
    period: str,
    minimum: str = "",
    reason: str,
    example: bool = False,
) -> Rule:
    """Set, change or take away the period and the legal minimum of a rule.

    :param period: such as P3Y; "": none, and nothing is due
    :param expected: the version the change was made against
    :raises InvalidRecord: no period, or no reason
    :raises StaleRecord: somebody else was first
    """
    allowed(actor, store, MANAGE)
    rule = find(store, rule_id)
    texts = {"period": _read("period", period), "minimum": _read("minimum", minimum)}
    words = check_words("reason", reason, 200)
    changed = {**rule, **texts, "version": rule["version"] + 1, "example": example}
    changed |= {"by": actor.id, "at": store.clock.now(), "reason": words}
    entry = entry_for(
        actor, "retention:change", "retention_rules", [rule_id], version=changed["version"], **_told(rule, changed)
    )

    def write(session: ClientSession) -> None:
        seen = {"_id": rule_id, "version": expected}
        if not store.data.retention_rules.replace_one(seen, changed, session=session).matched_count:
            raise StaleRecord
        _keep_version(store, changed, session)

    committed(store, entry, write, stamp=None)
    return changed


def _read(name: str, text: str) -> str | None:
    try:
        return str(Period.parse(text)) if text.strip() else None
    except FieldValueError as wrong:
        raise InvalidRecord({name: wrong}) from wrong


def _told(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [old[name] or "", new[name] or ""] for name in ("period", "minimum") if old[name] != new[name]}


def due_of(store: Store, rule: Mapping[str, Any], value: Any) -> date | None:
    """The first day on which a record with this trigger may be destroyed under a rule; None: it is not due ever."""
    trigger = day_of(value, store.clock.zone)
    period, minimum = periods_of(rule)
    return due_on(trigger, period, minimum) if trigger else None


def would_be_due(store: Store, rule: Mapping[str, Any], period: str, minimum: str = "") -> int:
    """How many records would be due at once if the rule had this period.

    :raises InvalidRecord: it is no period
    """
    asked = {**rule, "period": _read("period", period), "minimum": _read("minimum", minimum)}
    today, found = store.clock.today(), 0
    for records, kind, path in _kinds(system_door(store), rule):
        for value, count in records.trigger_values(kind, path).items():
            due = due_of(store, asked, value)
            found += count if due is not None and due <= today else 0
    return found


def _kinds(door: Door, rule: Mapping[str, Any]) -> Iterable[tuple[TypeDoor, CompiledType, str]]:
    for name in rule["types"]:
        if name in door.registry.types:
            kind = door.registry.get(name)
            yield door.open(name), kind, trigger_of(kind, rule["trigger"])


# the scan


def stamp(store: Store, rule_id: str, after: str, *, enough: Callable[[], bool] = lambda: False) -> str | None:
    """Write class and due day of the records of a rule, on from the record `after`, until it is enough.

    :returns: where to go on; None: every record of the rule has its day
    """
    rule, door = find(store, rule_id), system_door(store, SCANNER)
    kind_name, _, id = after.partition(":")
    for records, kind, path in _kinds(door, rule):
        if kind.name < kind_name:
            continue
        id = id if kind.name == kind_name else ""
        while True:
            found = records.triggered(kind, path, id, BATCH)
            if not found:
                break
            changes = {}
            for one in found:
                due = due_of(store, rule, one["trigger"])
                wanted = (rule_id, due.isoformat() if due else None)
                if (one["class"], one["due_on"]) != wanted:
                    changes[one["_id"]] = wanted
            records.stamp_due(changes)
            id = found[-1]["_id"]
            if enough():
                return f"{kind.name}:{id}"
    return None


def propose_due(store: Store, rule_id: str) -> str | None:
    """A draft of what is due under a rule, not held, and in no case that is open; None: there is nothing."""
    rule, door = find(store, rule_id), system_door(store, SCANNER)
    if not rule["period"]:
        return None
    today = store.clock.today().isoformat()
    due: dict[str, list[str]] = {}
    for records, kind, _ in _kinds(door, rule):
        due.setdefault(kind.base, []).extend(records.due(kind, rule_id, today, MOST_CHOSEN))
    opened = store.data.cases.find({"state": {"$in": sorted(OPEN)}}, {"chosen": 1})
    spoken = {id for case in opened for id in case["chosen"]}
    for base, ids in due.items():
        fresh = [id for id in ids if id not in spoken][:MOST_CHOSEN]
        if fresh:
            name = in_language(rule["labels"], "zh-Hans")
            case: dict[str, Any] = {"type": base, "base": base, "authority": "rule", "reason": f"{name}：保存期满"}
            case |= {"rule": {"id": rule_id, "version": rule["version"]}}
            return cases.begin(store, SCANNER, case, fresh)["_id"]
    return None


def rules_of(store: Store) -> list[str]:
    """The ids of all rules."""
    return [one["_id"] for one in store.data.retention_rules.find({}, {"_id": 1}).sort("_id")]
