"""The attacks by filter, sort, search and group of the field-permission paper over REST, siblings included.

The numbers are those of its list. After every refused call the database is what it was, byte for byte.
"""

import json

from tests.attack.asking import SPELLINGS, everywhere, leaf, refused
from tests.attack.panel import add_user, caller
from tests.attack.stage import ID_CARD, OTHER_ID_CARD, PHONES
from tests.attack.unchanged import unchanged


def test_01_no_filter_on_a_hidden_field(stage):
    trees = []
    for name in SPELLINGS:
        for op, value in (("eq", ID_CARD), ("eq", OTHER_ID_CARD), ("starts", "1101"), ("gt", "0"), ("empty", False)):
            trees.append({"field": name, "op": op, "value": value})
    known = {"field": "name", "op": "eq", "value": "张三丰"}
    hidden = trees[0]
    trees += [{"not": hidden}, {"any": [known, hidden]}, {"all": [known, {"not": {"any": [hidden]}}]}]
    refused(stage, stage.s, [("/records/client", {"where": json.dumps(tree)}) for tree in trees])
    refused(stage, stage.s, everywhere(json.dumps(hidden)))


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
