"""The attacks of the field-permission paper by files, `dossier load` above all. The numbers are those of its list.

After every refused call the database is what it was, byte for byte.
"""

import json
from collections import Counter

import pytest
import yaml

from models.operations import types, users
from models.operations.migrations import migrate
from tests.attack.asking import leaf, stored
from tests.attack.commands import FORMS, commands_on
from tests.attack.files import EXPORTS, UNUSABLE, importing, leaks, refused, text_of
from tests.attack.panel import SYSTEM, add_user
from tests.attack.stage import FOLDER, HIDDEN, ID_CARD, OTHER_ID_CARD, PHONES, policy
from tests.attack.unchanged import unchanged


@pytest.fixture
def stage(stage):
    stage.change_grants(importing)
    return stage


@pytest.fixture
def dossier(stage, mongo_url, tmp_path, monkeypatch, capsys):
    migrate(stage.store)
    return commands_on(stage.store, mongo_url, tmp_path, monkeypatch, capsys)


def test_01_no_row_is_found_by_a_hidden_field(stage, dossier):
    rows = [{"name": "张三丰", "id_card": value, "notes": "x"} for value in (ID_CARD, "440308199901010039")]
    files = {form: dossier.rows(form, rows) for form in ("csv", "jsonl")}
    refused(stage, [
        lambda file=file, key=key, mode=mode, dry=dry: dossier.load("s", file, "--mode", mode, "--key", key, *dry)
        for file in files.values() for key in UNUSABLE for mode in ("update", "upsert") for dry in ((), ("--dry-run",))
    ])  # fmt: skip


def test_01_a_map_makes_no_question_of_a_hidden_field(stage, dossier):
    file = dossier.rows("jsonl", [{"a": "张三丰", "b": ID_CARD}])
    for name in ("id_card", "nothing_at_all"):
        mapped = {"type": "client", "key": name, "fields": {name: {"from": "b"}, "notes": {"value": "x"}}}
        path = dossier.file("map.yaml", yaml.safe_dump(mapped))
        refused(stage, [lambda path=path: dossier.load("s", file, "--map", str(path), "--mode", "update")])


def test_02_and_03_masked_and_conditional_fields_are_no_key(stage, dossier):
    file = dossier.rows("csv", [{"phone": PHONES[0], "salary": "20000.00", "notes": "x"}])
    refused(stage, [
        *(lambda key=key: dossier.load("s", file, "--mode", "update", "--key", key) for key in ("phone", "salary")),
        lambda: dossier.export("s", "csv", "--where", leaf("phone", "eq", PHONES[0])),
        lambda: dossier.export("s", "csv", "--where", leaf("salary", "gt", "10000")),
    ])  # fmt: skip

    def opened(tree):
        importing(tree)
        next(one for one in tree["grants"] if one["target"] == "salary")["use"] = ["filter"]

    stage.change_grants(opened)
    file = dossier.rows("csv", [{"salary": "12345.00", "notes": "x"}, {"salary": "20000.00", "notes": "mine"}])
    answer = dossier.load("s", file, "--mode", "update", "--key", "salary")
    assert (answer.code, [row[:3] for row in answer.report]) == (1, [["2", "", "no_record"]])
    assert stored(stage, stage.ids[1])["v"]["notes_m2n3"] == "second"
    assert stored(stage, stage.own)["v"]["notes_m2n3"] == "mine"
    found = dossier.export("s", "jsonl", "--where", leaf("salary", "gt", "10000"))
    assert [json.loads(line)["id"] for line in found.written.splitlines()] == [stage.own]


def test_07_operators_in_a_file_are_values_that_do_not_fit(stage, dossier):
    odd = ({"$ne": None}, {"$regex": ".*"}, {"$set": {"level": "iron"}}, {"$where": "1"}, {"$gt": ""}, ["$gt"])
    file = dossier.rows("jsonl", [{"name": value, "notes": "x"} for value in odd])
    with unchanged(stage.store):
        for options in ((), ("--mode", "update", "--key", "name"), ("--mode", "upsert", "--key", "name")):
            answer = dossier.load("s", file, *options)
            assert (answer.code, len(answer.report)) == (1, len(odd)), answer
        rows = [{"name": "张三丰", "notes": value} for value in odd]
        answer = dossier.load("s", dossier.rows("jsonl", rows), "--mode", "update", "--key", "name")
        assert {row[1] for row in answer.report} <= {"notes", "notes.0"}
        assert len(answer.report) == len(odd)
    where = ('{"$where": "1"}', '{"field": "name", "op": "$regex", "value": ".*"}',
             '{"field": "name", "op": "eq", "value": {"$ne": null}}', "[]", "5")  # fmt: skip
    for tree in where:
        answer = dossier.export("s", "csv", "--where", tree)
        assert (answer.code, answer.written) == (1, None)
        assert answer.err.count("\n") == 1


