"""Verification: records judged by the rules in force, in batches that may be repeated, run in parallel or be killed.

A batch reads records with their revisions, judges them, brings their tasks up to date and last of all keeps what it
found on the records, each only over the revision that was judged. Whatever dies in between leaves records that are
still to be judged; whatever is done twice comes out the same.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from pymongo.errors import PyMongoError

from models.access.documents import open_value, upgraded
from models.access.door import Door, TypeDoor
from models.crypto.keys import DataKey
from models.definitions.compiled import CompiledType
from models.definitions.fields import Field
from models.errors import ArchiveError
from models.lifecycle.rules import Judgement, RuleSet, judge, with_since
from models.operations import tasks
from models.operations.leases import Lease
from models.operations.rules import rule_sets, rules_for
from models.store import Store
from models.users import Actor

KIND = "verification"
ACTOR = Actor.system_actor("job:verification")
BATCH = 1000
NOTHING: Mapping[str, Any] = {}
log = logging.getLogger("dossier.verification")


class Sweep:
    """The records of one base type that a run is about.

    :param only_type: judge anew every record of this kind, or of all kinds of this base
    :param only_rule: judge anew every record this rule holds for

    Without either: what is due, found by an index.
    """

    def __init__(self, store: Store, base: CompiledType, only_type: str = "", only_rule: str = ""):
        self.door: TypeDoor = Door(store, ACTOR).open(base.name)
        self.store, self.anew = store, bool(only_rule or only_type)
        kinds = [kind for kind in self.door.kinds if only_type in ("", kind.name, base.name)]
        self.rules = {
            name: one
            for name, one in rule_sets(self.door.door, kinds).items()
            if not only_rule or any(rule.definition.id == only_rule for rule in one.rules)
        }
        self.digests = {name: one.digest for name, one in self.rules.items()}
        self.fields = {name: one.fields for name, one in self.rules.items()}

    def count(self) -> int | None:
        """How many there are to judge; None where counting takes too long."""
        if not self.rules:
            return 0
        if self.anew:
            return self.door.count_live(self.rules)
        return self.door.count_unjudged(self.digests, self._today().isoformat())

    def next(self, after: str, limit: int = BATCH) -> list[dict[str, Any]]:
        """The next batch; [] when nothing is left."""
        if not self.rules:
            return []
        if self.anew:
            return self.door.live_after(after, self.rules, self.fields, limit)
        return self.door.unjudged(self.digests, self._today().isoformat(), self.fields, limit)

    def judge(self, batch: Sequence[Mapping[str, Any]], before: Callable[[], None] = lambda: None) -> Counter[str]:
        """Judge a batch and keep what was found; the counts by result, and by rule and result.

        :param before: asked once more when all is judged, before anything is kept
        """
        self.door.log_verified(
            [one["_id"] for one in batch], [field for some in self.fields.values() for field in some]
        )
        keys = self.store.keyring.fetch([one["_id"] for one in batch]) if self._seals() else {}
        today, counts, outcomes = self._today(), Counter[str](), Counter[tuple[str, str]]()
        judged = []
        for document in batch:
            found = judged_document(self.rules[document["type"]], document, keys.get(document["_id"]), today)
            judged.append((document, found))
            counts[found.worst] += 1
            outcomes.update(found.outcomes)
        for (key, result), number in outcomes.items():
            counts[f"{key}/{result}"] = number
        before()
        keep(self.door, judged, self.digests, today)
        return counts

    def _seals(self) -> bool:
        return any(field.sealed for some in self.fields.values() for field in some)

    def _today(self) -> date:
        return self.store.clock.today()


def work(store: Store, lease: Lease) -> bool:
    """A part of a run: batches until the time is up. True: nothing is left.

    :raises LeaseLost, Cancelled: the run is not ours any more, or nobody's
    """
    only_type, only_rule = str(lease.params.get("type") or ""), str(lease.params.get("rule") or "")
    bases = bases_of(store, only_type)
    if lease.total is None:
        counted = [Sweep(store, base, only_type, only_rule).count() for base in bases]
        total = sum(one or 0 for one in counted) if None not in counted else None
        lease.advance(total=total)
        lease.total = total
    place = lease.cursor or {"base": "", "after": ""}
    for base in bases:
        if base.name < place["base"]:
            continue
        sweep = Sweep(store, base, only_type, only_rule)
        after = place["after"] if base.name == place["base"] else ""
        while batch := sweep.next(after):
            counts = sweep.judge(batch, lease.check)
            after = batch[-1]["_id"]
            lease.advance(cursor={"base": base.name, "after": after}, done=len(batch), counts=counts)
            if lease.enough():
                return False
    return True


def bases_of(store: Store, only_type: str = "") -> list[CompiledType]:
    """The base types whose collections a run looks into, in order.

    :raises RecordNotFound: there is no type of this name
    """
    registry = Door(store, ACTOR).registry
    if only_type:
        return [registry.get(registry.get(only_type).base)]
    return [one for one in registry if one.name == one.base]


def standing(store: Store) -> list[tuple[str, str, int]]:
    """(rule, result, live records) over the whole archive: counts alone.

    :raises TooSlow: out of time
    """
    door = Door(store, ACTOR)
    return [one for base in bases_of(store) for one in door.open(base.name).findings_by_rule()]


def judged_document(rules: RuleSet, document: Mapping[str, Any], key: DataKey | None, today: date) -> Judgement:
    """What the rules say of one stored record. One that cannot be read at all errs in every rule, and stops no run."""
    try:
        now = upgraded(rules.kind, document, key) if rules.kind.steps else document
    except Exception as fault:
        log.error("record %s cannot be read: %s %s", document["_id"], type(fault).__name__, uuid.uuid4().hex[:8])
        return judge(rules, _raising(fault), today)
    return judge(rules, _opener(now, key), today)


def _raising(fault: Exception) -> Callable[[Field], Any]:
    def value_of(field: Field) -> Any:
        raise fault

    return value_of


def _opener(document: Mapping[str, Any], key: DataKey | None) -> Callable[[Field], Any]:
    """Opens a value when a rule asks for it, once."""
    values: Mapping[str, Any] = document.get("v") or NOTHING
    opened: dict[str, Any] = {}

    def value_of(field: Field) -> Any:
        id = field.id
        if id in opened:
            return opened[id]
        if field.frame:
            stored = document.get(field.path)
        else:
            stored = (values.get(field.parent_id) or NOTHING).get(id) if field.parent_id else values.get(id)
        value = opened[id] = None if stored is None else open_value(field, stored, key)
        return value

    return value_of


def keep(
    door: TypeDoor,
    judged: Sequence[tuple[Mapping[str, Any], Judgement]],
    digests: Mapping[str, str],
    today: date,
) -> None:
    """Tasks first, then what stands on the record: a record that says it was judged has its tasks."""
    tasks.sync(door.store, [(document, found.findings) for document, found in judged])
    changed = []
    for document, found in judged:
        before = (document.get("d") or {}).get("verification") or {}
        now = {
            "rev": document["rev"],
            "rules": digests[document["type"]],
            "check_on": found.check_on,
            "findings": with_since(found.findings, before.get("findings") or (), today.isoformat()),
        }
        if now != before:
            changed.append((document, now))
    if not door.put_derived(changed):
        # A record that a person changed between reading and keeping was judged by their request; a task that we
        # opened for what stood there before must not outlive it.
        for id in door.overtaken(document for document, found in judged if found.findings):
            tasks.close_outdated(door.store, id, *door.findings_now(id))


def judge_written(door: TypeDoor, kind: CompiledType, id: str) -> None:
    """Judge a record that was just written, so that its finding and task are gone, or there, with the next page.

    Nothing of it undoes the write: a record that could not be judged now is one that is still to be judged. It has no
    audit entry of its own: what it says follows from the revision, whose entry is that of the write.
    """
    rules = rules_for(door.door, kind)
    if not rules.rules:
        return
    try:
        _judge_one(Door(door.store, ACTOR, door.door.stamps).open(kind.name), rules, id)
    except (PyMongoError, ArchiveError) as fault:
        log.warning("record %s is still to be judged: %s", id, type(fault).__name__)


def _judge_one(door: TypeDoor, rules: RuleSet, id: str) -> None:
    document, live = door.to_judge(id, {rules.kind.name: rules.fields})
    if document is None or not live:
        tasks.close_all(door.store, id, document["rev"] if document else 2**31)
        return
    key = door.store.keyring.fetch([id]).get(id)
    today = door.store.clock.today()
    found = judged_document(rules, document, key, today)
    keep(door, [(document, found)], {rules.kind.name: rules.digest}, today)
