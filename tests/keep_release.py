"""Keep a small archive of this release as BSON, for later releases to open: `python tests/keep_release.py [VERSION]`.

`tests/data/<version>/` holds `data/` and `keys/` (a file of BSON documents per collection), `indexes.json` and the file
of the key-encryption key. All values are made up. Run once when a release is made, and commit what it writes.
"""

import json
import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import bson
import pymongo
from pymongo.database import Database

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from admin_app.services import EmbeddedMongo  # noqa: E402
from models.access.door import Door, TypeDoor  # noqa: E402
from models.audit.log import AuditLog  # noqa: E402
from models.crypto.keys import FileKek, Keyring  # noqa: E402
from models.operations import records, users  # noqa: E402
from models.operations.migrations import migrate  # noqa: E402
from models.store import Clock, Store  # noqa: E402
from models.users import Actor  # noqa: E402
from seed.generate import body_of  # noqa: E402
from seed.loading import apply_shipped  # noqa: E402

KEPT = ROOT / "tests" / "data"
MOST_BYTES = 2**20
PASSWORD = "kept-release-lantern-7"
DATABASES = ("data", "keys")
KINDS = ("enterprise", "individual", "tenant")
NEW_NAME = "改名后的客户"


def opened(data: Database, keys: Database, kek: Path) -> Store:
    """A store over two databases and a key file."""
    clock = Clock(ZoneInfo("Asia/Shanghai"))
    return Store(
        data=data, keys=keys, clock=clock, keyring=Keyring(keys, FileKek(kek), clock), audit=AuditLog(data, clock)
    )


def fill(store: Store) -> None:
    """What the release has to show: the shipped definitions, an account, three records of each kind."""
    migrate(store)
    apply_shipped(store)
    actor = Actor.system_actor("cli:keep_release", "a small archive of this release")
    users.add(
        actor, store, username="admin", name="陈明远", password=PASSWORD, roles=["administrator"], must_change=False
    )
    for kind in KINDS:
        _add_records(Door(store, actor).open(kind), Random(kind))


def _add_records(door: TypeDoor, rng: Random) -> None:
    """The first record has every field and was changed once, the third lies in the trash."""
    made = [records.create(door, body_of(door.compiled, rng, full=turn == 0)) for turn in range(3)]
    records.update(door, made[0].id, {"customer_name": NEW_NAME}, expected=1)
    records.trash(door, made[2].id, expected=1)


def write(store: Store, folder: Path, kek: Path) -> int:
    """Write the folder anew. Returns its size in bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    indexes: dict[str, dict[str, list]] = {}
    for name, database in zip(DATABASES, (store.data, store.keys), strict=True):
        (folder / name).mkdir(parents=True)
        indexes[name] = {}
        for collection in sorted(database.list_collection_names()):
            documents = database[collection].find().sort("_id")
            (folder / name / f"{collection}.bson").write_bytes(b"".join(bson.encode(one) for one in documents))
            indexes[name][collection] = [dict(one) for one in database[collection].list_indexes()]
    (folder / "indexes.json").write_text(json.dumps(indexes, indent=1, default=str), encoding="utf-8")
    shutil.copyfile(kek, folder / "kek.json")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> None:
    """Fill an archive of its own and write it down."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = sys.argv[1] if len(sys.argv) > 1 else project["version"]
    with tempfile.TemporaryDirectory(prefix="kept") as name:
        folder = Path(name)
        server = EmbeddedMongo(folder / "server", folder / "s")
        server.start()
        try:
            client = pymongo.MongoClient(server.url, tz_aware=True, uuidRepresentation="standard", w="majority")
            store = opened(client.kept, client.kept_keys, folder / "kek")
            fill(store)
            store.audit.close()
            size = write(store, KEPT / version, folder / "kek")
            client.close()
        finally:
            server.stop()
    print(f"{KEPT / version}: {size / 1024:.0f} KiB of {MOST_BYTES / 1024:.0f}")
    sys.exit(size > MOST_BYTES)


if __name__ == "__main__":
    main()
