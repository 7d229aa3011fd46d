"""The seven routes of Flask-Admin that give away too much: none is there, and none of ours does the same."""

import csv
import io

import pytest

from models.access.door import Door
from models.definitions.record_types import load_type
from models.operations import records, types
from tests.attack.pages import sign_in
from tests.attack.panel import SYSTEM, add_user
from tests.attack.stage import HIDDEN, ID_CARD, build
from tests.attack.unchanged import unchanged
from tests.drawn_types import a_type, field

LIST = "/admin/r/client/"
SHUT = frozenset({404, 405})
STOCK_VIEWS = (
    "details_view", "edit_view", "create_view", "delete_view", "action_view", "ajax_update", "ajax_lookup",
    "api_file_view", "index_view",
)  # fmt: skip


@pytest.fixture
def stage(store):
    return build(store)


@pytest.fixture
def s(stage):
    return sign_in(stage.app, stage.store, stage.s.user)


@pytest.fixture
def boss(stage):
    return sign_in(stage.app, stage.store, stage.boss.user)


def shut(stage, people, path, **form):
    """Nothing is at this address for anybody, and nothing moves."""
    with unchanged(stage.store):
        for person in people:
            for answer in (person.client.get(path), person.post(path, data=form)):
                assert answer.status_code in SHUT, path
                assert not [value for value in HIDDEN if value in answer.text]


def test_no_view_of_flask_admin_is_registered(stage):
    ours = {rule.endpoint for rule in stage.app.url_map.iter_rules()}
    assert not [name for name in ours if name.rpartition(".")[2] in STOCK_VIEWS]


@pytest.mark.parametrize("name", ["details", "edit", "delete", "action", "create"])
def test_1_details_and_edit_are_found_by_no_id_in_the_query(stage, s, boss, name):
    for id in stage.ids:
        shut(stage, (s, boss), f"{LIST}{name}/?id={id}", id=id, name_a1b2="x", rowid=id, action="delete")
    for rest in ("", "edit/"):
        assert s.get(f"{LIST}{stage.ids[2]}/{rest}").status_code == 404


def test_2_no_cell_is_updated_beside_the_form(stage, s, boss):
    for path in ("ajax/update/", f"ajax/update/?id={stage.own}", f"{stage.own}/ajax/update/", f"{stage.own}/cell"):
        shut(stage, (s, boss), LIST + path, list_form_pk=stage.own, level_j9k1="iron", notes="x", pk=stage.own)


def test_3_no_file_of_a_bucket_is_served(stage, s, boss):
    for path in (
        "/api/file/",
        "/admin/api/file/",
        f"{LIST}api/file/",
        "/admin/api/file/?id=1&coll=fs",
        "/admin/fs/files/",
    ):
        shut(stage, (s, boss), path)
    shut(stage, (s, boss), "/admin/static/bootstrap/bootstrap4/css/bootstrap.min.css")


def test_4_a_record_page_falls_back_to_no_field(stage):
    """Who may read one field sees one, wherever a record is shown."""
    helper = sign_in(stage.app, stage.store, add_user(stage.store, "h", ["helpdesk"], "a"))
    for rest in (LIST, f"{LIST}{stage.own}/", f"{LIST}{stage.own}/compare/", f"{LIST}columns", f"{LIST}builder"):
        page = helper.get(rest).text
        assert not [
            value for value in (*HIDDEN, "138****", "20000", "first", "Pay", "Paper", "Notes", "Level") if value in page
        ], rest


def test_5_no_list_is_sorted_by_a_column_that_is_not_declared_sortable(stage, s, boss):
    for name in ("phone", "notes", "id_card", "family", "agreed", "family.income", "v.notes_m2n3", "_id", "__class__"):
        for sort in (name, f"-{name}"):
            assert boss.get(LIST, sort=sort).status_code == 403, sort
            assert s.get(LIST, sort=sort).status_code == 403, sort
    for number in range(9):
        assert boss.get(LIST, sort=str(number), desc="1").status_code == 403


def test_6_a_reference_is_looked_up_within_reach_only(stage, s, boss):
    fields = (field("visited", "reference", target="client"), field("label"))
    definition = load_type(a_type(*fields, name="visit"), "test")
    types.apply(SYSTEM, stage.store, {"visit": definition}, reason="test")

    def visits(tree):
        tree["scopes"].append({"holder": "role:helpdesk", "type": "visit", "actions": ["view"]})
        tree["grants"].append({"holder": "role:helpdesk", "type": "visit", "target": "label", "read": "full"})
        for role in ("sales", "closer"):
            tree["scopes"].append({"holder": f"role:{role}", "type": "visit", "actions": ["view", "create", "edit"]})
            tree["grants"].append(
                {"holder": f"role:{role}", "type": "visit", "target": "*", "read": "full", "write": "edit"}
            )

    stage.change_grants(visits)
    lookup = "/admin/r/visit/lookup/visited_aa11"
    for q in ("", "张三丰", "李四光", "王五德", "a", ID_CARD, "13812345678", ".*", '{"$ne": 1}'):
        found = s.get(lookup, q=q).json
        assert {one["id"] for one in found} <= set(stage.ids[:2]), q
        assert all(one.keys() == {"id", "label", "number"} for one in found)
    assert {one["id"] for one in s.get(lookup, q="").json} == set(stage.ids[:2])
    hidden = sign_in(stage.app, stage.store, add_user(stage.store, "hidden", ["helpdesk"]))
    assert hidden.get("/admin/r/visit/").status_code == 200
    assert hidden.get(lookup, q="").status_code == 404  # a reference they may not know of
    for path in ("/admin/r/visit/lookup/label_aa11", "/admin/r/visit/lookup/visited", f"{LIST}lookup/id_card_e5f6"):
        assert s.get(path).status_code == 404
    shut(stage, (s, boss), f"{LIST}ajax/lookup/?name=visited&query=&offset=0&limit=1000")
    shut(stage, (s, boss), "/admin/r/visit/ajax/lookup/?name=visited&query=")
    stranger = sign_in(stage.app, stage.store, add_user(stage.store, "c", ["closer"], "b"))
    assert stranger.get(lookup, q="").status_code in (200, 403)  # the title of a client is not theirs to read
    assert "张三丰" not in stranger.get(lookup, q="").text


def test_7_no_cell_of_csv_is_written_as_it_is(stage, s, boss):
    records.update(Door(stage.store, SYSTEM).open("client"), stage.own, {"notes": "=HYPERLINK(1)"}, expected=1)
    shut(stage, (s, boss), f"{LIST}export/csv/")
    data = s.post(f"{LIST}export/download", data={"format": "csv", "column": ["notes"]}).data.decode("utf-8-sig")
    cells = [row[0] for row in csv.reader(io.StringIO(data))][1:]
    assert sorted(cells) == ["'=HYPERLINK(1)", "second"]
