"""Export files: what a spreadsheet makes of them, cell for cell."""

import csv
import io
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from models.definitions.field_types import FIELD_TYPES
from models.definitions.fields import Field
from models.operations import exports

COLUMNS = [
    Field(id="name_aaaa", name="name", labels={"en": "Name"}, type=FIELD_TYPES["text"]),
    Field(id="pay_bbbb", name="pay", labels={"en": "Pay"}, type=FIELD_TYPES["money"]),
]
LIVE = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠a"]


def as_csv(rows):
    text = b"".join(exports.csv_text(["Name", "Pay"], COLUMNS, rows)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def as_book(rows):
    return io.BytesIO(b"".join(exports.xlsx(["Name", "Pay"], COLUMNS, rows)))


@pytest.mark.parametrize("text", LIVE)
def test_no_cell_of_a_csv_begins_a_formula(text):
    assert as_csv([[text, ""]])[1][0] == f"'{text}"


def test_a_negative_number_stays_one_and_text_in_its_column_does_not_live():
    assert [row[1] for row in as_csv([["a", "-12.50"], ["b", "-12+1"]])[1:]] == ["-12.50", "'-12+1"]


@pytest.mark.parametrize("text", ["a,b", 'say "x"', "two\nlines", "漢字 😀", " a ", "x=1"])
def test_other_text_comes_back_as_it_was(text):
    assert as_csv([[text, ""]])[1] == [text, ""]


def test_a_head_may_not_live_either():
    column = Field(id="x_cccc", name="x", labels={"en": "=1+1"}, type=FIELD_TYPES["text"])
    text = b"".join(exports.csv_text(exports.heads_of([column], "en"), [column], [])).decode("utf-8-sig")
    assert text == "'=1+1\r\n"


def test_heads_that_are_alike_are_told_apart():
    twins = [Field(id=f"{name}_dddd", name=name, labels={"en": "Day"}, type=FIELD_TYPES["date"]) for name in ("a", "b")]
    assert exports.heads_of(twins, "en") == ["Day (a)", "Day (b)"]


def test_a_workbook_reads_back_cell_for_cell():
    rows = [[text, "-12.50"] for text in LIVE if text[0] not in "\t\r"] + [["漢字", "1234567890123456"], ["", ""]]
    read = CalamineWorkbook.from_filelike(as_book(rows)).get_sheet_by_index(0).to_python()
    assert read[0] == ["Name", "Pay"]
    assert [row[0] for row in read[1 : len(rows)]] == [row[0] for row in rows[:-1]]
    assert read[1][1] == -12.5
    assert read[len(rows) - 1][1] == "1234567890123456"  # sixteen digits are no longer exact as a number


def test_a_workbook_holds_no_formula_and_no_link():
    with zipfile.ZipFile(as_book([[text, text] for text in [*LIVE, "http://example.com"]])) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
        names = book.namelist()
    assert b"<f>" not in sheet
    assert b"<f " not in sheet
    assert b"hyperlink" not in sheet
    assert "xl/calcChain.xml" not in names


def test_a_second_sheet_begins_where_the_first_is_full(monkeypatch):
    monkeypatch.setattr(exports, "SHEET_ROWS", 3)
    book = CalamineWorkbook.from_filelike(as_book([[str(number), ""] for number in range(5)]))
    assert [len(book.get_sheet_by_index(at).to_python()) for at in range(3)] == [3, 3, 2]


def test_very_long_text_is_cut_where_a_cell_ends():
    read = CalamineWorkbook.from_filelike(as_book([["x" * 40_000, ""]])).get_sheet_by_index(0).to_python()
    assert len(read[1][0]) == exports.CELL_CHARACTERS


def test_lines_of_json_keep_their_letters():
    assert b"".join(exports.jsonl([{"name": "漢字"}])) == '{"name":"漢字"}\n'.encode()


def test_an_empty_export_has_its_heads():
    assert as_csv([]) == [["Name", "Pay"]]
    assert CalamineWorkbook.from_filelike(as_book([])).get_sheet_by_index(0).to_python() == [["Name", "Pay"]]
