"""Every page meets nonsense: a message or a 4xx, never a 500, never half a record."""

import json
import re

import pytest

from models.definitions.record_types import load_type
from models.operations import grants, roles, types
from tests.attack.pages import sign_in
from tests.attack.panel import SYSTEM, add_user, process
from tests.attack.unchanged import unchanged
from tests.drawn_types import a_type, everything, field

LIST = "/admin/r/permit/"
FINE = frozenset({200, 302, 308, 400, 401, 403, 404, 405, 409, 412, 413, 422})
DEEP = '{"not":' * 900 + "1" + "}" * 900
TEXTS = (
    "", " ", "\u3000", "\x00", "a\x00b", "\u202eabc", "\ufeff", "\U000e0041", "\ufffd", "é" * 300, "x" * 5_000,
    "1" * 400, "-1", "1e400", "1e999999999", "0x10", "1_000", "NaN", "Infinity", "١٢٣", "①", "+0", "2026-02-30",
    "0000-00-00", "10000-01-01", "2026-13-01T99:99:99Z", "长期", "138****5678", "=1+1", "<script>alert(1)</script>",
    "{{7*7}}", "${7*7}", "%s%n", "{0.__class__}", "{place}", "../../etc/passwd", "$where", '{"$ne": null}', "[]",
    "null", "true", "_id", "a@b", "a" * 26, "z" * 26, "💩" * 30, "ⅷ", "\r\n\r\n", "\ud7ff", "ß" * 201,
)  # fmt: skip
WHERES = (
    "x", "5", "null", "[]", "{}", '"x"', "{", "NaN", DEEP, "[" * 4000, '{"all": 5}', '{"all": [5]}',
    '{"all": [null]}', '{"all": [[]]}', '{"all": {}}', '{"all": []}', '{"any": []}', '{"not": []}',
    '{"not": null}', '{"field": 5}', '{"field": "\\ud800", "op": "eq", "value": 1}',
    '{"field": "a_text", "op": "eq", "value": "\\ud800"}', '{"field": "a_text", "op": "eq", "value": "\\u0000"}',
    '{"field": "a_text", "op": [], "value": 1}', '{"field": "a_text", "op": "eq"}', '{"field": "a_text"}',
    '{"op": "eq"}', '{"\\ud800": 1}', '{"all": [{"field": "a_text", "op": "eq", "value": "\\ud800"}]}',
    '{"all": [{"\\ud800": 1}]}', '{"all": [{"field": "a_text", "op": "empty", "value": "x"}]}',
    '{"all": [{"field": ["a_text"], "op": "eq", "value": 1}]}',
    '{"all": [{"field": "a_text", "op": "in", "value": {}}]}',
    '{"all": [{"field": "a_text", "op": "between", "value": 1}]}',
    '{"all": [{"field": "a_integer", "op": "gt", "value": 1e999}]}',
    '{"all": [{"field": "a_date", "op": "eq", "value": [1]}]}',
    '{"all": [{"field": "a_choice", "op": "in", "value": [{}, [], null, 1]}]}',
    '{"field": "a_text", "op": "eq", "value": NaN}',
    '{"all": [{"field": "owner", "op": "eq", "value": {"a": 1}}]}',
    '{"all": [{"field": "a_money", "op": "gt", "value": {}}]}',
    '{"all": [{"field": "updated_at", "op": "gt", "value": "0001-01-01"}]}',
    '{"all": [{"field": "updated_at", "op": "lt", "value": "9999-12-31T23:59:59+23:59"}]}',
    '{"all": [{"field": "id", "op": "in", "value": ["x", 5, null]}]}',
    '{"all": [{"field": "type", "op": "eq", "value": {}}]}',
)  # fmt: skip
ADDRESSES = (
    "", "count", "suggest", "columns", "builder", "condition", "narrow", "trash/", "new/", "export/", "lookup/x",
    "lookup/a_reference_x", "x/", "x/edit/", "x/compare/", "x/revisions/1/diff",
    "x/revisions/99999999999999999999/diff", "%00/", "%ED%A0%80/", "%FF/", "..%2f/", "x" * 300 + "/", "$where/",
    "{}/", "compare/", "export/download", "selected",
)  # fmt: skip
ARGUMENTS = (
    "where",
    "q",
    "sort",
    "limit",
    "after",
    "before",
    "jump",
    "field",
    "op",
    "value",
    "shown",
    "trash",
    "from",
    "to",
)


@pytest.fixture
def boss(store):
    """Somebody at a browser who may do everything with a type of every kind of field."""
    put_in_force(store, everything())
    return boss_of(store)


def put_in_force(store, tree):
    definition = load_type(tree, "test")
    types.apply(SYSTEM, store, {definition.type: definition}, reason="test")


