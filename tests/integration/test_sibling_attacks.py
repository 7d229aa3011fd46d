"""Other ways to the same hidden values: history, formulas, conditions, conflicts, replays, tags, trash.

The numbers are those of the list of the field-permission paper. Over REST, on pages and in files alike.
"""

import json
import re

import pytest
import yaml

from models.access.door import Door
from models.operations import records, types
from tests.attack.pages import sign_in
from tests.attack.panel import SYSTEM, add_user, caller
from tests.attack.stage import FOLDER, HIDDEN, ID_CARD, build
from tests.attack.unchanged import unchanged

LIST = "/admin/r/client/"
HIDDEN_NAMES = ("score", "Score", "评分", "評分", "double", "Double", "两倍", "兩倍")
SCORE, DOUBLE = "31337", "62674"


def words(simplified, traditional, english):
    return {"zh-Hans": simplified, "zh-Hant": traditional, "en": english}


MORE = (
    {"id": "score_s1s1", "name": "score", "labels": words("评分", "評分", "Score"), "type": "integer",
     "grade": "secret", "sort": True, "search": True},
    {"id": "double_d1d1", "name": "double", "labels": words("两倍", "兩倍", "Double"), "type": "formula",
     "formula": "score * 2", "grade": "secret"},
    {"id": "perk_p1p1", "name": "perk", "labels": words("优待", "優待", "Perk"), "type": "text", "grade": "internal",
     "visible_when": {"not": {"field": "score", "op": "lte", "value": 5}}},
)  # fmt: skip


@pytest.fixture
def stage(store):
    """The scene with a hidden number, a formula over it that S was given by mistake, a field that shows by it."""
    made = build(store)
    tree = yaml.safe_load((FOLDER / "client.yaml").read_text(encoding="utf-8"))
    tree["fields"] += [{**one, "section": "basic", "purpose": "test", "sealed": False} for one in MORE]
    types.apply(SYSTEM, store, {"client": types.load_type(tree, "client.yaml")}, reason="test")
    made.change_grants(siblings)
    door = Door(store, SYSTEM).open("client")
    for id in made.ids[:2]:
        records.update(door, id, {"score": int(SCORE)}, expected=1)
    return made


def siblings(tree):
    for target, write in (("double", "none"), ("perk", "edit")):
        rights = {"read": "full", "write": write, "use": ["filter", "sort", "search", "group"]}
        tree["grants"].append({"holder": "role:sales", "type": "client", "target": target, **rights})


@pytest.fixture
def s(stage):
    return at_a_browser(stage, "s")


@pytest.fixture
def boss(stage):
    return at_a_browser(stage, "boss")


def at_a_browser(stage, who):
    """Somebody at a browser, and their program still: its token ended when they took a password."""
    user = getattr(stage, who).user
    person = sign_in(stage.app, stage.store, user)
    setattr(stage, who, caller(stage.app, stage.store, user))
    return person


def everything_told(stage, s, id):
    """All that S is told of a record by any way of reading, place → text."""
    told = {}
    for path in (f"/records/client/{id}", "/records/client", f"/records/client/{id}/revisions", "/types/client",
                 "/openapi.json", *(f"/records/client/export?format={form}" for form in ("csv", "jsonl"))):  # fmt: skip
        answer = stage.s.get(path.partition("?")[0], params=path.partition("?")[2] or None)
        assert answer.status_code == 200, path
        told[path] = answer.text
    revision = stage.store.data.r_client.find_one({"_id": id})["rev"]
    pages = ["", "edit/", "compare/", *(f"compare/?from={n}&to={revision}" for n in range(1, revision))]
    pages += [f"revisions/{n}/diff" for n in range(2, revision + 1)]
    for rest in pages:
        answer = s.client.get(f"{LIST}{id}/{rest}")
        assert answer.status_code == 200, rest
        told[rest or "record"] = answer.text
    for rest in ("", "count", "columns", "builder", "new/", "export/"):
        told[f"list {rest}"] = s.client.get(LIST + rest).text
    return told


def test_18_and_19_a_formula_over_a_hidden_field_is_hidden_whatever_was_granted(stage, s):
    for id in stage.ids[:2]:
        for place, text in everything_told(stage, s, id).items():
            found = [word for word in (SCORE, DOUBLE) if word in text]
            assert not found, place
            assert not [name for name in HIDDEN_NAMES[:4] if name in text], place
    assert DOUBLE in stage.boss.get(f"/records/client/{stage.own}").text


