"""The import as people and programs meet it: upload, columns, check, write, take back; and who is refused what."""

import io

import pytest

from jobs.working import perform
from models.operations import runs, uploads
from models.store import bump_stamp
from tests.attack.files import importing, leaks
from tests.attack.stage import ID_CARD
from tests.attack.unchanged import unchanged

HOME = "/admin/r/client/import"
LONG = "x" * 600
TEXT = f"name,Notes,nothing\n甲公司,x,1\n乙公司,{LONG},2\n丙公司,z,3\n"


@pytest.fixture
def importer(stage, s):
    stage.change_grants(importing)
    return s


def sent(who, text=TEXT, name="客户 名单.csv", more=None):
    """The address of the import after an upload."""
    files = {"file": (io.BytesIO(text.encode()), name)} | (more or {})
    answer = who.post(f"{HOME}/upload", data=files)
    assert answer.status_code == 302, answer.text
    return answer.location.split("?")[0]


def worked(store):
    for run_id, kind in runs.ready(store):
        while perform(store, run_id, kind):
            pass


def checked(importer, store, address, **form):
    page = importer.get(address).text
    given = {}
    for part in page.split('<select class="form-select" id="')[1:]:
        chosen = part.partition(' selected')[0].rpartition('value="')[2].rpartition('"')[0] if " selected" in (
            part.partition("</select>")[0]) else ""  # fmt: skip
        given[part.partition('"')[0]] = chosen
    assert importer.post(f"{address}check", data=given | form).status_code == 302
    worked(store)
    return given


def test_from_a_file_over_its_check_to_records_and_back(stage, importer):
    before = stage.store.data.r_client.count_documents({})
    address = sent(importer)
    assert checked(importer, stage.store, address) == {"to_0": "name", "to_1": "notes", "to_2": ""}
    result = importer.get(address)
    assert result.status_code == 200
    assert "at most 500 fit" in result.text
    assert stage.store.data.r_client.count_documents({}) == before
    assert importer.post(f"{address}load").status_code == 302
    assert "hx-get" in importer.get(address).text
    worked(stage.store)
    assert importer.get(f"{address}progress").headers["HX-Refresh"] == "true"
    assert "2" in importer.get(address).text
    assert stage.store.data.r_client.count_documents({}) == before + 2
    failed = importer.get(f"{address}failed")
    assert "UTF-8''" in failed.headers["Content-Disposition"]
    rows = failed.data.decode("utf-8-sig")
    assert "乙公司" in rows
    assert "甲公司" not in rows
    again = sent(importer, rows.replace(LONG, "short"))
    checked(importer, stage.store, again)
    importer.post(f"{again}load")
    worked(stage.store)
    assert stage.store.data.r_client.count_documents({}) == before + 3
    assert stage.store.data.spool.count_documents({"file": {"$regex": r"\.file$"}}) == 0


def test_a_file_that_is_none_and_a_map_that_is_none_are_told(stage, importer):
    for files in (
        {}, {"file": (io.BytesIO(b"x"), "a.txt")}, {"file": (io.BytesIO(b""), "a.csv")},
        {"file": (io.BytesIO(TEXT.encode()), "a.csv"), "map": (io.BytesIO(b"fields: 5"), "m.yaml")},
    ):  # fmt: skip
        answer = importer.post(f"{HOME}/upload", data=files)
        assert answer.location.endswith(f"{HOME}/"), files
    assert stage.store.data.imports.count_documents({}) == 0


def test_a_map_is_taken_as_it_is(stage, importer):
    yaml = "key: name\nfields:\n  name: {from: name}\n  notes: {template: '{notes}!'}\n"
    address = sent(importer, more={"map": (io.BytesIO(yaml.encode()), "m.yaml")})
    assert "notes" in importer.get(address).text
    importer.post(f"{address}check", data={"mode": "add"})
    importer.post(f"{address}load")
    worked(stage.store)
    importer.post(f"{address}load")
    worked(stage.store)
    assert stage.store.data.r_client.count_documents({"v.notes_g7h8": "x!"}) <= 1
    assert runs.page(stage.store, "x", kind="import").runs[0].counts["added"] == 3


def test_24_the_import_of_somebody_else_is_not_there(stage, importer, sh, boss):
    address = sent(importer)
    importer.post(f"{address}check", data={"to_0": "name"})
    worked(stage.store)
    with unchanged(stage.store):
        for other in (sh, boss):
            for path in ("", "progress", "failed", "?step=columns"):
                assert other.get(address + path).status_code in (403, 404), path
            for verb in ("check", "load", "cancel", "discard"):
                assert other.post(address + verb).status_code in (403, 404), verb


def test_whoever_may_not_import_meets_no_page_of_it(stage, s):
    for path in (f"{HOME}/", f"{HOME}/{'a' * 26}/"):
        assert s.get(path).status_code == 403
    with unchanged(stage.store):
        assert s.post(f"{HOME}/upload", data={"file": (io.BytesIO(TEXT.encode()), "a.csv")}).status_code == 403
    assert "/import/" not in s.get("/admin/r/client/").text