def boss_of(store):
    roles.add(SYSTEM, store, id="boss", labels={"zh-Hans": "b", "zh-Hant": "b", "en": "b"})
    actions = ["view", "create", "edit", "delete", "restore", "revert", "export"]
    policy = {
        "scopes": [{"holder": "role:boss", "type": "permit", "actions": actions},
                   {"holder": "role:boss", "resource": "permissions", "actions": ["view", "manage"]}],
        "grants": [{"holder": "role:boss", "type": "permit", "target": "*", "read": "full", "write": "edit"}],
    }  # fmt: skip
    grants.apply(store, SYSTEM, policy, source="test", reason="test")
    return sign_in(process(store), store, add_user(store, "boss", ["boss"]))


def inputs(boss, path):
    """The names of all inputs of a page that take a value."""
    page = boss.get(path).text
    names = re.findall(r'<(?:input|select|textarea)\b[^>]*?\bname="([^"]+)"', page)
    return [name for name in dict.fromkeys(names) if name not in ("csrf_token", "q", "revision", "key")]


def fine(answer, about):
    assert answer.status_code in FINE, (about, answer.status_code, answer.text[:500])
    return answer


def test_nonsense_in_a_form_is_a_message_or_a_whole_record(boss, store):
    made = boss.post(f"{LIST}new/", data=boss.form(f"{LIST}new/"))
    assert made.status_code == 302, made.text
    edit = f"{made.location}edit/"
    names = inputs(boss, edit)
    assert len(names) > 25
    token, count = boss.token(), 0
    for place, name in enumerate(names):
        for text in TEXTS[place % 3 :: 3]:  # each meets a third of them, all meet all
            before = store.data.r_permit.find_one()
            form = {"csrf_token": token, "revision": str(before["rev"]), name: text, f"{name}.here": "1"}
            answer = fine(boss.client.post(edit, data=form), (name, text))
            after = store.data.r_permit.find_one()
            assert after["rev"] in (before["rev"], before["rev"] + 1)
            if after["rev"] == before["rev"]:
                assert after == before, (name, text)
            else:
                assert answer.status_code == 302
                count += 1
    assert count
    assert boss.get(made.location).status_code == 200
    assert boss.get(edit).status_code == 200
    assert boss.get(LIST).status_code == 200


def test_nonsense_in_the_machinery_of_a_form_writes_nothing(boss, store):
    made = boss.post(f"{LIST}new/", data=boss.form(f"{LIST}new/"))
    edit, page = f"{made.location}edit/", made.location
    with unchanged(store):
        for text in (*TEXTS, "99999999999999999999", "1.0", "01x"):
            for form in (
                {"revision": text, "settled": text, "seen": text},
                {"revision": text},
                {"revision": "1", text: text},
            ):
                fine(boss.post(edit, data=form), form)
            fine(boss.post(f"{page}trash", revision=text + "x"), text)
            fine(boss.post(f"{page}revisions/1/revert", revision=text + "x"), text)
            fine(boss.post(f"{LIST}selected", id=[text, text], verb=text, back=text), text)
            fine(
                boss.post(f"{LIST}export/download", data={"format": text, "column": text, "where": text, "sort": text}),
                text,
            )
    for text in TEXTS:
        fine(boss.post(f"{LIST}columns", data={"column": [text], "sort": text, "back": text}), text)
        fine(boss.post(f"{LIST}unmask", data={"show": text, "back": text}), text)
        assert boss.get(LIST).status_code == 200, text


def test_questions_of_nonsense_are_answered(boss, store):
    boss.post(f"{LIST}new/", data=boss.form(f"{LIST}new/"))
    with unchanged(store):
        for where in WHERES:
            for rest in ("", "count", "suggest", "narrow", "export/"):
                fine(boss.get(f"{LIST}{rest}", where=where, field="a_text", op="eq", value="x"), (rest, where))
            fine(boss.post(f"{LIST}export/download", data={"format": "csv", "where": where}), where)
        for name in ARGUMENTS:
            for text in TEXTS[::3]:
                for rest in ("", "count", "condition", "narrow", "lookup/a_reference_x", "trash/"):
                    if rest in ("", "count") or name in ("field", "op", "value"):
                        fine(
                            boss.get(f"{LIST}{rest}", **{"field": "a_text", "op": "eq", "value": "x", name: text}),
                            (rest, name, text),
                        )
        for rest in ADDRESSES:
            fine(boss.client.get(LIST + rest), rest)
            if rest not in ("new/", "columns"):  # an empty form is one of theirs
                fine(boss.post(LIST + rest), rest)
            fine(boss.client.get(LIST + rest, headers={"HX-Request": "true"}), rest)


