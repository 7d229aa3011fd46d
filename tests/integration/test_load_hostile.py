"""Files as the world really sends them: what is clear is taken, what was ruined or can be read in two ways is told."""

import csv
import io
import json
import zipfile
from datetime import datetime

import pytest
import xlsxwriter

from models.access.door import Door
from models.access.query import Query
from models.definitions.record_types import load_type
from models.operations import imports, types
from models.operations.cells import BadFile, BadRow
from models.operations.failures import FailedRows
from models.operations.migrations import migrate
from models.operations.tables import rows_in
from models.users import Actor
from tests.drawn_types import a_type, field

SYSTEM = Actor.system_actor("cli:test")
ID = "11010519491231002X"
KINDS = {"id_number": "证件", "date": "日期", "moment": "时刻", "integer": "数量", "phone": "电话", "money": "金额"}


@pytest.fixture
def door(store):
    fields = [field("code", type="text", sealed=False, unique=True, labels=_labels("编号"))]
    fields += [field("words", type="text", sealed=False, labels=_labels("文字"))]
    fields += [field(kind, type=kind, sealed=False, labels=_labels(label)) for kind, label in KINDS.items()]
    types.apply(SYSTEM, store, {"slip": load_type(a_type(*fields, name="slip"), "test")}, reason="test")
    migrate(store)
    return Door(store, SYSTEM).open("slip")


def _labels(label):
    return {"zh-Hans": label, "zh-Hant": label, "en": label}


def loaded(door, name, content, **how):
    """(rows as they stand, by code; bad rows: (row, field, code))"""
    raw = content if isinstance(content, bytes) else content.encode()
    bad = []
    rows = rows_in(io.BytesIO(raw), name=name)
    outcome = imports.load(door, rows, report=lambda row, address, fault: bad.append((row, address, fault.code)), **how)
    return {one["code"]: one for one in standing(door)}, bad, outcome


def standing(door):
    """Every record of the list, page by page."""
    page = door.page(Query(limit=200))
    while page.items:
        yield from (one.to_json() for one in page.items)
        if page.next is None:
            return
        page = door.page(Query(limit=200, after=page.next))


def sheet(write, **options):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, options) as book:
        write(book, book.add_worksheet())
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
@pytest.mark.parametrize("sign", [",", "\t", ";"])
def test_text_is_read_in_the_encoding_and_with_the_signs_it_was_written(door, encoding, sign):
    text = f"编号{sign}文字\r\nA1{sign}北埠港\r\nA2{sign}云岫\r\n"
    found, bad, outcome = loaded(door, "a.csv", text.encode(encoding))
    assert (found["A1"]["words"], found["A2"]["words"], bad) == ("北埠港", "云岫", [])
    notes = " ".join(note.public_words() for note in outcome.notes)
    assert ("GB 18030" in notes, "UTF-16" in notes) == (encoding == "gb18030", encoding.startswith("utf-16"))


def test_one_broken_byte_makes_one_bad_row_and_no_other_text(door):
    rows = [f"A{turn},北埠港{turn}".encode() for turn in range(6)]
    rows[3] = rows[3][:-2] + b"\xff3"
    found, bad, _ = loaded(door, "a.csv", b"code,words\n" + b"\n".join(rows) + b"\n")
    assert (len(found), bad) == (5, [(5, "words", "not_text")])
    assert found["A5"]["words"] == "北埠港5"
    found, bad, _ = loaded(
        door, "a.jsonl", '{"code":"B1","words":"北"}\n{"code":"B2","words":"埠'.encode() + b'\xe5"}\n'
    )
    assert bad == [(2, "words", "not_text")]


def test_quotes_that_do_not_close_cost_their_own_row(door):
    text = 'code,words\nA1,"lost\nA2,x\nA3,"kept, with\n two lines"\nA4,"a" b\nA5,"open\nA6,y\n'
    found, bad, _ = loaded(door, "a.csv", text)
    assert sorted(found) == ["A2", "A3", "A6"]
    assert [(row, code) for row, _, code in bad] == [(2, "not_csv"), (6, "not_csv"), (7, "not_csv")]


