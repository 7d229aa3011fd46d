"""Sealed values stand in no file of the database: not in data, index, journal, oplog or log."""

from datetime import UTC, datetime

import pymongo
import pytest
from bson.binary import Binary

from models.audit.log import AuditLog, Entry
from models.crypto.envelope import seal
from models.crypto.keys import FileKek, Keyring
from models.store import Store, new_id
from tests.planting import files_holding, flush, planted, unpacked_mongod


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    made = unpacked_mongod(folder / "data", tmp_path_factory.mktemp("s"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def store(server, clock, tmp_path):
    """Databases on the mongod that hides nothing."""
    with pymongo.MongoClient(server.url, tz_aware=True) as client:
        keys, data = client.archive_keys, client.archive
        audit = AuditLog(data, clock)
        ring = Keyring(keys, FileKek(tmp_path / "kek"), clock)
        yield Store(data=data, keys=keys, clock=clock, keyring=ring, audit=audit)
        audit.close()


def write(store, values, stored):
    """A record, its revision and its entry, shaped as the archive writes them; `stored` is v as it goes in."""
    record_id = new_id()
    key = store.keyring.new_key(record_id)
    store.keyring.put([key])
    v = {field_id: stored(key, field_id, value) for field_id, value in values.items()}
    tokens = [
        f"{field_id}:eq:{store.keyring.tokens.of(field_id, 'eq', str(value))}" for field_id, value in values.items()
    ]
    entry = store.audit.prepare(
        Entry("records:create", "u1", type="enterprise", records=[record_id], fields=list(v), ref=f"{record_id}:1")
    )
    moment = datetime.now(UTC)
    record = {"_id": record_id, "type": "enterprise", "rev": 1, "v": v, "s": tokens, "updated_at": moment}
    revision = {"_id": f"{record_id}:1", "rev": 1, "v": v, "at": moment, "entry": Binary(entry)}
    with store.data.client.start_session() as session, session.start_transaction():
        store.data.r_customer.insert_one(record, session=session)
        store.data.revisions.insert_one(revision, session=session)
    store.audit.append(entry)
    return record


def clear(key, field_id, value):
    return value


def planted_values():
    """One value of each stored shape, and the marks to look for."""
    marks = [
        planted("王"),
        planted("+86"),
        planted("京A"),
        planted("朝阳区"),
        planted("key"),
        planted("备注"),
        planted(),
    ]
    name, phone, plate, place, label, remark, choice = marks
    values = {
        "customer_name_a1a1": name,
        "phone_b2b2": [{"number": phone, "verified_at": None}],
        "plates_c3c3": [plate],
        "address_d4d4": {"region": None, "country": "CN", "text": place},
        "extra_e5e5": {label: remark},
        "rows_f6f6": [{"kind_g7g7": choice}],
    }
    return marks, values


def test_a_clear_value_is_found_and_a_sealed_one_is_not(store, server):
    store.data.r_customer.create_index("s")
    store.data.r_customer.create_index("v.customer_name_a1a1")
    clear_marks, clear_values = planted_values()
    sealed_marks, sealed_values = planted_values()

    write(store, clear_values, clear)
    record = write(store, sealed_values, seal)
    field_id = "customer_name_a1a1"
    changed = planted("李")
    key = store.keyring.fetch([record["_id"]])[record["_id"]]
    store.data.r_customer.update_one({"_id": record["_id"]}, {"$set": {f"v.{field_id}": seal(key, field_id, changed)}})
    store.data.r_customer.delete_one({"_id": record["_id"]})
    flush(store.data.client)

    found = files_holding(clear_marks, server.folder)
    assert set(found) == set(clear_marks), "the search must be able to find what is there"
    kinds = {path.name.partition("-")[0] for path in found[clear_marks[0]]}
    assert kinds >= {"collection", "index"}
    assert any("journal" in path.parts for path in found[clear_marks[0]])
    assert set(files_holding(record["s"], server.folder)) == set(record["s"]), "the tokens are there"
    assert files_holding([*sealed_marks, changed], server.folder) == {}
