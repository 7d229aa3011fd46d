"""How fast records go: through all six steps of one case, the check by a process of its own included."""

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from models.audit.ledger import Ledger
from models.lifecycle.cases import CaseState, ItemState
from models.operations import cases, destruction, users
from models.store import Store
from models.users import Actor, actor_of
from tests.bench.findings import Aim, Finding, plain
from tests.bench.ground import Ground, NotMeasured

SAMPLE = 10_000
PASSWORD = "bench-anchor-2718"
SYSTEM = Actor.system_actor("cli:bench", "benchmark of destruction")


def destruction_rate(ground: Ground) -> Iterator[Finding]:
    """Records per second through lock, tombstone, key, data, copies and check, in one case of one worker."""
    count = min(SAMPLE, ground.count)
    ground.renew("scratch")
    ground.dossier("generate", "--type", "enterprise", "--count", str(count), database="scratch")
    with tempfile.TemporaryDirectory(prefix="bench-ledger") as folder:
        store = replace(ground.store("scratch"), ledger=Ledger(lambda: Path(folder) / "ledger"))
        case_id = _running(store, count)
        begun = time.perf_counter()
        while destruction.step(store, case_id) == destruction.Outcome.AGAIN:
            continue
        worked = time.perf_counter() - begun
        store.audit.close()
        _check_elsewhere(ground, folder, case_id)
        seconds = time.perf_counter() - begun
        case = cases.find(store, case_id)
    if case["state"] != CaseState.VERIFIED_LIVE or cases.progress(store, case) != {ItemState.CHECKED: count}:
        raise NotMeasured(f"the case ended {case['state']}")
    what = f"{count:,} companies in one case, six steps"
    note = f"five steps alone {count / worked:,.0f}/s"
    yield plain("destruction", what, "/s", count / seconds, Aim("/s", at_least=1000), note=note)


def _check_elsewhere(ground: Ground, folder: str, case_id: str) -> None:
    """The check: a child that has opened nothing yet, with a store of its own."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            from admin_app.opening import open_store

            store = replace(open_store(ground.settings("scratch")), ledger=Ledger(lambda: Path(folder) / "ledger"))
            destruction.step(store, case_id)
            store.audit.close()
            code = 0
        finally:
            os._exit(code)
    if os.waitpid(child, 0)[1]:
        raise NotMeasured("the check failed")


def _running(store: Store, count: int) -> str:
    """A case over every company, signed by whom it takes."""
    cases.configure(SYSTEM, store, cooling_days=0)
    people = [
        actor_of(
            store,
            users.add(
                SYSTEM, store, username=f"bench_{role}", name=role, password=PASSWORD, roles=[role], must_change=False
            ),
        ).through("session")
        for role in ("archivist", "general_manager")
    ]
    keeper, manager = people
    ids = [one["_id"] for one in store.data.r_customer.find({"type": "enterprise"}, {"_id": 1}).limit(count)]
    case = cases.submit(keeper, store, cases.propose(keeper, store, "customer", ids=ids, reason="bench")["_id"])
    how = {"signed_hash": case["manifest"]["hash"], "password": PASSWORD}
    cases.approve(manager, store, case["_id"], **how)
    cases.advance(store, case["_id"])
    cases.start(keeper, store, case["_id"], supervisor=manager.id, **how)
    cases.confirm(manager, store, case["_id"], **how)
    return str(case["_id"])