def test_conditions_on_every_field_are_answered(boss):
    words = (
        "x",
        "",
        "\x00",
        "1e400",
        "99999999999999999999",
        "2026-02-30",
        "\u3000",
        "@me",
        "@today-99999999",
        "x" * 3000,
    )
    for name in (
        "a_text", "a_integer", "a_decimal", "a_money", "a_date", "a_moment", "a_choice", "a_choices", "a_boolean",
        "a_phone", "a_user", "a_department", "a_name", "a_address", "a_map", "owner", "updated_at", "type",
        "state", "id", "revision",
    ):  # fmt: skip
        for place, op in enumerate(OPERATORS):
            for word in words[place % 4 :: 4]:
                answer = fine(boss.get(f"{LIST}narrow", field=name, op=op, value=word, value2=word), (name, op, word))
                if answer.status_code == 302:
                    fine(boss.client.get(answer.location), (name, op, word))


OPERATORS = ("eq", "ne", "in", "empty", "gt", "between", "starts", "contains", "x", "last:²", "last:" + "9" * 5000)
MULTIPART = "multipart/form-data; boundary=x"
ENCODED = (
    (b"\xff\xfe\x00x=1", "application/x-www-form-urlencoded"),
    (b"a=%ED%A0%80&b=%FF&c=%00", "application/x-www-form-urlencoded"),
    (b"a" * 3_000_000, "application/x-www-form-urlencoded"),
    (b"&".join(b"a%d=1" % turn for turn in range(50_000)), "application/x-www-form-urlencoded"),
    (b"{}", "application/json"),
    (b"x", "text/plain"),
    (b"", "multipart/form-data"),
    (b"--x\r\n", MULTIPART),
    (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"y" * 3_000_000 + b"\r\n--x--", MULTIPART),
    (b'--x\r\nContent-Disposition: form-data; name="\xff\x00"; filename="../../x"\r\n\r\ny\r\n--x--', MULTIPART),
    (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 3000 + b"--x--", MULTIPART),
    (b"a=1", "application/x-www-form-urlencoded; charset=utf-16"),
    ("a=中".encode("gb18030"), "application/x-www-form-urlencoded; charset=gb18030"),
    (b"a=1", "\xff/\xff"),
)  # fmt: skip


@pytest.mark.parametrize("place", range(len(ENCODED)))
def test_bodies_no_browser_sends_are_refused(boss, store, place):
    data, kind = ENCODED[place]
    made = boss.post(f"{LIST}new/", data=boss.form(f"{LIST}new/"))
    token = boss.token()
    with unchanged(store):
        for path in (
            f"{LIST}new/", f"{made.location}edit/", f"{made.location}trash", f"{LIST}selected",
            f"{LIST}export/download", f"{LIST}columns", "/login", "/account/",
        ):  # fmt: skip
            for headers in ({}, {"X-CSRFToken": token}):
                if path == f"{LIST}new/" and headers:
                    continue  # a form without a value is a record without one: this type requires nothing
                if path == f"{LIST}columns" and headers:
                    continue  # so are habits
                answer = boss.client.post(path, data=data, headers={**headers, "Content-Type": kind})
                fine(answer, (path, kind))


def test_names_that_mean_something_to_programs_are_harmless_on_pages(store):
    odd = (
        "validate", "data", "update", "items", "keys", "get", "pop", "errors", "fields", "populate_obj", "form",
        "csrf_token", "process", "meta", "revision_", "hidden_tag", "name", "key", "settled", "seen", "here",
        "clear",
    )  # fmt: skip
    put_in_force(
        store, a_type(*(field(name, sealed=False, list=True, sort=place < 8) for place, name in enumerate(odd)))
    )
    boss = boss_of(store)
    ids = {name: f"{name}_aa11" for name in odd}
    form = boss.form(f"{LIST}new/")
    made = boss.post(f"{LIST}new/", data={**form, **{ids[name]: f"value of {name}" for name in odd}})
    assert made.status_code == 302, made.text
    page = boss.get(made.location).text
    assert not [name for name in odd if f"value of {name}" not in page]
    for turn, name in enumerate(odd, 1):
        changed = boss.post(
            f"{made.location}edit/", data={"revision": str(turn), ids[name]: f"new {name}", name: "by its name"}
        )
        assert changed.status_code == 302, name
        where = {"field": name, "op": "eq", "value": f"new {name}"}
        assert f"new {name}" in boss.get(LIST, where=where, sort=f"-{name}" if turn <= 8 else "").text
    stored = store.data.r_permit.find_one()
    assert {name: stored["v"][ids[name]] for name in odd} == {name: f"new {name}" for name in odd}
    with unchanged(store):
        for name in (
            "validate",
            "data",
            "_id",
            "csrf_token",
            "__class__",
            "update",
            "v",
            "rev",
            "$set",
            "a.b.c",
            "constructor",
        ):
            for value in ("x", json.dumps({"$ne": 1})):
                form = {"revision": str(len(odd) + 1), **({} if name == "csrf_token" else {name: value})}
                fine(boss.post(f"{made.location}edit/", data=form), name)
