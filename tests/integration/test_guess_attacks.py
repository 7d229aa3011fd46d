"""Whether a hidden value stands somewhere is not to be found out by trying to take it."""

import json

import pytest

from models.access.door import Door
from models.errors import InvalidRecord, TooManyAttempts
from models.operations import imports, records
from models.operations.guesses import GUESSES
from models.users import actor_of
from tests.attack.files import importing
from tests.attack.pages import LIST, page_of, sign_in
from tests.attack.stage import ID_CARD
from tests.attack.unchanged import unchanged

FREE_CARD = "440308199901010039"


@pytest.fixture
def stage(stage):
    """S may give clients an identity number where they have none, and read it nowhere."""

    def filling(tree):
        importing(tree)
        tree["grants"].append({"holder": "role:sales", "type": "client", "target": "id_card", "write": "fill"})

    stage.change_grants(filling)
    return stage


def door_of(stage, who="s"):
    return Door(stage.store, actor_of(stage.store, getattr(stage, who).user)).open("client")


def guess(stage, card=ID_CARD):
    with pytest.raises(InvalidRecord) as told:
        records.create(door_of(stage), {"name": "甲", "id_card": card})
    assert {fault.code for fault in told.value.errors.values()} == {"taken"}


def test_01_and_37_taken_is_told_so_often_a_day_and_then_nothing_is(stage):
    before = stage.store.data.sequences.find_one()
    for _ in range(GUESSES.free):
        guess(stage)
    assert stage.store.data.sequences.find_one() == before
    made = records.create(door_of(stage), {"name": "甲"}).id  # other work goes on
    with unchanged(stage.store):
        for card in (ID_CARD, FREE_CARD):  # one stands, one does not: the same is said
            with pytest.raises(TooManyAttempts):
                records.create(door_of(stage), {"name": "甲", "id_card": card})
            with pytest.raises(TooManyAttempts):
                records.update(door_of(stage), made, {"id_card": card}, expected=1)
            rows = [(2, {"name": "甲", "id_card": card})]
            told = []
            imports.load(door_of(stage), iter(rows), report=lambda row, _, fault, told=told: told.append(fault.code))
            assert told == ["too_many_attempts"]
        headers = {"Authorization": f"Bearer {stage.s.secret}"}
        answers = [stage.another_process(stage.s).client.post(
            "/api/v1/records/client", json={"name": "甲", "id_card": card}, headers=headers,
        ) for card in (ID_CARD, FREE_CARD)]  # fmt: skip
    assert [answer.status_code for answer in answers] == [429, 429]
    assert answers[0].data == answers[1].data
    assert int(answers[0].headers["Retry-After"]) > 0
    records.update(door_of(stage), made, {"notes": "x"}, expected=1)


def test_01_a_load_counts_each_row_once_and_tells_no_more(stage):
    rows = [(number, {"name": f"甲{number}", "id_card": ID_CARD}) for number in range(2, 2 + GUESSES.free + 5)]
    rows += [(100, {"name": "good"})]
    told = []
    outcome = imports.load(door_of(stage), iter(rows), report=lambda row, address, fault: told.append(fault.code))
    assert outcome.added == 1
    assert told.count("taken") == GUESSES.free
    assert told.count("too_many_attempts") == 5


def test_01_whoever_may_ask_for_the_value_is_not_counted(stage):
    for _ in range(GUESSES.free + 2):
        answer = stage.boss.post("/records/client", data=json.dumps({"name": "甲", "id_card": ID_CARD}),
                                 content_type="application/json")  # fmt: skip
        assert (answer.status_code, answer.json["code"]) == (422, "taken")


def test_37_what_was_told_and_what_was_refused_is_in_the_log_without_the_record(stage):
    for _ in range(GUESSES.free):
        guess(stage)
    with pytest.raises(TooManyAttempts):
        records.create(door_of(stage), {"name": "甲", "id_card": FREE_CARD})
    for action, times in (("taken", GUESSES.free), ("taken_refused", 1)):
        entries = list(stage.store.data.audit_entries.find({"action": f"records:{action}"}))
        assert len(entries) == times
        assert {(one["actor"], tuple(one.get("records", ()))) for one in entries} == {(stage.s.user.id, ())}


def test_37_the_page_says_so_and_keeps_what_was_typed(stage):
    person = sign_in(stage.app, stage.store, stage.s.user)
    form = person.form(f"{LIST}new/")
    for number in range(GUESSES.free):
        values = {**form, "key": f"k{number}", "name_a1b2": "甲", "id_card_e5f6": ID_CARD}
        assert "This value is taken." in person.post(f"{LIST}new/", data=values).text
    with unchanged(stage.store):
        page = person.post(f"{LIST}new/", data={**form, "name_a1b2": "乙公司", "id_card_e5f6": FREE_CARD}).text
    assert "Too many attempts." in page
    assert "乙公司" in page
    id = stage.boss.post("/records/client", json={"name": "空", "department": "a"}).json["id"]
    form = person.form(page_of(id, "edit/"))
    page = person.post(page_of(id, "edit/"), data={**form, "notes_m2n3": "typed", "id_card_e5f6": FREE_CARD}).text
    assert "Too many attempts." in page
    assert "typed" in page
    assert "id_card_e5f6" not in stage.store.data.r_client.find_one({"_id": id})["v"]