def test_41_a_right_taken_away_ends_the_import_and_its_report(stage, importer):
    address = sent(importer)
    importer.post(f"{address}check", data={"to_0": "name"})
    stage.store.data.users.update_one({"_id": stage.s.user.id}, {"$set": {"roles": ["helpdesk"]}})
    bump_stamp(stage.store, "users")
    before = stage.store.data.r_client.count_documents({})
    worked(stage.store)
    assert stage.store.data.r_client.count_documents({}) == before
    assert stage.store.data.imports.find_one()["stopped"] == "right_lost"
    for path in ("failed", ""):
        assert importer.get(address + path).status_code in (200, 403)
    stage.store.data.users.update_one({"_id": stage.s.user.id}, {"$set": {"roles": []}})
    bump_stamp(stage.store, "users")
    assert importer.get(f"{address}failed").status_code in (403, 404)


def test_38_the_pages_of_an_import_name_nothing_hidden(stage, importer):
    address = sent(importer, f"name,id_card,salary,phone\n甲,{ID_CARD},1,13800000000\n")
    page = importer.get(address).text.replace(ID_CARD, "").replace("id_card", "", 3)
    assert not leaks(page)
    for hidden in ("id_card", "nothing", "family.income", "level", "owner"):
        importer.post(f"{address}check", data={"to_0": "name", "to_1": hidden})
        worked(stage.store)
        tree = uploads._upload(stage.store, stage.store.data.imports.find_one()).sealed["map"]["fields"]
        assert set(tree) <= {"name", "owner"}
    told = set()
    for key in ("id_card", "nothing", "phone", "salary"):
        importer.post(f"{address}check", data={"to_0": "name", "mode": "upsert", "key": key})
        told.add(importer.get(f"{address}?step=columns").text.count("You may not do this."))
    assert len(told) == 1


def test_a_program_brings_a_file_and_follows_its_run(stage):
    stage.change_grants(importing)
    who = stage.s
    path = "/records/client/import"
    file = {"file": (io.BytesIO(TEXT.encode()), "a.csv")}
    answer = who.post(path, params={"dry_run": "1"}, data=file)
    assert answer.status_code == 202
    worked(stage.store)
    run = who.get(f"/jobs/{answer.json['run']}")
    assert (run.status_code, run.json["state"], run.json["counts"]) == (200, "done", {"added": 2, "refused": 1})
    report = who.get(f"{path}/{answer.json['import']}").json
    assert [(row["row"], row["errors"][0]["field"]) for row in report["items"]] == [(3, "notes")]
    assert report["left"] == {"nothing": 3}
    assert who.get(f"{path}/{answer.json['import']}/failed").data.startswith(b"\xef\xbb\xbf")
    for other in (stage.sh, stage.other):
        assert other.get(f"/jobs/{answer.json['run']}").status_code == 403
        assert other.get("/jobs/nothing").data == other.get(f"/jobs/{answer.json['run']}").data
        assert other.get(f"{path}/{answer.json['import']}").status_code == 404


def test_30_and_28_over_rest_masks_and_extra_columns_write_nothing(stage):
    stage.change_grants(importing)
    text = "name,phone,owner,revision,_id,$set\n张三丰,138****5678,x,9,y,z\n"
    before = stage.store.data.r_client.find_one({"_id": stage.own})
    file = {"file": (io.BytesIO(text.encode()), "a.csv")}
    answer = stage.s.post("/records/client/import", params={"mode": "upsert", "key": "name"}, data=file)
    assert answer.status_code == 202
    worked(stage.store)
    assert stage.store.data.r_client.find_one({"_id": stage.own}) == before


def test_nonsense_sent_to_the_import_is_refused_in_words(stage):
    stage.change_grants(importing)
    path = "/records/client/import"
    with unchanged(stage.store):
        assert stage.s.post(path, json={}).status_code == 415
        assert stage.s.post(path, data={"file": "text"}).status_code in (415, 422)
        assert stage.s.post(path, data={"file": (io.BytesIO(b"{"), "a.json")}).status_code == 400
        for params in ({"mode": "x"}, {"dry_run": "x"}, {"where": "{}"}, {"key": ""}):
            file = {"file": (io.BytesIO(TEXT.encode()), "a.csv")}
            assert stage.s.post(path, params=params, data=file).status_code == 422, params
        for key in ("id_card", "nothing"):
            file = {"file": (io.BytesIO(TEXT.encode()), "a.csv")}
            assert stage.s.post(path, params={"mode": "upsert", "key": key}, data=file).status_code == 403
        file = {"file": (io.BytesIO(TEXT.encode()), "a.csv")}
        assert stage.s.post("/records/nothing/import", data=file).status_code == 404
        assert stage.s.get(path).status_code == 405


def test_a_file_that_is_too_large_is_told_before_it_is_read(stage, importer, monkeypatch):
    monkeypatch.setattr("views.imports.most_megabytes", lambda: 1)
    monkeypatch.setattr("admin_app.uploads.most_megabytes", lambda: 1)
    monkeypatch.setattr("admin_app.uploads.FORM_BYTES", 1000)
    big = "name\n" + "x" * 1_200_000
    answer = importer.post(f"{HOME}/upload", data={"file": (io.BytesIO(big.encode()), "a.csv")})
    assert answer.location.endswith("/import/")
    assert "larger than 1 MB" in importer.get(f"{HOME}/").text
    file = {"file": (io.BytesIO(big.encode()), "a.csv")}
    assert stage.sh.post("/records/client/import", data=file).status_code == 413
    assert stage.store.data.imports.count_documents({}) == 0
