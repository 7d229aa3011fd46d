"""How fast verification goes: all rules over records nobody has judged, and a night in which nothing changed."""

import time
from collections.abc import Iterator

from models.operations import runs, verification
from models.operations.leases import claim
from models.store import Store
from models.users import Actor
from tests.bench.findings import Aim, Finding, plain
from tests.bench.ground import Ground, NotMeasured

SAMPLE = 100_000
SYSTEM = Actor.system_actor("cli:bench")


def verify(ground: Ground) -> Iterator[Finding]:
    """One process over the three kinds of customers, 24 fields filled, 8 of them sealed."""
    count = min(SAMPLE, ground.count)
    ground.renew("scratch")
    ground.dossier("generate", "--type", "customer", "--count", str(count), database="scratch")
    store = ground.store("scratch")
    done, seconds = _run(store)
    if done < count:
        raise NotMeasured(f"only {done} of {count} were judged")
    rules = store.data.rules.count_documents({})
    what = f"{count:,} customers, {rules} rules, one process"
    yield plain("verification", what, "/s", done / seconds, Aim("/s", at_least=8000))
    done, seconds = _run(store)
    if done:
        raise NotMeasured(f"{done} were judged again although nothing changed")
    yield plain("verification", "where nothing changed", "/s", count / seconds, Aim("/s", at_least=100_000))


def _run(store: Store) -> tuple[int, float]:
    """A whole run as a worker does it; how many records, and the seconds."""
    run_id = runs.request(store, SYSTEM, verification.KIND)
    lease = claim(store, run_id, "bench", seconds=600)
    begun = time.perf_counter()
    while not verification.work(store, lease):
        continue
    seconds = time.perf_counter() - begun
    lease.finish()
    return runs.get(store, run_id).done, seconds