def test_10_a_key_finds_no_row_out_of_reach(stage, dossier):
    rows = [{"name": "王五德", "notes": "mine now"}, {"name": "没有这个人", "notes": "x"}]
    with unchanged(stage.store):
        for form in FORMS:
            answer = dossier.load("s", dossier.rows(form, rows), "--mode", "update", "--key", "name")
            first, second = (row[1:] for row in answer.report)
            assert first == second
            assert "2 bad of 2 rows" in answer.out
    before = stored(stage, stage.ids[2])
    assert dossier.load("s", dossier.rows("csv", rows[:1]), "--mode", "upsert", "--key", "name").code == 0
    assert stored(stage, stage.ids[2]) == before
    lines = dossier.export("s", "jsonl").written.splitlines()
    assert Counter(json.loads(line)["name"] for line in lines) == Counter(["张三丰", "李四光", "王五德"])


def test_13_rows_of_one_role_and_columns_of_another_do_not_add_up_by_file(stage, dossier):
    for name in ("id", "archive_no"):
        frame = {name: stored(stage, stage.ids[2])["_id" if name == "id" else name]}
        with unchanged(stage.store):
            row = {**frame, "notes": "x", "salary": "1"}
            answer = dossier.load("sh", dossier.rows("csv", [row]), "--mode", "update", "--key", name)
            assert answer.code == 1, answer
            assert not leaks(answer.told.replace("12345", ""))
    with unchanged(stage.store):
        rows = [{"name": "李四光", "salary": "1"}, {"name": "王五德", "name2": "x", "notes": "y"}]
        answer = dossier.load("sh", dossier.rows("jsonl", rows), "--mode", "update", "--key", "name")
        assert [row[2] for row in answer.report] == ["not_allowed", "not_allowed"]
    found = {one["id"]: one for one in map(json.loads, dossier.export("ch", "jsonl").written.splitlines())}
    assert len(found) == 3
    assert not any("salary" in one for one in found.values())
    assert b"20000" not in dossier.export("ch", "csv").written


def test_13_a_right_to_import_holds_on_its_own_rows_only(stage, dossier):
    """Who edits everywhere and may bring files in for one department changes no other by file."""

    def apart(tree):
        inside = {"field": "department", "op": "eq", "value": "a"}
        tree["scopes"].append({"holder": "role:closer", "type": "client", "actions": ["import"], "when": inside})
        tree["scopes"].append({"holder": "role:helpdesk", "type": "client", "actions": ["create"]})
        for target in ("name", "department"):
            tree["grants"].append({"holder": "role:helpdesk", "type": "client", "target": target, "read": "full",
                                   "write": "edit"})  # fmt: skip

    stage.change_grants(apart)
    numbers = [stored(stage, id)["archive_no"] for id in stage.ids]
    rows = [{"archive_no": number, "name": "改名"} for number in numbers]
    answer = dossier.load("ch", dossier.rows("csv", rows), "--mode", "update", "--key", "archive_no")
    assert [row[:3] for row in answer.report] == [["4", "", "not_allowed"]]
    assert [stored(stage, id)["rev"] for id in stage.ids] == [2, 2, 1]
    fields = {name: {"from": name} for name in ("archive_no", "name", "department")}
    mapped = ("--map", str(dossier.file("map.yaml", yaml.safe_dump({"fields": fields}))))
    with unchanged(stage.store):
        for more in ((), ("--dry-run",)):
            file = dossier.rows("csv", [{"name": "新", "department": "b"}, {"name": "新"}])
            answer = dossier.load("ch", file, *mapped, *more)
            assert [row[2] for row in answer.report] == ["not_allowed", "not_allowed"]
            file = dossier.rows("csv", [{"archive_no": numbers[0], "department": "b"}])
            answer = dossier.load("ch", file, *mapped, "--mode", "update", "--key", "archive_no", *more)
            assert [row[2] for row in answer.report] == ["not_allowed"]
    assert dossier.load("ch", dossier.rows("csv", [{"name": "新", "department": "a"}]), *mapped).code == 0


