"""The door hands out what the plan gives and nothing else; what is refused has changed nothing."""

import json

import pytest

from models.access.exporting import export_columns
from models.access.query import Query
from models.errors import (
    AccessDenied,
    AlreadyFilled,
    InvalidRecord,
    MalformedQuery,
    RecordNotFound,
    StaleRecord,
    UnknownKey,
    WrongState,
)
from models.operations import grants, records, types
from models.users import Actor
from tests.attack_world import DEFINITION, HIDDEN_WORDS, PLANTED, POLICY, SYSTEM, build


@pytest.fixture
def world(store):
    return build(store)


def said(record):
    return json.dumps(record.to_json(), ensure_ascii=False, default=str)


def test_each_reader_sees_exactly_what_the_grants_say(world):
    own = world.door("S").get(world.ids[0]).to_json()
    assert own["name"] == "澄川机电0号公司"
    assert own["phone"] == {"masked": "138****5678"}
    assert own["salary"] == PLANTED["salary"]
    assert own["gap"] == {"fillable": True}
    assert own["person"] == {"title": "经理"}
    assert not {"id_card", "vip", "off"} & own.keys()
    colleague = world.door("S").get(world.ids[1]).to_json()
    assert "salary" not in colleague
    full = world.door("admin").get(world.ids[1]).to_json()
    assert full["id_card"] == PLANTED["id_card"]
    assert full["person"] == {"title": "经理", "hobby": PLANTED["hobby"]}


def test_rows_outside_the_scope_do_not_exist(world):
    door = world.door("S")
    assert {record.id for record in door.page(Query()).items} == set(world.ids[:3])
    with pytest.raises(RecordNotFound):
        door.get(world.ids[3])
    with pytest.raises(RecordNotFound):
        door.get("nosuchrecord")
    assert door.count(Query()).value == 3


def test_two_roles_never_add_up_to_rows_of_one_with_fields_of_the_other(world):
    page = world.door("SH").page(Query())
    assert len(page.items) == 5
    for record in page.items:
        cells = record.to_json()
        assert "name" in cells
        assert ("salary" in cells) == (record.id == world.ids[1])
        assert ("notes" in cells) == (record.id in world.ids[:3])


@pytest.mark.parametrize(
    "leaf",
    [
        {"field": "id_card", "op": "eq", "value": PLANTED["id_card"]},
        {"field": "id_card", "op": "eq", "value": "310101199003070000"},
        {"field": "id_card", "op": "empty", "value": True},
        {"field": "vip", "op": "eq", "value": True},
        {"field": "phone", "op": "eq", "value": PLANTED["phone"]},
        {"field": "salary", "op": "gt", "value": 10000},
        {"field": "person.hobby", "op": "eq", "value": PLANTED["hobby"]},
        {"field": "off", "op": "empty", "value": True},
        {"field": "nothing", "op": "eq", "value": "x"},
        {"field": "v.id_card_aa03", "op": "eq", "value": "x"},
        {"field": "id_card_aa03", "op": "eq", "value": "x"},
        {"field": "$where", "op": "eq", "value": "1"},
    ],
)
def test_what_may_not_be_asked_is_refused_alike_and_never_dropped(world, leaf):
    door, before = world.door("S"), world.snapshot()
    for where in (leaf, {"not": leaf}, {"any": [leaf, {"field": "name", "op": "empty", "value": False}]}):
        with pytest.raises(AccessDenied) as refused:
            door.page(Query(where=where))
        assert str(refused.value) == str(AccessDenied())
    assert world.snapshot() == before


@pytest.mark.parametrize("sort", ["id_card", "-id_card", "phone", "salary", "off", "nothing", "v.salary_aa04",
                                  "person.hobby", "person.title", "notes", "--name", "$natural"])  # fmt: skip
def test_what_may_not_be_sorted_by_is_refused(world, sort):
    with pytest.raises(AccessDenied):
        world.door("S").page(Query(sort=sort))


def test_a_list_by_number_begins_at_the_number_jumped_to(world):
    door = world.door("admin")
    numbers = [record.archive_no for record in door.page(Query(sort="archive_no")).items]
    page = door.page(Query(sort="archive_no", jump=numbers[2]))
    assert [record.archive_no for record in page.items] == numbers[2:]
    assert page.previous


