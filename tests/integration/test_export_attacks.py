"""The attacks of the field-permission paper by `dossier export --as`. The numbers are those of its list.

After every refused call the database is what it was, byte for byte.
"""

import csv
import io
import json

import pytest

from models.operations.migrations import migrate
from tests.attack.asking import leaf
from tests.attack.commands import commands_on
from tests.attack.files import EXPORTS, UNUSABLE, importing, leaks, refused, text_of
from tests.attack.panel import add_user
from tests.attack.stage import ID_CARD
from tests.attack.unchanged import unchanged


@pytest.fixture
def stage(stage):
    stage.change_grants(importing)
    return stage


@pytest.fixture
def dossier(stage, mongo_url, tmp_path, monkeypatch, capsys):
    migrate(stage.store)
    return commands_on(stage.store, mongo_url, tmp_path, monkeypatch, capsys)


def test_01_an_export_is_not_narrowed_by_a_hidden_field(stage, dossier):
    trees = [
        leaf(name, op, value) for name in UNUSABLE for op, value in (("eq", ID_CARD), ("eq", "x"), ("empty", True))
    ]
    trees.append(json.dumps({"not": {"field": "id_card", "op": "eq", "value": ID_CARD}}))
    refused(stage, [
        lambda tree=tree, form=form: dossier.export("s", form, "--where", tree)
        for tree in trees for form in (EXPORTS if tree == trees[0] else ("jsonl",))
    ])  # fmt: skip


@pytest.mark.parametrize("form", EXPORTS)
def test_18_and_19_an_export_holds_no_hidden_value_or_name(stage, dossier, form):
    for who in ("s", "sh", "ch"):
        text = text_of(dossier.export(who, form).written, form)
        assert "张三丰".encode() in text
        assert not leaks(text), who


@pytest.mark.parametrize("form", EXPORTS)
def test_24_no_column_is_added_by_hand_at_the_console(stage, dossier, form):
    columns = ("id_card", "name,id_card", "nothing", "family.income", "name,", "v", "$where", "id_card_e5f6", "name,,")
    refused(stage, [lambda names=names: dossier.export("s", form, "--fields", names) for names in columns])


def test_24_an_empty_export_and_its_head_name_nothing_hidden(stage, dossier):
    for form in EXPORTS:
        answer = dossier.export("s", form, "--where", leaf("name", "eq", "nobody"))
        assert answer.code == 0
        assert not leaks(text_of(answer.written, form))


def test_24_no_cell_of_an_export_is_a_live_formula(stage, dossier):
    live = ("=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", '=HYPERLINK("http://x")', "＝1+1", "\t=1+2")
    for turn, text in enumerate(live):
        rows = [{"name": "张三丰", "notes": text}]
        dossier.load("s", dossier.rows("jsonl", rows), "--mode", "update", "--key", "name")
        assert stage.store.data.r_client.find_one({"_id": stage.own})["rev"] == turn + 2
        written = dossier.export("s", "csv", "--fields", "notes").written.decode("utf-8-sig")
        cells = [cell for row in csv.reader(io.StringIO(written)) for cell in row]
        assert not [cell for cell in cells if cell[:1] in set("=+-@＝\t\r")]
        sheet = text_of(dossier.export("s", "xlsx", "--fields", "notes").written, "xlsx")
        assert b"<f>" not in sheet
        assert b"<f " not in sheet


def test_24_the_file_of_another_is_not_written_over_on_refusal(stage, dossier):
    """What stood at the place of a refused export still stands there, and nothing half lies beside it."""
    first = dossier.export("boss", "csv")
    assert first.code == 0
    path = dossier.folder / "out.csv"
    for options in (("--fields", "id_card"), ("--where", leaf("id_card", "eq", ID_CARD))):
        path.write_bytes(b"of yesterday")
        dossier._run(["export", "--type", "client", "--out", str(path), "--as", "s", *options])
        assert path.read_bytes() == b"of yesterday"
        assert not list(dossier.folder.glob(".*"))


@pytest.mark.parametrize("form", EXPORTS)
def test_24_what_is_secret_leaves_by_a_right_of_its_own(stage, dossier, form):
    """To read an identity number and to export is not to export it; nor is what may be filled but not read."""

    def reading(tree):
        importing(tree)
        for target in ("id_card", "family.income"):
            tree["grants"].append({"holder": "role:sales", "type": "client", "target": target, "read": "full"})
        tree["grants"].append({"holder": "role:helpdesk", "type": "client", "target": "salary", "write": "fill"})

    stage.change_grants(reading)
    add_user(stage.store, "h", ["helpdesk"])
    assert stage.s.get(f"/records/client/{stage.own}").json["id_card"] == ID_CARD
    text = text_of(dossier.export("s", form).written, form)
    assert not [value for value in (ID_CARD, "777123") if value.encode() in text]
    refused(
        stage,
        [lambda names=names: dossier.export("s", form, "--fields", names) for names in ("id_card", "name,id_card")],
    )
    with unchanged(stage.store):
        for fields in ("id_card", "name,id_card"):
            answer = stage.s.get("/records/client/export", params={"fields": fields, "format": form})
            assert (answer.status_code, answer.json["code"]) == (403, "not_allowed")
    assert b"777123" not in text_of(dossier.export("s", form, "--fields", "family").written, form)
    refused(stage, [lambda: dossier.export("h", form, "--fields", "salary")])
    assert ID_CARD.encode() in text_of(dossier.export("boss", form, "--fields", "id_card").written, form)
