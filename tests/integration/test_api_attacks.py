"""The attacks of the field-permission paper over REST, siblings included. The numbers are those of its list.

After every refused call the database is what it was, byte for byte.
"""

import io
import json
import zipfile

import pytest
import yaml
from python_calamine import CalamineWorkbook

from models.operations import types
from models.operations import users as accounts
from tests.attack.panel import SYSTEM, add_user, caller
from tests.attack.stage import FOLDER, HIDDEN, ID_CARD, PHONES, build
from tests.attack.unchanged import unchanged

NAMES_OF_HIDDEN = ("id_card", "Paper", "证件", "證件", "income", "Income", "收入")
"""What must not stand in anything S gets: names and labels of what S may not know of."""
SPELLINGS = (
    "id_card",
    "-id_card",
    "id_card_e5f6",
    "v.id_card_e5f6",
    "ID_CARD",
    "id_card.number",
    " id_card",
    "ｉd_card",
    "family.income",
    "s",
    "d",
    "life",
    "v",
    "$where",
    "nothing_at_all",
)


@pytest.fixture
def stage(store):
    return build(store)


def leaf(field, op, value):
    return json.dumps({"field": field, "op": op, "value": value})


def everywhere(where):
    """The same question to a list, its count, an export in each form and a group."""
    return [
        ("/records/client", {"where": where}),
        ("/records/client", {"where": where, "count": 1, "limit": 1}),
        *(("/records/client/export", {"where": where, "format": form}) for form in ("csv", "xlsx", "jsonl")),
        ("/records/client/group", {"where": where, "by": "level"}),
    ]


def refused(stage, who, questions):
    """Every one of these is refused with the same bytes, and nothing is touched."""
    bodies = set()
    with unchanged(stage.store):
        for path, params in questions:
            for one in (who, stage.another_process(who)):
                answer = one.get(path, params=params)
                assert answer.status_code == 403, (path, params, answer.text)
                assert answer.json["code"] == "not_allowed"
                bodies.add(answer.data)
    assert len(bodies) == 1
    (body,) = bodies
    assert not [name for name in NAMES_OF_HIDDEN if name.encode() in body]


def leaks(answer):
    return [value for value in HIDDEN if value.encode() in answer.data]


def test_01_no_filter_on_a_hidden_field(stage):
    trees = []
    for name in SPELLINGS:
        for op, value in (("eq", ID_CARD), ("eq", OTHER), ("starts", "1101"), ("gt", "0"), ("empty", False)):
            trees.append({"field": name, "op": op, "value": value})
    known = {"field": "name", "op": "eq", "value": "张三丰"}
    hidden = trees[0]
    trees += [{"not": hidden}, {"any": [known, hidden]}, {"all": [known, {"not": {"any": [hidden]}}]}]
    refused(stage, stage.s, [("/records/client", {"where": json.dumps(tree)}) for tree in trees])
    refused(stage, stage.s, everywhere(json.dumps(hidden)))


OTHER = "440308199901010012"


def test_02_and_08_no_value_is_found_that_may_not_be_read(stage):
    where = leaf("phone", "eq", PHONES[0])
    refused(stage, stage.s, everywhere(where) + everywhere(leaf("phone", "in", list(PHONES))))
    nothing = stage.s.get("/records/client", params={"q": "没有这个词"})
    for word in (PHONES[0], "+86" + PHONES[0], "5678", ID_CARD, ID_CARD[-4:], "002X", "20000", "777123", "7123"):
        for params in ({"q": word}, {"q": f"  {word} "}):
            assert stage.s.get("/records/client", params=params).data == nothing.data
        assert stage.s.get("/records/client/group", params={"q": word, "by": "level"}).json["groups"] == []
        assert stage.s.get("/records/client/export", params={"q": word, "format": "jsonl"}).data == b""
    assert len(stage.s.get("/records/client", params={"q": "张三"}).json["items"]) == 1
    assert len(stage.boss.get("/records/client", params={"q": PHONES[0]}).json["items"]) == 1