def test_01_and_04_and_09_nothing_is_asked_of_a_formula(stage, s):
    tree = json.dumps({"field": "double", "op": "gt", "value": 1})
    with unchanged(stage.store):
        for path, params in (
            ("/records/client", {"where": tree}), ("/records/client", {"sort": "double"}),
            ("/records/client/export", {"where": tree}), ("/records/client/export", {"sort": "-double"}),
            ("/records/client/group", {"by": "double"}),
            ("/records/client/group", {"by": "level", "measures": "sum:double"}),
        ):  # fmt: skip
            answer = stage.s.get(path, params=params)
            assert (answer.status_code, answer.json["code"]) == (403, "not_allowed"), (path, params)
        assert s.get(LIST, where=tree).status_code == 403
        assert s.get(LIST, sort="double").status_code == 403
    for word in (SCORE, DOUBLE):
        assert stage.s.get("/records/client", params={"q": word}).json["items"] == []


def test_18_a_field_that_shows_by_a_hidden_one_does_not_tell_of_it(stage, s):
    """On the page the condition behaves as false, for a record on which it holds and one on which it does not."""
    records.update(Door(stage.store, SYSTEM).open("client"), stage.own, {"score": None}, expected=2)
    for id in stage.ids[:2]:
        for rest in ("", "edit/"):
            page = s.get(f"{LIST}{id}/{rest}").text
            assert not [name for name in HIDDEN_NAMES[:4] if name in page]
            assert ("Perk" in page) == (rest == "edit/")  # a form without the rule keeps its input


def by_level(level):
    """Pay is read where the level is so."""

    def change(tree):
        siblings(tree)
        one = next(one for one in tree["grants"] if (one["holder"], one["target"]) == ("role:sales", "salary"))
        one.update(when={"field": "level", "op": "eq", "value": level}, write="none")

    return change


def test_18_and_36_history_shows_what_present_and_past_both_allow(stage, s, boss):
    """A grant that hangs on a value: neither an earlier nor the present value of it opens what the other hides."""
    door = Door(stage.store, SYSTEM).open("client")
    records.update(door, stage.own, {"level": "iron"}, expected=2)
    records.update(door, stage.own, {"salary": "777000", "notes": "now"}, expected=3)
    for level in ("gold", "iron"):
        stage.change_grants(by_level(level))
        told = everything_told(stage, s, stage.own)
        # no more of a moment than is kept: zeros behind it could be taken for a pay of 20000
        assert not re.findall(r'datetime="[^"]*\d{5}[^"]*"', "".join(told.values()))
        if level == "gold":  # the present is iron: no revision tells the pay
            assert not [place for place, text in told.items() if "20000" in text or "777000" in text]
        else:  # the present is iron: what stood there while it was gold stays hidden
            assert "777000.00" in told["record"]
            assert "20000.00" not in told["compare/?from=1&to=4"]
            assert "20000.00" in told["revisions/4/diff"]


def test_36_a_conflict_page_shows_the_other_side_only_to_whom_may_read_it(stage, s, boss):
    form = s.form(f"{LIST}{stage.own}/edit/")
    records.update(
        Door(stage.store, SYSTEM).open("client"), stage.own,
        {"phone": ["13600001111"], "id_card": "440308199901010039", "score": 424242, "notes": "theirs"}, expected=2,
    )  # fmt: skip
    for typed in ({"notes_m2n3": "mine"}, {"notes_m2n3": "mine", "phone_c3d4": "13622223333"},
                  {"notes_m2n3": "mine", "score_s1s1": "1", "id_card_e5f6": ID_CARD}):  # fmt: skip
        with unchanged(stage.store):
            page = s.post(f"{LIST}{stage.own}/edit/", data={**form, **typed})
        assert page.status_code == 200
        assert "theirs" in page.text
        for value in ("13600001111", "440308199901010039", "424242", "Score", "Paper", *HIDDEN[1:]):
            assert value not in page.text, value
        settled = {**form, **typed, "settled": "1", "seen": "2", "take.notes_m2n3": "mine"}
        with unchanged(stage.store):
            assert "424242" not in s.post(f"{LIST}{stage.own}/edit/", data=settled).text
    answer = stage.s.patch(f"/records/client/{stage.own}", json={"notes": "x"}, match=2)
    assert (answer.status_code, answer.json["code"]) == (412, "stale")
    assert not [value for value in ("13600001111", "424242", "theirs") if value in answer.text]


