"""The pages of records as a person uses them: every way through, and what is stored at its end."""

import csv
import io
import re

import pytest

from models.access.door import Door
from models.operations import records, users
from tests.attack.asking import stored
from tests.attack.pages import LIST, page_of
from tests.attack.panel import SYSTEM, process
from tests.attack.stage import HIDDEN
from tests.attack.unchanged import unchanged


def shown(stage, id):
    """The record as the system sees it, in REST shape."""
    return Door(stage.store, SYSTEM).open("client").get(id).to_json()


def saved(answer):
    assert answer.status_code == 302, re.sub(r"<[^>]+>", " ", answer.text)[-2500:]
    return answer


def edit(person, id, **values):
    """Open the form, change these inputs (by field id), send it."""
    return person.post(page_of(id, "edit/"), data={**person.form(page_of(id, "edit/")), **values})


def test_a_list_shows_what_the_scope_holds_and_nothing_else(stage, s, boss):
    assert stage.ids[2] in boss.get(LIST).text
    page = s.get(LIST).text
    assert stage.ids[0] in page
    assert stage.ids[1] in page
    assert stage.ids[2] not in page


def test_a_value_whose_key_is_gone_hides_no_page(stage, boss):
    stage.store.keyring.drop([stage.ids[0]])
    for path in (LIST, page_of(stage.ids[0]), page_of(stage.ids[0], "edit/")):
        answer = boss.get(path)
        assert answer.status_code == 200, path
    assert "Cannot be opened" in boss.get(page_of(stage.ids[0])).text


def test_a_list_is_a_link(stage, boss):
    page = boss.get(LIST, where={"field": "level", "op": "eq", "value": "gold"}).text
    assert stage.ids[0] in page
    assert stage.ids[1] not in page
    assert stage.ids[1] in boss.get(LIST, q="李四光").text
    assert stage.ids[0] not in boss.get(LIST, q="李四光").text


@pytest.mark.parametrize(("by", "words"), [
    ("cli:root", "the command line"), ("job:demo", "a background job"), ("system:shipped", "as delivered"),
    ("shipped", "as delivered"), ("first sign-in", "the first sign-in"), ("tests", "the system"),
    ("a" * 26, "a former user"),
])
def test_the_timeline_names_parts_of_the_system_and_takes_none_for_a_user(stage, boss, by, words):
    stage.store.data.revisions.update_many({"record": stage.own}, {"$set": {"by": by}})
    stage.store.data.r_client.update_one({"_id": stage.own}, {"$set": {"created_by": "cli:x", "updated_by": "cli:x"}})
    page = boss.get(page_of(stage.own)).text
    assert words in page
    assert ("a former user" in page) == (words == "a former user")