def test_a_malformed_tree_is_said_to_be_malformed_before_any_name_is_looked_at(world):
    for where in ({"field": "id_card"}, {"all": []}, {"all": {"field": "id_card"}}, [], "x", {"$where": "1"}):
        with pytest.raises(MalformedQuery):
            world.door("S").page(Query(where=where))


def test_an_opened_filter_matches_only_where_the_cell_may_be_read(world):
    opened = {
        **POLICY,
        "grants": [{**line, "use": ["filter"]} if line["target"] == "salary" else line for line in POLICY["grants"]],
    }
    grants.apply(world.store, SYSTEM, opened, source="attack", reason="open salary")
    leaf = {"field": "salary", "op": "gt", "value": 10000}
    for where in (leaf, {"not": {"not": leaf}}):
        assert [one.id for one in world.door("S").page(Query(where=where)).items] == [world.ids[0]]
    empty = {"field": "salary", "op": "empty", "value": True}
    for where in ({"not": leaf}, empty, {"not": {**empty, "value": False}}):
        assert world.door("S").page(Query(where=where)).items == []


def test_a_save_leaves_hidden_fields_as_they_are(world):
    before = world.store.data.r_client.find_one({"_id": world.ids[0]})
    records.update(world.door("S"), world.ids[0], {"notes": "新"}, expected=1)
    after = world.store.data.r_client.find_one({"_id": world.ids[0]})
    changed = {key for key in after["v"] if after["v"][key] != before["v"].get(key)}
    assert changed == {"notes_aa06"}
    assert after["rev"] == 2


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"id_card": "110101199003070000"}, UnknownKey),
        ({"nothing": 1}, UnknownKey),
        ({"vip": False}, UnknownKey),
        ({"off": "x"}, UnknownKey),
        ({"person": {"hobby": "x"}}, UnknownKey),
        ({"person.hobby": "x"}, UnknownKey),
        ({"v.notes_aa06": "x"}, UnknownKey),
        ({"notes_aa06": "x"}, UnknownKey),
        ({"$set": {"x": 1}}, UnknownKey),
        ({"__proto__": {}}, UnknownKey),
        ({"role": "admin"}, UnknownKey),
        ({"level": "b"}, AccessDenied),
        ({"salary": 1}, AccessDenied),
        ({"owner": "user_t"}, AccessDenied),
        ({"department": "b"}, AccessDenied),
        ({"created_by": "x"}, AccessDenied),
        ({"revision": 9}, AccessDenied),
        ({"archive_no": "KH-1"}, AccessDenied),
        ({"phone": [{"number": "13900000000"}]}, AccessDenied),
        ({"notes": {"$set": "x"}}, InvalidRecord),
        ({"notes": ["x"]}, InvalidRecord),
        ({"name": None}, InvalidRecord),
        ({"name": ""}, InvalidRecord),
        ({"notes": "fine", "level": "b"}, AccessDenied),
    ],
)
def test_a_refused_write_changes_nothing(world, body, error):
    before = world.snapshot()
    with pytest.raises(error):
        records.update(world.door("S"), world.ids[0], body, expected=1)
    assert world.snapshot() == before


def test_a_mask_sent_back_is_refused_and_not_stored(world):
    writable = {
        **POLICY,
        "grants": [{**line, "write": "edit"} if line["target"] == "phone" else line for line in POLICY["grants"]],
    }
    grants.apply(world.store, SYSTEM, writable, source="attack", reason="write phone")
    before = world.snapshot()
    for echo in ({"masked": "138****5678"}, "138****5678", [{"number": "138****5678"}]):
        with pytest.raises(InvalidRecord) as refused:
            records.update(world.door("S"), world.ids[0], {"phone": echo}, expected=1)
        assert refused.value.errors["phone"].code == "masked_echo"
    assert world.snapshot() == before