def test_28_and_36_a_settled_conflict_takes_nothing_that_was_not_on_the_form(stage, s):
    form = s.form(f"{LIST}{stage.own}/edit/")
    records.update(Door(stage.store, SYSTEM).open("client"), stage.own, {"notes": "theirs"}, expected=2)
    extra = {"level_j9k1": "iron", "id_card_e5f6": "440308199901010039", "score_s1s1": "1", "owner": "x"}
    taken = {f"take.{name}": "mine" for name in (*extra, "notes_m2n3")}
    before = stage.store.data.r_client.find_one({"_id": stage.own})
    s.post(
        f"{LIST}{stage.own}/edit/", data={**form, **extra, **taken, "notes_m2n3": "mine", "settled": "1", "seen": "3"}
    )
    after = stage.store.data.r_client.find_one({"_id": stage.own})
    assert {id for id in after["v"] if after["v"][id] != before["v"].get(id)} == {"notes_m2n3"}
    assert (after["owner"], after["dept"]) == (before["owner"], before["dept"])


def test_28_a_new_record_by_form_takes_no_extra_input(stage, s):
    extra = {"level_j9k1": "iron", "id_card_e5f6": ID_CARD, "score_s1s1": "1", "owner": stage.other.user.id,
             "department": "b", "archive_no": "CL-1",
        "state": "gone", "rev": "9", "created_by": "x", "income_v1w2": "1", "_id": "z" * 26}  # fmt: skip
    form = s.form(f"{LIST}new/")
    answer = s.post(f"{LIST}new/", data={**form, **extra, "name_a1b2": "新来的"})
    assert answer.status_code == 302
    made = stage.store.data.r_client.find_one({"v.name_a1b2": "新来的"})
    assert made["v"].keys() == {"name_a1b2"}
    assert (made["owner"], made["dept"], made["rev"]) == (stage.s.user.id, "a", 1)
    assert made["_id"] != "z" * 26


def test_36_and_37_a_replay_gives_the_record_through_the_rights_of_now(stage):
    """An idempotency key keeps no answer: what is given again is judged again, and is nobody else's."""
    headers = {"Idempotency-Key": "k1"}
    body = {"name": "新来的", "phone": ["13811112222"], "notes": "mine"}
    first = stage.s.post("/records/client", json=body, headers=headers)
    assert first.status_code == 201
    records.update(
        Door(stage.store, SYSTEM).open("client"), first.json["id"], {"id_card": "440308199901010039"}, expected=1
    )
    with unchanged(stage.store):
        again = stage.s.post("/records/client", json=body, headers=headers)
        assert again.json["id"] == first.json["id"]
        assert "13811112222" not in again.text
        assert "id_card" not in again.text
        other = stage.s.post("/records/client", json=body | {"notes": "x"}, headers=headers)
        assert other.status_code == 422
        assert first.json["id"] not in other.text
    records.update(Door(stage.store, SYSTEM).open("client"), first.json["id"], {"department": "b"}, expected=2)
    with unchanged(stage.store):
        assert stage.s.post("/records/client", json=body, headers=headers).status_code == 404
    mine = stage.other.post("/records/client", json=body, headers=headers)
    assert (mine.status_code, mine.json["id"] == first.json["id"]) == (201, False)


def test_10_and_36_tags_and_refusals_tell_nothing_of_rows_out_of_reach(stage):
    """A record of another department and one that never was are the same, whatever is asked and named."""
    absent = "a" * 26
    for method, rest, more in (
        ("GET", "", {}), ("GET", "/revisions", {}), ("PATCH", "", {"json": {"notes": "x"}, "match": 1}),
        ("PATCH", "", {"json": {"notes": "x"}, "match": 9}), ("PATCH", "", {"json": {"id_card": "x"}, "match": 1}),
        ("PATCH", "", {"json": {"nothing": 1}, "match": 1}), ("DELETE", "", {"match": 1}), ("DELETE", "", {"match": 7}),
        ("POST", "/restore", {"match": 1}), ("POST", "/revisions/1/revert", {"match": 1}),
        ("POST", "/revisions/7/revert", {"match": 1}), ("GET", "", {"headers": {"If-None-Match": '"1"'}}),
    ):  # fmt: skip
        told = set()
        with unchanged(stage.store):
            for id in (stage.ids[2], absent):
                answer = stage.s.call(method, f"/records/client/{id}{rest}", **dict(more))
                told.add((answer.status_code, answer.data.replace(id.encode(), b"ID"), answer.headers.get("ETag")))
        assert len(told) == 1, (method, rest, told)
        assert next(iter(told))[0] == 404


