"""Every archive number ever issued can be accounted for, whoever took it and however they ended."""

import re
from datetime import date

import pytest
import time_machine

from models.definitions.numbering import Numbering
from models.operations import accounting, bulk, numbers, records
from tests.attack_world import DEFINITION, build


def missing(store):
    return {account.series: account.missing for account in accounting.accounts(store)}


def test_the_account_holds_through_single_writes_loads_and_crashed_loaders(store):
    world = build(store)
    door = world.system()
    records.create(door, {"name": "单件公司"})
    loader = bulk.Loader(door)
    loader.write([loader.read({"name": f"批量{number}号公司"}) for number in range(3)])
    block = numbers.reserve(store, door.compiled.numbering, 5)
    (account,) = accounting.accounts(store)
    assert (account.missing, account.issued, account.standing, account.loading) == (0, 14, 9, 5)
    assert accounting.void_abandoned(store) == 0
    with time_machine.travel(store.clock.now() + 2 * numbers.ABANDONED_AFTER):
        assert accounting.void_abandoned(store) == 5
        assert accounting.void_abandoned(store) == 0
    (account,) = accounting.accounts(store)
    assert (account.missing, account.void, account.loading) == (0, 5, 0)
    assert store.data.number_voids.find_one({"_id": next(block.numbers())})["reason"] == "abandoned"


def test_a_number_that_vanished_is_missed(store):
    world = build(store)
    store.data.r_client.delete_one({"_id": world.ids[0]})
    assert list(missing(store).values()) == [1]


@pytest.mark.parametrize("pattern", ["{prefix}-{year}-{seq:06d}", "{prefix}{year}{seq:04d}", "{prefix}.{seq}/{year}"])
def test_every_pattern_a_type_may_have_is_accounted_for(store, tmp_path, pattern):
    text = DEFINITION.read_text(encoding="utf-8").replace("{prefix: KH}", f"{{prefix: KH, pattern: '{pattern}'}}")
    (tmp_path / "client.yaml").write_text(text, encoding="utf-8")
    world = build(store, tmp_path / "client.yaml")
    (account,) = accounting.accounts(store)
    assert (account.missing, account.standing) == (0, 5)
    store.data.r_client.delete_one({"_id": world.ids[0]})
    assert list(missing(store).values()) == [1]


def test_series_that_begin_alike_are_told_apart():
    day = date(2026, 11, 24)
    short, long = Numbering("Q", "{prefix}{seq}"), Numbering("QY", "{prefix}{seq}")
    assert re.match(short.form(day), short.format(day, 12))
    assert not re.match(short.form(day), long.format(day, 12))
