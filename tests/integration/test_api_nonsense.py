"""Every field type meets nonsense: a 4xx that says where, never a 500, never half a record."""

import json

import pytest

from models.definitions.record_types import load_type
from models.operations import grants, roles, types
from tests.attack.panel import SYSTEM, add_user, caller, process
from tests.attack.unchanged import unchanged
from tests.drawn_types import a_type, everything, field

DEEP: list = []
for _ in range(12):
    DEEP = [DEEP]
NONSENSE = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    -0.0,
    1e308,
    10**18,
    10**30,
    10**300,
    "",
    " ",
    "\u3000",
    "x",
    "0",
    "-",
    "NaN",
    "Infinity",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202eabc",
    "\ufeff",
    "\U000e0041",
    "é" * 300,
    "x" * 5_000,
    "x" * 300_000,
    "1" * 400,
    "=1+1",
    "<script>alert(1)</script>",
    "'; db.dropDatabase()",
    "${7*7}",
    "{{7*7}}",
    "../../etc/passwd",
    "$where",
    "_id",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "10000-01-01",
    "2026-13-01T99:99:99Z",
    "2026-01-01T00:00:00+99:99",
    "长期",
    "138****5678",
    "110101194912310021",
    "+0",
    "١٢٣",
    "①",
    "1e400",
    "1_000",
    "0x10",
    "12,34",
    "--1",
    "a@b",
    "a@" + "b" * 300,
    [],
    {},
    [None],
    [[]],
    [{}],
    [""],
    ["x"],
    [1, 2],
    ["x"] * 1000,
    DEEP,
    {"$ne": 1},
    {"$set": {"x": 1}},
    {"masked": "x"},
    {"id": "x"},
    {"id": None},
    {"id": ["x"]},
    {"id": {"$gt": ""}},
    {"amount": "x"},
    {"amount": {}, "currency": 1},
    {"amount": "1", "currency": "XXX"},
    {"number": 5},
    [{"number": {"$ne": 1}}],
    [{"number": "1", "verified_at": "x"}],
    {"region": 1, "text": "x"},
    {"country": "xx", "text": "x"},
    {"text": ["x"]},
    {"part_a": {"part_a": 1}},
    {"part_b": "zz"},
    [{"part_c": "x"}],
    [{"part_c": "2026-01-01", "x": 1}],
    [{"part_c": []}] * 300,
    {"": "x"},
    {"$x": "x"},
    {"a.b": "x"},
    {"__proto__": "x"},
    {"a" * 600: "x"},
    {"a": "b" * 2000},
    {"a": {"b": 1}},
    {"\ud800": "x"},
    {"a": "\ud800"},
    {str(turn): "x" for turn in range(300)},
    {"fillable": True},
    {"unreadable": True},
)
REFUSED = frozenset({400, 403, 409, 413, 422})


def boss_of(store, name):
    """A program that may do everything with the type `name`."""
    roles.add(SYSTEM, store, id="boss", labels={"zh-Hans": "b", "zh-Hant": "b", "en": "b"})
    actions = ["view", "create", "edit", "delete", "restore", "revert", "export"]
    policy = {
        "scopes": [
            {"holder": "role:boss", "type": name, "actions": actions},
            {"holder": "role:boss", "resource": "permissions", "actions": ["manage"]},
        ],
        "grants": [{"holder": "role:boss", "type": name, "target": "*", "read": "full", "write": "edit"}],
    }
    grants.apply(store, SYSTEM, policy, source="test", reason="test")
    return caller(process(store), store, add_user(store, "boss", ["boss"]))


def put_in_force(store, tree):
    definition = load_type(tree, "test")
    types.apply(SYSTEM, store, {definition.type: definition}, reason="test")


@pytest.fixture
def boss(store):
    put_in_force(store, everything())
    store.data.users.create_index("username", unique=True)
    return boss_of(store, "permit")


def names(boss):
    return [one["name"] for one in boss.get("/types/permit").json["fields"]]


def test_nonsense_is_refused_or_kept_whole(boss, store):
    made = boss.post("/records/permit", json={}).json
    path = f"/records/permit/{made['id']}"
    revision = 1
    for name in names(boss):
        for value in NONSENSE:
            text = json.dumps({name: value})
            headers = {"If-Match": f'"{revision}"'}
            answer = boss.patch(path, data=text, content_type="application/json", headers=headers)
            assert answer.status_code == 200 or answer.status_code in REFUSED, (name, text[:200], answer.text[:300])
            if answer.status_code == 200:
                assert answer.json["revision"] in (revision, revision + 1)
                revision = answer.json["revision"]
                assert boss.get(path).json == answer.json
            else:
                assert answer.mimetype == "application/problem+json"
                assert len(answer.data) < 20_000
                for fault in answer.json.get("errors", ()):
                    assert fault["field"].split(".")[0] == name
    assert boss.get(path).json["revision"] == revision


