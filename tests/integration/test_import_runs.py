"""An uploaded file comes in as a run: sealed while it waits, as the person who asked, each row once."""

import io
import json

import pytest
from bson.raw_bson import RawBSONDocument

from jobs.working import perform
from models.access.door import Door
from models.errors import AccessDenied, RecordNotFound
from models.operations import import_runs, runs, spool, uploads
from models.operations import users as user_verbs
from models.operations.failures import FailedRows
from models.operations.imports import Loading
from models.operations.leases import LeaseLost, claim
from models.store import bump_stamp
from models.users import Actor
from tests.attack.files import importing
from tests.attack.stage import ID_CARD

SYSTEM = Actor.system_actor("cli:test")
NAME = "客户名单 张三丰.csv"


@pytest.fixture
def door(stage):
    stage.change_grants(importing)
    return door_of(stage, stage.s)


def door_of(stage, who):
    return Door(stage.store, user_verbs.actor_of_id(stage.store, who.user.id)).open("client")


def upload(door, text, name=NAME, **how):
    return uploads.receive(door, io.BytesIO(text.encode()), name, **how)


def run(door, one, *, dry_run=False):
    run_id = import_runs.request(door, one, dry_run=dry_run)
    while perform(door.store, run_id, "import"):
        pass
    return runs.get(door.store, run_id), uploads.find(door, one.id)


def told(door, one):
    return [
        (row, list(faults), [fault.code for fault in faults.values()])
        for row, _, faults in import_runs.report(door.store, one)
    ]


def rows_text(count, start=0):
    return "name,notes\n" + "".join(f"客户{turn},备注{turn}\n" for turn in range(start, start + count))


def stored(store):
    """Every byte of the data database but the log."""
    options = store.data.codec_options.with_options(document_class=RawBSONDocument)
    names = [name for name in store.data.list_collection_names() if not name.startswith(("system", "r_", "revisions"))]
    return b"".join(one.raw for name in names for one in store.data.get_collection(name, codec_options=options).find())


def test_a_file_is_rehearsed_then_loaded_and_leaves_nothing_but_its_report(stage, door):
    text = rows_text(30) + "坏行,x,y\n客户31,\n,无名\n"
    one = upload(door, text)
    assert (one.columns, one.name) == (["name", "notes"], NAME)
    before = stage.store.data.r_client.count_documents({})
    dry, one = run(door, one, dry_run=True)
    assert (dry.state, dry.done, dict(dry.counts)) == ("done", 33, {"added": 31, "refused": 2})
    assert told(door, one) == [(32, [""], ["too_many_cells"]), (34, ["name"], ["required"])]
    assert stage.store.data.r_client.count_documents({}) == before
    for secret in ("张三丰", "客户1", "备注1", "坏行"):
        assert secret.encode() not in stored(stage.store)
    wet, one = run(door, one)
    assert (wet.state, dict(wet.counts), wet.total) == ("done", {"added": 31, "refused": 2}, 33)
    assert stage.store.data.r_client.count_documents({}) == before + 31
    assert stage.store.data.spool.count_documents({"file": uploads.file_of(one.id)}) == 0
    assert not stage.store.keyring.fetch([spool.key_id(uploads.file_of(one.id))])
    assert len(told(door, one)) == 2
    pieces = []
    failed = FailedRows(one.sealed["heads"], pieces.append)
    for row in import_runs.report(stage.store, one):
        failed(*row)
    assert "坏行,x,y" in b"".join(pieces).decode("utf-8-sig")
    logged = [one["action"] for one in stage.store.data.audit_entries.find()]
    assert [logged.count(f"records:{name}") for name in ("import", "imported", "load")] == [2, 2, 1]


def test_after_a_day_nothing_of_it_can_be_read(stage, door):
    one = upload(door, rows_text(2))
    stage.store.data.imports.update_one({"_id": one.id}, {"$set": {"until": one.at}})
    assert uploads.sweep(stage.store) == 1
    assert stage.store.data.spool.count_documents({}) == stage.store.data.imports.count_documents({}) == 0
    assert stage.store.keys.data_keys.count_documents({"_id": {"$regex": "^import:"}}) == 0
    with pytest.raises(RecordNotFound):
        uploads.find(door, one.id)


def test_24_nobody_else_has_an_import(stage, door):
    one = upload(door, rows_text(2))
    run_id = import_runs.request(door, one, dry_run=True)
    for who in (stage.sh, stage.other, stage.boss):
        with pytest.raises((RecordNotFound, AccessDenied)):
            uploads.find(door_of(stage, who), one.id)
    assert runs.get(stage.store, run_id).asked_by == stage.s.user.id