def test_03_a_conditional_field_is_not_filtered_until_it_is_opened(stage):
    above = leaf("salary", "gt", "10000")
    refused(stage, stage.s, everywhere(above))

    def open_filter(tree):
        one = next(one for one in tree["grants"] if one["holder"] == "role:sales" and one["target"] == "salary")
        one["use"] = ["filter"]

    stage.change_grants(open_filter)
    for tree in (
        {"field": "salary", "op": "gt", "value": "10000"},
        {"not": {"field": "salary", "op": "lte", "value": "10000"}},
        {"field": "salary", "op": "ne", "value": "1"},
        {"field": "salary", "op": "empty", "value": False},
        {"not": {"field": "salary", "op": "empty", "value": True}},
        {"not": {"not": {"field": "salary", "op": "between", "value": ["0", "99999"]}}},
    ):
        for who in (stage.s, stage.another_process(stage.s)):
            found = who.get("/records/client", params={"where": json.dumps(tree), "count": 1}).json
            assert [one["id"] for one in found["items"]] == [stage.own]
            assert found["count"]["value"] == 1
            lines = who.get("/records/client/export", params={"where": json.dumps(tree), "format": "jsonl"})
            assert [json.loads(line)["id"] for line in lines.text.splitlines()] == [stage.own]
    for tree in (
        {"field": "salary", "op": "empty", "value": True},
        {"not": {"field": "salary", "op": "ne", "value": "12345"}},
        {"field": "salary", "op": "eq", "value": "12345"},
    ):
        assert stage.s.get("/records/client", params={"where": json.dumps(tree)}).json["items"] == []


def test_04_no_sort_by_what_may_not_be_read(stage):
    names = [
        *SPELLINGS,
        "phone",
        "salary",
        "salary_g7h8",
        "v.salary_g7h8",
        "family",
        "family.spouse",
        "0",
        "1",
        "--name",
    ]
    orders = [order for name in names for order in (name, f"-{name}", f"name,{name}")]
    refused(stage, stage.s, [("/records/client", {"sort": order}) for order in orders])
    refused(
        stage, stage.s, [("/records/client/export", {"sort": order}) for order in ("salary", "-phone", "name,id_card")]
    )


def test_07_operators_are_text_or_nothing(stage):
    with unchanged(stage.store):
        for params in ({"name[$ne]": "x"}, {"name[$regex]": ".*"}, {"$where": "1"}, {"where[$ne]": "1"}):
            assert stage.s.get("/records/client", params=params).status_code == 422
        for tree in (
            {"$where": "sleep(1000)"},
            {"name": {"$ne": None}},
            {"field": "name", "op": "$ne", "value": "x"},
            {"field": "name", "op": "eq", "value": {"$ne": None}},
            {"field": "name", "op": "in", "value": [{"$regex": ".*"}]},
            {"field": "name", "op": "contains", "value": {"$function": {"body": "x", "args": [], "lang": "js"}}},
            {"all": {"$gt": ""}},
            {"field": {"$gt": ""}, "op": "eq", "value": 1},
            {"field": "name", "op": ["eq"], "value": 1},
        ):
            answer = stage.s.get("/records/client", params={"where": json.dumps(tree)})
            assert answer.status_code == 422, (tree, answer.text)
        for value in ({"$ne": 1}, {"$set": {"level": "gold"}}, {"$where": "1"}, ["$gt"], {"$numberLong": "1"}, 5, True):
            for name in ("notes", "name", "agreed", "salary"):
                if (name, value) == ("agreed", True) or (name, value) == ("salary", 5):
                    continue
                answer = stage.s.patch(f"/records/client/{stage.own}", json={name: value}, match=1)
                assert answer.status_code == 422, (name, value, answer.text)
        regular = {"where": leaf("notes", "contains", ".*")}
        assert stage.s.get("/records/client", params=regular).json["items"] == []


