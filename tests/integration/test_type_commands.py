"""`dossier types` as an operator types it."""

import re
from pathlib import Path

import pytest

import seed
from admin_app.cli import run
from models.access.door import Door
from models.definitions.compiled import registry_for
from models.operations import records
from models.operations.migrations import ensure_indexes
from models.operations.types import as_yaml
from models.store import read_stamps
from models.users import Actor
from tests.bare_store import nothing_ships
from tests.drawn_types import a_type, definitions, field

SHIPPED = str(Path(seed.__file__).parent / "types")


@pytest.fixture
def dossier(store, mongo_url, monkeypatch, tmp_path, capsys):
    """Run a command against the store of the test; gives its exit code, what it says and what it complains of."""
    ensure_indexes(store)
    nothing_ships(store)
    head, mark, options = mongo_url.partition("/?")
    monkeypatch.setenv("DOSSIER_MONGO_URL", f"{head.rstrip('/')}/{store.data.name}{'?' if mark else ''}{options}")
    monkeypatch.setenv("DOSSIER_SECRET_KEY", "for tests only, and long enough for that")
    monkeypatch.setenv("DOSSIER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DOSSIER_KEK", f"file:{tmp_path / 'kek'}")

    def command(*arguments):
        code = run(["types", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


@pytest.fixture
def drawn(tmp_path):
    """Write a type into a file; gives its path."""

    def write(tree: dict) -> Path:
        path = tmp_path / f"{tree['type']}.yaml"
        path.write_text(as_yaml(definitions(tree)[tree["type"]]), encoding="utf-8")
        return path

    return write


def test_validate_counts_fields_and_indexes_and_needs_no_archive(monkeypatch, capsys):
    monkeypatch.setenv("DOSSIER_MONGO_URL", "mongodb://127.0.0.1:1/nothing")
    assert run(["types", "validate", SHIPPED]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^enterprise: \d+ fields, \d+ sub-fields, \d+ off, \d+ sealed$", said, re.MULTILINE)
    assert re.search(r"^r_customer: \d+ of 40 indexes$", said, re.MULTILINE)
    assert "  archive_no unique (archive_no): an archive number stands once\n" in said


def test_one_file_may_extend_a_shipped_type(dossier, tmp_path, drawn):
    path = drawn(a_type(field("berth"), name="berth_holder", extends="customer", numbering={"prefix": "BH"}))
    code, said, _ = dossier("validate", path)
    assert code == 0
    assert said.startswith("berth_holder: ")


def test_every_fault_is_a_line_and_the_exit_code_says_so(dossier, tmp_path):
    path = tmp_path / "permit.yaml"
    path.write_text("type: permit\nlabels: {en: x}\ncolour: red\n", encoding="utf-8")
    for verb in ("validate", "apply"):
        code, said, complaint = dossier(verb, path)
        assert code == 1
        assert said.splitlines() == [
            f"{path}: 'colour' is not known here",
            f"{path}: labels: zh-Hans is missing",
            f"{path}: labels: zh-Hant is missing",
        ]
        assert complaint == "dossier: 3 faults. Mend them; nothing was put in force.\n"


def test_a_path_that_is_not_there_is_wrong_use(dossier, tmp_path):
    code, _, complaint = dossier("validate", tmp_path / "none.yaml")
    assert code == 2
    assert "does not exist" in complaint


def test_types_go_in_and_out_and_in_again(dossier, store, tmp_path, drawn):
    names = sorted(path.stem for path in Path(SHIPPED).glob("*.yaml"))
    assert dossier("apply", SHIPPED)[:2] == (0, "".join(f"{name}: version 1\n" for name in names))
    assert dossier("apply", drawn(a_type(field("f"))), "--reason", "permits begin")[1] == "permit: version 1\n"
    stored = store.data.record_types.find_one({"type": "permit"})
    assert stored["reason"] == "permits begin"
    assert stored["by"].startswith("cli:")
    out = tmp_path / "out"
    code, said, _ = dossier("export", out)
    assert code == 0
    assert len(said.splitlines()) == len(names) + 1
    assert dossier("apply", out) == (0, "no change\n", "")
    assert registry_for(store, read_stamps(store)).names == tuple(sorted([*names, "permit"]))


def test_records_come_along_when_a_type_changes(dossier, store, drawn):
    dossier("apply", drawn(a_type(field("called", "name", grade="public"))))
    records.create(Door(store, Actor.system_actor("cli:test")).open("permit"), {"called": "澄川机电"})
    said = dossier("apply", drawn(a_type(field("called", "name", grade="public", search=True))))
    assert said == (0, "permit: version 2\npermit: 1 records rewritten\n", "")


def test_a_user_without_the_right_changes_nothing(dossier, store, drawn):
    run(["user", "add", "lishu", "--name", "李姝", "--password", "tamper-lantern-98"])
    code, _, complaint = dossier("apply", drawn(a_type()), "--as", "lishu")
    assert code == 1
    assert "You may not do this" in complaint
    assert store.data.record_types.count_documents({}) == 0


def test_the_doctor_knows_of_missing_indexes_and_records_still_to_come_along(dossier, store, drawn, capsys):
    def said():
        code = run(["doctor", "--only", "types"])
        return code, capsys.readouterr().out

    dossier("apply", drawn(a_type(field("called", "name", grade="public"))))
    assert said()[0] == 0
    assert "1 record types in force, all their indexes stand" in said()[1]
    store.data.r_permit.drop_index("keys")
    code, words = said()
    assert code == 1
    assert "indexes are missing: r_permit.keys" in words
    dossier("apply", drawn(a_type(field("called", "name", grade="public", search=True))))
    assert "older records of permit are still being brought" in said()[1]
    assert "missing" not in said()[1]
