"""How fast records come in: made up, and loaded from a file."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from seed import customers
from tests.bench.findings import Aim, Finding, plain
from tests.bench.ground import Ground, NotMeasured

SAMPLE = 100_000


def generate(ground: Ground) -> Iterator[Finding]:
    """`dossier generate`: the large archive as it was made, and a small one made now."""
    ground.panel()
    aim = Aim("/s", at_least=5000)
    known = ground.note()
    if ground.count >= 100_000:
        made = ground.count / known["dossier_seconds"]
        what = f"{ground.count:,} customers, whole command"
        yield plain("generate", what, "/s", made, aim, note="when the data was made")
    count = min(SAMPLE, ground.count)
    ground.renew("scratch")
    seconds = ground.dossier("generate", "--type", "customer", "--count", str(count), database="scratch")
    short = aim if ground.count < 100_000 else None
    yield plain("generate", f"{count:,} customers, whole command", "/s", count / seconds, short)


def load(ground: Ground) -> Iterator[Finding]:
    """`dossier load` of companies in JSON Lines, nested address and money included."""
    count = min(SAMPLE, ground.count)
    rng = Random("bench:load")
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for _ in range(count):
            file.write(json.dumps(customers.enterprise(rng), ensure_ascii=False) + "\n")
        file.flush()
        ground.renew("scratch")
        seconds = ground.dossier("load", str(Path(file.name)), "--type", "enterprise", database="scratch")
    stand = ground.mongo.scratch.r_customer.count_documents({"type": "enterprise"})
    if stand < count:
        raise NotMeasured(f"only {stand} of {count} stand")
    what = f"{count:,} companies, whole command"
    yield plain("load", what, "/s", count / seconds, Aim("/s", at_least=2500))
