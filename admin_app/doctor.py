"""What can be wrong with an installation, each check a sentence for the person who has to mend it."""

import shutil
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pymongo
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from admin_app.settings import Settings
from models.definitions.compiled import read_registry
from models.definitions.stored_types import current_documents
from models.errors import ArchiveError
from models.operations.accounting import accounts
from models.operations.migrations import missing_record_indexes, pending, schema_number
from models.operations.restoring import check_ledger
from models.store import Store
from seed.loading import left_alone

LEAST_FREE_BYTES = 2 * 2**30
TICKER_SECONDS = 180
NEVER_SLOW_MS = 2**31 - 1
PRODUCTION_MONGO = (8, 0)
LEAST_REDIS = 7
ASK_SECONDS = 10.0


class Finding(NamedTuple):
    """What one check says. `level`: ok, warn (works, could be better), fault (must be mended)."""

    level: str
    name: str
    sentence: str


def examine(settings: Settings, store: Store, only: str | None = None) -> Iterator[Finding]:
    """Run the checks one by one; a check that cannot be made is a fault."""
    for name, check in CHECKS.items():
        if only in (None, name):
            try:
                with pymongo.timeout(ASK_SECONDS):
                    yield from (Finding(level, name, sentence) for level, sentence in check(settings, store))
            except ArchiveError as fault:
                yield Finding("fault", name, str(fault))
            except (PyMongoError, RedisError, OSError) as fault:
                yield Finding("fault", name, f"does not answer as it should ({type(fault).__name__}).")


Said = Iterator[tuple[str, str]]


def check_secrets(settings: Settings, store: Store) -> Said:
    """Files that only we may read, and no rehearsal by mistake."""
    for path in (settings.secrets_dir, settings.secrets_dir / "secret_key", settings.kek_path):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield "fault", f"others may read {path}. Close it with: chmod go= {path}"
            return
    if settings.clock_offset:
        yield "warn", f"a rehearsal: the clock of this process is {settings.clock_offset} s off."
    yield "ok", "secrets are readable by this account alone."


def check_disk(settings: Settings, store: Store) -> Said:
    """Room for the data folder."""
    folder = settings.data_dir if settings.data_dir.exists() else settings.data_dir.absolute().parent
    free = shutil.disk_usage(folder).free
    level = "ok" if free > LEAST_FREE_BYTES else "warn"
    yield level, f"{free / 2**30:.1f} GB are free in {folder}."


def check_mongo(settings: Settings, store: Store) -> Said:
    """A writable replica set of a release that is still mended."""
    hello = store.data.client.admin.command("hello")
    info = store.data.client.server_info()
    if not hello.get("setName"):
        yield "fault", "is no replica set, so writes could not be transactions. Start mongod with --replSet."
    elif not hello.get("isWritablePrimary"):
        yield "fault", "has no primary just now; nothing can be written."
    elif tuple(info["versionArray"][:2]) < PRODUCTION_MONGO:
        yield "warn", f"MongoDB {info['version']} serves for a trial. For production use 8.0 or later."
    else:
        yield "ok", f"MongoDB {info['version']}, replica set {hello['setName']}, writable."


def check_server_log(settings: Settings, store: Store) -> Said:
    """mongod logs operations it finds slow with their whole documents and filters."""
    for database in (store.data, store.keys):
        profile = database.command("profile", -1)
        if profile["was"] or profile["slowms"] < NEVER_SLOW_MS:
            words = "may write documents of slow operations into its own log. Start mongod with"
            yield "warn", f"{words} --slowms {NEVER_SLOW_MS} and leave the profiler off."
            return
    loud = [
        found["name"]
        for found in store.data.list_collections()
        if found.get("options", {}).get("validationAction") == "warn"
    ]
    if loud:
        yield "warn", f"validators of {', '.join(loud)} log whole documents; set their action to error."
        return
    yield "ok", "the server keeps no document in its own log."


def check_layout(settings: Settings, store: Store) -> Said:
    """The data are of this release."""
    waiting = pending(store)
    if waiting:
        yield "fault", f"{len(waiting)} steps of the layout are to do. Run: dossier migrate"
    else:
        yield "ok", f"layout {schema_number(store)}, nothing to do."


def check_types(settings: Settings, store: Store) -> Said:
    """The record types in force still compile, and their records are as quick as planned."""
    registry = read_registry(store)
    missing = missing_record_indexes(store, registry)
    stale = sorted(name for name, document in current_documents(store).items() if document.get("stale"))
    if missing:
        yield "fault", f"indexes are missing: {', '.join(missing)}. Run: dossier types export DIR, then apply DIR"
    if stale:
        yield "warn", f"older records of {', '.join(stale)} are still being brought to the version in force."
    if not missing and not stale:
        yield "ok", f"{len(registry.names)} record types in force, all their indexes stand."
    left, entries = left_alone(store)
    if left:
        yield "warn", f"changed here and therefore not brought to this release: {', '.join(left)}."
    if entries:
        yield "warn", f"{entries} shipped grants were left out, where somebody had taken their forerunners away."


