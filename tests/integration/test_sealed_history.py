"""What is sealed stays sealed in everything a change leaves behind, also where its field became another kind."""

import bson
import pytest
from pymongo.errors import AutoReconnect

from models.crypto.envelope import is_sealed
from models.errors import Unavailable, WrongState
from models.operations import bulk, records, types
from tests.attack_world import DEFINITION, PLANTED, SYSTEM, build


@pytest.fixture
def world(store):
    return build(store)


def holding(store, word):
    """Where a word stands in clear in anything the data database keeps."""
    found = []
    for name in store.data.list_collection_names():
        if not name.startswith("system."):
            found += [name for one in store.data[name].find() if word.encode() in bson.encode(one)]
    return found


def loaded_before_the_kind_changed(world, folder):
    """A record of a loader, then its identity number becomes plain text, still sealed."""
    loader = bulk.Loader(world.system())
    (id,) = loader.write([loader.read({"name": "批量公司", "id_card": PLANTED["id_card"]})])
    text = DEFINITION.read_text(encoding="utf-8").replace("type: id_number, section", "type: text, section")
    (folder / "client.yaml").write_text(text, encoding="utf-8")
    types.apply(SYSTEM, world.store, types.read_definitions(folder), reason="kind")
    return id


@pytest.mark.parametrize("verb", ["edit", "trash"])
def test_the_first_revision_of_a_loaded_record_holds_no_sealed_value_in_clear(world, tmp_path, verb):
    id = loaded_before_the_kind_changed(world, tmp_path)
    assert holding(world.store, PLANTED["id_card"]) == []
    if verb == "edit":
        records.update(world.system(), id, {"notes": "改"}, expected=1)
    else:
        records.trash(world.system(), id, expected=1)
    assert holding(world.store, PLANTED["id_card"]) == []
    first = world.store.data.revisions.find_one({"_id": f"{id}:1"})
    assert is_sealed(first["v"]["id_card_aa03"])
    assert world.system().revision(id, 1).to_json()["id_card"] == PLANTED["id_card"]


def test_a_version_whose_seal_is_broken_cannot_be_gone_back_to(world):
    id = world.ids[0]
    records.update(world.system(), id, {"id_card": None}, expected=1)
    first = world.store.data.revisions.find_one({"_id": f"{id}:1"})
    blob = bytes(first["v"]["id_card_aa03"])
    broken = bson.Binary(blob[:-1] + bytes([blob[-1] ^ 1]), 128)
    world.store.data.revisions.update_one({"_id": f"{id}:1"}, {"$set": {"v.id_card_aa03": broken}})
    before = world.snapshot()
    with pytest.raises(WrongState) as refused:
        records.revert(world.system(), id, 1, expected=2)
    assert refused.value.code == "unreadable"
    assert world.snapshot() == before
    assert world.system().revision(id, 1).to_json()["id_card"] == {"unreadable": True}


def test_a_write_whose_fate_is_unknown_is_not_said_to_have_changed_nothing(world, monkeypatch):
    class Lost(AutoReconnect):
        def has_error_label(self, label):
            return label == "UnknownTransactionCommitResult"

    def lose(session, work, **given):
        raise Lost("connection closed")

    monkeypatch.setattr("pymongo.synchronous.client_session.ClientSession.with_transaction", lose)
    with pytest.raises(Unavailable) as unsure:
        records.update(world.system(), world.ids[0], {"notes": "改"}, expected=1)
    assert "Nothing was changed" not in str(unsure.value)
    assert "Look whether" in str(unsure.value)
