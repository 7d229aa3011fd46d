"""What sealing, tokens and the log cost: `python -m tests.bench.vault`. Prints; asserts nothing."""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pymongo

from admin_app.services import EmbeddedMongo
from models.audit.lanes import ensure_indexes
from models.audit.log import AuditLog, Entry
from models.crypto.envelope import seal, unseal, unseal_many
from models.crypto.keys import FileKek, Keyring
from models.store import Clock, new_id

TEXT = "北京市朝阳区望京街 1 号"
ROWS = [{"name_a1a1": "李四", "share_b2b2": 25}, {"name_a1a1": "王五", "share_b2b2": 75}]


def show(what: str, count: int, work: Callable[[], object]) -> None:
    """Time `work`, which does `count` things; the best of three."""
    spent = []
    for _ in range(3):
        begun = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begun)
    print(f"{what:48} {min(spent) / count * 1e6:10.2f} µs {count / min(spent):12,.0f} /s")


def values(ring: Keyring) -> None:
    key, field_id = ring.new_key(new_id()), "residence_k3x9"
    text, rows = seal(key, field_id, TEXT), seal(key, field_id, ROWS)
    nonce, plain, bound = os.urandom(12), TEXT.encode(), os.urandom(70)
    raw = key.cipher.encrypt(nonce, plain, bound)
    n = 20_000
    show("AESGCM alone, encrypt", n, lambda: [key.cipher.encrypt(nonce, plain, bound) for _ in range(n)])
    show("seal text", n, lambda: [seal(key, field_id, TEXT) for _ in range(n)])
    show("seal rows", n, lambda: [seal(key, field_id, ROWS) for _ in range(n)])
    show("AESGCM alone, decrypt", n, lambda: [key.cipher.decrypt(nonce, raw, bound) for _ in range(n)])
    show("unseal text", n, lambda: [unseal(key, field_id, text) for _ in range(n)])
    show("unseal rows", n, lambda: [unseal(key, field_id, rows) for _ in range(n)])
    cells = [(key.record_id, field_id, text)] * n
    show("unseal_many text", n, lambda: unseal_many({key.record_id: key}, cells))
    tokens = ring.tokens
    show("token", n, lambda: [tokens.of(field_id, "eq", "+8613812345678") for _ in range(n)])


def keys(ring: Keyring) -> None:
    names = [new_id() for _ in range(15_000)]
    fresh = [ring.new_key(name) for name in names]
    parts = iter([fresh[:5000], fresh[5000:10_000], fresh[10_000:]])
    show("put keys, 5,000 at once", 5000, lambda: ring.put(next(parts)))
    show("fetch keys, page of 50", 50, lambda: ring.fetch(names[:50]))
    show("fetch keys, 1,000 at once", 1000, lambda: ring.fetch(names[:1000]))


def log(db, clock: Clock) -> None:
    ensure_indexes(db)
    audit = AuditLog(db, clock)
    fields = [f"field_{n:04d}" for n in range(10)]
    page = Entry("records:list", "user1", type="enterprise", records=[new_id() for _ in range(50)], fields=fields)
    one = Entry("records:view", "user1", type="enterprise", records=[new_id()], fields=fields)
    audit.append(one)
    show("append, one record, alone", 300, lambda: [audit.append(one) for _ in range(300)])
    show("append, page of 50 records, alone", 300, lambda: [audit.append(page) for _ in range(300)])
    show("append, one record, 16 threads", 16 * 100, lambda: _together(16, lambda: audit.append(one), 100))
    show("submit 5,000 and wait", 5000, lambda: [t.wait() for t in [audit.submit(one) for _ in range(5000)]])
    audit.close()


def _together(threads: int, work: Callable[[], object], times: int) -> None:
    running = [threading.Thread(target=lambda: [work() for _ in range(times)]) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ds") as folder:
        server = EmbeddedMongo(Path(folder) / "data", Path(folder) / "s")
        server.start()
        try:
            with pymongo.MongoClient(server.url, tz_aware=True) as client:
                clock = Clock(ZoneInfo("Asia/Shanghai"))
                ring = Keyring(client.bench_keys, FileKek(Path(folder) / "kek"), clock)
                values(ring)
                keys(ring)
                log(client.bench, clock)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
