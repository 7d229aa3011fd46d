"""The form of a record offers exactly what the judge of a change would take, where viewing and editing differ."""

import re

import pytest

from models.access.actions import Action
from models.access.door import Door
from models.errors import AccessDenied, AlreadyFilled, RecordNotFound, UnknownKey
from models.operations import records
from models.users import actor_of
from tests.attack.pages import page_of, sign_in
from tests.attack.stage import ID_CARD

MINE = {"field": "owner", "op": "eq", "value": "@me"}
SAMPLES = {
    "name": ["赵六"], "phone": [["13500001111"]], "id_card": ["310101199003074570"], "salary": ["777"],
    "level": ["gold", "iron"], "notes": ["other"], "agreed": [True, False], "family.spouse": ["小梅"],
    "family.income": [5],
}  # fmt: skip
"""Values by address, one of which at least is another than any record has: the same again is no attempt to write."""
PEOPLE = ("boss", "s", "sh", "ch")


def wider_to_see_than_to_edit(tree):
    """Sales sees its department and edits its own; helpdesk edits all, which adds no field of sales."""
    scope = next(one for one in tree["scopes"] if one["holder"] == "role:sales")
    scope["actions"].remove("edit")
    tree["scopes"].append({"holder": "role:sales", "type": "client", "actions": ["edit"], "when": MINE})


def wider_to_edit_than_to_see(tree):
    """The closer edits all and sees its own; helpdesk sees all, which shows no field of the closer."""
    tree["scopes"].append({"holder": "role:closer", "type": "client", "actions": ["edit"]})
    tree["grants"].append({"holder": "role:closer", "type": "client", "target": "notes", "read": "full",
                           "write": "edit"})  # fmt: skip


def fill_where_gold(tree):
    """What may be filled hangs on a value of the row."""
    gold = {"field": "level", "op": "eq", "value": "gold"}
    for target in ("id_card", "family.income"):
        tree["grants"].append({"holder": "role:sales", "type": "client", "target": target, "write": "fill",
                               "when": gold})  # fmt: skip
    tree["ceilings"].append({"holders": ["role:sales"], "type": "client", "target": "notes", "when": gold,
                             "read_at_most": "full", "write_at_most": "none"})  # fmt: skip


def offered(person, id):
    """Ids of the fields with an input on the edit page."""
    page = person.get(page_of(id, "edit/"))
    return set(re.findall(r'class="fld editing[^>]*id="f-(\w+)"', page.text)) if page.status_code == 200 else None


def taken(stage, user, id):
    """Ids of the fields of which the verb takes a new value."""
    door = Door(stage.store, actor_of(stage.store, user)).open("client")
    if Action.EDIT not in door.get(id).may:
        return None
    found = set()
    for address, values in SAMPLES.items():
        name, _, part = address.partition(".")
        try:
            for value in values:
                records.rehearse_update(door, id, {name: {part: value} if part else value}, expected=1)
        except (AccessDenied, AlreadyFilled, UnknownKey):
            continue
        found.add(door.compiled.by_address[address].id)
    return found


@pytest.mark.parametrize("change", [wider_to_see_than_to_edit, wider_to_edit_than_to_see, fill_where_gold])
def test_the_form_offers_exactly_what_would_be_taken(stage, change):
    stage.change_grants(change)
    seen = []
    for who in PEOPLE:
        user = getattr(stage, who).user
        person = sign_in(stage.app, stage.store, user)
        for id in stage.ids:
            try:
                expected = taken(stage, user, id)
            except RecordNotFound:
                continue
            assert offered(person, id) == expected, (who, stage.ids.index(id))
            seen.append(expected)
    assert any(seen)
    assert len({frozenset(one) for one in seen if one is not None}) > 2


def test_what_may_be_written_unseen_is_offered_blind(stage):
    stage.change_grants(wider_to_edit_than_to_see)
    person = sign_in(stage.app, stage.store, stage.ch.user)
    id = stage.ids[0]
    page = person.get(page_of(id, "edit/")).text
    assert "Filled; leave empty to keep it." in page
    assert "first" not in page
    assert ID_CARD not in page
    form = person.form(page_of(id, "edit/"))
    assert person.post(page_of(id, "edit/"), data={**form, "notes_m2n3": ""}).status_code == 302
    assert stage.store.data.r_client.find_one({"_id": id})["v"]["notes_m2n3"] == "first"
    assert person.post(page_of(id, "edit/"), data={**form, "notes_m2n3": "new words"}).status_code == 302
    assert stage.store.data.r_client.find_one({"_id": id})["v"]["notes_m2n3"] == "new words"
    assert "new words" not in person.get(page_of(id)).text


def test_what_is_seen_but_not_to_be_edited_has_no_link_to_fill_it(stage, boss):
    form = boss.form(page_of(stage.ids[1], "edit/"))
    assert boss.post(page_of(stage.ids[1], "edit/"), data={**form, "notes_m2n3": ""}).status_code == 302
    person = sign_in(stage.app, stage.store, stage.sh.user)
    assert ">fill in<" in person.get(page_of(stage.ids[1])).text
    stage.change_grants(wider_to_see_than_to_edit)
    assert ">fill in<" not in person.get(page_of(stage.ids[1])).text
