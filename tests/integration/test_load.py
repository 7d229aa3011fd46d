"""Foreign files come in whole: good rows as records, bad rows with their reasons, nothing in between."""

import csv
import io
import json
import zipfile
from itertools import islice
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from models.access.actions import Action
from models.access.door import Door
from models.access.exporting import export_columns
from models.access.listing import where_of
from models.access.query import Query
from models.definitions.sources import read_definition
from models.errors import AccessDenied, DefinitionError, Unavailable
from models.operations import exports, imports
from models.operations.bulk import Loader
from models.operations.maps import read_map
from models.operations.tables import BadFile, rows_in
from models.users import Actor
from tests.attack.stage import ID_CARD
from tests.attack_world import build

ROOT = Path(__file__).parents[2]
THEATERS = ROOT / "tests" / "data" / "theaters.jsonl"
MAP = ROOT / "seed" / "maps" / "theaters.yaml"
SYSTEM = Actor.system_actor("cli:test")


def enterprises(store):
    return Door(store, SYSTEM).open("enterprise")


def told(door, rows, **how):
    found = []
    outcome = imports.load(door, rows, report=lambda *one: found.append(one), **how)
    return outcome, [(row, address, fault.code) for row, address, fault in found]


def file(folder, name, text, encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_theaters_load_through_their_map_are_listed_found_changed_and_exported(shipped, tmp_path):
    mapped = read_map(read_definition(MAP), MAP.name)
    outcome, bad = told(enterprises(shipped), rows_in(THEATERS), mapped=mapped)
    assert (outcome.added, bad) == (1564, [])
    assert not outcome.left
    door = enterprises(shipped)
    assert door.count(Query()).capped
    page = door.page(Query(where={"field": "customer_name", "op": "eq", "value": "影院 1000"}))
    (found,) = (one.to_json()["address"] for one in page.items)
    assert found["text"].startswith("340 W Market")
    assert [one.id for one in door.page(Query(q="影院 1000")).items] == [page.items[0].id]
    everyone = door.door.open("customer")
    where = where_of(everyone, Query(q="影院 1000"), Action.VIEW)
    plan = everyone._records.find(where).sort([("updated_at", -1), ("_id", -1)]).limit(51).explain()
    assert "'indexName': 'keys'" in str(plan["queryPlanner"]["winningPlan"])
    first = islice(rows_in(THEATERS), 60)
    again, bad = told(door, first, mapped=read_map(read_definition(MAP), MAP.name), mode="upsert")
    assert (again.changed, again.added, bad) == (60, 0, [])
    columns = export_columns(door, ["archive_no", "customer_name", "address"])
    rows = list(csv.reader(io.StringIO(b"".join(exports.export(door, Query(), columns, "csv")).decode("utf-8-sig"))))
    assert len(rows) == 1565
    assert any("340 W Market" in cell for row in rows for cell in row)


@pytest.fixture
def world(store):
    return build(store)


HEAD = "name,notes,级别,salary\n"


def test_a_csv_of_an_office_program_is_read_by_label_and_address(world, tmp_path):
    path = file(tmp_path, "a.csv", HEAD + "北埠港冷链,第一行,甲,12\n云岫精密,第二行,乙,13\n", "gb18030")
    outcome, bad = told(world.system(), rows_in(path))
    assert (outcome.added, bad) == (2, [])
    found = world.system().page(Query(where={"field": "name", "op": "eq", "value": "云岫精密"})).items[0].to_json()
    assert (found["notes"], found["level"], found["salary"]) == ("第二行", "b", 13)


def test_bad_rows_are_told_and_never_stop_good_ones(world, tmp_path):
    text = HEAD + "甲公司,x,甲,1\n乙公司,x,丙,1\n,x,甲,1\n丁公司,x,甲,one\n戊公司,x,甲,1,extra\n己公司,x,甲,2\n"
    outcome, bad = told(world.system(), rows_in(file(tmp_path, "a.csv", text)))
    assert (outcome.added, outcome.bad) == (2, 4)
    assert [(row, address) for row, address, _ in bad] == [(3, "level"), (4, "name"), (5, "salary"), (6, "")]


def test_a_dry_run_writes_nothing(world, tmp_path):
    before = world.snapshot()
    path = file(tmp_path, "a.csv", HEAD + "甲公司,x,甲,1\n乙公司,x,丙,1\n")
    outcome, _ = told(world.system(), rows_in(path), dry_run=True)
    assert (outcome.added, outcome.bad) == (1, 1)
    assert world.snapshot() == before


def test_columns_that_are_hidden_and_columns_that_do_not_exist_are_left_alike(world, tmp_path):
    path = file(tmp_path, "a.csv", "name,id_card,nothing,vip\n甲公司,310101199003074570,x,true\n")
    for grant in ({"holder": "role:sales", "type": "client", "actions": ["import"]},):
        world.store.data.grants_config.insert_one({"_id": "import", "kind": "scope", **grant})
    world.store.data.stamps.update_one({"_id": "stamps"}, {"$inc": {"grants": 1}})
    outcome, bad = told(world.door("S"), rows_in(path))
    assert (outcome.added, bad) == (1, [])
    assert dict(outcome.left) == {"id_card": 1, "nothing": 1, "vip": 1}


def test_whoever_may_not_import_or_not_use_the_key_is_refused_before_any_row(world, tmp_path):
    path = file(tmp_path, "a.csv", "name\n甲公司\n")
    before = world.snapshot()
    with pytest.raises(AccessDenied):
        told(world.door("S"), rows_in(path))
    world.store.data.grants_config.insert_one(
        {"_id": "import", "kind": "scope", "holder": "role:sales", "type": "client", "actions": ["import"]}
    )
    world.store.data.stamps.update_one({"_id": "stamps"}, {"$inc": {"grants": 1}})
    for key in ("id_card", "nothing", "phone", "salary"):
        with pytest.raises(AccessDenied):
            told(world.door("S"), rows_in(path), mode="upsert", key=key)
    with pytest.raises(DefinitionError):
        told(world.door("S"), rows_in(path), mode="upsert")
    world.store.data.grants_config.delete_one({"_id": "import"})
    assert world.snapshot() == before


def test_a_mask_that_comes_back_in_an_export_is_refused(world, tmp_path):
    world.store.data.grants_config.insert_many(
        [
            {"_id": "import", "kind": "scope", "holder": "role:sales", "type": "client", "actions": ["import"]},
            {"_id": "phone", "kind": "grant", "holder": "role:sales", "type": "client", "target": "phone_aa02",
             "read": "masked", "write": "edit"},
        ]
    )  # fmt: skip
    world.store.data.stamps.update_one({"_id": "stamps"}, {"$inc": {"grants": 1}})
    path = file(tmp_path, "a.csv", "name,phone\n澄川机电0号公司,138****5678\n")
    outcome, bad = told(world.door("S"), rows_in(path), mode="upsert", key="name")
    assert (outcome.bad, bad) == (1, [(2, "phone", "masked_echo")])


@pytest.mark.parametrize(
    "row",
    [
        {"name": {"$ne": None}},
        {"name": "甲", "notes": {"$set": "x"}},
        {"name": "甲", "salary": True},
        {"name": "甲", "person": "x"},
        {"name": ["甲"]},
        {"name": "甲", "level": {"$numberInt": "1"}},
    ],
)
def test_operators_and_wrong_kinds_are_bad_rows(world, tmp_path, row):
    before = world.snapshot()
    outcome, _ = told(world.system(), rows_in(file(tmp_path, "a.jsonl", json.dumps(row) + "\n[1]\nnot json\n")))
    assert (outcome.added, outcome.bad) == (0, 3)
    assert world.snapshot() == before


def test_a_sheet_keeps_long_numbers_only_as_text(world, tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "id_card", "salary"])
        sheet.write_row(1, 0, ["甲公司", "310101199003074570", 12])
        sheet.write_row(2, 0, ["乙公司", 310101199003074570, 12])
    outcome, bad = told(world.system(), rows_in(path))
    assert (outcome.added, bad) == (1, [(3, "id_card", "rounded")])