def test_09_a_group_tells_no_single_value(stage):
    measures = (
        "min:salary",
        "max:salary",
        "sum:salary",
        "avg:salary",
        "count,sum:salary",
        "sum:family.income",
        "max:phone",
        "min:id_card",
    )
    questions = [("/records/client/group", {"by": "level", "measures": one}) for one in measures]
    keys = ("salary", "phone", "family", "family.spouse", *(name for name in SPELLINGS))
    questions += [("/records/client/group", {"by": key}) for key in keys]
    refused(stage, stage.s, questions)
    for word in ("first", "push", "$max", "addToSet"):
        answer = stage.s.get("/records/client/group", params={"by": "level", "measures": f"{word}:salary"})
        assert answer.status_code == 422

    def open_groups(tree):
        grant = {"holder": "role:helpdesk", "type": "client", "target": "salary", "read": "masked", "use": ["group"]}
        tree["grants"].append(grant)
        tree["grants"].append({"holder": "role:helpdesk", "type": "client", "target": "level", "read": "full"})

    stage.change_grants(open_groups)
    helper = caller(stage.app, stage.store, add_user(stage.store, "h", ["helpdesk"]))
    answer = helper.get("/records/client/group", params={"by": "level", "measures": "count,sum:salary"})
    assert answer.status_code == 200, answer.text
    assert {one["sum:salary"] for one in answer.json["groups"]} == {None}
    refused(stage, helper, [("/records/client/group", {"by": "level", "measures": "max:salary"})])


def test_10_counts_are_scoped_like_rows(stage):
    assert stage.s.get("/records/client", params={"count": 1}).json["count"]["value"] == 2
    assert stage.sh.get("/records/client", params={"count": 1}).json["count"]["value"] == 3
    groups = stage.s.get("/records/client/group", params={"by": "level"}).json["groups"]
    assert sum(one["count"] for one in groups) == 2
    assert len(stage.s.get("/records/client/export", params={"format": "jsonl"}).text.splitlines()) == 2
    first = stage.s.get("/records/client", params={"limit": 2}).json
    assert first["next"] is None


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


def stored(stage, id):
    return stage.store.data.r_client.find_one({"_id": id})


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


def test_28_extra_keys_are_refused_alike(stage):
    own = f"/records/client/{stage.own}"
    bodies = set()
    strange = (
        "id_card",
        "nothing_at_all",
        "id_card_e5f6",
        "v",
        "_id",
        "s",
        "d",
        "life",
        "rev",
        "dept",
        "v.notes_m2n3",
        "notes.x",
        "family.income",
        "family.spouse",
        "$set",
        "__proto__",
        "constructor",
        "role",
        "",
        "\ud800",
        "notes\x00",
    )
    with unchanged(stage.store):
        for name in strange:
            for value in ("x", None, {"$set": 1}):
                for answer in (
                    stage.s.patch(own, json={name: value, "notes": "x"}, match=1),
                    stage.s.post("/records/client", json={"name": "甲", name: value}),
                ):
                    assert (answer.status_code, answer.json["code"]) == (422, "unknown_key"), (name, answer.text)
                    bodies.add(answer.data)
        for part in ("income", "nothing", "$set", "__proto__", "income_v1w2"):
            answer = stage.s.patch(own, json={"family": {part: 1}}, match=1)
            assert (answer.status_code, answer.json["code"]) == (422, "unknown_key")
            bodies.add(answer.data)
        assert len(bodies) == 1
        for name, value in (
            ("owner", stage.other.user.id),
            ("created_by", "x"),
            ("revision", 9),
            ("state", "x"),
            ("id", "x"),
            ("type", "x"),
            ("archive_no", "x"),
            ("updated_at", "2020-01-01"),
            ("level", "iron"),
            ("department", "b"),
        ):
            for answer in (
                stage.s.patch(own, json={name: value, "notes": "x"}, match=1),
                stage.s.post("/records/client", json={"name": "甲", name: value}),
            ):
                assert (answer.status_code, answer.json["code"]) == (403, "not_allowed"), (name, answer.text)