def test_days_are_read_in_five_spellings_and_refused_where_two_days_are_meant(door):
    days = [
        "2024-1-5",
        "2024/01/05",
        "2024年1月5日",
        "20240105",
        "45296",
        "2024.1.5",
        "２０２４－０１－０５",
        "2024-01-05 00:00",
    ]
    text = "code,date\n" + "".join(f"A{turn},{day}\n" for turn, day in enumerate(days))
    found, bad, outcome = loaded(door, "a.csv", text)
    assert ({one["date"] for one in found.values()}, len(found), bad) == ({"2024-01-05"}, len(days), [])
    assert "five digits" in outcome.notes[-1].public_words()
    text = "code,date\nB1,01/02/2024\nB2,5-6-24\nB3,2024-02-30\nB4,昨天\nB5,1.2.2024\n"
    _, bad, _ = loaded(door, "a.csv", text)
    assert [code for *_, code in bad] == ["two_ways", "two_ways", "no_such_day", "not_a_day", "two_ways"]


def test_days_of_sheets_and_of_mongodb_are_the_days_they_were(door):
    def write(book, one):
        day = book.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
        clock = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        one.write_row(0, 0, ["code", "date", "moment"])
        one.write_row(1, 0, ["A1"])
        one.write_datetime(1, 1, datetime(2024, 1, 5), day)
        one.write_datetime(1, 2, datetime(2024, 1, 5, 8, 30, 15), clock)
        one.write_row(2, 0, ["A2", 45296])

    found, bad, _ = loaded(door, "a.xlsx", sheet(write))
    assert (found["A1"]["date"], found["A2"]["date"], bad) == ("2024-01-05", "2024-01-05", [])
    assert found["A1"]["moment"] == "2024-01-05T00:30:15Z"
    found, bad, _ = loaded(door, "a.xlsx", sheet(write, date_1904=True), mode="upsert", key="code")
    assert found["A1"]["date"] == "2024-01-05"
    assert bad == [(3, "date", "not_a_day")]
    lines = [
        {"code": "M1", "date": {"$date": "2024-01-05T00:00:00Z"}, "moment": {"$date": "2024-01-05T00:30:15Z"}},
        {"code": "M2", "date": {"$date": "2024-01-04T16:00:00Z"}},
        {"code": "M3", "date": {"$date": "2024-01-04T17:00:00Z"}},
    ]
    found, bad, _ = loaded(door, "a.jsonl", "\n".join(map(json.dumps, lines)))
    assert [found[name]["date"] for name in ("M1", "M2")] == ["2024-01-05"] * 2
    assert found["M1"]["moment"] == "2024-01-05T00:30:15Z"
    assert bad == [(3, "date", "not_a_day")]