def test_14_nothing_given_is_nothing_taken(stage, dossier):
    add_user(stage.store, "nobody", [])
    add_user(stage.store, "lost", ["sales"])
    file = dossier.rows("csv", [{"name": "甲"}])
    with unchanged(stage.store):
        for answer in (dossier.load("nobody", file), dossier.export("nobody"), dossier.load("s", file, type_name="no")):
            assert answer.code == 1
            assert "no such record" in answer.err
        lost = dossier.load("lost", file)  # in no department, so in no scope
        assert [row[2] for row in lost.report] == ["not_allowed"]
        assert dossier.load("lost", file, "--mode", "update", "--key", "name").report[0][2] == "no_record"
        assert dossier.export("lost", "jsonl").written == b""
        assert dossier.export("s", "jsonl", "--where", leaf("name", "in", [])).written == b""
        empty = dossier.load("s", dossier.file("e.jsonl", b""))
        assert (empty.code, empty.out) == (0, "0 added, 0 changed, 0 bad of 0 rows\n")
        assert dossier.load("s", dossier.file("e.json", b"[]")).code == 0
        assert dossier.load("s", dossier.file("e.csv", b"")).code == 1


@pytest.mark.parametrize("form", FORMS)
def test_19_hidden_and_unknown_columns_are_left_alike(stage, dossier, form):
    """By address, by label, whole or in part: what comes back is the same but for the word that was sent."""
    told = {}
    for word in ("id_card", "证件", "Paper", "nothing", "family.income", "family.nothing", "id_card_e5f6"):
        answer = dossier.load("s", dossier.rows(form, [{"name": f"甲{word}", word: "1"}]))
        told[word] = answer.told.replace(word, "WORD")
        assert answer.code == 0, answer
    assert set(told.values()) == {"1 added, 0 changed, 0 bad of 1 rows\nnot taken: WORD (1 rows)\n\n"}


def test_19_a_map_to_hidden_and_unknown_fields_is_refused_alike(stage, dossier):
    file = dossier.rows("jsonl", [{"a": "甲", "b": "1"}])
    told = set()
    with unchanged(stage.store):
        for name in ("id_card", "nothing", "family.income", "family.nothing", "nothing.income", "v.x", "id_card_e5f6"):
            tree = {"fields": {"name": {"from": "a"}, name: {"from": "b"}}}
            path = dossier.file("map.yaml", yaml.safe_dump(tree, allow_unicode=True))
            for more in ((), ("--dry-run",)):
                answer = dossier.load("s", file, "--map", str(path), *more)
                assert answer.code == 1
                assert not leaks(answer.told)
                told.add(tuple(answer.report[0]))
    assert told == {("1", "", "unknown_key", "The request names something that is not there.")}


@pytest.mark.parametrize("form", FORMS)
def test_28_extra_columns_write_nothing(stage, dossier, form):
    extra = {"owner": stage.other.user.id, "created_by": "x", "revision": "9", "state": "gone", "archive_no": "CL-1",
             "level": "iron", "department": "b", "updated_at": "2020-01-01", "type": "x"}  # fmt: skip
    with unchanged(stage.store):
        for name, value in extra.items():
            fields = {"name": {"from": "who"}, name: {"from": "extra"}}
            path = str(dossier.file("map.yaml", yaml.safe_dump({"fields": fields})))
            for who, options in (("甲", ()), ("张三丰", ("--mode", "update", "--key", "name"))):
                file = dossier.rows(form, [{"who": who, "extra": value}])
                for more in ((), ("--dry-run",)):
                    answer = dossier.load("s", file, "--map", path, *options, *more)
                    assert [one[2] for one in answer.report] == ["not_allowed"], (name, answer)
    left = ("_id", "v", "v.notes_m2n3", "rev", "dept", "$set", "__proto__", "role", "life", "s", "d", "life.lock",
            "owner", "department", "revision", "state", "archive_no")  # fmt: skip
    row = {"name": "张三丰", "notes": "taken"} | dict.fromkeys(left, "x")
    before = stored(stage, stage.own)
    answer = dossier.load("s", dossier.rows(form, [row]), "--mode", "update", "--key", "name")
    after = stored(stage, stage.own)
    assert answer.code == 0, answer
    assert {name for name in after if after[name] != before.get(name)} == {"v", "s", "rev", "updated_at", "updated_by"}
    assert {id for id in after["v"] if after["v"][id] != before["v"].get(id)} == {"notes_m2n3"}