def test_10_and_14_pages_of_rows_out_of_reach_are_pages_of_nothing(stage, s):
    absent = "a" * 26
    for rest, form in (
        ("", None), ("edit/", None), ("compare/", None), ("revisions/1/diff", None),
        ("edit/", {"notes_m2n3": "x"}), ("trash", {"revision": "1"}), ("restore", {"revision": "1"}),
        ("revisions/1/revert", {"revision": "1"}),
    ):  # fmt: skip
        with unchanged(stage.store):
            paths = [f"{LIST}{id}/{rest}" for id in (stage.ids[2], absent)]
            codes = {(s.get(path) if form is None else s.post(path, data=form)).status_code for path in paths}
        assert codes == {404}, rest
    lost = sign_in(stage.app, stage.store, add_user(stage.store, "lost", ["sales"]))
    nobody = sign_in(stage.app, stage.store, add_user(stage.store, "nobody", []))
    for path in (LIST, f"{LIST}count", f"{LIST}trash/", f"{LIST}export/", f"{LIST}new/", f"{LIST}{stage.own}/"):
        assert nobody.get(path).status_code == 404
        page = lost.get(path)
        assert not [id for id in stage.ids if id in page.text]
    assert "0 in all" in lost.get(f"{LIST}count", shown="0").text
    empty = {"field": "name", "op": "in", "value": []}
    assert not [id for id in stage.ids if id in s.get(LIST, where=empty).text]
    kept = s.post(f"{LIST}columns", data={"column": [], "sort": "", "back": LIST})
    assert kept.status_code == 302
    assert not [name for name in HIDDEN_NAMES if name in s.get(LIST).text]


def test_21_restore_by_page_brings_back_no_more_than_it_took(stage, s, boss):
    before = stage.store.data.r_client.find_one({"_id": stage.own})["v"]
    assert s.post(f"{LIST}{stage.own}/trash", revision="2").status_code == 302
    page = s.get(f"{LIST}trash/").text
    assert stage.own in page
    assert not [value for value in (*HIDDEN, SCORE) if value in page]
    boss.post(f"{LIST}{stage.ids[2]}/trash", revision="1")
    assert stage.ids[2] not in s.get(f"{LIST}trash/").text
    with unchanged(stage.store):
        assert s.post(f"{LIST}{stage.ids[2]}/restore", revision="2").status_code == 404
        assert s.post(f"{LIST}{stage.own}/revisions/1/revert", revision="3").status_code in (302, 409)
        form = {"revision": "3", "notes_m2n3": "in the trash"}
        assert s.post(f"{LIST}{stage.own}/edit/", data=form).status_code in (200, 403, 409)
    assert s.post(f"{LIST}{stage.own}/restore", revision="3").status_code == 302
    assert stage.store.data.r_client.find_one({"_id": stage.own})["v"] == before


def test_14_and_21_the_trash_is_for_those_who_may_restore(stage, boss):
    """To see a record is not to see it in the trash: neither its row, nor its page, nor how many there are."""
    helper = sign_in(stage.app, stage.store, add_user(stage.store, "h", ["helpdesk"], "a"))
    program = caller(stage.app, stage.store, helper.user)
    assert stage.own in helper.get(LIST).text
    boss.post(f"{LIST}{stage.own}/trash", revision="2")
    with unchanged(stage.store):
        page = helper.get(f"{LIST}trash/").text
        assert not [word for word in (stage.own, "张三丰") if word in page]
        assert "0 in all" in helper.get(f"{LIST}count", trash="1", shown="0").text
        for rest in ("", "edit/", "compare/", "revisions/1/diff"):
            assert helper.get(f"{LIST}{stage.own}/{rest}").status_code == 404
        for path in (f"/records/client/{stage.own}", f"/records/client/{stage.own}/revisions"):
            assert program.get(path).status_code == 404
        assert "张三丰" not in program.get("/records/client/export").text
        assert "张三丰" not in program.get("/records/client", params={"q": "张三丰"}).text


