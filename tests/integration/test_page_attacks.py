"""The attacks of the field-permission paper against pages. The numbers are those of its list.

After every refused call the database is what it was, byte for byte.
"""

import io
import json
import re
import zipfile

import pytest
import yaml

from models.access.door import Door
from models.errors import Unavailable
from models.operations import records, types, users
from tests.attack.asking import NAMES_OF_HIDDEN, SPELLINGS
from tests.attack.pages import LIST, page_of, sign_in
from tests.attack.panel import SYSTEM, process
from tests.attack.stage import FOLDER, HIDDEN, ID_CARD, PHONES
from tests.attack.unchanged import unchanged

OPERATORS = ("eq", "ne", "in", "starts", "contains", "gt", "empty")


def leaf(field, op, value):
    return {"field": field, "op": op, "value": value}


def without_event(answer):
    """A page without what names this request: the event, the nonce, the tokens, the question itself."""
    return answer.text.partition('<div class="blank">')[2].partition('<p class="m">')[0]


def every_page(id):
    """Everything S can open on a record of S's own."""
    return [LIST, f"{LIST}count", f"{LIST}columns", f"{LIST}builder", f"{LIST}new/", f"{LIST}export/", f"{LIST}trash/",
            page_of(id), page_of(id, "edit/"), page_of(id, "compare/"), "/admin/"]  # fmt: skip


def leaks(text):
    return [value for value in (*HIDDEN, *NAMES_OF_HIDDEN) if value in text]


def refused_everywhere(stage, s, questions):
    """A list, its count and its suggestions refuse each question alike, and nothing is touched."""
    bodies = set()
    with unchanged(stage.store):
        for args in questions:
            answer = s.get(LIST, **args)
            assert answer.status_code == 403, args
            bodies.add(without_event(answer))
            if "where" in args:  # an order does not count
                assert s.get(f"{LIST}count", **args).status_code == 403
            assert s.post(f"{LIST}export/download", data={**_as_form(args), "format": "csv"}).status_code == 403
    assert len(bodies) == 1
    assert not leaks(bodies.pop())


def _as_form(args):
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in args.items()}


def test_01_no_condition_on_a_hidden_field(stage, s):
    values = {"in": [ID_CARD], "empty": True}
    trees = [leaf(name, op, values.get(op, ID_CARD)) for name in SPELLINGS[:3] for op in OPERATORS]
    trees += [leaf(name, "eq", "x") for name in SPELLINGS]
    trees += [{"not": leaf("id_card", "eq", "x")}, {"any": [leaf("name", "eq", "x"), leaf("id_card", "eq", ID_CARD)]}]
    refused_everywhere(stage, s, [{"where": tree} for tree in trees])


def test_01_a_match_and_no_match_are_refused_alike(stage, s):
    refused_everywhere(stage, s, [{"where": leaf("id_card", "eq", value)} for value in (ID_CARD, "x")])


def test_01_the_builder_makes_no_condition_on_it(stage, s):
    for name in SPELLINGS:
        assert s.get(f"{LIST}condition", field=name).status_code == 404
        answer = s.get(f"{LIST}narrow", field=name, op="eq", value=ID_CARD)
        assert "where" not in answer.location


def test_02_no_filter_and_no_search_by_a_masked_phone(stage, s):
    refused_everywhere(stage, s, [{"where": leaf("phone", "eq", PHONES[0])}])
    for text in (PHONES[0], PHONES[0][-4:], "+86" + PHONES[0]):
        assert stage.own not in s.get(LIST, q=text).text


def test_03_a_conditional_field_is_not_filtered_by(stage, s):
    refused_everywhere(stage, s, [{"where": leaf("salary", op, "10000")} for op in ("gt", "eq", "lte")])


def test_04_no_order_by_what_may_not_be_seen(stage, s):
    names = ("id_card", "-id_card", "phone", "salary", "-salary", "v.salary_g7h8", "salary_g7h8", "name,salary", "0")
    refused_everywhere(stage, s, [{"sort": name} for name in names])