@pytest.mark.parametrize("form", FORMS)
def test_29_a_row_without_a_value_leaves_what_stands(stage, dossier, form):
    """An empty cell is no permission to write null, and parts of an object that are hidden stay."""
    before = stored(stage, stage.ids[1])
    row = {"name": "李四光", "notes": "brought", "agreed": None, "salary": None, "phone": None}
    row |= {"family": {"spouse": "新"}} if form.startswith("json") else {"family.spouse": "新"}
    answer = dossier.load("s", dossier.rows(form, [row]), "--mode", "update", "--key", "name")
    assert answer.code == 0, answer
    after = stored(stage, stage.ids[1])
    for id in ("id_card_e5f6", "salary_g7h8", "phone_c3d4", "level_j9k1", "agreed_p4q5"):
        assert after["v"][id] == before["v"][id], id
    assert after["v"]["family_r6s7"]["income_v1w2"] == before["v"]["family_r6s7"]["income_v1w2"]
    assert after["v"]["family_r6s7"]["spouse_t8u9"] != before["v"]["family_r6s7"]["spouse_t8u9"]
    assert (after["owner"], after["dept"]) == (before["owner"], before["dept"])


@pytest.mark.parametrize("form", EXPORTS)
def test_30_an_export_brought_in_again_writes_no_mask(stage, dossier, form):
    """Every row holds a masked phone: none is taken, none is half taken."""
    fields = "name,phone,notes"
    written = dossier.export("s", form, "--fields", fields).written
    if form == "jsonl":
        rows = [{name: one[name] for name in fields.split(",")} for one in map(json.loads, written.splitlines())]
        file = dossier.rows("jsonl", rows)
    else:
        file = dossier.file(f"again.{form}", written)
    assert b"****" in text_of(written, form)
    with unchanged(stage.store):
        for options in ((), ("--mode", "update", "--key", "name"), ("--mode", "upsert", "--key", "name")):
            answer = dossier.load("s", file, *options)
            assert {tuple(row[1:3]) for row in answer.report} == {("phone", "masked_echo")}, answer
            assert "2 bad of 2 rows" in answer.out


def test_30_a_mask_comes_in_by_no_way_round_a_map(stage, dossier):
    maps = (
        {"phone": {"value": "138****5678"}}, {"phone": {"value": ["138****5678"]}}, {"phone": {"template": "{a}"}},
        {"phone": {"from": "a", "split": ";"}}, {"phone": {"from": "b", "map": {"1": "138****5678"}}},
        {"phone": {"from": "c"}},
    )  # fmt: skip
    row = {"a": "138****5678", "b": "1", "c": {"masked": "138****5678"}}
    file = dossier.rows("jsonl", [row])
    with unchanged(stage.store):
        for fields in maps:
            tree = {"fields": {"name": {"value": "甲"}, **fields}}
            answer = dossier.load("s", file, "--map", str(dossier.file("map.yaml", yaml.safe_dump(tree))))
            assert [row[1:3] for row in answer.report] == [["phone", "masked_echo"]], fields


def test_36_what_a_load_tells_holds_nothing_unreadable(stage, dossier):
    def filling(tree):
        importing(tree)
        for target in ("id_card", "family.income"):
            tree["grants"].append({"holder": "role:sales", "type": "client", "target": target, "write": "fill"})

    stage.change_grants(filling)
    rows = [
        {"name": "甲", "id_card": OTHER_ID_CARD},  # taken, by a record in reach
        {"name": "乙", "id_card": "11010519491231002x"},  # taken, written another way
        {"name": "张三丰", "id_card": "440308199901010039"},  # a new one of the same name
        {"name": "丙", "id_card": "0000"},
        {"name": "丁", "family": {"income": "x"}},
    ]
    answer = dossier.load("s", dossier.rows("jsonl", rows))
    assert [row[1:3] for row in answer.report if row[2] == "taken"] == [["id_card", "taken"]] * 2
    assert answer.out.startswith("1 added, 0 changed, 4 bad of 5 rows\n")
    assert not [value for value in (*HIDDEN, stage.own, *stage.ids, "李四光") if value in answer.told]
    with unchanged(stage.store):
        rows = [{"name": "李四光", "id_card": "440308199901010039"}, {"name": "李四光", "id_card": OTHER_ID_CARD}]
        answer = dossier.load("s", dossier.rows("jsonl", rows), "--mode", "update", "--key", "name")
    assert [row[1:3] for row in answer.report] == [["", "already_filled"]] * 2
    assert answer.report[0][3] == answer.report[1][3]


def test_37_a_refused_file_moves_no_counter(stage, dossier):
    first = stage.boss.post("/records/client", json={"name": "甲"}).json["archive_no"]
    rows = [{"name": "乙", "level": "iron"}, {"notes": "no name"}, {"name": "丙", "phone": "1"}, {"name": {"$ne": 1}}]
    with unchanged(stage.store):
        for options in ((), ("--dry-run",), ("--mode", "upsert", "--key", "name")):
            assert dossier.load("s", dossier.rows("jsonl", rows), *options).code == 1
        good = dossier.load("s", dossier.rows("csv", [{"name": "丁"}]), "--dry-run")
        assert (good.code, good.out) == (0, "1 would be added, 0 would be changed, 0 bad of 1 rows\n")
    after = stage.boss.post("/records/client", json={"name": "乙"}).json["archive_no"]
    assert int(after[-6:]) == int(first[-6:]) + 1


