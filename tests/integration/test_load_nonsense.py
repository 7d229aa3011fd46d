"""Every kind of file meets nonsense: rows are told one by one, a file that is none at once; nothing is half written."""

import io
import random
import zipfile

import pytest
import xlsxwriter
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp, json_util

from models.definitions.field_types import FIELD_TYPES
from models.definitions.record_types import load_type
from models.operations import types
from models.operations.migrations import migrate
from tests.attack.commands import FORMS, commands_on
from tests.attack.panel import SYSTEM
from tests.attack.unchanged import unchanged
from tests.drawn_types import a_type, everything, field

VALUES = (
    None, True, 0, -1, 1.5, 1e308, 10**18, 10**30, 10**300, "", " ", "\u3000", "x", "NaN", "\x00", "a\x00b",
    "\ud800", "\u202eabc", "\ufeff", "\U000e0041", "x" * 5_000, "x" * 300_000, "1" * 400, "=1+1", "$where",
    "2026-02-30", "0000-00-00", "9999-12-31T99:99", "138****5678", "١٢٣", "1e400", "a@b", [], {}, [None], [[]],
    [{}], [""], ["x"] * 1000, {"$ne": 1}, {"$set": {"x": 1}}, {"masked": "x"}, {"id": {"$gt": ""}},
    {"amount": {}, "currency": 1}, [{"number": {"$ne": 1}}], {"part_a": {"part_a": 1}}, {"": "x"}, {"\ud800": "x"},
    {"a": "\ud800"}, {"a" * 600: "x"}, {"a.b": "x"}, {"__proto__": "x"}, {"__class__": {"x": 1}},
)  # fmt: skip
EXTENDED = (
    Int64(2**62), Decimal128("NaN"), Decimal128("1E+6000"), ObjectId(), Binary(b"x"), Regex("x"), Code("x"),
    MinKey(), MaxKey(), Timestamp(1, 1),
)  # fmt: skip
ODD_LINES = (
    b"", b" ", b"x", b"5", b"null", b"[]", b'"x"', b"{", b"{}", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe",
    b"\x00", b'{"a_text": NaN}', b'{"a_text": Infinity}', b'{"a_text": 1' + b"0" * 5000 + b"}",
    b'{"a_text": "\\ud800"}', b'{"\\ud800": 1}', b'{"\\u0000": 1}', b'{"a_date": {"$date": 1e400}}',
    b'{"a_date": {"$date": "x"}}', b'{"a_date": {"$date": {"$numberLong": "99999999999999999999"}}}',
    b'{"a_date": {"$date": {"$numberLong": "-9223372036854775808"}}}', b'{"a_date": {"$date": []}}',
    b'{"a_date": {"$date": null}}', b'{"a_text": {"$oid": "x"}}', b'{"a_text": {"$oid": 5}}',
    b'{"a_text": {"$binary": "x"}}', b'{"a_text": {"$binary": {"base64": 5}}}', b'{"a_text": {"$uuid": 5}}',
    b'{"a_text": {"$numberLong": "x"}}', b'{"a_text": {"$numberDecimal": "x"}}', b'{"a_text": {"$code": 5}}',
    b'{"a_text": {"$numberDouble": "x"}}', b'{"a_text": {"$numberInt": {}}}',
    b'{"a_text": {"$regularExpression": {"pattern": "("}}}', b'{"a_text": {"$regex": "(", "$options": "z"}}',
    b'{"a_text": {"$ref": 5, "$id": 5}}', b'{"a_text": {"$dbPointer": 5}}', b'{"a_text": {"$timestamp": 5}}',
    b'{"a_text": {"$undefined": false}}', b'{"a_text": {"$minKey": 5}}', b'{"a_text": {"$symbol": 5}}',
    b'{"a_text": {"$code": "x", "$scope": 5}}', b'{"a_text": "a", "a_text": "b"}', b'{"a_text": "good"} trailing',
)  # fmt: skip


@pytest.fixture
def dossier(store, mongo_url, tmp_path, monkeypatch, capsys):
    definition = load_type(everything(), "test")
    types.apply(SYSTEM, store, {"permit": definition}, reason="test")
    migrate(store)
    return commands_on(store, mongo_url, tmp_path, monkeypatch, capsys)


def loaded(store, answer):
    """The command ended in words, and exactly the rows it says it added stand, each whole and logged."""
    assert answer.code in (0, 1), answer
    assert "fault of the program" not in answer.err, answer.err
    assert len(answer.out + answer.err) < 200_000
    added = int(answer.out.split(" ", 1)[0]) if answer.out else 0
    assert store.data.r_permit.count_documents({}) == added
    for one in store.data.r_permit.find():
        assert one["archive_no"]
        assert one["rev"] == 1
    store.data.r_permit.delete_many({})
    return added, {int(row[0]) for row in answer.report}


