"""Every crash point of a case, and everything that can come between two of its writes; the invariants as oracle."""

import os
from contextlib import suppress

import pytest

from models.access import destruction_verbs
from models.access.door import Door
from models.audit.ledger import Head, Ledger
from models.errors import ArchiveError
from models.lifecycle.cases import CaseState
from models.operations import cases, destruction, holds, records
from tests.destroying import SYSTEM, People, broken, carry_out, certified, enterprises, hold, running
from tests.exploring import Snapshot, Writes, counted

FULL = bool(os.environ.get("FULL"))
STRIDE = 1 if FULL else 9
"""A small run looks at every ninth write, another one each time a write is added."""
QUICK = {"batch": 2, "lease_seconds": 0.0}
"""Two items a batch, and no waiting for the lease of a hand that died."""


class World:
    """A running case of three records, one of which has a history, and one more record that is not in it."""

    def __init__(self, store, cast, monkeypatch):
        self.store, self.monkeypatch = store, monkeypatch
        self.people = People(store, cast)
        self.ids = sorted(enterprises(store, 3))
        self.kept = enterprises(store, 1, "留下的公司")
        self.door = Door(store, SYSTEM).open("enterprise")
        records.update(self.door, self.ids[0], {"customer_name": "改过名"}, expected=1)
        self.contents = {one["_id"]: one["v"] for one in store.data.r_customer.find({"_id": {"$in": self.kept}})}
        self.case = running(store, self.people, self.ids)["_id"]
        self.start = Snapshot(store)

    def part(self, writes):
        """A hand works until the case is checked, or until it dies."""
        with counted(self.monkeypatch, writes):
            carry_out(self.store, self.case, **QUICK)

    def writes(self):
        """How many writes the whole takes."""
        found = Writes()
        self.part(found)
        self.start.restore()
        return found

    def points(self):
        return range(1, self.writes().count + 1, STRIDE)

    def finished(self, held=frozenset()):
        """Another hand brings it to its end; what then is broken."""
        destruction.HAND.renew()
        case = carry_out(self.store, self.case, **QUICK)
        if case["state"] == CaseState.VERIFIED_LIVE:
            certified(self.store, self.people, self.case)
        return case, broken(self.store, held=set(held), contents=self.contents)


@pytest.fixture
def world(shipped, cast, monkeypatch):
    return World(shipped, cast, monkeypatch)


def test_a_death_after_any_write_changes_nothing_of_the_end(world):
    for point in world.points():
        writes = Writes(point)
        world.part(writes)
        assert writes.dead
        assert broken(world.store, contents=world.contents) == [], (point, writes.names[-1])
        case, wrong = world.finished()
        assert wrong == [], (point, writes.names[-1])
        assert case["state"] == CaseState.VERIFIED_LIVE, (point, writes.names[-1], case.get("fault"))
        assert cases.progress(world.store, case) == {"checked": 3}
        assert world.store.data.certificates.count_documents({}) == 1
        assert world.store.keys.data_keys.count_documents({"_id": {"$in": world.ids}}) == 0
        assert world.store.data.revisions.count_documents({"record": {"$in": world.ids}}) == 0
        world.start.restore()


def test_a_zombie_that_goes_on_beside_its_successor_does_no_harm(world):
    def successor():
        name = destruction.HAND.name
        destruction.HAND.renew()
        carry_out(world.store, world.case, **QUICK)
        destruction.HAND.name = name

    for point in world.points():
        writes = Writes(point, successor)
        world.part(writes)
        case, wrong = world.finished()
        assert wrong == [], (point, writes.names[point - 1])
        assert case["state"] == CaseState.VERIFIED_LIVE
        assert cases.progress(world.store, case) == {"checked": 3}
        world.start.restore()


def test_a_hold_after_any_write_wins_or_is_refused(world):
    """F31: whoever gives a hold is told which of the two it was, and it is true."""
    target = world.ids[1]
    outcomes = set()
    for point in world.points():
        held = set()

        def place(held=held):
            with suppress(ArchiveError):
                held.update(hold(world.store, world.people, [target]).refused or [target])

        world.part(Writes(point, place))
        _case, wrong = world.finished(held)
        assert wrong == [], point
        state = world.store.data.case_items.find_one({"record": target})["state"]
        assert (state == "skipped") == bool(held), point
        assert (world.store.data.tombstones.find_one({"_id": target}) is None) == bool(held), point
        outcomes.add(state)
        world.start.restore()
    assert outcomes == {"skipped", "checked"}


def test_a_change_by_a_person_after_any_write_keeps_the_record_or_is_refused(world):
    target = world.ids[2]
    for point in world.points():
        changed = []

        def edit(changed=changed):
            with suppress(ArchiveError):
                records.update(world.door, target, {"customer_name": "又来了"}, expected=1)
                changed.append(target)

        world.part(Writes(point, edit))
        case, wrong = world.finished()
        assert wrong == [], point
        found = world.store.data.r_customer.find_one({"_id": target})
        assert (found is not None) == bool(changed), point
        if changed:
            assert cases.items_of(world.store, case, states=["skipped"])[0]["reason"] == "changed"
            assert target in world.store.keyring.fetch([target])
        world.start.restore()


def test_holding_and_lifting_survive_a_death_after_any_write(shipped, cast, monkeypatch):
    people, ids = People(shipped, cast), enterprises(shipped, 3)
    start = Snapshot(shipped)
    found = Writes()
    with counted(monkeypatch, found):
        placed = hold(shipped, people, ids)
        holds.lift(people.lawyer, shipped, placed.id)
    start.restore()
    for point in range(1, found.count + 1):
        with counted(monkeypatch, Writes(point)):
            placed = hold(shipped, people, ids)
            holds.lift(people.lawyer, shipped, placed.id)
        for one in shipped.data.holds.find():
            holds.finish(shipped, one["_id"])
        counts = {one["life"]["hold_count"] for one in shipped.data.r_customer.find()}
        standing = shipped.data.holds.count_documents({"state": "placed"})
        assert counts == {standing}, (point, found.names[point - 1])
        start.restore()


def _blind_to_holds(monkeypatch):
    listed = destruction_verbs._as_listed
    seeing = {"life.hold_count"}
    monkeypatch.setattr(
        destruction_verbs, "_as_listed", lambda one: {k: v for k, v in listed(one).items() if k not in seeing}
    )


def _without_ledger(monkeypatch):
    monkeypatch.setattr(Ledger, "append", lambda self, case, records, at: Head(1, "0" * 64))


@pytest.mark.parametrize("plant", [_blind_to_holds, _without_ledger])
def test_the_oracle_catches_planted_bugs(world, monkeypatch, plant):
    destruction.step(world.store, world.case, seconds=0, lease_seconds=0.0)
    plant(monkeypatch)
    placed = hold(world.store, world.people, world.ids[:1])
    assert placed.held == 1
    assert broken(world.store, held=set(world.ids[:1])) == []
    carry_out(world.store, world.case, **QUICK)
    assert broken(world.store, held=set(world.ids[:1])) != []
