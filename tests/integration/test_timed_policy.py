"""Parts of the policy that begin and end by themselves: at the moment, in every process, without a job."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from models.access.door import Door
from models.access.grants import may
from models.errors import AccessDenied, DefinitionError
from models.operations import grants
from models.store import read_stamps
from models.users import Actor

SYSTEM = Actor.system_actor("cli:test")
NOON = datetime(2031, 5, 6, 4, tzinfo=UTC)
NEVER_MET = {"holder": "role:quality", "type": "customer", "target": "secret", "read": "full"}


def put(store, section, line):
    tree = grants.export(store)
    tree.setdefault(section, []).append(line)
    return grants.apply(store, SYSTEM, tree, source="test", reason="a test")


def test_a_scope_begins_and_ends_in_every_process_at_its_moment(shipped, cast, time_machine):
    time_machine.move_to(NOON, tick=False)
    line = {"holder": "role:quality", "resource": "audit", "actions": ["view"]}
    put(shipped, "scopes", line | {"from": NOON + timedelta(hours=1), "until": NOON + timedelta(hours=2)})
    other = replace(shipped, caches={})  # caches of its own, as another process has

    def held():
        return [may(one, read_stamps(one), cast["quality"], "audit:view") for one in (shipped, other)]

    versions = []
    for minutes, expected in ((0, False), (59, False), (60, True), (119, True), (120, False)):
        time_machine.move_to(NOON + timedelta(minutes=minutes), tick=False)
        assert held() == [expected] * 2, minutes
        versions.append(read_stamps(shipped).grants)
    assert versions == [versions[0]] * 2 + [versions[0] + 1] * 2 + [versions[0] + 2]


def test_grants_and_ceilings_of_one_span_hold_in_the_plan_for_it_alone(shipped, cast, time_machine):
    time_machine.move_to(NOON, tick=False)
    kind = Door(shipped, cast["service_clerk"]).registry.get("enterprise")
    name = kind.find("customer_name")

    def knows():
        door = Door(shipped, cast["service_clerk"])
        return door.plan(door.registry.get("enterprise")).may_view_field(name)

    assert knows()
    span = {"from": NOON + timedelta(minutes=1), "until": NOON + timedelta(minutes=2)}
    put(shipped, "ceilings", {"holders": ["role:service_clerk"], "type": "customer", "target": "customer_name",
                              "read_at_most": "none", "write_at_most": "none"} | span)  # fmt: skip
    for seconds, expected in ((59, True), (60, False), (119, False), (120, True)):
        time_machine.move_to(NOON + timedelta(seconds=seconds), tick=False)
        assert knows() is expected, seconds


def test_the_version_never_falls_back_when_turns_that_passed_are_forgotten(shipped, time_machine):
    time_machine.move_to(NOON, tick=False)
    put(shipped, "grants", NEVER_MET | {"until": NOON + timedelta(minutes=1)})
    time_machine.move_to(NOON + timedelta(minutes=2), tick=False)
    before = read_stamps(shipped).grants
    put(shipped, "grants", NEVER_MET | {"until": NOON + timedelta(minutes=5)})
    assert read_stamps(shipped).grants == before + 1
    assert shipped.data.stamps.find_one()["turns"] == [NOON + timedelta(minutes=5)]


def test_one_moment_in_two_zones_is_one_entry_and_survives_the_file(shipped, time_machine):
    time_machine.move_to(NOON, tick=False)
    assert put(shipped, "grants", NEVER_MET | {"until": "2031-05-06T13:00:00+08:00"})
    assert not put(shipped, "grants", NEVER_MET | {"until": "2031-05-06T05:00:00Z"})
    again = yaml.safe_load(yaml.safe_dump(grants.export(shipped), allow_unicode=True))
    assert not grants.apply(shipped, SYSTEM, again, source="test", reason="again")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ({"from": "2031-05-07T00:00:00Z", "until": "2031-05-06T00:00:00Z"}, "ends before it begins"),
        ({"from": "2031-05-07T00:00:00Z", "until": "tomorrow"}, "a moment such as"),
        ({"from": "0001-01-01T00:00:00+08:00"}, "a moment such as"),
        ({"until": "9999-12-31T23:59:59-08:00"}, "a moment such as"),
    ],
)
def test_a_span_that_is_none_is_refused(shipped, span, words):
    with pytest.raises(DefinitionError, match=words):
        put(shipped, "grants", NEVER_MET | span)


def test_the_last_key_is_no_right_that_ends(shipped, time_machine):
    time_machine.move_to(NOON, tick=False)
    tree = grants.export(shipped)
    for line in tree["scopes"]:
        if line.get("resource") == "permissions" and "manage" in line["actions"]:
            line["until"] = NOON + timedelta(days=365)
    with pytest.raises(AccessDenied, match="Nobody would be left"):
        grants.apply(shipped, SYSTEM, tree, source="test", reason="a test")
