"""What every test may ask for: a real mongod, an empty store, the clock of the archive."""

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pymongo
import pytest
import structlog
from redis import Redis

from admin_app import catalogues, logs
from admin_app.services import EmbeddedMongo, EmbeddedServer, EmbeddedValkey
from models import users
from models.audit.ledger import Ledger
from models.audit.log import AuditLog
from models.crypto.keys import FileKek, Keyring
from models.operations import departments, migrations
from models.operations import users as user_verbs
from models.store import Clock, Store, bump_stamp
from models.users import Actor, actor_of

RUN_FOLDER = "DOSSIER_TEST_RUN"
PREFIX = "dossier-test-"
CAST_PASSWORD = "velvet-anchor-31"


def pytest_configure(config):
    """The controlling process owns the folder of the run; workers find it in the environment."""
    _log_plainly()
    if not hasattr(config, "workerinput"):
        catalogues.compile_all()
        _sweep_dead_runs()
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{secrets.token_hex(4)}-"))
        config.run_lock = (folder / "alive").open("w")
        fcntl.flock(config.run_lock, fcntl.LOCK_EX)
        os.environ[RUN_FOLDER] = str(folder)


def _log_plainly() -> None:
    """As the product logs: without structlog's own tracebacks, which print every local value, and take minutes."""
    structlog.configure(processors=[logs.without_words, structlog.processors.KeyValueRenderer()])


def pytest_unconfigure(config):
    lock = getattr(config, "run_lock", None)
    if lock:
        _end_run(Path(lock.name).parent)
        lock.close()


def _servers(folder: Path) -> dict[str, EmbeddedServer]:
    fast = ("--setParameter", "transactionLifetimeLimitSeconds=30")
    servers = EmbeddedMongo(folder, folder / "s", extra=fast), EmbeddedValkey(folder, folder / "s")
    return {server.name: server for server in servers}


def _started(name: str) -> EmbeddedServer:
    """The server of the run, started by whichever process asks first."""
    folder = Path(os.environ[RUN_FOLDER])
    with (folder / "start").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = _servers(folder)[name]
        server.start()
        return server


def _end_run(folder: Path) -> None:
    for server in _servers(folder).values():
        if server.note.exists() and server._adopt():
            server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _sweep_dead_runs() -> None:
    """A killed pytest leaves its mongod: the lock it can no longer hold tells."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        alive = folder / "alive"
        if not alive.exists() or alive.stat().st_uid != os.getuid():
            continue
        with alive.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _end_run(folder)


@pytest.fixture(scope="session")
def mongo_url() -> str:
    """A real mongod, one for the whole run."""
    return _started("mongo").url


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A real Valkey, one for the whole run; each process has a database number of its own."""
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{_started('valkey').url}?db={int(number) % 16}"


@pytest.fixture
def redis(redis_url) -> Iterator[Redis]:
    """An empty Redis."""
    connection = Redis.from_url(redis_url)
    connection.flushdb()
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def mongo(mongo_url) -> Iterator[pymongo.MongoClient]:
    """A client of the run's mongod."""
    client = pymongo.MongoClient(mongo_url, uuidRepresentation="standard", tz_aware=True, w="majority")
    yield client
    client.close()


@pytest.fixture(scope="session")
def database_name() -> str:
    """One name for each process of a parallel run."""
    return f"t_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}_{os.getpid()}"


@pytest.fixture
def clock() -> Clock:
    """The clock of the archive, in its own zone."""
    return Clock(ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="session")
def databases(mongo, database_name, tmp_path_factory) -> Store:
    """The two databases of this process with their indexes; a KEK of their own."""
    folder = tmp_path_factory.mktemp("kek")
    store = _opened(mongo, database_name, Clock(ZoneInfo("Asia/Shanghai")), folder)
    migrations.ensure_indexes(store)
    return store


@pytest.fixture
def store(databases, mongo, database_name, clock, tmp_path) -> Iterator[Store]:
    """Empty databases with keyring and audit."""
    _empty(databases.data)
    _empty(databases.keys)
    opened = _opened(mongo, database_name, clock, tmp_path)
    yield opened
    opened.audit.close()


@pytest.fixture(scope="session")
def shipped_content(databases) -> dict[str, list[dict]]:
    """What the shipped roles, types and grants come to as documents; made once per process."""
    from seed.loading import apply_shipped

    _empty(databases.data)
    apply_shipped(databases)
    databases.audit.close()
    names = [name for name in databases.data.list_collection_names() if not name.startswith(("system.", "audit_"))]
    return {name: found for name in names if (found := list(databases.data[name].find()))}


@pytest.fixture
def shipped(shipped_content, store) -> Store:
    """The empty store with the shipped roles, types and grants laid down in it."""
    for name, documents in shipped_content.items():
        store.data[name].insert_many(documents)
    return store


def _opened(mongo, name, clock, folder) -> Store:
    data, keys = mongo[name], mongo[f"{name}_keys"]
    return Store(
        data=data,
        keys=keys,
        clock=clock,
        keyring=Keyring(keys, FileKek(folder / "kek"), clock),
        audit=AuditLog(data, clock, lane_name="test"),
        ledger=Ledger(lambda: folder / "ledger"),
    )


def _empty(database) -> None:
    """Empty without dropping: making collections and indexes anew costs more than deleting a few documents."""
    for name in database.list_collection_names(filter={"type": "collection", "name": {"$not": {"$regex": "^system"}}}):
        database[name].delete_many({})


@pytest.fixture(scope="session")
def cast_content(databases, shipped_content) -> dict[str, list[dict]]:
    """The departments and accounts of the demonstration as documents; made once per process, for argon2 is slow."""
    from seed.demo import ACCOUNTS, DEPARTMENTS

    _empty(databases.data)
    for name, documents in shipped_content.items():
        databases.data[name].insert_many(documents)
    system = Actor.system_actor("cli:tests", "the cast")
    for id, name, parent in DEPARTMENTS:
        departments.add(system, databases, id=id, name=name, parent=parent)
    for username, name, role, department in ACCOUNTS:
        user_verbs.add(
            system, databases, username=username, name=name, password=CAST_PASSWORD, roles=[role],
            department=department, person=f"cast-{username}", must_change=False,
        )  # fmt: skip
    databases.audit.close()
    return {name: list(databases.data[name].find()) for name in ("departments", "users")}


@pytest.fixture
def cast(shipped, cast_content) -> dict[str, Actor]:
    """Who acts in a test, by user name: an account for every shipped role, all with `CAST_PASSWORD`."""
    for name, documents in cast_content.items():
        shipped.data[name].insert_many(documents)
    bump_stamp(shipped, "users")
    return {user.username: actor_of(shipped, user) for user in users.documents(shipped, users.User)}


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A private folder whose path leaves room for the name of a Unix socket (107 bytes in all)."""
    folder = Path(tempfile.mkdtemp(prefix="ds"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def people(shipped, cast):
    """Who plays which part in a destruction."""
    from tests.destroying import People  # which asks this module for the password of the cast

    return People(shipped, cast)