def test_29_hidden_fields_survive_a_save(stage):
    before = stored(stage, stage.ids[1])
    read = stage.s.get(f"/records/client/{stage.ids[1]}").json
    body = {name: read[name] for name in ("name", "level", "agreed")} | {"notes": "edited", "family": {"spouse": "新"}}
    assert stage.s.patch(f"/records/client/{stage.ids[1]}", json=body, match=1).status_code == 200
    after = stored(stage, stage.ids[1])
    for name in ("id_card_e5f6", "salary_g7h8", "phone_c3d4", "level_j9k1", "agreed_p4q5"):
        assert after["v"][name] == before["v"][name]
    assert after["v"]["family_r6s7"]["income_v1w2"] == before["v"]["family_r6s7"]["income_v1w2"]
    assert (after["owner"], after["dept"]) == (before["owner"], before["dept"])
    assert stage.boss.get(f"/records/client/{stage.ids[1]}").json["family"] == {"spouse": "新", "income": 99887766}


def test_30_a_mask_is_no_value(stage):
    own = f"/records/client/{stage.own}"
    mask = stage.s.get(own).json["phone"]
    with unchanged(stage.store):
        for value in (mask, mask["masked"], [mask["masked"]], [mask], [{"number": mask["masked"]}], "138****5678"):
            for answer in (
                stage.s.patch(own, json={"phone": value}, match=1),
                stage.s.post("/records/client", json={"name": "甲", "phone": value}),
            ):
                assert (answer.status_code, answer.json["code"]) == (422, "masked_echo"), (value, answer.text)
                assert answer.json["errors"][0]["field"] == "phone"


def test_36_no_answer_to_a_write_holds_what_may_not_be_read(stage):
    own = f"/records/client/{stage.own}"
    answers = [
        stage.s.patch(own, json={"notes": "x"}, match=1),
        stage.s.patch(own, json={"notes": "y"}, match=1),
        stage.s.patch(own, json={"phone": ["13611112222"]}, match=2),
        stage.s.delete(own, match=3),
        stage.s.get(own),
        stage.s.post(f"{own}/restore", match=4),
        stage.s.post(f"{own}/revisions/1/revert", match=5),
        stage.s.post("/records/client", json={"name": "甲", "phone": ["13822223333"]}),
    ]
    assert [answer.status_code for answer in answers] == [200, 412, 200, 200, 200, 200, 200, 201], [
        a.text for a in answers
    ]
    assert not [answer.text for answer in answers if leaks(answer)]
    assert "13611112222" not in answers[2].text
    assert "13822223333" not in answers[-1].text


def test_37_a_refusal_has_no_side_effect(stage):
    before = stage.boss.post("/records/client", json={"name": "甲"}).json["archive_no"]
    with unchanged(stage.store):
        for body in (
            {"name": "乙", "id_card": ID_CARD},
            {"name": "乙", "level": "iron"},
            {"name": ""},
            {"phone": ["1"]},
        ):
            headers = {"Idempotency-Key": "again"}
            assert stage.s.post("/records/client", json=body, headers=headers).status_code in (403, 422)
        assert stage.s.delete(f"/records/client/{stage.ids[2]}", match=1).status_code == 404
        assert stage.s.patch(f"/records/client/{stage.own}", json={"notes": "x"}, match=9).status_code == 412
    after = stage.boss.post("/records/client", json={"name": "乙"}).json["archive_no"]
    assert int(after[-6:]) == int(before[-6:]) + 1


def test_37_a_taken_value_names_no_record_and_uses_no_number(stage):
    first = stage.boss.post("/records/client", json={"name": "甲"}).json["archive_no"]
    answer = stage.boss.post("/records/client", json={"name": "乙", "id_card": ID_CARD})
    assert (answer.status_code, answer.json["code"]) == (422, "taken")
    assert stage.own not in answer.text
    after = stage.boss.post("/records/client", json={"name": "乙"}).json["archive_no"]
    assert int(after[-6:]) == int(first[-6:]) + 1


