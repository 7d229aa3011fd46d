"""Records over REST: what works, for whom, and what every other request is told."""

import json

import pytest
import schemathesis

from tests.attack.panel import process
from tests.attack.stage import ID_CARD
from tests.attack.unchanged import unchanged


def test_a_list_has_the_rows_and_cells_of_its_reader(stage):
    answer = stage.s.get("/records/client", params={"sort": "name", "count": 1})
    assert answer.status_code == 200
    assert answer.json["next"] is None
    assert answer.json["count"] == {"value": 2, "capped": False}
    first, second = answer.json["items"]
    assert [first["name"], second["name"]] == ["李四光", "张三丰"]
    assert second["phone"] == {"masked": "138****5678"}
    assert second["salary"] == {"amount": "20000.00", "currency": "CNY"}
    assert "salary" not in first
    assert "id_card" not in first
    assert first["family"] == {"spouse": "小兰"}


def test_pages_follow_one_another(stage):
    seen, after = [], {}
    for _ in range(5):
        page = stage.boss.get("/records/client", params={"limit": 1, "sort": "-name", **after}).json
        seen += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == ["张三丰", "王五德", "李四光"]


def test_a_cursor_is_good_for_its_own_question_only(stage):
    cursor = stage.boss.get("/records/client", params={"limit": 1}).json["next"]
    assert stage.boss.get("/records/client", params={"limit": 1, "sort": "name", "after": cursor}).status_code == 422
    assert stage.s.get("/records/client", params={"limit": 1, "after": cursor}).status_code == 422
    assert stage.boss.get("/records/client", params={"after": cursor[:-2] + "aa"}).json["code"] == "bad_cursor"


def test_a_record_is_created_read_changed_trashed_and_restored(stage):
    body = {"name": "赵六安", "phone": ["13600001111"], "notes": "new", "salary": {"amount": "1.50", "currency": "CNY"}}
    made = stage.boss.post("/records/client", json=body | {"department": "a"})
    assert made.status_code == 201, made.text
    assert made.headers["ETag"] == '"1"'
    assert made.headers["Location"].endswith(f"/api/v1/records/client/{made.json['id']}")
    path = f"/records/client/{made.json['id']}"
    assert stage.boss.get(path).json == made.json
    changed = stage.boss.patch(path, json={"notes": "newer", "family": {"spouse": "丁"}}, match=1)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json["family"]["spouse"] == "丁"
    assert stage.boss.delete(path, match=2).status_code == 200
    assert path.rpartition("/")[2] not in stage.boss.get("/records/client").text
    assert stage.boss.post(f"{path}/restore", match=3).status_code == 200
    back = stage.boss.post(f"{path}/revisions/1/revert", match=4)
    assert (back.status_code, back.json["notes"], back.json["revision"]) == (200, "new", 5)
    story = stage.boss.get(f"{path}/revisions").json["items"]
    assert [one["action"] for one in story] == ["revert", "restore", "trash", "edit", "create"]


def test_null_empties_and_an_object_is_merged(stage):
    path = f"/records/client/{stage.own}"
    answer = stage.boss.patch(path, json={"notes": None, "family": {"spouse": None}}, match=1)
    assert answer.json["notes"] is None
    assert answer.json["family"] == {"spouse": None, "income": 777123}


