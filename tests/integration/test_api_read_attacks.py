"""The attacks that read of the field-permission paper over REST, siblings included.

The numbers are those of its list. After every refused call the database is what it was, byte for byte.
"""

import io
import json
import zipfile

from python_calamine import CalamineWorkbook

from tests.attack.asking import NAMES_OF_HIDDEN, everywhere, leaf, leaks, refused, stored
from tests.attack.panel import add_user, caller
from tests.attack.unchanged import unchanged


def test_13_rows_of_one_role_and_columns_of_another_do_not_add_up(stage):
    assert (
        stage.boss.patch(f"/records/client/{stage.ids[2]}", json={"owner": stage.ch.user.id}, match=1).status_code
        == 200
    )
    for who in (stage.ch, stage.another_process(stage.ch)):
        rows = {one["id"]: one for one in who.get("/records/client").json["items"]}
        assert {id for id, one in rows.items() if "salary" in one} == {stage.ids[2]}
        assert all("name" in one for one in rows.values())
        lines = who.get("/records/client/export", params={"format": "jsonl"}).text.splitlines()
        assert {one["id"] for one in map(json.loads, lines) if "salary" in one} == {stage.ids[2]}
        assert "salary" not in who.get(f"/records/client/{stage.own}").json
        refused(stage, who, [*everywhere(leaf("salary", "gt", "0")), ("/records/client", {"sort": "salary"})])
    assert (
        stage.boss.patch(f"/records/client/{stage.ids[1]}", json={"owner": stage.sh.user.id}, match=1).status_code
        == 200
    )
    rows = {one["id"]: one for one in stage.sh.get("/records/client").json["items"]}
    assert {id for id, one in rows.items() if "salary" in one} == {stage.ids[1]}
    assert {id for id, one in rows.items() if "notes" in one} == set(stage.ids[:2])
    with unchanged(stage.store):
        for id, who in ((stage.own, stage.sh), (stage.own, stage.ch), (stage.ids[1], stage.ch)):
            answer = who.patch(f"/records/client/{id}", json={"salary": "1"}, match=1)
            assert (answer.status_code, answer.json["code"]) == (403, "not_allowed")
        hidden = stage.sh.patch(f"/records/client/{stage.ids[2]}", json={"notes": "x"}, match=2)
        assert hidden.status_code == 403


def test_13_nobody_moves_a_record_into_or_out_of_their_reach(stage):
    with unchanged(stage.store):
        for id in stage.ids:
            for body in ({"owner": stage.sh.user.id}, {"department": "b" if id != stage.ids[2] else "a"}):
                answer = stage.sh.patch(f"/records/client/{id}", json=body, match=1)
                assert (answer.status_code, answer.json["code"]) == (403, "not_allowed"), (id, body)

    def open_frame(tree):
        for name in ("department", "owner"):
            tree["grants"].append(
                {"holder": "role:sales", "type": "client", "target": name, "read": "full", "write": "edit"}
            )

    stage.change_grants(open_frame)
    with unchanged(stage.store):
        for who in (stage.s, stage.sh):
            away = who.patch(f"/records/client/{stage.own}", json={"department": "b"}, match=1)
            assert (away.status_code, away.json["code"]) == (403, "not_allowed")
        both = stage.other.patch(f"/records/client/{stage.ids[2]}", json={"department": "a", "notes": "mine"}, match=1)
        assert (both.status_code, both.json["code"]) == (403, "not_allowed")
    stolen = stage.s.patch(f"/records/client/{stage.ids[1]}", json={"owner": stage.s.user.id, "salary": "1"}, match=1)
    assert (stolen.status_code, stolen.json["code"]) == (403, "not_allowed")
    assert stage.boss.get(f"/records/client/{stage.ids[1]}").json["salary"]["amount"] == "12345.00"