def test_04_a_kept_order_is_dropped_with_the_right(stage, s, boss):
    boss.post(f"{LIST}columns", column=["name_a1b2", "id_card_e5f6"], sort="-salary", back=LIST)
    stage.store.data.users.update_one(
        {"_id": s.user.id}, {"$set": {"prefs": stage.store.data.users.find_one({"_id": boss.user.id})["prefs"]}}
    )
    answer = s.get(LIST)
    assert answer.status_code == 200
    assert not leaks(answer.text)


@pytest.mark.parametrize(
    "args",
    [
        {"name[$ne]": ""},
        {"where": '{"$where": "1"}'},
        {"where": '{"field": "name", "op": "$regex", "value": ".*"}'},
        {"where": '{"field": "name", "op": "eq", "value": {"$ne": null}}'},
        {"where": '{"field": {"$gt": ""}, "op": "eq", "value": 1}'},
        {"where": '{"all": [{"$expr": {"$function": {}}}]}'},
        {"sort": '{"$meta": 1}'},
        {"q": '{"$ne": null}'},
        {"limit": '{"$gt": 0}'},
    ],
)
def test_07_operators_do_not_slip_in(stage, s, args):
    with unchanged(stage.store):
        answer = s.get(LIST, **args)
    assert answer.status_code in (200, 403, 422)
    if answer.status_code == 200:  # an argument nobody reads, or plain words to search for
        assert stage.ids[2] not in answer.text


def test_08_the_search_box_finds_by_nothing_hidden(stage, s):
    for text in (ID_CARD, ID_CARD[-4:], "777123", "20000"):
        assert stage.own not in s.get(LIST, q=text).text
        assert stage.own not in s.client.get("/admin/find", query_string={"q": text}, follow_redirects=True).text


def test_10_counts_are_scoped_like_rows(stage, s, boss):
    assert "2 in all" in s.get(f"{LIST}count", shown="2").text
    assert "3 in all" in boss.get(f"{LIST}count", shown="3").text
    where = {"all": [leaf("name", "eq", "nobody"), leaf("level", "eq", "iron")]}
    assert ">1</b>" in s.get(f"{LIST}suggest", where=where).text  # one iron in the department; the other stays unsaid


def test_13_two_roles_do_not_add_up(stage, sh):
    assert "12345" not in sh.get(page_of(stage.ids[1])).text
    page = sh.get(page_of(stage.ids[2])).text
    assert "王五德" in page
    assert "third" not in page
    assert not re.search(r"(?<!\d)5000(?!\d)", page)  # moments end in 5000 too, in one page of ten
    with unchanged(stage.store):
        form = sh.form(page_of(stage.ids[2], "edit/"))
        answer = sh.post(page_of(stage.ids[2], "edit/"), data={**form, "salary_g7h8": "1", "name_a1b2": "x"})
    assert answer.status_code in (200, 302, 403)


def test_18_and_19_no_page_holds_a_hidden_value_or_name(stage, s):
    for path in every_page(stage.own):
        answer = s.get(path)
        assert answer.status_code == 200, path
        assert not leaks(answer.text), path


def test_18_the_marks_of_others_rows_tell_nothing(stage, s):
    for rest in ("", "edit/", "compare/"):
        page = s.get(page_of(stage.ids[1], rest)).text
        assert not leaks(page)
        assert "12,345" not in page


def test_18_history_shows_no_more_than_the_present(stage, s, boss):
    form = boss.form(page_of(stage.own, "edit/"))
    boss.post(page_of(stage.own, "edit/"), data={**form, "income_v1w2": "424242", "phone_c3d4": "13600005555"})
    for path in (page_of(stage.own), page_of(stage.own, "revisions/2/diff"), page_of(stage.own, "compare/")):
        page = s.get(path).text
        assert "424242" not in page
        assert "13600005555" not in page
        assert not leaks(page)