@pytest.mark.parametrize("form", FORMS)
def test_nonsense_in_rows_is_told_row_by_row(dossier, store, form):
    rows = [{f"a_{kind}": value} for kind in FIELD_TYPES for value in VALUES]
    if form in ("csv", "xlsx"):
        rows = [row for row in rows if isinstance(next(iter(row.values())), str) and writable(row, form)]
    rows += [{"a_text": "abc"}]
    answer = dossier.load(None, dossier.rows(form, rows), type_name="permit")
    added, bad = loaded(store, answer)
    assert added >= 1
    assert answer.code == (1 if bad else 0)
    assert f"{len(bad)} bad of" in answer.out
    addresses = {row[1].split(".")[0] for row in answer.report}
    assert addresses <= {"", *(f"a_{kind}" for kind in FIELD_TYPES)}


def writable(row, form):
    text = next(iter(row.values()))
    return "\ud800" not in text and (form == "csv" or len(text) < 32_000)


def test_values_of_extended_json_that_no_field_takes_are_told(dossier, store):
    lines = [json_util.dumps({f"a_{kind}": value}) for kind in FIELD_TYPES for value in EXTENDED]
    answer = dossier.load(None, dossier.file("a.jsonl", "\n".join(lines)), type_name="permit")
    loaded(store, answer)
    assert answer.code == 1


def test_odd_lines_stop_no_good_ones(dossier, store):
    good = b'{"a_text": "good"}'
    content = b"\n".join(part for line in ODD_LINES for part in (line, good))
    answer = dossier.load(None, dossier.file("a.jsonl", content), type_name="permit")
    added, bad = loaded(store, answer)
    assert added >= len(ODD_LINES)
    assert bad <= set(range(1, 2 * len(ODD_LINES) + 1, 2))


def test_odd_documents_are_refused_whole_or_row_by_row(dossier, store):
    for line in ODD_LINES:
        for content in (line, b"[" + line + b"]", b'[{"a_text": "good"},' + line + b"]", b"\xef\xbb\xbf" + line):
            loaded(store, dossier.load(None, dossier.file("a.json", content), type_name="permit"))


ODD_TABLES = (
    b"", b"\n\n\n", b"\xff\xfe" + "a_text\nabc\n".encode("utf-16-le"), b"\x00\x00\x00", b"a_text\n\x00\n",
    b"a_text\n\xff\xff\n", b"a_text,a_text\nx,y\n", b",,,\nx\n", b'a_text\n"unclosed\n', b'a_text\n"a""b"c"\n',
    b"a_text\nabc,more,cells\n", b"a_text\rabc\r", b"a_text\n" + b"x" * 1_100_000 + b"\nabc\n",
    b"a_text\n" + b'"' + (b"x" * 99 + b"\n") * 12_000 + b'"\nabc\n', b"a_text" * 200_000 + b"\nx\n",
    ",".join(f"c{turn}" for turn in range(5_000)).encode() + b"\n" + b"x," * 5_000,
    "a_text\n\ud83d".encode("utf-8", "surrogatepass"), b"\xef\xbb\xbf\xef\xbb\xbfa_text\nabc\n",
    "a_text\n中文\n".encode("gb18030"), "a_text\n中文\n".encode("big5"), b"a_text;b\nabc;x\n", b"PK\x03\x04",
    b"a_text\n=cmd|' /C calc'!A0\n", b"__class__,validate,data,update,_id\n1,2,3,4,5\n",
    b"{0.__class__},{x}\n1,2\n",
)  # fmt: skip


@pytest.mark.parametrize("place", range(len(ODD_TABLES)))
def test_odd_tables_end_in_words(dossier, store, place):
    for name in ("a.csv", "a.xlsx", "a.json", "a.jsonl", "a.txt"):
        loaded(store, dossier.load(None, dossier.file(name, ODD_TABLES[place]), type_name="permit"))


def test_a_cell_that_is_too_large_stops_no_good_row(dossier, store):
    content = b"a_text\nabc\n" + b"x" * 1_100_000 + b"\nabd\n"
    answer = dossier.load(None, dossier.file("a.csv", content), type_name="permit")
    assert loaded(store, answer) == (2, {3})


def test_damaged_workbooks_end_in_words(dossier, store):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a_text", "a_integer", "a_date"])
        for row in range(1, 30):
            sheet.write_row(row, 0, ["abc", row, "2026-01-01"])
    whole, draw = stream.getvalue(), random.Random(20261124)
    for turn in range(120):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 40)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        damaged = damaged[: draw.randrange(len(damaged))] if turn % 4 == 0 else damaged
        loaded(store, dossier.load(None, dossier.file("a.xlsx", bytes(damaged)), type_name="permit"))


