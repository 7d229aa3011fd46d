"""After a type changed, its records are brought along in the background: values, search keys, order, uniqueness."""

from datetime import timedelta

import pytest

from models.access.door import Door
from models.access.query import Query
from models.definitions.stored_types import current_documents
from models.operations import records, refreshing, types
from models.operations.refreshing import refresh, refresh_stale
from models.users import Actor
from tests.drawn_types import a_type, definitions, field

SYSTEM = Actor.system_actor("cli:test")
NAMES = ["澄川机电", "安和置业", "柏林商贸"]


@pytest.fixture
def archive(store):
    """A type with three records; gives what draws it anew."""

    def draw(*fields: dict):
        return types.apply(SYSTEM, store, definitions(a_type(*fields)), reason="a test")

    draw(field("called", "name", grade="public"), field("size", grade="public"), field("secret", grade="secret"))
    for number, (name, size) in enumerate(zip(NAMES, ["12", "7", "large"], strict=True)):
        records.create(opened(store), {"called": name, "size": size, "secret": "s" * number or None})
    return draw


def opened(store):
    return Door(store, SYSTEM).open("permit")


def stored(store):
    return sorted(store.data.r_permit.find(), key=lambda document: document["archive_no"])


def found(store, **query):
    return [record.to_json()["called"] for record in opened(store).page(Query(where=None, **query)).items]


def test_what_becomes_searchable_and_sortable_is_found_and_in_order(store, archive):
    archive(field("called", "name", grade="public", search=True, sort=True), field("size", grade="public"),
            field("secret", grade="secret"))  # fmt: skip
    assert found(store, q="chengchuan") == []
    assert refresh(store, "permit").records == 3
    assert found(store, q="chengchuan") == ["澄川机电"]
    assert found(store, sort="called") == ["安和置业", "柏林商贸", "澄川机电"]
    assert refresh(store, "permit").records == 0


def test_a_record_changed_before_its_turn_is_brought_along_too(store, archive):
    archive(field("called", "name", grade="public", search=True), field("size", grade="public"),
            field("secret", grade="secret"))  # fmt: skip
    first = stored(store)[0]
    records.update(opened(store), first["_id"], {"size": "13"}, expected=1)
    assert refresh(store, "permit").records == 3
    assert found(store, q="澄川") == ["澄川机电"]


def test_values_of_another_kind_are_stored_anew_and_others_kept_aside(store, archive):
    archive(field("called", "name", grade="public"), field("size", "choice", grade="public", options=[
        {"key": key, "labels": {"zh-Hans": key, "zh-Hant": key, "en": key}} for key in ("7", "12")]),
        field("secret", grade="secret"))  # fmt: skip
    assert refresh(store, "permit").records == 3
    documents = stored(store)
    assert [document["v"].get("size_aa11") for document in documents] == ["12", "7", None]
    assert [document.get("unfit") for document in documents] == [None, None, {"size_aa11": "large"}]
    assert {document["tv"] for document in documents} == {2}
    assert {document["rev"] for document in documents} == {1}


def test_sealed_values_stay_as_they_are_and_keep_their_tokens(store, archive):
    before = stored(store)
    archive(field("called", "name", grade="public", search=True), field("size", grade="public"),
            field("secret", grade="secret"))  # fmt: skip
    store.keys.data_keys.delete_one({"_id": before[2]["_id"]})
    refresh(store, "permit")
    for was, now in zip(before, stored(store), strict=True):
        assert now["v"] == was["v"]
        tokens = {key for key in was["s"] if key.startswith("secret_aa11:")}
        assert tokens <= set(now["s"])
        assert any(key.startswith("called_aa11:") for key in now["s"])


def test_clear_values_of_a_record_whose_key_is_gone_come_along(store, archive):
    store.keys.data_keys.delete_many({})
    archive(field("called", "name", grade="public"), field("size", "long_text", grade="public"),
            field("secret", grade="secret"))  # fmt: skip
    assert refresh(store, "permit").records == 3
    assert [document["v"]["size_aa11"] for document in stored(store)] == ["12", "7", "large"]
    assert all(isinstance(document["v"].get("secret_aa11", b""), bytes) for document in stored(store))


def test_values_that_should_stand_once_but_do_not_are_counted(store, archive):
    first = stored(store)[0]
    records.update(opened(store), first["_id"], {"size": "7"}, expected=1)
    archive(field("called", "name", grade="public"), field("size", grade="public", unique=True),
            field("secret", grade="secret"))  # fmt: skip
    done = refresh(store, "permit")
    assert (done.records, done.collisions) == (3, 1)
    assert [document["d"].get("unique") for document in stored(store)].count(None) == 1
    assert {document["d"]["keyed"] for document in stored(store)} == {2}


def test_a_record_that_changes_meanwhile_is_left_to_the_next_round(store, archive, monkeypatch):
    archive(field("called", "name", grade="public", search=True), field("size", grade="public"),
            field("secret", grade="secret"))  # fmt: skip
    real = refreshing._paths
    target = stored(store)[1]["_id"]

    def raced(door, document, key):
        if document["_id"] == target and document["rev"] == 1:
            records.update(opened(store), target, {"size": "8"}, expected=1)
        return real(door, document, key)

    monkeypatch.setattr(refreshing, "_paths", raced)
    refresh(store, "permit")
    assert stored(store)[1]["v"]["size_aa11"] == "8"
    assert found(store, q="安和") == []
    refresh(store, "permit")
    assert found(store, q="安和") == ["安和置业"]


def test_the_ticker_goes_on_until_no_process_writes_the_former_version(store, archive):
    archive(field("called", "name", grade="public", search=True), field("size", grade="public"),
            field("secret", grade="secret"))  # fmt: skip
    assert current_documents(store)["permit"]["stale"]
    assert refresh_stale(store) == 3
    assert refresh_stale(store) == 0
    assert current_documents(store)["permit"]["stale"]
    long_ago = store.clock.now() - refreshing.SETTLED - timedelta(seconds=1)
    store.data.record_types.update_one({"current": True}, {"$set": {"at": long_ago}})
    assert refresh_stale(store) == 0
    assert not current_documents(store)["permit"]["stale"]


def test_the_log_names_each_batch_once(store, archive):
    archive(field("called", "name", grade="public", search=True), field("size", grade="public"),
            field("secret", grade="secret"))  # fmt: skip
    refresh(store, "permit")
    entries = list(store.data.audit_entries.find({"action": "records:refresh"}))
    assert [(entry["actor"], len(entry["records"])) for entry in entries] == [("job:refresh", 3)]


def test_new_records_of_a_new_version_are_never_outdated(store, archive):
    archive(field("called", "name", grade="public", search=True), field("size", "long_text", grade="public"),
            field("secret", grade="secret"))  # fmt: skip
    refresh(store, "permit")
    records.create(opened(store), {"called": "新来的", "secret": "x"})
    assert refresh(store, "permit").records == 0


def test_a_change_that_concerns_no_stored_record_makes_none_outdated(store, archive):
    archive(field("called", "name", grade="public", list=True), field("size", grade="public"),
            field("secret", grade="secret"), field("new", search=True))  # fmt: skip
    assert not current_documents(store)["permit"]["stale"]
    assert refresh(store, "permit").records == 0