def test_an_idempotent_create_makes_one_record(stage):
    headers = {"Idempotency-Key": "k-1"}
    first = stage.boss.post("/records/client", json={"name": "甲", "notes": "x"}, headers=headers)
    again = stage.boss.post("/records/client", json={"notes": "x", "name": "甲"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json["id"] == first.json["id"]
    with unchanged(stage.store):
        other = stage.boss.post("/records/client", json={"name": "乙"}, headers=headers)
        assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")
        empty = stage.boss.post("/records/client", json={"name": "乙"}, headers={"Idempotency-Key": ""})
        assert empty.status_code == 422


def test_the_type_document_tells_the_callers_own_rights(stage):
    told = stage.s.get("/types/client").json
    fields = {one["name"]: one for one in told["fields"]}
    assert "id_card" not in fields
    assert (fields["phone"]["read"], fields["phone"]["write"], fields["phone"]["operators"]) == ("masked", "edit", [])
    assert (fields["level"]["read"], fields["level"]["write"]) == ("full", "none")
    assert [one["name"] for one in fields["family"]["fields"]] == ["spouse"]
    assert told["may"] == ["view", "create", "edit", "delete", "restore", "revert", "export"]
    assert [one["name"] for one in stage.s.get("/types").json["items"]] == ["client"]


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_an_export_streams_what_the_reader_may_take(stage, form):
    answer = stage.s.get("/records/client/export", params={"format": form, "sort": "name"})
    assert answer.status_code == 200
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    if form == "csv":
        text = answer.data.decode("utf-8-sig")
        assert text.count("\r\n") == 3
        assert "张三丰" in text
        assert ID_CARD not in text
    if form == "jsonl":
        assert [json.loads(line)["name"] for line in answer.text.splitlines()] == ["李四光", "张三丰"]


def test_groups_count_and_add_up(stage):
    answer = stage.boss.get("/records/client/group", params={"by": "level", "measures": "count,sum:salary,max:salary"})
    assert answer.json["groups"] == [
        {"value": "iron", "count": 2, "sum:salary": {"amount": "17345.00", "currency": "CNY"},
         "max:salary": {"amount": "12345.00", "currency": "CNY"}},
        {"value": "gold", "count": 1, "sum:salary": {"amount": "20000.00", "currency": "CNY"},
         "max:salary": {"amount": "20000.00", "currency": "CNY"}},
    ]  # fmt: skip


def test_the_log_is_read_page_by_page_by_who_may(stage):
    stage.s.get(f"/records/client/{stage.own}")
    first = stage.boss.get("/audit/entries", params={"actor": stage.s.user.id, "limit": 1}).json
    assert first["items"][0]["action"] == "records:view"
    assert first["items"][0]["records"] == [stage.own]
    everything, after = [], {}
    while True:
        page = stage.boss.get("/audit/entries", params={"limit": 3, "type": "client", **after}).json
        everything += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(everything) == len(set(everything)) >= 4
    assert stage.s.get("/audit/entries").status_code == 403


def test_the_interface_describes_itself_for_its_caller(stage):
    for who in (stage.boss, stage.s, stage.ch):
        schemathesis.openapi.from_dict(who.get("/openapi.json").json).validate()
    told = stage.s.get("/openapi.json").json
    assert "post" in told["paths"]["/records/client"]
    assert "phone" in told["components"]["schemas"]["client.write"]["properties"]
    assert "level" not in told["components"]["schemas"]["client.write"]["properties"]
    assert stage.ch.get("/openapi.json").json["paths"]["/records/client"]["post"]["summary"] == "Not open to you"
    assert "/records/client/{id}/restore" not in stage.ch.get("/openapi.json").json["paths"]
    assert "/audit/entries" not in told["paths"]


def test_head_answers_like_get_without_a_body(stage):
    answer = stage.s.call("HEAD", f"/records/client/{stage.own}")
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", '"1"')


def test_messages_come_in_the_language_asked_for(stage):
    answer = stage.s.get("/types/nothing", headers={"Accept-Language": "zh-TW"})
    assert answer.headers["Content-Language"] == "zh-Hant"
    assert stage.s.get("/types/nothing").headers["Content-Language"] == "en"


def test_no_other_site_is_let_in(stage):
    answer = stage.s.get("/types", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


def problem(answer, status, code):
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert answer.json["code"] == code, answer.text
    assert answer.json["status"] == status
    return answer.json


def test_nobody_gets_401(stage):
    client = stage.app.test_client()
    answer = client.get("/api/v1/types")
    problem(answer, 401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="dossier"'
    bad = client.get("/api/v1/types", headers={"Authorization": "Bearer dsr_no"})
    assert 'error="invalid_token"' in bad.headers["WWW-Authenticate"]
    problem(client.post("/api/v1/records/client", json={}), 401, "not_signed_in")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/types/nothing", "not_found"),
        ("/records/nothing", "not_found"),
        ("/records/client/" + "a" * 26, "not_found"),
        ("/records/client/%00", "not_found"),
        ("/records/client/zz", "not_found"),
        ("/records/client/x/transitions/y", "not_found"),
        ("/nothing", "not_found"),
        ("/permissions/client", "not_found"),
        ("/audit/nothing", "not_found"),
    ],
)
def test_what_is_not_there_is_404(stage, path, code):
    problem(stage.boss.get(path), 404, code)


def test_out_of_scope_and_unknown_are_the_same_404(stage):
    unknown = stage.s.get("/records/client/" + "a" * 26)
    hidden = stage.s.get(f"/records/client/{stage.ids[2]}")
    assert problem(unknown, 404, "not_found") == problem(hidden, 404, "not_found")
    assert unknown.data == hidden.data


def test_a_wrong_method_is_405_and_says_which_are_right(stage):
    answer = stage.s.call("PUT", f"/records/client/{stage.own}", json={})
    problem(answer, 405, "method_not_allowed")
    assert "PATCH" in answer.headers["Allow"]


def test_writes_name_their_revision(stage):
    path = f"/records/client/{stage.own}"
    with unchanged(stage.store):
        problem(stage.s.patch(path, json={"notes": "x"}), 428, "if_match_missing")
        problem(stage.s.patch(path, json={"notes": "x"}, headers={"If-Match": "*"}), 428, "if_match_any")
        problem(stage.s.patch(path, json={"notes": "x"}, headers={"If-Match": 'W/"1"'}), 412, "weak_tag")
        problem(stage.s.patch(path, json={"notes": "x"}, headers={"If-Match": "1"}), 422, "bad_if_match")
        problem(stage.s.patch(path, json={"notes": "x"}, headers={"If-Match": '"01"'}), 412, "stale")
        problem(stage.s.patch(path, json={"notes": "x"}, match=7), 412, "stale")
        problem(stage.s.delete(path), 428, "if_match_missing")
        problem(stage.s.post(f"{path}/restore", match=1), 409, "wrong_state")
    assert stage.s.patch(path, json={"notes": "x"}, headers={"If-Match": 'W/"2", "9", "1"'}).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b'{"notes": "a", "notes": "b"}', "bad_json"),
        (b'{"salary": NaN}', "bad_json"),
        (b'{"salary": -Infinity}', "bad_json"),
        (b'{"salary": ' + b"9" * 5000 + b"}", "bad_json"),
        (b'{"notes": "\xff"}', "bad_json"),
        (b"\xef\xbb\xbf{}", "bad_json"),
        ('{"notes": "中"}'.encode("gb18030"), "bad_json"),
        (b'{"notes": ' + b"[" * 100_000 + b"}", "bad_json"),
    ],
)
def test_what_is_no_json_is_400(stage, body, code):
    with unchanged(stage.store):
        answer = stage.s.post("/records/client", data=body, content_type="application/json")
        problem(answer, 400, code)


