"""The attacks on changed definitions, rights and accounts of the field-permission paper over REST, siblings included.

The numbers are those of its list. After every refused call the database is what it was, byte for byte.
"""

import yaml

from models.operations import types
from models.operations import users as accounts
from tests.attack.asking import everywhere, leaf, refused
from tests.attack.panel import SYSTEM
from tests.attack.stage import FOLDER
from tests.attack.unchanged import unchanged


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
