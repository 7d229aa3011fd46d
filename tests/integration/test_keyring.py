"""The key store on a real mongod: what it keeps, what it refuses, what it forgets."""

import os
import threading

import pymongo
import pytest

from models.crypto import keys
from models.crypto.envelope import seal, unseal
from models.crypto.keys import FileKek, Keyring
from models.errors import KeyStoreFault, Unavailable


@pytest.fixture
def ring(store):
    return store.keyring


def again(store, path):
    """The keyring as another process would open it."""
    return Keyring(store.keys, FileKek(path), store.clock)


def test_another_process_opens_what_one_has_sealed(store, ring, tmp_path):
    key = ring.new_key("r1")
    ring.put([key])
    blob = seal(key, "f", "张三")
    fetched = again(store, tmp_path / "kek").fetch(["r1", "unknown"])
    assert list(fetched) == ["r1"]
    assert unseal(fetched["r1"], "f", blob) == "张三"


def test_tokens_are_the_same_in_every_process(store, ring, tmp_path):
    assert ring.tokens.of("f", "eq", "x") == again(store, tmp_path / "kek").tokens.of("f", "eq", "x")


class Asked(pymongo.monitoring.CommandListener):
    """The commands a client sent."""

    def __init__(self):
        self.names = []

    def started(self, event):
        self.names.append(event.command_name)

    def succeeded(self, event):
        """Nothing to note."""

    failed = succeeded


def test_the_keys_of_a_page_are_one_query(store, ring, mongo_url, tmp_path):
    ring.put([ring.new_key(f"r{n}") for n in range(50)])
    asked = Asked()
    with pymongo.MongoClient(mongo_url, event_listeners=[asked]) as client:
        watched = Keyring(client[store.keys.name], FileKek(tmp_path / "kek"), store.clock)
        watched.load()
        asked.names.clear()
        assert len(watched.fetch([f"r{n}" for n in range(50)])) == 50
    assert [name for name in asked.names if name != "endSessions"] == ["find"]


def test_a_record_has_one_key_for_its_whole_life(ring):
    ring.put([ring.new_key("r1")])
    with pytest.raises(pymongo.errors.BulkWriteError):
        ring.put([ring.new_key("r1")])


def test_a_dropped_key_is_gone(ring):
    ring.put([ring.new_key("r1"), ring.new_key("r2")])
    assert ring.drop(["r1"]) == 1
    assert list(ring.fetch(["r1", "r2"])) == ["r2"]


def test_a_wrapped_key_moved_to_another_record_does_not_open(store, ring):
    ring.put([ring.new_key("r1"), ring.new_key("r2")])
    stolen = store.keys.data_keys.find_one({"_id": "r1"})
    store.keys.data_keys.update_one({"_id": "r2"}, {"$set": {"wrapped": stolen["wrapped"], "key": stolen["key"]}})
    assert list(ring.fetch(["r1", "r2"])) == ["r1"]


def test_every_wrapped_key_names_its_epoch(store, ring):
    ring.put([ring.new_key("r1")])
    assert [document["epoch"] for document in store.keys.data_keys.find()] == [1]
    assert [document["_id"] for document in store.keys.token_keys.find()] == [1]
    assert [(document["_id"], document["provider"]) for document in store.keys.keks.find()] == [(1, "file")]


def test_no_secret_stands_in_either_database(store, ring):
    key = ring.new_key("r1")
    ring.put([key])
    token = ring.tokens.of("f", "eq", "x")
    store.data.r_customer.insert_one({"_id": "r1", "v": {"f": seal(key, "f", "x")}, "s": [f"f:eq:{token}"]})
    secrets = [key.secret, *ring.tokens._masters]
    for database in (store.data, store.keys):
        for name in database.list_collection_names():
            raw = b"".join(database[name].find_raw_batches())
            assert not any(secret in raw for secret in secrets)


def test_many_that_start_at_once_agree_on_one_key(store, tmp_path):
    rings = [again(store, tmp_path / "kek") for _ in range(8)]
    threads = [threading.Thread(target=ring.load) for ring in rings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.keys.keks.count_documents({}) == 1
    assert len({ring.tokens.of("f", "eq", "x") for ring in rings}) == 1


def test_the_start_up_test_passes_and_leaves_nothing(store, ring):
    ring.self_test()
    assert store.keys.data_keys.count_documents({}) == 0


def test_a_store_that_keeps_deleted_keys_fails_the_start_up_test(ring, monkeypatch):
    monkeypatch.setattr(Keyring, "drop", lambda self, record_ids: 1)
    with pytest.raises(KeyStoreFault, match="deleted"):
        ring.self_test()


def test_a_lost_key_file_refuses_and_says_which(store, ring, tmp_path):
    ring.put([ring.new_key("r1")])
    with pytest.raises(KeyStoreFault, match="elsewhere"):
        again(store, tmp_path / "elsewhere").load()
    assert not (tmp_path / "elsewhere").exists()


def test_the_key_file_of_another_store_refuses(store, ring, tmp_path):
    ring.load()
    FileKek(tmp_path / "foreign").wrap(1, b"x" * 32)
    with pytest.raises(KeyStoreFault, match="another key store"):
        again(store, tmp_path / "foreign").load()


def test_data_keys_without_any_kek_refuse(store, ring, tmp_path):
    ring.put([ring.new_key("r1")])
    store.keys.keks.delete_many({})
    with pytest.raises(KeyStoreFault, match="no key-encryption key"):
        again(store, tmp_path / "kek").load()


def test_a_lost_token_key_refuses_instead_of_making_a_new_one(store, ring, tmp_path):
    ring.load()
    store.keys.token_keys.delete_many({})
    with pytest.raises(KeyStoreFault, match="token key"):
        again(store, tmp_path / "kek").load()


def test_a_key_store_that_does_not_answer_is_never_taken_for_gone(store, tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "ANSWER_SECONDS", 0.2)
    with pymongo.MongoClient("mongodb://127.0.0.1:9/", serverSelectionTimeoutMS=50) as deaf:
        ring = Keyring(deaf.keys, FileKek(tmp_path / "kek"), store.clock)
        with pytest.raises(Unavailable):
            ring.fetch(["r1"])
        with pytest.raises(Unavailable):
            ring.put([ring.new_key("r1")])


def test_the_key_file_is_private(ring, tmp_path):
    ring.load()
    assert (tmp_path / "kek").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_key_file_others_may_touch_is_refused(store, ring, tmp_path, mode):
    ring.load()
    os.chmod(tmp_path / "kek", mode)
    with pytest.raises(KeyStoreFault, match="0600"):
        again(store, tmp_path / "kek").load()


def test_a_key_file_that_is_a_link_is_refused(store, ring, tmp_path):
    ring.load()
    (tmp_path / "link").symlink_to(tmp_path / "kek")
    with pytest.raises(KeyStoreFault):
        again(store, tmp_path / "link").load()


def test_a_destroyed_epoch_wraps_nothing_any_more(tmp_path):
    provider = FileKek(tmp_path / "kek")
    first, second = provider.wrap(1, b"a" * 32), provider.wrap(2, b"b" * 32)
    provider.destroy(1)
    provider.destroy(1)
    assert provider.unwrap(2, second) == b"b" * 32
    with pytest.raises(KeyStoreFault):
        provider.unwrap(1, first)