def test_paging_goes_forth_and_back(stage, boss):
    seen, page = [], boss.get(LIST, sort="name", limit="1").text
    for _ in range(3):
        seen += re.findall(r'<tr data-href="[^"]+" data-id="(\w+)"', page)
        link = re.search(r'rel="next" href="([^"]+)"', page)
        if not link:
            break
        page = boss.client.get(link[1].replace("&amp;", "&")).text
    assert sorted(seen) == sorted(stage.ids)
    back = re.search(r'rel="prev" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert f'data-id="{seen[1]}"' in boss.client.get(back).text


def test_the_count_comes_after_the_rows(boss):
    assert "3 in all" in boss.get(f"{LIST}count", shown="3").text


def test_a_page_without_rows_says_which_condition_keeps_them_out(boss):
    where = {"all": [{"field": "level", "op": "eq", "value": "gold"}, {"field": "name", "op": "eq", "value": "x"}]}
    assert "Nothing meets all 2 conditions" in boss.get(LIST, where=where).text
    found = boss.get(f"{LIST}suggest", where=where).text
    assert re.findall(r'<b class="no">(\d+)</b>', found) == ["0", "1"]


def test_a_condition_is_made_by_a_form(boss):
    assert "Gold" in boss.get(f"{LIST}condition", field="level").text
    answer = boss.get(f"{LIST}narrow", field="level", op="eq", value="gold")
    assert answer.status_code == 302
    page = boss.client.get(answer.location).text
    assert 'class="chip"' in page
    assert page.count("<tr data-href") == 1


@pytest.mark.parametrize("args", [{"where": "{"}, {"where": '{"all":1}'}, {"limit": "x"}, {"after": "forged"}])
def test_a_question_that_cannot_be_read_says_so(boss, args):
    answer = boss.get(LIST, **args)
    assert answer.status_code == 422
    assert "<tr data-href" not in answer.text


def test_columns_and_order_are_kept_for_a_person(stage, boss):
    assert "notes_m2n3" in boss.get(f"{LIST}columns").text
    saved(boss.post(f"{LIST}columns", column=["notes_m2n3", "name_a1b2"], sort="-name", back=LIST))
    heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', boss.get(LIST).text, re.DOTALL)
    assert [re.sub(r"<[^>]+>", "", head).strip().split("\n")[0][:5] for head in heads] == ["Notes", "Name"]
    assert 'aria-sort="descending"' in boss.get(LIST).text
    saved(boss.post(f"{LIST}columns", reset="1", back=LIST))
    assert "Notes" not in "".join(re.findall(r'<th scope="col".*?</th>', boss.get(LIST).text, re.DOTALL))


def test_colours_and_language_are_kept_with_the_account(stage, boss):
    saved(boss.post("/preferences", theme="dark", density="compact", locale="zh_Hant_TW", back=LIST))
    page = boss.get(LIST).text
    assert 'lang="zh-Hant"' in page
    assert 'data-bs-theme="dark"' in page
    assert 'data-density="compact"' in page
    assert "客戶" in page


def test_confidential_columns_are_covered_until_switched_on(stage, boss):
    saved(boss.post(f"{LIST}columns", column=["name_a1b2", "phone_c3d4"], back=LIST))
    assert "13812345678" not in boss.get(LIST).text
    saved(boss.post(f"{LIST}unmask", show="1", back=LIST))
    assert "13812345678" in boss.get(LIST).text
    assert stage.store.data.audit_entries.count_documents({"action": "records:show_confidential"}) == 1
    saved(boss.post(f"{LIST}unmask", show="0", back=LIST))
    assert "13812345678" not in boss.get(LIST).text


def test_a_record_shows_each_mark(stage, s):
    page = s.get(page_of(stage.ids[1])).text
    assert "李四光" in page
    assert "139<i>****</i>4321" in page
    assert "Not yours to see" in page  # the pay of somebody else's customer: known to exist, not theirs


def test_a_new_record_is_filed(stage, boss):
    form = boss.form(f"{LIST}new/")
    values = {"name_a1b2": "赵六", "phone_c3d4": ["13812340000", ""], "salary_g7h8": "1,250.5", "agreed_p4q5": "false",
              "level_j9k1": "gold", "spouse_t8u9": "小梅", "income_v1w2": "7"}  # fmt: skip
    answer = saved(boss.post(f"{LIST}new/", data={**form, **values}))
    found = shown(stage, answer.location.rstrip("/").rpartition("/")[2])
    assert found["name"] == "赵六"
    assert found["phone"] == [{"number": "+8613812340000", "verified_at": None}]
    assert found["salary"] == {"amount": "1250.50", "currency": "CNY"}
    assert found["agreed"] is False
    assert found["family"] == {"spouse": "小梅", "income": 7}


def test_the_same_form_sent_twice_makes_one_record(stage, boss):
    form = {**boss.form(f"{LIST}new/"), "name_a1b2": "赵六"}
    first = saved(boss.post(f"{LIST}new/", data=form))
    assert saved(boss.post(f"{LIST}new/", data=form)).location == first.location
    assert stage.store.data.r_client.count_documents({}) == 4


def test_wrong_values_are_said_at_their_fields_and_nothing_is_lost(stage, boss):
    form = {**boss.form(f"{LIST}new/"), "name_a1b2": "赵六", "phone_c3d4": "12a", "salary_g7h8": "many"}
    with unchanged(stage.store):
        page = boss.post(f"{LIST}new/", data=form).text
    assert 'value="12a"' in page
    assert 'value="many"' in page
    assert 'value="赵六"' in page
    assert page.count('class="finding bad"') == 2
    assert 'href="#f-phone_c3d4"' in page


def test_an_edit_touches_what_was_changed_and_no_more(stage, boss):
    before = stored(stage, stage.own)
    saved(edit(boss, stage.own, notes_m2n3="changed"))
    after = stored(stage, stage.own)
    assert after["rev"] == 2
    assert {id for id in before["v"] if before["v"][id] != after["v"].get(id)} == {"notes_m2n3"}


def test_an_edit_without_a_change_writes_nothing(stage, boss):
    with unchanged(stage.store):
        saved(boss.post(page_of(stage.own, "edit/"), data=boss.form(page_of(stage.own, "edit/"))))


def test_the_form_as_it_was_shown_changes_nothing(stage, boss):
    """Every input sent back as the page had it: the reading and the showing of each widget agree."""
    page = boss.get(page_of(stage.own, "edit/")).text
    values = {}
    for tag in re.findall(r"<input\b[^>]*>", page.partition('<form class="rec form"')[2]):
        one = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if one.get("name") and (one.get("type") not in ("checkbox", "radio") or " checked" in tag):
            values.setdefault(one["name"], []).append(one.get("value", ""))
    for name, inner in re.findall(r'<select\b[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        values[name] = chosen[1] if chosen else ""
    values.pop("csrf_token")
    with unchanged(stage.store):
        saved(boss.post(page_of(stage.own, "edit/"), data=values))


def test_an_emptied_field_is_emptied(stage, boss):
    saved(edit(boss, stage.own, notes_m2n3="", level_j9k1=""))
    found = shown(stage, stage.own)
    assert found["notes"] is None
    assert found["level"] is None


def test_a_mask_left_alone_is_kept_and_typed_over_is_replaced(stage, s):
    saved(edit(s, stage.own, notes_m2n3="x", phone_c3d4=""))
    assert shown(stage, stage.own)["phone"][0]["number"] == "+8613812345678"
    saved(edit(s, stage.own, phone_c3d4="13900001111"))
    assert shown(stage, stage.own)["phone"][0]["number"] == "+8613900001111"
    saved(edit(s, stage.own, **{"phone_c3d4": "", "phone_c3d4.here": "1", "phone_c3d4.clear": "1"}))
    assert shown(stage, stage.own)["phone"] is None


def test_changes_of_different_fields_meet_without_a_question(stage, boss, s):
    theirs = boss.form(page_of(stage.own, "edit/"))
    saved(edit(s, stage.own, notes_m2n3="from s"))
    saved(boss.post(page_of(stage.own, "edit/"), data={**theirs, "level_j9k1": "iron"}))
    found = shown(stage, stage.own)
    assert (found["notes"], found["level"], found["revision"]) == ("from s", "iron", 3)


def test_a_conflict_shows_both_sides_and_takes_the_choice(stage, boss, s):
    mine = boss.form(page_of(stage.own, "edit/"))
    saved(edit(s, stage.own, notes_m2n3="from s"))
    typed = {**mine, "notes_m2n3": "from boss", "level_j9k1": "iron"}
    with unchanged(stage.store):
        page = boss.post(page_of(stage.own, "edit/"), data=typed)
    assert "from s" in page.text
    assert "from boss" in page.text
    choice = {**typed, "settled": "1", "seen": "2", "take.notes_m2n3": "theirs", "take.level_j9k1": "mine"}
    saved(boss.post(page_of(stage.own, "edit/"), data=choice))
    found = shown(stage, stage.own)
    assert (found["notes"], found["level"]) == ("from s", "iron")


def test_a_choice_made_too_late_is_asked_for_again(stage, boss, s):
    mine = boss.form(page_of(stage.own, "edit/"))
    saved(edit(s, stage.own, notes_m2n3="from s"))
    saved(edit(s, stage.own, notes_m2n3="from s again"))
    choice = {**mine, "notes_m2n3": "from boss", "settled": "1", "seen": "2", "take.notes_m2n3": "mine"}
    with unchanged(stage.store):
        assert "from s again" in boss.post(page_of(stage.own, "edit/"), data=choice).text


def test_a_conflict_shows_no_cell_the_person_may_not_read(stage, boss, s):
    mine = s.form(page_of(stage.own, "edit/"))
    saved(edit(boss, stage.own, notes_m2n3="other", phone_c3d4="13800009999", income_v1w2="555444"))
    page = s.post(page_of(stage.own, "edit/"), data={**mine, "notes_m2n3": "mine", "phone_c3d4": "13700001111"}).text
    assert "13800009999" not in page
    assert not [value for value in (*HIDDEN, "555444", "id_card", "income") if value in page]


def test_trash_and_back(stage, boss):
    saved(boss.post(page_of(stage.own, "trash"), revision="1"))
    assert stage.own not in boss.get(LIST).text
    assert stage.own in boss.get(f"{LIST}trash/").text
    assert "In the trash" in boss.get(page_of(stage.own)).text
    saved(boss.post(page_of(stage.own, "restore"), revision="2"))
    assert stage.own in boss.get(LIST).text


def test_what_was_changed_meanwhile_is_not_put_into_the_trash(stage, boss, s):
    saved(edit(s, stage.own, notes_m2n3="new"))
    with unchanged(stage.store):
        saved(boss.post(page_of(stage.own, "trash"), revision="1"))


def test_several_rows_go_to_the_trash_each_judged_by_itself(stage, s):
    saved(s.post(f"{LIST}selected", id=stage.ids, verb="trash", back=LIST))
    trashed = [bool(stored(stage, id)["life"]["trashed_at"]) for id in stage.ids]
    assert trashed == [True, True, False]


def test_compare_and_revert(stage, boss):
    saved(edit(boss, stage.own, notes_m2n3="second thought"))
    page = boss.get(page_of(stage.own, "compare/"), **{"from": "1", "to": "2"}).text
    assert "<del>first</del>" in page
    assert "<ins>second thought</ins>" in page
    assert "second thought" in boss.get(page_of(stage.own, "revisions/2/diff")).text
    saved(boss.post(page_of(stage.own, "revisions/1/revert"), revision="2"))
    found = shown(stage, stage.own)
    assert (found["notes"], found["revision"]) == ("first", 3)


def test_the_timeline_goes_back_to_the_first_revision_page_by_page(stage, boss):
    first = stage.store.data.revisions.find_one({"_id": f"{stage.own}:1"})
    more = [first | {"_id": f"{stage.own}:{rev}", "rev": rev, "action": "edit"} for rev in range(2, 124)]
    stage.store.data.revisions.insert_many(more)
    stage.store.data.r_client.update_one({"_id": stage.own}, {"$set": {"rev": 123}})
    text, seen = boss.get(page_of(stage.own)).text, []
    while True:
        entries = text.partition('<ol class="tl">')[2] or text
        seen += [int(one) for one in re.findall(r"rev\. (\d+)</span>", entries)]
        link = re.search(r'hx-get="([^"]+timeline[^"]+)"', text)
        if not link:
            break
        text = boss.client.get(link[1].replace("&amp;", "&")).text
    assert seen == list(range(123, 0, -1))
    path, asked, seen = f"/records/client/{stage.own}/revisions", {"limit": 50}, []
    while True:
        answer = stage.s.get(path, params=asked).json
        seen += [one["revision"] for one in answer["items"]]
        if not answer["next"]:
            break
        asked["after"] = answer["next"]
    assert seen == list(range(123, 0, -1))
    assert stage.sh.get(path, params=asked).status_code == 422, "a mark of somebody else's page"
    assert "<del>" not in boss.get(page_of(stage.own, "compare/"), **{"from": "1", "to": "123"}).text
    assert boss.get(page_of(stage.own, "compare/"), **{"from": "1", "to": "124"}).status_code == 404


@pytest.mark.parametrize("rest", ["", "edit/", "compare/", "timeline", "revisions/1/diff"])
@pytest.mark.parametrize("id", ["a" * 26, "x", "..", "A" * 300, "%00", "$where"])
def test_a_record_that_is_not_there_is_not_found(boss, id, rest):
    assert boss.get(page_of(id, rest)).status_code in (404, 308)


@pytest.mark.parametrize("rest", ["", "edit/", "compare/", "timeline", "revisions/1/diff"])
def test_a_record_out_of_scope_is_not_found_either(stage, s, rest):
    assert s.get(page_of(stage.ids[2], rest)).status_code == 404


@pytest.mark.parametrize("rest", ["trash", "restore", "revisions/1/revert", "edit/"])
def test_a_post_without_its_token_writes_nothing(stage, boss, rest):
    with unchanged(stage.store):
        answer = boss.client.post(page_of(stage.own, rest), data={"revision": "1", "notes_m2n3": "x"})
    assert answer.status_code == 400


@pytest.mark.parametrize("rest", ["trash", "restore", "revisions/1/revert"])
def test_a_verb_is_not_a_page(stage, boss, rest):
    assert boss.get(page_of(stage.own, rest)).status_code == 405


def test_a_stranger_is_sent_to_the_door(stage):
    client = process(stage.store).test_client()
    for path in ("/admin/", LIST, page_of(stage.own), f"{LIST}export/", f"{LIST}count", f"{LIST}new/"):
        assert client.get(path).location.startswith("/login")


def test_an_unknown_type_is_not_found(boss):
    assert boss.get("/admin/r/nothing/").status_code == 404


def export(person, form, columns, **more):
    data = {"format": form, "column": columns, **more}
    return person.post(f"{LIST}export/download", data=data)


def test_a_csv_opens_in_a_spreadsheet_without_a_live_formula(stage, boss):
    saved(edit(boss, stage.own, notes_m2n3="=cmd|' /C calc'!A0"))
    answer = export(boss, "csv", ["name", "notes", "salary"])
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["Name", "Notes", "Pay"]
    assert ["张三丰", "'=cmd|' /C calc'!A0", "20000.00"] in rows
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="client-')
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]


def test_an_export_is_logged_at_both_ends(stage, boss):
    export(boss, "jsonl", ["name"]).get_data()
    actions = [one["action"] for one in stage.store.data.audit_entries.find().sort("seq")]
    assert [action for action in actions if "export" in action] == ["records:export", "records:export_end"]


def test_the_export_page_offers_what_may_leave(stage, s, boss):
    page = s.get(f"{LIST}export/").text
    assert 'value="name"' in page
    assert "id_card" not in page
    assert 'value="id_card"' in boss.get(f"{LIST}export/").text


def test_a_role_taken_away_closes_the_next_page(stage, s):
    assert s.get(LIST).status_code == 200
    users.set_roles(SYSTEM, stage.store, s.user.id, [])
    assert s.get(LIST).status_code == 404
    assert s.get(page_of(stage.own)).status_code == 404


def test_what_was_typed_by_others_is_text(stage, boss):
    nasty = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    door = Door(stage.store, SYSTEM).open("client")
    records.update(door, stage.own, {"notes": nasty, "name": nasty, "family": {"spouse": nasty}}, expected=1)
    saved(boss.post(f"{LIST}columns", column=["name_a1b2", "notes_m2n3"], back=LIST))
    for path in (LIST, page_of(stage.own), page_of(stage.own, "edit/"), page_of(stage.own, "compare/"), "/admin/"):
        page = boss.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
