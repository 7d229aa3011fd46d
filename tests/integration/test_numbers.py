"""Every archive number ever issued can be accounted for, whoever took it and however they ended."""

import time_machine

from models.operations import accounting, bulk, numbers, records
from tests.attack_world import build


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
