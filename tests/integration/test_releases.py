"""Every release keeps a small archive; this program opens each, brings it here and reads what it holds."""

import json
import shutil
from pathlib import Path

import bson
import pytest

from models.access.door import Door
from models.audit.lanes import entry_hash
from models.definitions.compiled import registry_for
from models.definitions.record_types import load_type
from models.errors import RecordNotFound
from models.operations import grants, records, types
from models.operations.migrations import STEPS, migrate, schema_number
from models.store import read_stamps
from models.users import Actor
from seed.loading import apply_shipped, ensure_shipped, left_alone, shipped_definitions, shipped_grants, shipped_roles
from tests import keep_release
from tests.keep_release import DATABASES, KEPT, KINDS, MOST_BYTES, NEW_NAME

RELEASES = sorted(path.parent for path in KEPT.glob("*/indexes.json"))
ACTOR = Actor.system_actor("cli:test")


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def kept(request, mongo, database_name, tmp_path):
    """The archive of a release in databases of its own, as it was."""
    databases = {"data": mongo[f"{database_name}_kept"], "keys": mongo[f"{database_name}_kept_keys"]}
    indexes = json.loads((request.param / "indexes.json").read_text(encoding="utf-8"))
    for name in DATABASES:
        mongo.drop_database(databases[name])
        for collection, planned in indexes[name].items():
            lay_down(databases[name][collection], request.param / name / f"{collection}.bson", planned)
    kek = tmp_path / "kek"
    shutil.copyfile(request.param / "kek.json", kek)
    kek.chmod(0o600)
    store = keep_release.opened(databases["data"], databases["keys"], kek)
    yield store
    store.audit.close()
    for database in databases.values():
        mongo.drop_database(database)


def lay_down(collection, path, planned):
    """Documents and indexes as the release left them."""
    documents = bson.decode_all(path.read_bytes())
    if documents:
        collection.insert_many(documents)
    for index in planned:
        keys, options = list(index.pop("key").items()), {name: index[name] for name in index if name != "v"}
        if keys != [("_id", 1)]:
            collection.create_index(keys, **options)


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_this_release_keeps_one():
    assert RELEASES


@pytest.mark.parametrize("folder", RELEASES, ids=lambda path: path.name)
def test_it_is_small(folder):
    assert size_of(folder) <= MOST_BYTES


def test_it_is_brought_to_this_release(kept):
    migrate(kept)
    assert schema_number(kept) == STEPS[-1].number
    assert migrate(kept) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_its_records_are_read_changed_and_reverted(kept, kind):
    migrate(kept)
    door = Door(kept, ACTOR).open(kind)
    ids = {found["_id"]: found["life"]["trashed_at"] for found in kept.data.r_customer.find({"type": kind})}
    assert len(ids) == 3
    changed = next(
        record
        for id, trashed in ids.items()
        if not trashed
        if (record := door.get(id)).cells["customer_name"].value == NEW_NAME
    )
    assert changed.revision == 2
    assert not [address for address, cell in changed.cells.items() if cell.mark == "masked"]
    back = records.revert(door, changed.id, 1, expected=2)
    assert back.cells["customer_name"].value != NEW_NAME
    trashed = next(id for id, at in ids.items() if at)
    assert records.restore(door, trashed, expected=2).id == trashed


def test_without_its_key_file_nothing_opens(kept, tmp_path):
    (tmp_path / "kek").unlink()
    door = Door(kept, ACTOR).open("enterprise")
    with pytest.raises(Exception, match="key file") as caught:
        door.get(kept.data.r_customer.find_one({"type": "enterprise"})["_id"])
    assert not isinstance(caught.value, RecordNotFound)


def test_its_log_is_an_unbroken_chain(kept):
    for lane in kept.data.audit_lanes.find():
        prev = bytes(32)
        entries = kept.data.audit_entries.find({"_id": {"$regex": f"^{lane['_id']}:"}}).sort("_id")
        for seq, entry in enumerate(entries):
            assert entry["prev"] == prev
            assert entry["hash"] == entry_hash(lane["_id"], seq, prev, entry["body"])
            prev = entry["hash"]
        assert prev != bytes(32)


def registry(store):
    return registry_for(store, read_stamps(store))


def test_what_ships_now_reaches_it_once(kept):
    migrate(kept)
    before = {one["_id"]: one["state"] for one in kept.data.r_customer.find()}
    ensure_shipped(kept)
    found = registry(kept)
    assert set(shipped_definitions()) <= set(found.names)
    assert found.get("tenant").states.initial == "draft"
    assert {one["_id"]: one["state"] for one in kept.data.r_customer.find()} == before
    assert {role["id"] for role in shipped_roles()} <= {one["_id"] for one in kept.data.roles.find()}
    assert grants.export(kept) == grants.to_tree(grants.read_policy(kept, shipped_grants(), "x"), found)
    assert left_alone(kept) == ([], 0)
    stamps, sets = read_stamps(kept), kept.data.change_sets.count_documents({})
    apply_shipped(kept)
    assert (read_stamps(kept), kept.data.change_sets.count_documents({})) == (stamps, sets)
    tenant = kept.data.r_customer.find_one({"type": "tenant", "life.trashed_at": None, "rev": 2})
    noted = Door(kept, ACTOR).open("tenant").get(tenant["_id"]).cells["noted_emergency_contacts"]
    assert noted.mark == "value"


def test_what_was_changed_there_stays_and_is_named(kept):
    migrate(kept)
    tree = kept.data.record_types.find_one({"type": "individual", "current": True})["definition"]
    tree["labels"] = {"zh-Hans": "散客", "zh-Hant": "散客", "en": "Walk-in"}
    types.apply(ACTOR, kept, {"individual": load_type(tree, "test")}, reason="ours")
    taken = [one["_id"] for one in kept.data.grants_config.find({"holder": "role:contractor"})]
    kept.data.grants_config.delete_many({"_id": {"$in": taken}})
    ensure_shipped(kept)
    assert registry(kept).get("individual").labels["en"] == "Walk-in"
    assert registry(kept).get("individual").workflow.find("submit")
    assert registry(kept).get("complaint").workflow.find("close")
    assert kept.data.grants_config.count_documents({"holder": "role:contractor"}) == 0
    assert kept.data.grants_config.count_documents({"holder": "role:technician"}) > 0
    assert left_alone(kept) == (["individual"], 0)