def test_37_a_dry_run_says_what_the_load_then_says(stage, dossier):
    """Of changes too: rights and values of each row are judged, and nothing is written."""
    rows = [
        {"name": "张三丰", "notes": "good"}, {"name": "李四光", "salary": "1"}, {"name": "张三丰", "level": "iron"},
        {"name": "张三丰", "phone": "1"}, {"name": "王五德", "notes": "x"}, {"name": "李四光", "phone": "138****5678"},
    ]  # fmt: skip
    file, options = dossier.rows("jsonl", rows), ("--mode", "update", "--key", "name")
    with unchanged(stage.store):
        dry = dossier.load("s", file, *options, "--dry-run")
    wet = dossier.load("s", file, *options)
    assert dry.report == wet.report
    assert [row[0] for row in wet.report] == ["2", "3", "4", "5", "6"]
    assert "1 would be changed, 5 bad" in dry.out
    outside = dossier.rows("jsonl", [{"name": "甲", "department": "b"}, {"name": "乙", "owner": "nobody"}])
    assert dossier.load("s", outside, "--dry-run").report == dossier.load("s", outside).report


def test_39_a_new_field_comes_in_and_goes_out_by_no_file(stage, dossier):
    definition = yaml.safe_load((FOLDER / "client.yaml").read_text(encoding="utf-8"))
    definition["fields"].append({
        "id": "score_z9z9", "name": "score", "labels": {"zh-Hans": "评分", "zh-Hant": "評分", "en": "Score"},
        "type": "text", "section": "basic", "sealed": False, "list": True, "search": True, "purpose": "test",
    })  # fmt: skip
    stage.store.data.r_client.update_many({}, {"$set": {"v.score_z9z9": "from older times"}})
    types.apply(SYSTEM, stage.store, {"client": types.load_type(definition, "client.yaml")}, reason="test")
    for form in EXPORTS:
        text = text_of(dossier.export("s", form).written, form)
        assert not [word for word in ("score", "Score", "评分", "from older") if word.encode() in text]
        assert b"from older times" in text_of(dossier.export("boss", form).written, form)
    refused(stage, [
        lambda: dossier.export("s", "csv", "--fields", "score"),
        lambda: dossier.export("s", "csv", "--where", leaf("score", "eq", "x")),
        lambda: dossier.load("s", dossier.rows("csv", [{"score": "x", "notes": "y"}]), "--mode", "update",
                             "--key", "score"),
    ])  # fmt: skip
    row = {"name": "张三丰", "notes": "n", "score": "mine", "评分": "mine"}
    answer = dossier.load("s", dossier.rows("csv", [row]), "--mode", "update", "--key", "name")
    assert "not taken: score" in answer.out
    assert stored(stage, stage.own)["v"]["score_z9z9"] == "from older times"


def test_41_a_right_taken_away_is_gone_for_the_next_command(stage, dossier):
    file = dossier.rows("csv", [{"name": "张三丰", "notes": "x"}])
    options = ("--mode", "update", "--key", "name")
    assert dossier.load("s", file, *options).code == 0

    def without_notes(tree):
        importing(tree)
        tree["grants"] = [one for one in tree["grants"] if (one["holder"], one["target"]) != ("role:sales", "notes")]

    stage.change_grants(without_notes)
    assert b"second" not in dossier.export("s").written
    before = stored(stage, stage.own)["v"]
    answer = dossier.load("s", file, *options)
    assert "not taken: notes" in answer.out
    assert stored(stage, stage.own)["v"] == before
    stage.change_grants(lambda tree: None)  # nobody imports any more
    refused(stage, [lambda: dossier.load("s", file), lambda: dossier.load("s", file, *options),
                             lambda: dossier.load("s", file, "--dry-run")])  # fmt: skip
    stage.change_grants(lambda tree: tree.update(scopes=[one for one in policy()["scopes"]
                                                         if "sales" not in one["holder"]]))  # fmt: skip
    with unchanged(stage.store):
        assert dossier.export("s").written is None
        assert dossier.load("s", file).code == 1
    users.disable(SYSTEM, stage.store, stage.s.user.id)
    with unchanged(stage.store):
        for answer in (dossier.export("s"), dossier.load("s", file)):
            assert answer.code == 2
            assert "no active user" in answer.err
