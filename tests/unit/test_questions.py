"""The question of a list page: read from its address, written back into links, never changed on the way."""

import pytest
from werkzeug.datastructures import MultiDict

from models.errors import MalformedQuery
from views.questions import Question, joined

OWNER = {"field": "owner", "op": "eq", "value": "@me"}
KIND = {"field": "type", "op": "eq", "value": "tenant"}


def asked(**args):
    return Question.asked(args=MultiDict(args))


def test_a_link_asks_the_same_again():
    question = asked(
        where='{"all":[{"field":"owner","op":"eq","value":"@me"}]}', q=" 澄川 ", sort="-updated_at", limit="20"
    )
    assert question.q == "澄川"
    assert Question.asked(args=MultiDict(question.args())) == question


def test_a_page_mark_goes_when_the_question_changes():
    assert "after" not in asked(after="x").args(q="a")
    assert asked(q="a").args(after="y")["after"] == "y"


def test_one_chip_for_each_condition_and_one_for_anything_else():
    assert asked(where='{"all":[{"field":"a"},{"field":"b"}]}').leaves == [{"field": "a"}, {"field": "b"}]
    tree = {"any": [OWNER, KIND]}
    assert Question(where=tree).leaves == [tree]
    assert Question(where=OWNER).leaves == [OWNER]


def test_taking_a_chip_away_leaves_the_others():
    question = Question(where={"all": [OWNER, KIND]})
    assert question.without(0) == {"all": [KIND]}
    assert Question(where={"all": [KIND]}).without(0) is None


def test_a_condition_is_not_doubled():
    assert Question(where={"all": [OWNER]}).narrowed(OWNER) == {"all": [OWNER]}
    assert Question().narrowed(OWNER) == joined([OWNER])


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "1", "[" * 5000, "nonsense"])
def test_a_where_that_is_no_object_is_malformed(text):
    with pytest.raises(MalformedQuery):
        asked(where=text)


@pytest.mark.parametrize("text", ["-1", "x", "1e3", "٣", "999999999"])
def test_a_limit_that_is_no_number_is_malformed(text):
    with pytest.raises(MalformedQuery):
        asked(limit=text)


def test_the_kept_order_holds_until_the_address_names_one():
    assert Question.asked(args=MultiDict(), sort="-a").sort == "-a"
    assert Question.asked(args=MultiDict({"sort": "b"}), sort="-a").sort == "b"