def test_a_refused_create_writes_nothing(boss, store):
    with unchanged(store):
        for name in names(boss):
            for value in ({"$ne": 1}, "\x00", "x" * 300_000, DEEP, [{"x": 1}], {"masked": "x"}):
                text = json.dumps({"a_name": "张三", name: value})
                answer = boss.post("/records/permit", data=text, content_type="application/json")
                if name == "a_name" or (name, value) != ("", ""):
                    assert answer.status_code in REFUSED, (name, text[:100], answer.text[:300])


def test_questions_of_nonsense_are_refused(boss):
    asked = ("eq", "ne", "in", "empty", "gt", "gte", "lt", "lte", "between", "starts", "contains")
    odd = (
        None,
        True,
        5,
        1e308,
        10**300,
        "",
        "x",
        "\x00",
        "\ud800",
        "x" * 3000,
        [],
        {},
        ["x", "y"],
        [None, None],
        DEEP,
        {"$ne": 1},
        "@me",
        "@today",
        "@today-99999",
        "@today+99999999",
        "@my_departments",
        [1, "x", None],
    )
    for name in [*names(boss), "id", "revision", "state", "updated_at", "owner"]:
        for place, op in enumerate(asked):
            for value in odd[place % 4 :: 4]:  # each meets a quarter of them, all meet all
                where = json.dumps({"field": name, "op": op, "value": value})
                answer = boss.get("/records/permit", params={"where": where, "limit": 1})
                assert answer.status_code in (200, 400, 403, 422), (where[:200], answer.text[:300])
    for word in odd:
        if isinstance(word, str) and word != "\ud800":
            assert boss.get("/records/permit", params={"q": word}).status_code in (200, 422)


def test_names_that_mean_something_to_programs_are_harmless(store):
    odd = (
        "validate",
        "data",
        "update",
        "items",
        "keys",
        "get",
        "pop",
        "errors",
        "fields",
        "populate_obj",
        "format",
        "where",
    )
    put_in_force(store, a_type(*(field(name, sealed=False, list=True) for name in odd)))
    boss = boss_of(store, "permit")
    body = {name: f"value of {name}" for name in odd}
    made = boss.post("/records/permit", json=body)
    assert made.status_code == 201, made.text
    path = f"/records/permit/{made.json['id']}"
    assert {name: boss.get(path).json[name] for name in odd} == body
    for turn, name in enumerate(odd):
        changed = boss.patch(path, json={name: "new"}, match=turn + 1)
        assert (changed.status_code, changed.json[name]) == (200, "new")
        where = json.dumps({"field": name, "op": "eq", "value": "new"})
        assert len(boss.get("/records/permit", params={"where": where, "fields": name}).json["items"]) == 1
    assert boss.get("/records/permit/export", params={"format": "csv"}).data.count(b"new") == len(odd)


def test_what_was_read_may_be_sent_back(boss):
    """The shape of an answer is the shape of a body, value by value."""
    body = {
        "a_text": "abc",
        "a_name": "张三",
        "a_long_text": "a\nb",
        "a_integer": 9_007_199_254_740_993,
        "a_decimal": "1.25",
        "a_money": {"amount": "12.50", "currency": "HKD"},
        "a_boolean": True,
        "a_date": "2026-05-01",
        "a_moment": "2026-05-01T08:30:00Z",
        "a_choice": "a",
        "a_choices": ["a"],
        "a_phone": ["13812345678"],
        "a_email": "a@example.com",
        "a_id_number": "11010519491231002X",
        "a_plate": "京A12345",
        "a_address": {"region": "110105", "text": "街 1 号"},
        "a_object": {"part_a": "x", "part_b": "a"},
        "a_rows": [{"part_c": "9999-12-31"}],
        "a_map": {"wechat": "x"},
    }
    made = boss.post("/records/permit", json=body)
    assert made.status_code == 201, made.text
    path = f"/records/permit/{made.json['id']}"
    again = boss.patch(path, json={name: made.json[name] for name in body}, match=1)
    assert (again.status_code, again.json) == (200, made.json), again.text
    other = boss.post("/records/permit", json={name: made.json[name] for name in body}).json
    assert {name: other[name] for name in body} == {name: made.json[name] for name in body}
    assert made.json["a_integer"] == "9007199254740993"