def test_a_gap_is_filled_once_and_never_read(world):
    record = records.update(world.door("S"), world.ids[0], {"gap": "秘密"}, expected=1)
    assert record.to_json()["gap"] == {"filled": True}
    with pytest.raises(AlreadyFilled):
        records.update(world.door("S"), world.ids[0], {"gap": "别的"}, expected=2)
    assert world.door("admin").get(world.ids[0]).to_json()["gap"] == "秘密"


def test_nobody_moves_a_record_into_or_out_of_their_reach(world):
    movable = {
        **POLICY,
        "grants": [
            *POLICY["grants"],
            {"holder": "role:sales", "type": "client", "target": "internal", "read": "full", "write": "edit"},
        ],
    }
    grants.apply(world.store, SYSTEM, movable, source="attack", reason="move")
    before = world.snapshot()
    with pytest.raises(AccessDenied):
        records.update(world.door("S"), world.ids[1], {"department": "b"}, expected=1)
    with pytest.raises(AccessDenied):
        records.create(world.door("S"), {"name": "别处公司", "department": "b", "owner": "user_t"})
    assert world.snapshot() == before


def test_the_second_of_two_writers_is_told(world):
    records.update(world.door("S"), world.ids[0], {"notes": "甲"}, expected=1)
    with pytest.raises(StaleRecord):
        records.update(world.door("admin"), world.ids[0], {"notes": "乙"}, expected=1)


def test_trash_restore_compare_and_revert(world):
    door, id = world.door("admin"), world.ids[1]
    records.update(door, id, {"notes": "改过", "person": {"title": "主任"}}, expected=1)
    reverted = records.revert(door, id, 1, expected=2).to_json()
    assert (reverted["notes"], reverted["person"]["title"], reverted["revision"]) == ("第 1 份", "经理", 3)
    records.trash(door, id, expected=3)
    with pytest.raises(RecordNotFound):
        world.door("S").get(id)
    assert id not in {one.id for one in door.page(Query()).items}
    assert [one.id for one in door.page(Query(trash=True)).items] == [id]
    with pytest.raises(WrongState):
        records.update(door, id, {"notes": "x"}, expected=4)
    restored = records.restore(door, id, expected=4)
    assert restored.revision == 5
    assert [one["rev"] for one in door.revisions(id).items] == [5, 4, 3, 2, 1]


def test_a_revert_stops_at_a_field_one_may_not_write_and_leaves_hidden_ones(world):
    admin, id = world.door("admin"), world.ids[0]
    records.update(admin, id, {"level": "b", "id_card": None, "notes": "x"}, expected=1)
    before = world.snapshot()
    with pytest.raises(AccessDenied):
        records.revert(world.door("S"), id, 1, expected=2)
    assert world.snapshot() == before
    records.update(admin, id, {"level": "a"}, expected=2)
    after = records.revert(world.door("S"), id, 1, expected=3)
    assert after.to_json()["notes"] == "第 0 份"
    assert world.door("admin").get(id).to_json()["id_card"] is None


def test_an_export_holds_no_value_the_reader_may_not_read(world):
    door = world.door("S")
    columns = export_columns(door, None)
    rows = list(door.export(Query(), columns, form="csv"))
    text = json.dumps([rows, [column.address for column in columns]], ensure_ascii=False)
    assert len(rows) == 3
    assert "138****5678" in text
    assert text.count(str(PLANTED["salary"])[:4]) == 1
    assert not any(word in text for word in (*HIDDEN_WORDS, PLANTED["id_card"], PLANTED["phone"], PLANTED["hobby"]))
    for name in ("id_card", "nothing", "off", "person.hobby", "v"):
        with pytest.raises(AccessDenied):
            export_columns(door, [name])
    admin = world.door("admin")
    with pytest.raises(AccessDenied):
        export_columns(admin, ["id_card"])
    assert "id_card" not in {column.address for column in export_columns(admin, None)}