def test_what_is_no_file_of_rows_is_said_to_be_none(tmp_path):
    for name, content in (("a.csv", b"\xff\xfe\x00\xd8"), ("a.xlsx", b"PK nothing"), ("a.json", b"{"), ("a.txt", b"x"),
                          ("b.csv", b"a,a\n1,2\n"), ("c.csv", b"")):  # fmt: skip
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadFile):
            list(rows_in(path))


def test_exports_hold_no_live_formula_and_read_back_cell_for_cell(world, tmp_path):
    door = world.system()
    for number, text in enumerate(("=1+1", "+1", "-x", "@a", "\t=1", "=cmd|' /C calc'!A0")):
        imports.load(door, iter([(1, {"name": f"公司{number}", "notes": text})]))
    door = world.system()
    columns = export_columns(door, ["name", "notes", "salary"])
    raw = b"".join(exports.export(door, Query(), columns, "csv"))
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"".join(exports.export(door, Query(), columns, "xlsx")))
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<f " not in sheet
    back = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    texts = list(door.export(Query(), columns, form="xlsx"))
    assert [[str(int(cell)) if isinstance(cell, float) else cell for cell in row] for row in back[1:]] == texts


def test_rows_at_fault_are_told_in_order_while_later_batches_are_under_way(stage, monkeypatch):
    monkeypatch.setattr(imports, "BATCH", 3)
    door = Door(stage.store, Actor.system_actor("cli:test")).open("client")
    before = stage.store.data.r_client.count_documents({})
    rows = [(number, {"name": f"客户{number}"}) for number in range(1, 15)]
    for number in (4, 5, 9, 14):
        rows[number - 1][1]["id_card"] = ID_CARD
    outcome, bad = told(door, rows)
    assert (outcome.added, outcome.bad) == (10, 4)
    assert bad == [(number, "id_card", "taken") for number in (4, 5, 9, 14)]
    assert stage.store.data.r_client.count_documents({}) == before + 10


def test_a_load_that_loses_the_archive_ends_with_whole_batches(stage, monkeypatch):
    monkeypatch.setattr(imports, "BATCH", 3)
    door = Door(stage.store, Actor.system_actor("cli:test")).open("client")
    before, write = stage.store.data.r_client.count_documents({}), Loader.write

    def lost(self, rows):
        if "客户8" in str(rows):
            raise Unavailable
        return write(self, rows)

    monkeypatch.setattr(Loader, "write", lost)
    with pytest.raises(Unavailable):
        told(door, [(number, {"name": f"客户{number}"}) for number in range(1, 21)])
    stand = stage.store.data.r_client.count_documents({}) - before
    assert stand >= 6
    assert stand % 3 == 0