def test_other_media_and_sizes_are_refused(stage):
    with unchanged(stage.store):
        problem(stage.s.post("/records/client", data={"name": "x"}), 415, "not_json")
        coded = stage.s.post("/records/client", data=b"{}", content_type="application/json; charset=gbk")
        problem(coded, 415, "not_json")
        large = b'{"notes": "' + b"x" * 1_100_000 + b'"}'
        problem(stage.s.post("/records/client", data=large, content_type="application/json"), 413, "too_large")
        problem(stage.s.post("/records/client", json=[1]), 422, "no_object")
        deep = b'{"notes": ' + b"[" * 40 + b"]" * 40 + b"}"
        problem(stage.s.post("/records/client", data=deep, content_type="application/json"), 422, "too_deep")
        problem(stage.s.delete(f"/records/client/{stage.own}", match=1, json={"why": 1}), 422, "no_body")


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"were": "{}"}, 422, "unknown_parameter"),
        ({"limit": "0"}, 422, "bad_number"),
        ({"limit": "201"}, 422, "bad_number"),
        ({"limit": "٣"}, 422, "bad_number"),
        ({"limit": "-1"}, 422, "bad_number"),
        ({"count": "yes"}, 422, "bad_flag"),
        ({"where": "{"}, 400, "bad_json"),
        ({"where": "[]"}, 422, "malformed"),
        ({"where": '{"all": []}'}, 422, "malformed"),
        ({"where": '{"field": "name", "op": "regex", "value": "x"}'}, 422, "malformed"),
        ({"where": '{"field": "name", "op": "eq", "value": {"$ne": 1}}'}, 422, "bad_value"),
        ({"where": '{"field": "name", "op": "eq", "value": "\\ud800"}'}, 422, "bad_value"),
        ({"where": '{"field": "level", "op": "gt", "value": "gold"}'}, 422, "bad_operator"),
        ({"sort": "name,name"}, 422, "bad_sort"),
        ({"sort": ","}, 422, "bad_sort"),
        ({"sort": "--name"}, 403, "not_allowed"),
        ({"after": "xx"}, 422, "bad_cursor"),
        ({"after": "é"}, 422, "bad_cursor"),
        ({"name[$ne]": ""}, 422, "unknown_parameter"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(stage, params, status, code):
    problem(stage.boss.get("/records/client", params=params), status, code)


def test_a_parameter_stands_once(stage):
    problem(stage.boss.get("/records/client", params="limit=1&limit=2"), 422, "repeated_parameter")


def test_values_that_do_not_fit_are_named_field_by_field(stage):
    with unchanged(stage.store):
        answer = stage.boss.post("/records/client", json={"name": "甲", "salary": "1.234", "phone": ["12"]})
        told = problem(answer, 422, "invalid")
        assert {(one["field"], one["code"]) for one in told["errors"]} == {
            ("salary", "too_many_decimals"),
            ("phone", "not_a_phone"),
        }
        missing = stage.boss.post("/records/client", json={})
        assert problem(missing, 422, "invalid")["errors"][0]["field"] == "name"


def test_a_session_needs_the_token_of_its_forms(stage):
    from models.operations import sessions, users
    from tests.attack.panel import SYSTEM

    users.add(SYSTEM, stage.store, username="web", name="web", password="tamper-lantern-98", roles=["boss"],
              must_change=False)  # fmt: skip
    secret, _ = sessions.sign_in(stage.store, "web", "tamper-lantern-98", address="::1", agent="")
    client = process(stage.store).test_client()
    with client.session_transaction() as session:
        session["_user_id"] = secret
        session["_fresh"] = True
    assert client.get("/api/v1/types").status_code == 200
    with unchanged(stage.store):
        problem(client.post("/api/v1/records/client", json={"name": "甲"}), 400, "csrf")


def test_a_fault_of_ours_tells_its_number_only(stage, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret text")

    monkeypatch.setattr("models.access.door.TypeDoor.page", broken)
    answer = stage.boss.get("/records/client")
    told = problem(answer, 500, "broken")
    assert "secret text" not in answer.text
    assert told["id"]


def test_a_refusal_leaves_an_entry_without_values(stage):
    stage.s.patch(f"/records/client/{stage.own}", json={"id_card": ID_CARD}, match=1)
    entry = stage.boss.get("/audit/entries", params={"action": "records:refused"}).json["items"][0]
    assert entry["records"] == [stage.own]
    assert entry["type"] == "client"
    assert entry["extra"] == {"asked": "api.changed", "code": "unknown_key", "method": "PATCH"}
    assert ID_CARD not in json.dumps(entry)


def test_a_thousand_refusals_are_counted_not_written_one_by_one(stage):
    before = stage.store.data.audit_entries.count_documents({"action": "records:refused"})
    for _ in range(300):
        stage.s.get("/records/client/" + "a" * 26)
    after = stage.store.data.audit_entries.count_documents({"action": "records:refused"})
    assert 50 <= after - before < 200
