"""The attacks that write of the field-permission paper over REST, siblings included.

The numbers are those of its list. After every refused call the database is what it was, byte for byte.
"""


from tests.attack.asking import leaks, stored
from tests.attack.stage import ID_CARD
from tests.attack.unchanged import unchanged


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