def test_39_a_new_field_is_seen_by_nobody_but_administrators(stage, tmp_path):
    stage.store.data.r_client.update_many({}, {"$set": {"v.score_z9z9": "from older times"}})
    definition = yaml.safe_load((FOLDER / "client.yaml").read_text(encoding="utf-8"))
    label = {"zh-Hans": "评分", "zh-Hant": "評分", "en": "Score"}
    definition["fields"].append(
        {
            "id": "score_z9z9",
            "name": "score",
            "labels": label,
            "type": "text",
            "section": "basic",
            "sealed": False,
            "list": True,
            "search": True,
            "purpose": "test",
        }
    )
    (tmp_path / "client.yaml").write_text(yaml.safe_dump(definition, allow_unicode=True), encoding="utf-8")
    processes = [(stage.s, stage.boss), (stage.another_process(stage.s), stage.another_process(stage.boss))]
    for s, boss in processes:
        s.get("/records/client")
        boss.get("/records/client")
    types.apply(SYSTEM, stage.store, types.read_definitions(tmp_path / "client.yaml"), reason="test")
    for s, boss in processes:
        assert boss.get(f"/records/client/{stage.own}").json["score"] == "from older times"
        for path in (
            "/types/client",
            "/openapi.json",
            "/records/client",
            f"/records/client/{stage.own}",
            "/records/client/export",
        ):
            text = s.get(path).text
            assert not [word for word in ("score", "Score", "评分", "from older") if word in text], path
        refused(
            stage,
            s,
            [
                *everywhere(leaf("score", "eq", "x")),
                ("/records/client", {"sort": "score"}),
                ("/records/client", {"fields": "score"}),
            ],
        )
        assert s.get("/records/client", params={"q": "from older"}).json["items"] == []
        with unchanged(stage.store):
            answer = s.patch(f"/records/client/{stage.own}", json={"score": "x"}, match=1)
            assert (answer.status_code, answer.json["code"]) == (422, "unknown_key")


def test_41_a_revoked_right_ends_with_the_next_request(stage):
    both = [stage.s, stage.another_process(stage.s)]
    for s in both:
        assert s.get(f"/records/client/{stage.own}").json["notes"] == "first"
        assert "notes" in s.get("/openapi.json").text

    def without_notes(tree):
        tree["grants"] = [one for one in tree["grants"] if (one["holder"], one["target"]) != ("role:sales", "notes")]

    stage.change_grants(without_notes)
    for s in both:
        assert "notes" not in s.get(f"/records/client/{stage.own}").json
        assert "notes" not in s.get("/openapi.json").text
        assert "notes" not in s.get("/types/client").text
        refused(stage, s, [*everywhere(leaf("notes", "eq", "first")), ("/records/client", {"fields": "notes"})])

    def without_view(tree):
        tree["scopes"] = [one for one in tree["scopes"] if one["holder"] != "role:sales"]

    cursor = stage.s.get("/records/client", params={"limit": 1}).json["next"]
    stage.change_grants(without_view)
    with unchanged(stage.store):
        for s in both:
            assert s.get("/records/client", params={"limit": 1, "after": cursor}).status_code == 404
            assert s.get(f"/records/client/{stage.own}").status_code == 404
            assert s.patch(f"/records/client/{stage.own}", json={"notes": "x"}, match=1).status_code == 404
            assert s.get("/records/client/export").status_code == 404
            assert s.get("/types").json["items"] == []


def test_41_a_disabled_account_is_out_at_once(stage):
    both = [stage.sh, stage.another_process(stage.sh)]
    assert [who.get("/types").status_code for who in both] == [200, 200]
    accounts.disable(SYSTEM, stage.store, stage.sh.user.id)
    with unchanged(stage.store):
        assert [who.get("/types").status_code for who in both] == [401, 401]
        assert [
            who.patch(f"/records/client/{stage.own}", json={"notes": "x"}, match=1).status_code for who in both
        ] == [401] * 2