def test_a_right_that_was_revoked_is_gone_with_the_next_door(world):
    assert "notes" in world.door("S").get(world.ids[0]).to_json()
    less = {**POLICY, "grants": [line for line in POLICY["grants"] if line["target"] != "notes"]}
    grants.apply(world.store, SYSTEM, less, source="attack", reason="take notes away")
    assert "notes" not in world.door("S").get(world.ids[0]).to_json()
    without = {**POLICY, "scopes": [line for line in POLICY["scopes"] if line["holder"] != "role:sales"]}
    grants.apply(world.store, SYSTEM, without, source="attack", reason="take rows away")
    with pytest.raises(RecordNotFound):
        world.door("S")


def test_empty_lists_and_scopes_mean_nothing_not_everything(world):
    lost = Actor("user_x", "X", frozenset({"sales"}), (), None)
    world.actors["X"] = lost
    assert world.door("X").page(Query()).items == []
    assert world.door("X").count(Query()).value == 0
    world.actors["Y"] = Actor("user_y", "Y", frozenset(), (), None)
    with pytest.raises(RecordNotFound):
        world.door("Y")


def test_what_a_reader_may_know_of_the_type_names_nothing_hidden(world):
    known = {one.field.address for one in world.door("S").fields()}
    assert known == {"name", "phone", "salary", "level", "notes", "gap", "person", "person.title"}
    by_name = {one.field.address: one for one in world.door("S").fields()}
    assert by_name["salary"].operators == ()
    assert by_name["phone"].operators == ()
    assert not by_name["salary"].sort
    assert by_name["name"].sort


def test_every_reading_and_writing_leaves_an_entry_with_ids_and_no_values(world):
    world.door("S").get(world.ids[0])
    world.door("S").page(Query(where={"field": "name", "op": "eq", "value": "澄川机电0号公司"}, q="澄川"))
    records.update(world.door("S"), world.ids[0], {"notes": "一个词"}, expected=1)
    entries = list(world.store.data.audit_entries.find())
    actions = {entry.get("action") for entry in entries}
    assert {"records:view", "records:list", "records:create", "records:edit"} <= actions
    text = b"".join(entry["body"] for entry in entries).decode()
    for value in (*map(str, PLANTED.values()), "澄川", "一个词"):
        assert value not in text


def test_the_same_idempotency_key_makes_one_record(world):
    door = world.door("S")
    first = records.create(door, {"name": "新客户一"}, key="k1")
    again = records.create(world.door("S"), {"name": "新客户一"}, key="k1")
    assert first.id == again.id
    with pytest.raises(MalformedQuery):
        records.create(door, {"name": "新客户二"}, key="k1")
    assert world.store.data.r_client.count_documents({}) == 6


def test_a_value_whose_key_is_gone_is_unreadable_and_hides_nothing_else(world):
    world.store.keyring.drop([world.ids[0]])
    body = world.door("admin").get(world.ids[0]).to_json()
    assert body["id_card"] == {"unreadable": True}
    assert body["notes"] == "第 0 份"


def test_values_of_a_field_that_became_another_kind_are_read_and_written_as_the_new_one(world, tmp_path):
    text = DEFINITION.read_text(encoding="utf-8")
    text = text.replace("type: integer, section: basic", "type: text, section: basic")
    short = "type: text, validators: {max_length: 4}, section: basic"
    text = text.replace("type: long_text, section: basic", short)
    (tmp_path / "client.yaml").write_text(text, encoding="utf-8")
    admin, id = world.door("admin"), world.ids[0]
    records.update(admin, world.ids[1], {"notes": "这一段比四个字长"}, expected=1)
    types.apply(SYSTEM, world.store, types.read_definitions(tmp_path), reason="wider")
    admin = world.door("admin")
    assert admin.get(id).to_json()["salary"] == str(PLANTED["salary"])
    records.update(admin, id, {"level": "b"}, expected=1)
    stored = world.store.data.r_client.find_one({"_id": id})
    assert stored["v"]["salary_aa04"] == str(PLANTED["salary"])
    assert stored["tv"] == admin.compiled.version
    assert admin.get(world.ids[1]).to_json()["notes"] is None
    records.update(admin, world.ids[1], {"level": "a"}, expected=2)
    kept = world.store.data.r_client.find_one({"_id": world.ids[1]})
    assert (kept["unfit"], "notes_aa06" in kept["v"]) == ({"notes_aa06": "这一段比四个字长"}, False)