def test_21_a_revert_does_not_write_what_the_person_may_not(stage, s, boss):
    form = boss.form(page_of(stage.own, "edit/"))
    boss.post(page_of(stage.own, "edit/"), data={**form, "level_j9k1": "iron", "income_v1w2": "1"})
    before = stage.store.data.r_client.find_one({"_id": stage.own})
    answer = s.post(page_of(stage.own, "revisions/1/revert"), revision="2")
    after = stage.store.data.r_client.find_one({"_id": stage.own})
    assert answer.status_code in (302, 403)
    assert after["v"]["level_j9k1"] == before["v"]["level_j9k1"] == "iron"
    assert after["v"]["family_r6s7"]["income_v1w2"] == before["v"]["family_r6s7"]["income_v1w2"]


@pytest.mark.parametrize("column", ["id_card", "id_card_e5f6", "family.income", "v.id_card_e5f6", "nothing"])
@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_24_no_column_is_added_by_hand(stage, s, column, form):
    with unchanged(stage.store):
        answer = s.post(f"{LIST}export/download", data={"format": form, "column": ["name", column]})
    assert answer.status_code == 403
    assert not leaks(answer.text)


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_24_a_whole_export_holds_nothing_hidden(stage, s, form):
    data = s.post(f"{LIST}export/download", data={"format": form}).data
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            data = b"".join(book.read(name) for name in book.namelist())
    assert "张三丰".encode() in data
    assert "王五德".encode() not in data
    assert not [value for value in (*HIDDEN, *NAMES_OF_HIDDEN) if value.encode() in data]


def test_24_columns_of_an_empty_export_name_nothing_hidden(stage, s):
    data = s.post(f"{LIST}export/download", data={"format": "csv", "q": "nobody at all"}).data
    assert not [name for name in NAMES_OF_HIDDEN if name.encode() in data]


EXTRA = {
    "id_card_e5f6": "440308199901010012", "id_card": "x", "level_j9k1": "iron", "owner": "x", "department": "b",
    "role": "boss", "created_by": "x", "rev": "9", "state": "gone", "v.level_j9k1": "iron", "$set": "x",
    "__proto__": "x", "family_r6s7.income_v1w2": "1", "income_v1w2": "1", "life.lock": "x", "d": "x", "s": "x",
}  # fmt: skip


@pytest.mark.parametrize("name", EXTRA)
def test_28_extra_inputs_are_not_taken(stage, s, name):
    form = s.form(page_of(stage.own, "edit/"))
    with unchanged(stage.store):
        s.post(page_of(stage.own, "edit/"), data={**form, name: EXTRA[name], f"{name}.here": "1"})


def test_28_operators_inside_a_value_are_text(stage, s):
    form = s.form(page_of(stage.own, "edit/"))
    s.post(page_of(stage.own, "edit/"), data={**form, "notes_m2n3": '{"$set": {"level": "iron"}}'})
    stored = stage.store.data.r_client.find_one({"_id": stage.own})
    assert stored["v"]["notes_m2n3"] == '{"$set": {"level": "iron"}}'


def test_29_saving_one_field_leaves_the_hidden_ones(stage, s):
    before = stage.store.data.r_client.find_one({"_id": stage.own})
    form = s.form(page_of(stage.own, "edit/"))
    s.post(page_of(stage.own, "edit/"), data={**form, "notes_m2n3": "new"})
    after = stage.store.data.r_client.find_one({"_id": stage.own})
    assert {id for id in before["v"] if before["v"][id] != after["v"].get(id)} == {"notes_m2n3"}
    assert after["v"]["agreed_p4q5"] is True  # a box nobody ticked is no null


