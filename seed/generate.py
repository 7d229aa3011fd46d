"""Made-up records in any number, by several processes, the same values for the same seed.

The work is cut into batches of fixed numbers; a batch draws from a generator of its own, seeded by seed,
type and batch, so that neither the number of processes nor their pace changes what is made.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from random import Random
from typing import Any

from models.access.door import Door
from models.definitions.compiled import CompiledType
from models.operations.bulk import BATCH, Loader, Row, work_in_batches
from models.store import Store, read_stamps
from models.users import Actor, Department, User, documents
from seed import customers, fillers

OpenStore = Callable[[], Store]


@dataclass(frozen=True)
class Order:
    """What is asked for. `type` may be a base: its kinds are then drawn by their shares."""

    type: str
    count: int
    seed: int = 1
    full: bool = False
    actor: str = "cli:generate"

    def batches(self) -> Iterator[tuple[int, int]]:
        """(number of the batch, records in it)."""
        for turn, start in enumerate(range(0, self.count, BATCH)):
            yield turn, min(BATCH, self.count - start)


def generate(open_store: OpenStore, order: Order, *, progress: Callable[[int], Any], workers: int = 0) -> int:
    """Make all records of an order; returns how many stand.

    :param open_store: opens the store of a worker process; it is sent there, so it must be picklable
    :param progress: called with the number of records each time some are done
    :param workers: 0: one more than there are cores, because each of them waits for the database at times
    """
    workers = workers or (os.cpu_count() or 1) + 1
    waiting = list(order.batches())
    made = 0
    with ProcessPoolExecutor(min(workers, len(waiting) or 1), get_context("spawn")) as pool:
        for done in _in_turn(pool, partial(_make, open_store, order), waiting):
            made += done
            progress(done)
    return made


def _in_turn(
    pool: ProcessPoolExecutor, make: Callable[[int, int], int], batches: list[tuple[int, int]]
) -> Iterator[int]:
    """Hand out batches a few at a time: a million records are a thousand, an interrupt should end soon."""
    running: set[Future[int]] = set()
    for turn, count in batches:
        if len(running) >= 12:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in done)
        running.add(pool.submit(make, turn, count))
    done, _ = wait(running)
    yield from (one.result() for one in done)


class _Process:
    """One worker: its store, its loaders, and whose customers there may be."""

    def __init__(self, store: Store, order: Order):
        self.door = Door(store, Actor.system_actor(order.actor, "generate"), read_stamps(store))
        kinds = self.door.registry.concrete(order.type)
        self.loaders = {kind.name: Loader(self.door.open(kind.name)) for kind in kinds}
        self.people = [(user.id, user.department) for user in documents(store, User) if user.active]
        self.departments = [department.id for department in documents(store, Department)]


_process: _Process | None = None


def _make(open_store: OpenStore, order: Order, turn: int, count: int) -> int:
    """One batch, in a worker process, which opens its store with its first: a pool whose workers fail before
    they have work says only that it is broken, not why."""
    global _process
    if _process is None:
        work_in_batches()
        _process = _Process(open_store(), order)
    rows = rows_of(order, turn, count, _process.loaders, _process.people, _process.departments)
    return sum(len(_process.loaders[kind].write(part)) for kind, part in rows.items())


def rows_of(
    order: Order,
    turn: int,
    count: int,
    loaders: dict[str, Loader],
    people: list[tuple[str, str | None]],
    departments: list[str],
) -> dict[str, list[Row]]:
    """The rows of one batch by kind, parsed and checked like anybody's."""
    rng = Random(f"{order.seed}:{order.type}:{turn}")
    rows: dict[str, list[Row]] = {}
    for _ in range(count):
        kind = customers.any_kind(rng) if len(loaders) > 1 else next(iter(loaders))
        body = body_of(loaders[kind].kind, rng, full=order.full)
        body |= _whose(rng, people, departments)
        rows.setdefault(kind, []).append(loaders[kind].read(body))
    return rows


def bodies(compiled: CompiledType, count: int, *, seed: int = 1, full: bool = False) -> Iterator[dict[str, Any]]:
    """Made-up records in REST shape, for whoever writes them otherwise than in batches."""
    rng = Random(f"{seed}:{compiled.name}")
    for _ in range(count):
        yield body_of(compiled, rng, full=full)


def body_of(compiled: CompiledType, rng: Random, *, full: bool) -> dict[str, Any]:
    """One made-up record in REST shape."""
    make = customers.KINDS.get(compiled.name)
    values = make(rng) if make else {}
    return fillers.fill(compiled, values, rng) if full or make is None else values


def _whose(rng: Random, people: list[tuple[str, str | None]], departments: list[str]) -> dict[str, Any]:
    """Somebody's customer, in their department, or nobody's in any."""
    if people and rng.random() < 0.9:
        owner, department = customers.pick(rng, people)
        return {"owner": owner, "department": department or (customers.pick(rng, departments) if departments else None)}
    return {"department": customers.pick(rng, departments)} if departments else {}
