"""Form text to body and back, for every widget: an untouched form changes nothing."""

import pytest
from werkzeug.datastructures import MultiDict

from models.definitions.field_types import FIELD_TYPES
from models.definitions.fields import Field, Option
from views import widgets
from views.forms import raw_of

SUBS = (
    Field(id="year_aaaa", name="year", labels={}, type=FIELD_TYPES["integer"], in_rows=True),
    Field(id="cleared_bbbb", name="cleared", labels={}, type=FIELD_TYPES["boolean"], in_rows=True),
)
OPTIONS = (Option("a", {"en": "A"}), Option("b", {"en": "B"}))


def field(type_name, **more):
    return Field(id="it_x1y2", name="it", labels={"en": "It"}, type=FIELD_TYPES[type_name], **more)


def read(one, **inputs):
    pairs = [(name, text) for name, texts in inputs.items() for text in (texts if isinstance(texts, list) else [texts])]
    return widgets.read(MultiDict(pairs), one.id, one)


def test_every_field_type_has_a_known_widget():
    assert {kind.widget for kind in FIELD_TYPES.values()} <= set(widgets.WIDGETS)


@pytest.mark.parametrize(
    ("type_name", "more", "inputs", "raw"),
    [
        ("text", {}, {"it_x1y2": "  a\r\nb "}, "a\nb"),
        ("text", {}, {"it_x1y2": "   "}, None),
        ("text", {"many": True}, {"it_x1y2": ["a", "", " b "]}, ["a", "b"]),
        ("integer", {}, {"it_x1y2": "1,250"}, "1,250"),
        ("boolean", {}, {"it_x1y2": "false"}, False),
        ("boolean", {}, {"it_x1y2": ""}, None),
        ("date", {"open_end": True}, {"it_x1y2": "", "it_x1y2.open": "1"}, "9999-12-31"),
        ("date", {}, {"it_x1y2": "2026-11-24", "it_x1y2.open": "1"}, "2026-11-24"),
        ("choices", {"options": OPTIONS}, {"it_x1y2": ["", "a", "b"]}, ["a", "b"]),
        ("choices", {"options": OPTIONS}, {"it_x1y2": ""}, None),
        ("phone", {}, {"it_x1y2": ["13812345678", ""]}, ["13812345678"]),
        ("address", {}, {"it_x1y2.text": "苏州", "it_x1y2.country": "CN"}, {"country": "CN", "text": "苏州"}),
        ("address", {}, {"it_x1y2.text": "", "it_x1y2.country": "CN"}, None),
        ("map", {}, {"it_x1y2.key": ["微信", ""], "it_x1y2.value": ["li", "x"]}, {"微信": "li"}),
        (
            "rows",
            {"fields": SUBS},
            {"it_x1y2.row": ["0", "7"], "it_x1y2.0.year_aaaa": "2024", "it_x1y2.0.cleared_bbbb": "true"},
            [{"year": "2024", "cleared": True}],
        ),
    ],
)
def test_inputs_become_the_shape_a_body_takes(type_name, more, inputs, raw):
    assert read(field(type_name, **more), **inputs) == raw


def test_a_row_number_cannot_reach_out_of_its_field():
    one = field("rows", fields=SUBS)
    assert read(one, **{"it_x1y2.row": ["../x", "0.y"], "it_x1y2.../x.year_aaaa": "1"}) is None


@pytest.mark.parametrize(
    ("type_name", "more", "given"),
    [
        ("name", {}, "澄川机电"),
        ("integer", {}, "-7"),
        ("decimal", {}, "1.50"),
        ("money", {}, "12.5"),
        ("boolean", {}, "no"),
        ("date", {"open_end": True}, "长期"),
        ("moment", {}, "2026-11-24 14:02"),
        ("phone", {}, ["13812345678", "010-62345678"]),
        ("address", {}, {"region": "320506", "text": "东太湖路 1 号"}),
        ("map", {}, {"微信": "lishu"}),
        ("choice", {"options": OPTIONS}, "a"),
        ("choices", {"options": OPTIONS}, ["a", "b"]),
        ("text", {"many": True}, ["a", "b; c"]),
        ("rows", {"fields": SUBS}, [{"year": 2024, "cleared": False}]),
    ],
)
def test_what_the_form_shows_parses_to_what_was_stored(type_name, more, given):
    one = field(type_name, **more)
    stored = one.type.parse(given, one)
    shown = raw_of(one, stored)
    assert one.type.parse(shown, one) == stored
    assert raw_of(one, one.type.parse(shown, one)) == shown


def test_a_field_that_was_not_on_the_form_is_not_given():
    assert not widgets.present(MultiDict(), "it_x1y2")
    assert widgets.present(MultiDict({"it_x1y2.here": "1"}), "it_x1y2")
