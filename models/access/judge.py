"""A plan bound to one actor at one moment: it judges rows and cells.

Per row the scopes are evaluated once, as bits; what depends on the bits alone is looked up in a table,
and only fields with a condition of their own are judged row by row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.access.actions import Action
from models.access.levels import Read, Write
from models.access.plan import AccessPlan, CellRule, Term
from models.definitions.condition_operators import Filter, all_of, any_of
from models.definitions.conditions import Bound
from models.definitions.fields import Field

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Level:
    """The answer for one cell."""

    read: Read
    write: Write


NO_LEVEL = Level(Read.NONE, Write.NONE)
ALL_LEVELS = Level(Read.FULL, Write.EDIT)


class Judge:
    """One plan, one action, one actor, one moment."""

    def __init__(self, plan: AccessPlan, action: Action, bound: Bound, now: datetime):
        self.plan = plan
        self.action = action
        self.bound = bound
        self.now = now
        self.terms: list[Term] = []
        self.bits_of: dict[str, int] = {}
        for holder, terms in plan.scopes.get(action, {}).items():
            self.bits_of[holder] = sum(1 << self._place(term) for term in terms if self._in_time(term))
        self.everywhere = (1 << len(self.terms)) - 1
        # what depends on the scopes alone is the same for everybody with this plan, unless part of it ends
        self._tables: dict[int, dict[str, Level]] = plan.facts.setdefault(action, {}) if plan.lasting else {}

    def _place(self, term: Term) -> int:
        for place, known in enumerate(self.terms):
            if known.key == term.key:
                return place
        self.terms.append(term)
        return len(self.terms) - 1

    def _in_time(self, entry: Term | CellRule) -> bool:
        return entry.until is None or entry.until > self.now

    # rows

    def row_filter(self) -> Filter | None:
        """The rows on which the action holds, as a MongoDB filter; `{}` for all, None for none."""
        if self.plan.everything:
            return {}
        return self._terms_filter(self.everywhere)

    def _terms_filter(self, bits: int) -> Filter | None:
        wanted = [term for place, term in enumerate(self.terms) if bits >> place & 1]
        if not wanted:
            return None
        if any(term.condition is None for term in wanted):
            return {}
        return any_of([term.condition.filter(self.bound) for term in wanted])  # type: ignore[union-attr]

    def bits(self, document: Document) -> int:
        """Which scopes hold for this row."""
        found = 0
        for place, term in enumerate(self.terms):
            if term.condition is None or term.condition.holds(document, self.bound):
                found |= 1 << place
        return found

    def holders(self, document: Document) -> frozenset[str]:
        """Those of the actor's holders (`role:x`, `user:y`) by whom the action holds for this row."""
        bits = self.bits(document)
        return frozenset(holder for holder, own in self.bits_of.items() if own & bits)

    def holds(self, document: Document) -> bool:
        """Whether the action holds for this row."""
        return self.plan.everything or self.bits(document) != 0

    # cells

    def levels(self, document: Document) -> Mapping[str, Level]:
        """Field id → level, for every field that any grant covers; a field that is absent has none."""
        return self.levels_within(self.bits(document), document)

    def levels_within(self, bits: int, document: Document) -> Mapping[str, Level]:
        """The same for a row whose scopes are known."""
        table = self._table(bits)
        if not self.plan.conditional:
            return table
        return table | {id: self._judge(id, bits, document) for id in self.plan.conditional}

    def differs(self, field: Field) -> bool:
        """Whether its level can differ between rows that lie in the same scopes."""
        return field.id in self.plan.conditional

    def level(self, field: Field, document: Document) -> Level:
        """The level of one cell."""
        if self.plan.everything:
            return ALL_LEVELS
        return self.levels(document).get(field.id, NO_LEVEL)

    def most(self, field: Field) -> Level:
        """The most that is given on a field on any row the action holds for."""
        if self.plan.everything:
            return ALL_LEVELS
        rules = [rule for rule in self.plan.rules.get(field.id, ()) if self.bits_of.get(rule.holder)]
        read = max((rule.read for rule in rules if self._in_time(rule)), default=Read.NONE)
        write = max((rule.write for rule in rules if self._in_time(rule)), default=Write.NONE)
        most_read, most_write = self.plan.static_cap(field.id)
        return Level(min(read, most_read), min(write, most_write))

    def _table(self, bits: int) -> dict[str, Level]:
        if bits not in self._tables:
            self._tables[bits] = {
                id: self._judge(id, bits, None) for id in self.plan.rules if id not in self.plan.conditional
            }
        return self._tables[bits]

    def _judge(self, id: str, bits: int, document: Document | None) -> Level:
        read, write = Read.NONE, Write.NONE
        for rule in self.plan.rules.get(id, ()):
            if bits & self.bits_of.get(rule.holder, 0) and self._in_time(rule) and self._fits(rule, document):
                read, write = max(read, rule.read), max(write, rule.write)
        for cap in self.plan.caps.get(id, ()):
            if cap.when is None or (document is not None and cap.when.holds(document, self.bound)):
                read, write = min(read, cap.read), min(write, cap.write)
        return Level(read, write)

    def _fits(self, rule: CellRule, document: Document | None) -> bool:
        if rule.record_id is not None and (document is None or document["_id"] != rule.record_id):
            return False
        return rule.when is None or (document is not None and rule.when.holds(document, self.bound))

    # uses

    def usable(self, field: Field, use: str) -> bool | Filter:
        """Whether a field may be filtered, sorted, searched or grouped by.

        True: on every row the action holds for. A filter: opened by an administrator, and only where it
        holds; elsewhere the answer is unknown. False: refuse.
        """
        if self.plan.everything:
            return True
        rules = [rule for rule in self.plan.rules.get(field.id, ()) if self._in_time(rule)]
        most, _ = self.plan.static_cap(field.id)
        caps = [cap for cap in self.plan.caps.get(field.id, ()) if cap.when is not None]
        if most == Read.FULL and not caps and self._covers_all(rules):
            return True
        opened = [rule for rule in rules if use in rule.use and min(rule.read, most) > Read.NONE]
        if not opened:
            return False
        where = any_of([found for rule in opened if (found := self._rule_filter(rule)) is not None])
        for cap in caps:
            if cap.read == Read.NONE:
                where = all_of([where, cap.unless.filter(self.bound)])  # type: ignore[union-attr]
        return True if where == {} else where

    def told(self, field: Field) -> bool:
        """Whether it may be read (masked, too) or filled on every row the action holds for: findings on it are told."""
        if self.plan.everything:
            return True
        read, write = self.plan.static_cap(field.id)
        if (read == Read.NONE and write < Write.FILL) or any(cap.when for cap in self.plan.caps.get(field.id, ())):
            return False
        bits = 0
        for rule in self.plan.rules.get(field.id, ()):
            gives = min(rule.read, read) > Read.NONE or min(rule.write, write) >= Write.FILL
            if gives and self._in_time(rule) and not rule.conditional:
                bits |= self.bits_of.get(rule.holder, 0)
        return bool(self.everywhere) and bits == self.everywhere

    def _covers_all(self, rules: list[CellRule]) -> bool:
        full = 0
        for rule in rules:
            if rule.read == Read.FULL and not rule.conditional:
                full |= self.bits_of.get(rule.holder, 0)
        return bool(self.everywhere) and full == self.everywhere

    def _rule_filter(self, rule: CellRule) -> Filter | None:
        where = self._terms_filter(self.bits_of.get(rule.holder, 0))
        if where is None:
            return None
        if rule.when is not None:
            where = all_of([where, rule.when.filter(self.bound)])
        if rule.record_id is not None:
            where = all_of([where, {"_id": rule.record_id}])
        return where