PARTS = (
    b"", b"<", b"<worksheet/>",
    b"<worksheet><sheetData><row><c r='ZZZZZZ9' t='s'><v>99</v></c></row></sheetData></worksheet>",
    b"<worksheet><sheetData><row><c r='A1048577' t='s'><v>-1</v></c></row></sheetData></worksheet>",
    b"<worksheet><dimension ref='A1:XFD1048576'/>"
    b"<sheetData><row r='1'><c r='A1' t='e'><v>#N/A</v></c></row></sheetData></worksheet>",
    b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
    b"<worksheet><sheetData><row><c r='A1' t='inlineStr'><is><t>&a;</t></is></c>"
    b"</row></sheetData></worksheet>",
    b"<worksheet><sheetData><row><c r='A1' t='d'><v>9999-99-99</v></c>"
    b"<c r='B1'><v>1e400</v></c></row></sheetData></worksheet>",
)  # fmt: skip


@pytest.mark.parametrize("place", range(len(PARTS)))
def test_workbooks_no_program_wrote_end_in_words(dossier, store, place):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.add_worksheet().write_row(0, 0, ["a_text"])
    made = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, PARTS[place] if name == "xl/worksheets/sheet1.xml" else old.read(name))
    answer = dossier.load(None, dossier.file("a.xlsx", made.getvalue()), type_name="permit")
    loaded(store, answer)
    assert "root:" not in answer.told


MAPS = (
    b"", b"5", b"[]", b"fields: 5", b"fields: {}", b"fields: {a_text: 5}", b"fields: {a_text: {}}",
    b"fields: {a_text: {from: [1]}}", b"fields: {a_text: {from: a, value: b}}",
    b"fields: {a_text: {from: a, map: 5}}", b"fields: {a_text: {from: a, date: 5}}",
    b"fields: {a_date: {from: a_text, date: '%'}}", b"fields: {a_text: {from: a_text, split: 5}}",
    b"fields: {a_text: {from: a_text, split: ''}}", b"fields: {a_text: {template: 5}}",
    b"fields: {a_text: {template: '{a_text.__class__}'}}", b"fields: {a_text: {value: !!python/object:x {}}}",
    b"fields: {a_text: {value: {a: &a [*a]}}}", b"fields: {5: {value: 1}}", b"fields: {null: {value: 1}}",
    b"fields: {'a.b.c': {value: 1}}", b"fields: {'.': {value: 1}}", b"fields: {a_text.x: {value: 1}}",
    b"fields: {a_object: {value: 1}, a_object.part_a: {value: 1}}", b"fields: {a_text: {value: 2026-01-01}}",
    b"type: 5\nfields: {a_text: {value: x}}", b"type: [permit]\nfields: {a_text: {value: x}}",
    b"key: 5\nfields: {a_text: {value: x}}", b"ignore: 5\nfields: {a_text: {value: x}}",
    b"unmapped: refuse\nfields: {a_text: {value: x}}", b"\xff\xfe", b"\x00", b"a: &a [*a]",
    b"fields: {a_text: {from: a_text, map: {abc: [1, {x: 2026-01-01}]}}}",
)  # fmt: skip


@pytest.mark.parametrize("place", range(len(MAPS)))
def test_odd_maps_end_in_words(dossier, store, place):
    path = str(dossier.file("map.yaml", MAPS[place]))
    for content in (b'{"a_text": "abc", "c": "x"}', b'{"a_text": {"$date": 5}}'):
        for options in ((), ("--mode", "upsert", "--key", "a_text"), ("--mode", "update")):
            file = dossier.file("a.jsonl", content)
            answer = dossier.load(None, file, "--map", path, *options, type_name="permit")
            assert answer.code in (0, 1, 2), answer
            assert "fault of the program" not in answer.err, (MAPS[place], answer.err)


def test_columns_that_mean_something_to_programs_are_harmless(dossier, store, tmp_path):
    odd = ("validate", "data", "update", "items", "keys", "get", "pop", "errors", "format", "where", "self", "row")
    tree = a_type(*(field(name, sealed=False) for name in odd), name="odd")
    types.apply(SYSTEM, store, {"odd": load_type(tree, "test")}, reason="test")
    for form in FORMS:
        row = {name: f"{form} {name}" for name in odd}
        assert dossier.load(None, dossier.rows(form, [row]), type_name="odd").code == 0
        assert sorted(store.data.r_odd.find_one(sort=[("created_at", -1)])["v"].values()) == sorted(row.values())
    with unchanged(store):
        for name in ("_id", "__class__", "$set", "v", "rev"):
            answer = dossier.load(None, dossier.rows("jsonl", [{name: "x"}]), "--dry-run", type_name="odd")
            assert f"not taken: {name}" in answer.out