def check_keys(settings: Settings, store: Store) -> Said:
    """A key that is deleted opens nothing any more."""
    store.keyring.self_test()
    if store.keys.client is store.data.client:
        yield "warn", "keys lie beside the data; a backup of both weakens destruction. Set DOSSIER_KEYS_URL."
    yield "ok", "keys are made, open and are gone when deleted."


def check_ledger_stands(settings: Settings, store: Store) -> Said:
    """The revocation ledger and the database have come to the same line."""
    head = check_ledger(store)
    for line in store.ledger.lines():
        if line["n"] == head.n and line["hash"] != head.hash:
            yield "fault", f"the ledger {store.ledger.path} does not lead to its own end."
            return
    if settings.ledger is None:
        yield "warn", f"the ledger lies in {store.ledger.path}; name another machine's disk by DOSSIER_LEDGER."
    yield "ok", f"the ledger stands at line {head.n}, and so does the database."


def check_cases(settings: Settings, store: Store) -> Said:
    """No destruction case waits for somebody to look."""
    stopped = store.data.cases.count_documents({"state": {"$in": ["needs_human", "blocked"]}})
    if stopped:
        yield "warn", f"{stopped} destruction cases need a person. Look at /admin/destruction/."
    else:
        yield "ok", "no destruction case is stopped."


def check_redis(settings: Settings, store: Store) -> Said:
    """The doorbell of the jobs."""
    from jobs.worker import connect

    if not settings.redis_url:
        yield "warn", "is not running. Jobs wait until `dossier up` or DOSSIER_REDIS_URL brings it."
        return
    connection = connect(settings.redis_url)
    try:
        version = str(connection.info("server")["redis_version"])
        policy = connection.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
    finally:
        connection.close()
    if int(version.split(".")[0]) < LEAST_REDIS:
        yield "fault", f"release {version} is too old; 7 or later is needed."
    elif policy != "noeviction":
        yield "warn", f"may throw rings away (maxmemory-policy {policy}). Set it to noeviction."
    else:
        yield "ok", f"release {version} answers."


def check_worker(settings: Settings, store: Store) -> Said:
    """Somebody listens to the queues."""
    from jobs.worker import QUEUES, connect, listened

    if not settings.redis_url:
        yield "warn", "is not running. Start `dossier up`."
        return
    connection = connect(settings.redis_url)
    try:
        silent = sorted(set(QUEUES) - listened(connection))
    finally:
        connection.close()
    if silent:
        yield "fault", f"nobody works on {', '.join(silent)}. Start: dossier worker"
    else:
        yield "ok", "every queue has a worker."


def check_ticker(settings: Settings, store: Store) -> Said:
    """It was round within the last minutes."""
    report = store.data.meta.find_one({"_id": "ticker"})
    age = (store.clock.now() - report["at"]).total_seconds() if report else None
    if age is not None and age < TICKER_SECONDS:
        yield "ok", f"was round {age:.0f} s ago."
        return
    # Servers that this command has started for itself have no ticker beside them, and need none.
    level = "fault" if settings.redis_url else "warn"
    last = "has never been round" if age is None else f"was round last {age / 60:.0f} minutes ago"
    yield level, f"{last}. Start `dossier up`, or `dossier ticker`."


def check_numbers(settings: Settings, store: Store) -> Said:
    """Every archive number ever issued stands on a record, is void, or is being loaded."""
    wrong = 0
    issued = void = 0
    for account in accounts(store):
        issued, void = issued + account.issued, void + account.void
        if account.missing:
            wrong += 1
            lost = f"{account.missing} of {account.issued} numbers are unaccounted for"
            yield "fault", f"series {account.series}: {lost}."
    if not wrong:
        yield "ok", f"all {issued} archive numbers are accounted for, {void} of them void."


CHECKS: dict[str, Callable[[Settings, Store], Said]] = {
    "secrets": check_secrets,
    "disk": check_disk,
    "mongo": check_mongo,
    "log": check_server_log,
    "layout": check_layout,
    "types": check_types,
    "numbers": check_numbers,
    "keys": check_keys,
    "ledger": check_ledger_stands,
    "cases": check_cases,
    "redis": check_redis,
    "worker": check_worker,
    "ticker": check_ticker,
}
"""Everything `dossier doctor` asks, by the name that `--only` takes."""