def test_numbers_for_text_are_taken_where_no_digit_can_be_lost(door):
    rows = [
        {"code": "00123", "words": 5, "phone": 13812345678, "integer": "1,250", "money": "¥12.50"},
        {"code": "A2", "phone": 13812345678.0, "integer": 7.0, "words": "1.0"},
        {"code": "A3", "words": 1.0},
        {"code": "A4", "id_number": 110105194912310021},
        {"code": "A5", "id_number": 1.1010519491231e17},
        {"code": "A6", "integer": "7.5"},
        {"code": "A7", "words": True},
        {"code": "A8", "id_number": "1.10105E+17"},
        {"code": "A9", "id_number": "110105194912310021"},
        {"code": "B1", "phone": "13812345678.0"},
        {"code": "B2", "words": "1.38123E+10"},
    ]
    found, bad, _ = loaded(door, "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert sorted(found) == ["00123", "A2", "B1"]
    assert (found["00123"]["words"], found["00123"]["integer"]) == ("5", 1250)
    assert {found[name]["phone"][0]["number"] for name in found} == {"+8613812345678"}
    assert [(row, code) for row, _, code in bad] == [
        (3, "not_text"), (4, "rounded"), (5, "rounded"), (6, "not_whole"), (7, "not_text"), (8, "rounded"),
        (9, "check_digit"), (11, "rounded"),
    ]  # fmt: skip
    assert {address for row, address, _ in bad if row in (4, 5, 8, 9)} == {"id_number"}
    _, bad, _ = loaded(door, "a.csv", "code,id_number\nC1,110105194912310000\nC2,1.10105E+17\n")
    assert bad == [(2, "id_number", "rounded"), (3, "id_number", "rounded")]


def test_a_sheet_tells_what_it_lost_and_keeps_what_it_shows(door):
    def write(book, one):
        zeros = book.add_format({"num_format": "00000"})
        one.write_row(0, 0, ["编号", "证件", "文字", "数量"])
        one.write(1, 0, 123, zeros)
        one.write_row(1, 1, [ID, "=1+1"])
        one.write_number(2, 0, 12345678901234567890)
        one.write_row(3, 0, ["A4", 110105194912310021])
        one.write_row(4, 0, ["A5", "", 0.1 + 0.2])
        one.write(5, 0, "A6")
        one.write_formula(5, 3, "=3+4", None, 7)
        one.write(6, 0, "A7")
        one.write_formula(6, 3, "=1/0", None, "#DIV/0!")
        one.write_row(9, 0, ["A10", "", "", "", "", ""])

    found, bad, _ = loaded(door, "a.xlsx", sheet(write, strings_to_formulas=False))
    assert sorted(found) == ["00123", "A10", "A5", "A6"]
    assert (found["00123"]["words"], found["A5"]["words"], found["A6"]["integer"]) == ("=1+1", "0.3", 7)
    assert bad == [(3, "code", "rounded"), (4, "id_number", "rounded"), (7, "integer", "sheet_error")]


def test_a_formula_without_its_result_is_told(door):
    def write(_, one):
        one.write_row(0, 0, ["code", "words"])
        one.write_row(1, 0, ["A1", "x"])

    content = sheet(write)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.endswith("sheet1.xml"):
                part = part.replace(b'<c r="B2" t="s"><v>3</v></c>', b'<c r="B2"><f>CMD()</f></c>')
            new.writestr(name, part)
    _, bad, _ = loaded(door, "a.xlsx", stream.getvalue())
    assert bad == [(2, "words", "no_value")]


def test_titles_and_merged_heads_give_columns_their_names(door):
    def write(_, one):
        one.merge_range(0, 0, 0, 3, "登记表")
        one.merge_range(1, 0, 2, 0, "编号")
        one.merge_range(1, 1, 1, 2, "联系")
        one.write_row(2, 1, ["电话", "邮件"])
        one.write(1, 3, "文字")
        one.write_row(3, 0, ["A1", "13812345678", "a@b.cn", "x"])

    content = sheet(write)
    assert rows_in(io.BytesIO(content), name="a.xlsx").columns == ["编号", "联系.电话", "联系.邮件", "文字"]
    found, bad, outcome = loaded(door, "a.xlsx", content)
    assert (list(found), found["A1"]["words"], bad) == (["A1"], "x", [])
    assert outcome.left == {"联系.电话": 1, "联系.邮件": 1}


def test_columns_without_a_name_are_told_and_doubled_ones_refused(door):
    _, bad, outcome = loaded(door, "a.csv", "code,,words,,\nA1,lost,x,,\nA2,,y,,\n,,,,\n")
    assert (bad, outcome.left) == ([], {"#2": 1})
    with pytest.raises(BadFile, match="words"):
        rows_in(io.BytesIO(b"code,words,words\nA,b,c\n"), name="a.csv")


def test_a_name_that_stands_twice_is_not_taken_for_either(door):
    found, bad, _ = loaded(door, "a.jsonl", '{"code":"A1","words":"x","words":"y"}\n{"code":"A2"}\n')
    assert (list(found), bad) == (["A2"], [(1, "", "double_key")])
    _, bad, _ = loaded(door, "a.json", '[{"code":"B1","code":"B2"},{"code":"B3"},{"code":"B4"')
    assert bad == [(1, "", "double_key"), (3, "", "damaged")]


def test_a_key_that_stands_twice_changes_a_record_once(door):
    loaded(door, "a.csv", "code,words\nA1,x\n")
    for dry_run in (True, False):
        text = "code,words\nA1,first\nＡ1,second\nA2,new\nA2,again\n"
        found, bad, outcome = loaded(door, "a.csv", text, mode="upsert", key="code", dry_run=dry_run)
        assert (outcome.added, outcome.changed) == (1, 1)
        assert bad == [(3, "", "key_twice"), (5, "", "key_twice")]
    assert (found["A1"]["words"], found["A2"]["words"]) == ("first", "new")


def test_a_dry_run_knows_of_values_that_are_taken(door, store):
    loaded(door, "a.csv", "code\nA1\n")
    for dry_run in (True, False):
        _, bad, outcome = loaded(door, "a.csv", "code\nA1\nA2\nA2\nA3\n", dry_run=dry_run)
        assert (outcome.added, bad) == (2, [(2, "code", "taken"), (4, "code", "taken")])


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_failed_rows_are_corrected_and_come_in(door, name):
    """What was bad is loaded again from the file of the failed rows, and only that, cell for cell."""
    rows = [
        {"编号": "A1", "文字": "=1+1", "日期": "2024-01-05"},
        {"编号": "A2", "文字": "'=x", "日期": "01/02/2024"},
        {"编号": "A3", "文字": "中文", "日期": "2024-02-30"},
    ]
    if name == "a.csv":
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        content = stream.getvalue() + "A4,x,2024-01-05,too,many\n"
    else:
        content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + '\n{"编号": "A4",\n'
    pieces = []
    table = rows_in(io.BytesIO(content.encode()), name=name)
    failed = FailedRows(table.columns, pieces.append)
    assert imports.load(door, table, failed=failed).bad == 3
    text = b"".join(pieces).decode("utf-8-sig")
    assert "2024-02-30 is not in the calendar" in text
    corrected = text.replace("01/02/2024", "2024-02-01").replace("2024-02-30", "2024-02-29").replace(",too,many", "")
    corrected = corrected.replace('"A4",', '"A4"}')
    found, bad, outcome = loaded(door, f"b.{failed.form}", corrected)
    assert (bad, outcome.added, dict(outcome.left)) == ([], 3, {})
    assert (found["A2"]["words"], found["A3"]["date"]) == ("=x" if name == "a.csv" else "'=x", "2024-02-29")


def test_bombs_deep_nests_and_endless_lines_end_in_words(door):
    def write(_, one):
        one.write_row(0, 0, ["code"])

    content, stream = sheet(write), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            with new.open(name, "w", force_zip64=True) as part:
                part.write(old.read(name) if "sheet1" not in name else b"<worksheet><sheetData>")
                for _ in range(80 if "sheet1" in name else 0):
                    part.write(b" " * 2**20)
    with pytest.raises(BadFile, match="unpacks"):
        rows_in(io.BytesIO(stream.getvalue()), name="a.xlsx")
    with pytest.raises(BadFile):
        rows_in(io.BytesIO(b"[" * 200_000), name="a.json").__next__()
    lines = b'{"code":"A1"}\n' + b"[" * 200_000 + b"\n" + b'{"code":"' + b"x" * (17 << 20) + b'"}\n{"code":"A2"}\n'
    found, bad, _ = loaded(door, "a.jsonl", lines)
    assert (sorted(found), [(row, code) for row, _, code in bad]) == (["A1", "A2"], [(2, "not_json"), (3, "too_long")])
    found, bad, _ = loaded(door, "a.csv", b"code\nB1\n" + b"x" * 5_000_000 + b"\nB2\n")
    assert (bad, "B2" in found) == ([(3, "", "too_long")], True)


def test_names_that_rows_bring_late_are_met(door):
    lines = [json.dumps({"code": f"A{turn}"}) for turn in range(300)] + ['{"code":"B1","文字":"x"}']
    found, bad, outcome = loaded(door, "a.jsonl", "\n".join(lines))
    assert (bad, outcome.added, dict(outcome.left)) == ([], 301, {})
    assert found["B1"]["words"] == "x"


def test_a_row_that_cannot_be_read_keeps_what_it_held():
    table = rows_in(io.BytesIO(b'a,b\n1,2,3\n"x\n'), name="a.csv")
    rows = [row for _, row in table]
    assert [row.raw for row in rows if isinstance(row, BadRow)] == [["1", "2", "3"], '"x']
