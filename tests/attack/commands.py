"""`dossier` as an operator types it, against the store of a test: `load` and `export` as one user or another."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import xlsxwriter

from admin_app.cli import run
from models.store import Store
from tests.bare_store import nothing_ships


class Answer(NamedTuple):
    """What a command came to.

    :param report: rows of the report of a load, without its head
    :param written: bytes of the file of an export, None where there is none
    """

    code: int
    out: str
    err: str
    report: list[list[str]]
    written: bytes | None = None

    @property
    def told(self) -> str:
        """Everything a person is told."""
        return "\n".join([self.out, self.err, *("|".join(row) for row in self.report)])


@dataclass
class Commands:
    """Commands of one test.

    :param folder: where their files lie
    """

    folder: Path
    said: Callable[[], Any]

    def load(self, who: str | None, file: Path, *options: str, type_name: str = "client") -> Answer:
        """`dossier load FILE`, as a user or as the system."""
        report = self.folder / "report.csv"
        report.unlink(missing_ok=True)
        words = ["load", str(file), "--type", type_name, "--report", str(report), *options]
        code, out, err = self._run(words + (["--as", who] if who else []))
        rows = list(csv.reader(io.StringIO(report.read_text(encoding="utf-8-sig")))) if report.exists() else []
        return Answer(code, out, err, rows[1:])

    def export(self, who: str, form: str = "csv", *options: str, type_name: str = "client") -> Answer:
        """`dossier export --as`."""
        path = self.folder / f"out.{form}"
        path.unlink(missing_ok=True)
        code, out, err = self._run(["export", "--type", type_name, "--out", str(path), "--as", who, *options])
        assert not list(self.folder.glob(".*.part"))
        return Answer(code, out, err, [], path.read_bytes() if path.exists() else None)

    def _run(self, words: list[str]) -> tuple[int, str, str]:
        self.said()
        try:
            code = run(words)
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        said = self.said()
        return code, said.out, said.err

    def file(self, name: str, content: str | bytes) -> Path:
        """A file of these very bytes."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def rows(self, form: str, rows: Iterable[Mapping[str, Any]]) -> Path:
        """The same rows in one of the forms a load takes; cells of CSV and XLSX are text."""
        rows = list(rows)
        if form == "jsonl":
            return self.file("in.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        if form == "json":
            return self.file("in.json", json.dumps(rows))
        heads = list(dict.fromkeys(name for row in rows for name in row))
        table = [heads, *([_cell(row.get(name)) for name in heads] for row in rows)]
        if form == "csv":
            stream = io.StringIO(newline="")
            csv.writer(stream).writerows(table)
            return self.file("in.csv", stream.getvalue())
        path = self.folder / "in.xlsx"
        with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
            sheet = book.add_worksheet()
            for number, cells in enumerate(table):
                for place, cell in enumerate(cells):
                    sheet.write_string(number, place, cell)
        return path


FORMS = ("csv", "xlsx", "json", "jsonl")


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def commands_on(store: Store, mongo_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Commands:
    """Commands that find the store of the test as they find any archive: by the environment."""
    nothing_ships(store)
    head, mark, options = mongo_url.partition("/?")
    monkeypatch.setenv("DOSSIER_MONGO_URL", f"{head.rstrip('/')}/{store.data.name}{'?' if mark else ''}{options}")
    monkeypatch.setenv("DOSSIER_SECRET_KEY", "for tests only, and long enough for that")
    monkeypatch.setenv("DOSSIER_DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("DOSSIER_KEK", f"file:{folder / 'kek'}")
    return Commands(folder, capsys.readouterr)