def test_35_a_role_taken_away_ends_an_import_between_two_parts(stage, door, monkeypatch):
    monkeypatch.setattr(import_runs, "CHECKPOINT_ROWS", 10)
    one = upload(door, rows_text(40))
    before = stage.store.data.r_client.count_documents({})
    checkpoint, seen = import_runs._Part._checkpoint, []

    def then_dismissed(self, place, table=None):
        if len(seen) == 1:
            stage.store.data.users.update_one({"_id": stage.s.user.id}, {"$set": {"roles": []}})
            bump_stamp(stage.store, "users")
        seen.append(place)
        checkpoint(self, place, table)

    monkeypatch.setattr(import_runs._Part, "_checkpoint", then_dismissed)
    run_id = import_runs.request(door, one, dry_run=False)
    perform(stage.store, run_id, "import")
    ended = runs.get(stage.store, run_id)
    assert (ended.state, ended.counts["added"], seen) == ("cancelled", 20, [10, 20])
    assert stage.store.data.r_client.count_documents({}) == before + 20
    assert uploads.of_run(stage.store, one.id).stopped == "right_lost"
    assert stage.store.data.spool.count_documents({"file": uploads.file_of(one.id)}) == 0


def test_a_cancelled_import_leaves_whole_batches_and_says_how_many(stage, door, monkeypatch):
    monkeypatch.setattr(import_runs, "CHECKPOINT_ROWS", 10)
    one = upload(door, rows_text(40))
    before = stage.store.data.r_client.count_documents({})
    batch = import_runs._Part._batch

    def cancelled(self, loader, rows):
        if rows[0].place == 21:
            import_runs.cancel(door, uploads.find(door, one.id))
        return batch(self, loader, rows)

    monkeypatch.setattr(import_runs._Part, "_batch", cancelled)
    ended, _ = run(door, one)
    assert (ended.state, ended.counts["added"]) == ("cancelled", 20)
    assert stage.store.data.r_client.count_documents({}) == before + 20


def test_a_worker_that_dies_behind_a_batch_loads_no_row_twice(stage, door, monkeypatch):
    monkeypatch.setattr(import_runs, "CHECKPOINT_ROWS", 10)
    one = upload(door, rows_text(40) + "bad,row,here\n")
    before = stage.store.data.r_client.count_documents({})
    run_id = import_runs.request(door, one, dry_run=False)
    checkpoint = import_runs._Part._checkpoint

    class Killed(BaseException):
        pass

    def killed(self, place, table=None):
        self.loading.write()
        raise Killed

    monkeypatch.setattr(import_runs._Part, "_checkpoint", killed)
    with pytest.raises(Killed):
        import_runs.carry_out(stage.store, claim(stage.store, run_id, "first", seconds=0))
    assert stage.store.data.r_client.count_documents({}) == before + 10
    monkeypatch.setattr(import_runs._Part, "_checkpoint", checkpoint)
    while perform(stage.store, run_id, "import"):
        pass
    ended = runs.get(stage.store, run_id)
    assert (ended.state, ended.done, dict(ended.counts)) == ("done", 41, {"added": 40, "refused": 1})
    assert stage.store.data.r_client.count_documents({}) == before + 40
    names = [one["v"].popitem() for one in stage.store.data.r_client.find()]
    assert len(names) == before + 40


def test_a_worker_that_lost_the_run_writes_nothing_more(stage, door):
    one = upload(door, rows_text(10))
    run_id = import_runs.request(door, one, dry_run=False)
    before = stage.store.data.r_client.count_documents({})
    old = claim(stage.store, run_id, "old", seconds=0)
    part = import_runs._Part(stage.store, old, uploads.find(door, one.id))
    claim(stage.store, run_id, "new", seconds=0)
    with part, pytest.raises(LeaseLost):
        part.work()
    assert stage.store.data.r_client.count_documents({}) == before


def test_38_a_map_to_hidden_fields_and_a_hidden_key_are_refused_alike(stage, door):
    before = stage.store.data.r_client.count_documents({})
    told_of = set()
    for address in ("id_card", "nothing", "family.income"):
        tree = {"fields": {"name": {"from": "name"}, address: {"from": "notes"}}}
        ended, one = run(door, upload(door, f"name,notes\n甲,{ID_CARD}\n", tree=tree), dry_run=True)
        assert ended.counts == {"refused": 1}
        told_of.add(json.dumps([fault.public_words() for *_, faults in import_runs.report(stage.store, one)
                                for fault in faults.values()]))  # fmt: skip
    assert len(told_of) == 1
    for key in ("id_card", "nothing", "phone", "salary"):
        one = upload(door, "name\n甲\n")
        one.mode, one.key = "upsert", key
        with pytest.raises(AccessDenied):
            import_runs.request(door, one, dry_run=True)
    assert stage.store.data.r_client.count_documents({}) == before


def test_whoever_may_not_import_uploads_nothing(stage):
    with pytest.raises(AccessDenied):
        upload(door_of(stage, stage.s), rows_text(1))
    assert stage.store.data.spool.count_documents({}) == stage.store.data.imports.count_documents({}) == 0


def test_a_large_file_is_read_piece_by_piece(stage, door, monkeypatch):
    monkeypatch.setattr(spool, "PIECE_BYTES", 4096)
    one = upload(door, rows_text(1500))
    taken = []
    monkeypatch.setattr(Loading, "take", lambda self, number, row, place=0: taken.append(row["name"]))
    run(door, one, dry_run=True)
    assert (len(taken), taken[-1]) == (1500, "客户1499")
