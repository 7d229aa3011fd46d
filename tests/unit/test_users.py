"""The department tree and the actor, without a database."""

import pytest

from models.users import Actor, Department, Departments, label_of


def tree() -> Departments:
    return Departments([
        Department(id="hq", name="总部"),
        Department(id="east", name="华东区", parent="hq"),
        Department(id="sh", name="上海", parent="east"),
        Department(id="west", name="西南区", parent="hq"),
    ])


def test_departments_include_those_below_and_no_sibling():
    assert tree().below("east") == ("east", "sh")
    assert set(tree().below("hq")) == {"hq", "east", "sh", "west"}


def test_an_unknown_or_missing_department_holds_nothing():
    assert tree().below(None) == ()
    assert tree().below("gone") == ()


def test_a_circle_in_damaged_data_ends():
    circle = Departments([Department(id="a", name="a", parent="b"), Department(id="b", name="b", parent="a")])
    assert set(circle.below("a")) == {"a", "b"}
    assert [node.id for node in circle.path("a")] == ["b", "a"]


def test_walk_gives_depths_in_reading_order():
    depths = {node.id: depth for depth, node in tree().walk()}
    assert depths == {"hq": 0, "east": 1, "sh": 2, "west": 1}


def test_an_actor_is_named_by_roles_and_user_to_grants():
    actor = Actor(id="u1", name="李姝", roles=frozenset({"sales"}))
    assert actor.holders == {"role:sales", "user:u1"}
    assert actor.through("token").via == "token"
    assert Actor.system_actor("cli:root", "load").system
    assert Actor.system_actor("system:shipped").id == "system:shipped"
    for name in ("shipped", "first sign-in", "cli:", "", "user:admin", "a" * 26):
        with pytest.raises(ValueError, match="names no part"):
            Actor.system_actor(name)


def test_a_label_falls_back_to_any_language():
    assert label_of({"zh-Hans": "客服", "en": "Service"}, "zh_Hans_CN") == "客服"
    assert label_of({"en": "Service"}, "zh_Hant_TW") == "Service"
    assert label_of({}, "en", "service") == "service"
