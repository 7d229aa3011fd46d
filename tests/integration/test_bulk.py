"""A loader's batch: judged like single records, all or none, numbers and log accounted for."""

import pytest

from models.access.door import Door
from models.access.query import Query
from models.audit.sweeps import append_late
from models.errors import AccessDenied, InvalidRecord, UnknownKey, WrongState
from models.operations import records, users
from models.operations.bulk import Loader
from models.users import Actor, actor_of
from seed.generate import bodies
from seed.loading import apply_shipped

SYSTEM = Actor.system_actor("cli:test", "tests")


@pytest.fixture
def archive(store):
    apply_shipped(store)
    return store


def door_of(store, kind="enterprise", actor=SYSTEM):
    return Door(store, actor).open(kind)


def person(store, role):
    made = users.add(SYSTEM, store, username=role, name="某人", roles=[role], person=role)
    return actor_of(store, made)


def loaded(store, count=5, kind="enterprise"):
    loader = Loader(door_of(store, kind))
    return loader.write([loader.read(body) for body in bodies(loader.kind, count)])


def test_a_batch_stands_with_numbers_in_order_and_one_entry(archive):
    ids = loaded(archive)
    documents = list(archive.data.r_customer.find({"_id": {"$in": ids}}, sort=[("archive_no", 1)]))
    year = archive.clock.today().year
    assert [one["archive_no"] for one in documents] == [f"QY-{year}-{number:06d}" for number in range(1, 6)]
    assert archive.data.number_blocks.count_documents({"state": "open"}) == 0
    entry = archive.data.audit_entries.find_one({"action": "records:load"})
    assert sorted(entry["records"]) == sorted(ids)
    assert {one["_id"] for one in archive.keys.data_keys.find()} == set(ids)


def test_what_was_loaded_can_be_read_searched_and_is_sealed(archive):
    loader = Loader(door_of(archive, "individual"))
    body = next(bodies(loader.kind, 1))
    (id,) = loader.write([loader.read(body)])
    stored = archive.data.r_customer.find_one({"_id": id})
    assert body["customer_name"] not in str(stored)
    assert door_of(archive, "individual").get(id).to_json()["customer_name"] == body["customer_name"]
    found = door_of(archive, "individual").page(Query(q=body["phone"][0]["number"]))
    assert [record.id for record in found.items] == [id]
    assert stored["v"]  # `filed_at` was bound when the record was made
    filed = door_of(archive, "individual").get(id).to_json()["filed_at"]
    assert filed is not None


def test_revision_one_of_a_loaded_record_keeps_its_content_once_it_changes(archive):
    (id,) = loaded(archive, 1)
    door = door_of(archive)
    before = door.get(id).to_json()["customer_name"]
    assert [(one["rev"], one["action"]) for one in door.revisions(id).items] == [(1, "load")]
    assert door.revision(id, 1).to_json()["customer_name"] == before
    records.update(door, id, {"customer_name": "改名有限公司"}, expected=1)
    assert [one["rev"] for one in door.revisions(id).items] == [2, 1]
    assert door.revision(id, 1).to_json()["customer_name"] == before
    records.revert(door, id, 1, expected=2)
    assert door.get(id).to_json()["customer_name"] == before


def test_values_are_checked_and_unknown_keys_refused(archive):
    loader = Loader(door_of(archive))
    with pytest.raises(InvalidRecord) as refused:
        loader.read({"customer_name": "某公司", "legal_id_no": "91110108551385082X", "staff_count": "many"})
    assert set(refused.value.errors) == {"legal_id_no", "staff_count"}
    with pytest.raises(InvalidRecord):
        loader.read({"industry": "it"})
    for name in ("no_such_field", "archive_no", "credit_limit", "full_name", "rev"):
        with pytest.raises(UnknownKey):
            loader.read({"customer_name": "某公司", name: "1"})


def test_a_base_takes_no_record_and_who_may_not_create_loads_nothing(archive):
    with pytest.raises(WrongState):
        Loader(door_of(archive, "customer"))
    with pytest.raises(AccessDenied):
        Loader(door_of(archive, actor=person(archive, "general_manager")))


def test_a_person_loads_only_what_lies_within_their_reach(archive):
    clerk, other = person(archive, "sales"), person(archive, "archivist")
    loader = Loader(door_of(archive, actor=clerk))
    own = loader.read({"customer_name": "自有客户"})
    with pytest.raises(AccessDenied):
        loader.write([own, loader.read({"customer_name": "他人客户", "owner": other.id})])
    assert archive.data.r_customer.count_documents({}) == 0
    (id,) = loader.write([own])
    assert archive.data.r_customer.find_one({"_id": id})["owner"] == clerk.id
    with pytest.raises(UnknownKey):
        loader.read({"customer_name": "某公司", "bank_account": "6222021234567890123"})


def test_a_batch_whose_entry_was_lost_is_appended_late(archive, monkeypatch):
    class Lost(Exception):
        pass

    def lose(entry):
        raise Lost

    loader = Loader(door_of(archive))
    rows = [loader.read(body) for body in bodies(loader.kind, 2)]
    with monkeypatch.context() as patch:
        patch.setattr(archive.audit, "append", lose)
        with pytest.raises(Lost):
            loader.write(rows)
    assert archive.data.audit_entries.find_one({"action": "records:load"}) is None
    outbox = archive.data.revisions.find_one({"action": "load"})
    assert outbox["_id"].startswith("batch:")
    earlier = outbox["at"].replace(year=outbox["at"].year - 1)
    archive.data.revisions.update_one({"_id": outbox["_id"]}, {"$set": {"at": earlier}})
    append_late(archive)
    assert archive.data.audit_entries.count_documents({"ref": outbox["_id"]}) == 1