@pytest.mark.parametrize("echo", ["138****5678", "138**5678", "****"])
def test_30_a_mask_sent_back_is_refused(stage, s, echo):
    form = s.form(page_of(stage.own, "edit/"))
    with unchanged(stage.store):
        page = s.post(page_of(stage.own, "edit/"), data={**form, "phone_c3d4": echo})
    assert 'class="finding bad"' in page.text


def test_34_what_is_read_only_stays_so(stage, s):
    form = s.form(page_of(stage.own, "edit/"))
    assert 'name="level_j9k1"' not in s.get(page_of(stage.own, "edit/")).text
    with unchanged(stage.store):
        s.post(page_of(stage.own, "edit/"), data={**form, "level_j9k1": "iron"})


def test_35_a_selection_reaches_no_row_out_of_scope(stage, s):
    with unchanged(stage.store):
        s.post(f"{LIST}selected", id=[stage.ids[2]], verb="trash", back=LIST)
        s.post(f"{LIST}selected", id=[stage.ids[2]], verb="destroy", back=LIST)


def test_36_what_follows_a_write_holds_nothing_unreadable(stage, s):
    form = s.form(page_of(stage.own, "edit/"))
    answer = s.post(page_of(stage.own, "edit/"), data={**form, "phone_c3d4": "13600001111"})
    assert not leaks(answer.location)
    page = s.client.get(answer.location).text
    assert "13600001111" not in page
    assert not leaks(page)


def test_37_a_refusal_moves_no_counter(stage, s):
    number = stage.store.data.sequences.find_one()
    form = s.form(f"{LIST}new/")
    with unchanged(stage.store):
        s.post(f"{LIST}new/", data={**form, "name_a1b2": ""})
        s.post(page_of(stage.ids[2], "trash"), revision="1")
    assert stage.store.data.sequences.find_one() == number


def test_39_a_new_field_is_unseen_in_every_process(stage, s):
    definition = yaml.safe_load((FOLDER / "client.yaml").read_text(encoding="utf-8"))
    definition["fields"].append({
        "id": "debt_z9z9", "name": "debt", "labels": {"zh-Hans": "债务", "zh-Hant": "債務", "en": "Debt"},
        "type": "integer", "section": "basic", "purpose": "test", "list": True, "search": True,
    })  # fmt: skip
    applied = types.load_type(definition, "client.yaml")
    types.apply(SYSTEM, stage.store, {"client": applied}, reason="test")
    records.update(Door(stage.store, SYSTEM).open("client"), stage.own, {"debt": 31337}, expected=1)
    elsewhere = sign_in(process(stage.store), stage.store, s.user)
    for path in every_page(stage.own):
        page = elsewhere.get(path).text
        assert not [word for word in ("debt", "Debt", "债务", "31337") if word in page], path


def test_41_a_right_taken_away_is_gone_on_the_next_page(stage, s):
    stage.change_grants(lambda tree: tree["grants"].remove(
        next(one for one in tree["grants"] if one["holder"] == "role:sales" and one["target"] == "notes")
    ))  # fmt: skip
    page = s.get(page_of(stage.own)).text
    assert "first" not in page
    form = s.form(page_of(stage.own, "edit/"))
    with unchanged(stage.store):
        s.post(page_of(stage.own, "edit/"), data={**form, "notes_m2n3": "x"})
    users.disable(SYSTEM, stage.store, s.user.id)
    assert s.get(page_of(stage.own)).status_code == 302


def test_18_no_page_leaves_before_its_entry_stands(stage, boss, monkeypatch):
    def lost(self):
        raise Unavailable

    assert stage.ids[0] in boss.get(LIST).text
    monkeypatch.setattr("models.audit.log.Ticket.wait", lost)
    for address in (LIST, page_of(stage.ids[0]), page_of(stage.ids[0], "timeline"), page_of(stage.ids[0], "edit/")):
        answer = boss.client.get(address)
        assert answer.status_code == 503, address
        assert stage.ids[0] not in answer.text