def test_14_nothing_asked_is_nothing_given(stage):
    one = stage.s.get("/records/client", params="fields=").json["items"][0]
    assert set(one) == {
        "id",
        "type",
        "revision",
        "state",
        "archive_no",
        "department",
        "owner",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "findings",
    }
    assert stage.s.get("/records/client/export", params="fields=&format=csv").data.decode("utf-8-sig").strip() == ""
    assert stage.s.get("/records/client", params={"where": leaf("name", "in", [])}).json["items"] == []
    everything = json.dumps({"not": {"field": "name", "op": "in", "value": []}})
    assert len(stage.s.get("/records/client", params={"where": everything}).json["items"]) == 2
    nobody = caller(stage.app, stage.store, add_user(stage.store, "n", []))
    lost = caller(stage.app, stage.store, add_user(stage.store, "l", ["sales"]))
    assert nobody.get("/types").json["items"] == []
    assert nobody.get("/records/client").status_code == 404
    assert lost.get("/records/client", params={"count": 1}).json["count"]["value"] == 0
    assert lost.get(f"/records/client/{stage.own}").status_code == 404
    refused(stage, stage.s, [("/records/client", {"fields": one}) for one in ("name,id_card", "nothing", "name,", ",")])


def test_19_the_name_of_a_hidden_field_stands_nowhere(stage):
    for who in (stage.s, stage.sh, stage.ch):
        for path in (
            "/types",
            "/types/client",
            "/openapi.json",
            "/records/client",
            f"/records/client/{stage.own}",
            f"/records/client/{stage.own}/revisions",
            "/records/client/export",
            "/records/client/group?by=level",
        ):
            answer = who.get(path)
            assert not [name for name in NAMES_OF_HIDDEN if name.encode() in answer.data], path
    assert "id_card" in stage.boss.get("/openapi.json").text
    assert "id_card" not in stage.s.get("/openapi.json").text
    told = stage.s.post("/records/client", json={}).text
    assert not [name for name in NAMES_OF_HIDDEN if name in told]


def test_21_a_revert_brings_back_nothing_the_actor_may_not_write(stage):
    path = f"/records/client/{stage.own}"
    assert stage.boss.patch(path, json={"level": "iron"}, match=1).status_code == 200
    with unchanged(stage.store):
        answer = stage.s.post(f"{path}/revisions/1/revert", match=2)
        assert (answer.status_code, answer.json["code"]) == (403, "not_allowed")
        assert stage.s.post(f"{path}/revisions/9/revert", match=2).status_code == 404
        assert stage.s.post(f"/records/client/{stage.ids[2]}/revisions/1/revert", match=1).status_code == 404
    assert stage.boss.patch(path, json={"level": "gold", "id_card": None, "notes": "later"}, match=2).status_code == 200
    answer = stage.s.post(f"{path}/revisions/1/revert", match=3)
    assert (answer.status_code, answer.json["notes"]) == (200, "first")
    assert not leaks(answer)
    assert "id_card_e5f6" not in stored(stage, stage.own)["v"]
    before = stored(stage, stage.own)["v"]
    assert stage.s.delete(path, match=4).status_code == 200
    assert stage.s.post(f"{path}/restore", match=5).status_code == 200
    assert stored(stage, stage.own)["v"] == before


def test_24_an_export_holds_no_column_and_no_formula_that_is_not_due(stage):
    refused(
        stage,
        stage.s,
        [
            ("/records/client/export", {"fields": f"name,{name}", "format": form})
            for name in ("id_card", "family.income", "nothing")
            for form in ("csv", "xlsx", "jsonl")
        ],
    )
    nothing = stage.s.get("/records/client/export", params={"where": leaf("name", "eq", "nobody"), "format": "csv"})
    assert not [name for name in NAMES_OF_HIDDEN if name.encode() in nothing.data]
    live = ("=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", '=HYPERLINK("http://x")', "＝1+1")
    for turn, text in enumerate(live):
        assert stage.s.patch(f"/records/client/{stage.own}", json={"notes": text}, match=turn + 1).status_code == 200
        csv = stage.s.get("/records/client/export", params={"format": "csv", "fields": "notes"})
        cells = csv.data.decode("utf-8-sig").splitlines()[1:]
        assert not [cell for cell in cells if cell.lstrip('"')[:1] in set("=+-@＝")]
    book = stage.s.get("/records/client/export", params={"format": "xlsx", "fields": "notes,name,phone"}).data
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if "sheet" in name]
    assert not [sheet for sheet in sheets if b"<f>" in sheet or b"<f " in sheet or b"hyperlink" in sheet]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert {row[2] for row in rows[1:]} == {"138****5678", "139****4321"}