def test_03_a_conditional_field_opened_to_filters_tells_nothing_by_counts_or_suggestions(stage, s):
    def opened(tree):
        siblings(tree)
        next(one for one in tree["grants"] if one["target"] == "salary")["use"] = ["filter"]

    stage.change_grants(opened)
    for tree in (
        {"field": "salary", "op": "gt", "value": "10000"}, {"not": {"field": "salary", "op": "lte", "value": "10000"}},
        {"not": {"field": "salary", "op": "empty", "value": True}}, {"field": "salary", "op": "ne", "value": "1"},
    ):  # fmt: skip
        page = s.get(LIST, where=tree).text
        assert stage.own in page
        assert stage.ids[1] not in page
        assert "1 in all" in s.get(f"{LIST}count", where=tree, shown="1").text
        empty = {"all": [{"field": "name", "op": "eq", "value": "nobody"}, tree]}
        assert ">1</b>" in s.get(f"{LIST}suggest", where=empty).text
        data = s.post(f"{LIST}export/download", data={"format": "jsonl", "where": json.dumps(tree)}).data
        assert [json.loads(line)["id"] for line in data.splitlines()] == [stage.own]
        found = stage.s.get("/records/client/group", params={"where": json.dumps(tree), "by": "level"}).json["groups"]
        assert sum(one["count"] for one in found) == 1
    hidden = {"field": "salary", "op": "eq", "value": "12345"}
    for tree in (hidden, {"all": [hidden, {"field": "name", "op": "eq", "value": "李四光"}]}):
        assert "0 in all" in s.get(f"{LIST}count", where=tree, shown="0").text
        assert stage.ids[1] not in s.get(LIST, where=tree).text


def test_24_no_file_of_an_export_is_left_for_another(stage, s, boss, tmp_path):
    """Exports are streamed: there is no address at which the file of somebody else could be asked for."""
    names = set(stage.store.data.list_collection_names())
    answer = boss.post(f"{LIST}export/download", data={"format": "xlsx"})
    assert answer.status_code == 200
    assert answer.data
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(stage.store.data.list_collection_names()) == names
    for path in (
        "/admin/exports/",
        "/admin/files/",
        "/exports/1",
        "/api/v1/exports",
        f"{LIST}export/1",
        f"{LIST}export/download",
    ):
        assert s.client.get(path).status_code in (404, 405)


def test_41_a_right_taken_away_is_gone_from_open_forms_and_kept_pages(stage, s):
    """A form that lay open, a cursor and a list with kept columns, after the right went."""
    form = s.form(f"{LIST}{stage.own}/edit/")
    cursor = stage.s.get("/records/client", params={"limit": 1, "sort": "name"}).json["next"]
    s.post(f"{LIST}columns", data={"column": ["notes_m2n3", "name_a1b2"], "sort": "name", "back": LIST})
    assert "first" in s.get(LIST).text

    def without(tree):
        tree["grants"] = [one for one in tree["grants"] if (one["holder"], one["target"]) != ("role:sales", "notes")
                          and (one["holder"], one["target"]) != ("role:sales", "name")]  # fmt: skip

    stage.change_grants(without)
    with unchanged(stage.store):
        s.post(f"{LIST}{stage.own}/edit/", data={**form, "notes_m2n3": "late", "name_a1b2": "late"})
        s.post(f"{LIST}{stage.own}/revisions/1/revert", revision="2")
    assert s.get(LIST).status_code == 200
    assert not [word for word in ("first", "second", "张三丰") if word in s.get(LIST).text]
    assert not [word for word in ("first", "张三丰") if word in s.get(f"{LIST}{stage.own}/").text]
    answer = stage.s.get("/records/client", params={"limit": 1, "sort": "name", "after": cursor})
    assert (answer.status_code, answer.json["code"]) == (403, "not_allowed")


def test_41_a_cursor_is_good_for_its_own_question_and_person_only(stage):
    cursor = stage.boss.get("/records/client", params={"limit": 1, "sort": "salary"}).json["next"]
    asker = caller(stage.app, stage.store, stage.boss.user)
    assert asker.get("/records/client", params={"limit": 1, "sort": "salary", "after": cursor}).status_code == 200
    with unchanged(stage.store):
        for who, params in (
            (stage.s, {"sort": "name"}), (stage.s, {}), (stage.boss, {"sort": "-salary"}),
            (stage.boss, {"sort": "level"}), (stage.boss, {"sort": "salary", "q": "x"}),
            (stage.boss, {"sort": "salary", "where": '{"all": []}'}),
        ):  # fmt: skip
            assert who.get("/records/client", params={"limit": 1, "after": cursor, **params}).status_code == 422
        assert stage.s.get("/records/client", params={"sort": "salary", "after": cursor}).status_code == 403
