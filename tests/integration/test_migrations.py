"""The number of the layout: steps in order, once, again after a break, never backwards."""

import pytest

from models.operations.migrations import LEASE, DataTooNew, Step, installation_id, migrate, pending, schema_number


@pytest.fixture
def ran():
    return []


@pytest.fixture
def steps(ran):
    return tuple(Step(n, f"step {n}", lambda store, n=n: ran.append(n)) for n in (1, 2, 3))


def test_a_new_database_gets_number_and_name(store):
    assert schema_number(store) == 0
    migrate(store)
    assert schema_number(store) == 1
    assert len(installation_id(store)) == 26


def test_steps_run_in_order_and_once(store, steps, ran):
    assert migrate(store, steps) == 3
    assert migrate(store, steps) == 0
    assert ran == [1, 2, 3]


def test_only_what_is_missing_runs(store, steps, ran):
    migrate(store, steps[:1])
    name = installation_id(store)
    migrate(store, steps)
    assert ran == [1, 2, 3]
    assert installation_id(store) == name


def test_a_step_that_broke_runs_again_and_those_before_it_do_not(store, steps, ran):
    def breaks(store):
        raise RuntimeError("power went out")

    with pytest.raises(RuntimeError):
        migrate(store, (steps[0], Step(2, "breaks", breaks), steps[2]))
    assert schema_number(store) == 1
    assert store.data.meta.find_one({"_id": LEASE}) is None
    migrate(store, steps)
    assert ran == [1, 2, 3]


def test_an_older_program_refuses_newer_data(store, steps):
    migrate(store, steps)
    with pytest.raises(DataTooNew, match="later release"):
        migrate(store, steps[:2])
    with pytest.raises(DataTooNew):
        pending(store, steps[:2])


def test_a_lease_that_lapsed_does_not_block(store, steps, clock):
    store.data.meta.insert_one({"_id": LEASE, "by": "dead", "until": clock.now().replace(year=2000)})
    assert migrate(store, steps) == 3


def test_two_processes_do_not_run_a_step_twice(store, ran):
    """The second waits for the first, then finds nothing left to do."""
    import threading
    import time

    def slow(inner):
        ran.append(1)
        time.sleep(0.5)

    steps = (Step(1, "slow", slow),)
    threads = [threading.Thread(target=migrate, args=(store, steps)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [1]
