"""User names: one form, no disguise."""

import pytest

from models.errors import FieldValueError
from models.usernames import comparable, parse_username


@pytest.mark.parametrize(("raw", "kept"), [
    ("Lishu", "lishu"),
    ("ｌｉｓｈｕ", "lishu"),
    ("李姝", "李姝"),
    ("li.shu@hq", "li.shu@hq"),
    ("王wang", "王wang"),
    ("дмитрий", "дмитрий"),
    ("Straße9", "strasse9"),
])
def test_a_name_is_kept_in_one_form(raw, kept):
    assert parse_username(raw) == kept
    assert comparable(raw) == kept


@pytest.mark.parametrize(("raw", "code"), [
    ("a", "length"),
    ("x" * 65, "length"),
    ("ad\u200bmin", "invisible"),
    ("admin\ufeff", "invisible"),
    ("ad\u202emin", "invisible"),
    ("a\x00b", "invisible"),
    ("\u0430dmin", "confusable"),  # Cyrillic а before Latin letters
    ("\u0430\u0441\u0435", "confusable"),  # Cyrillic асе, all of it looking Latin
    ("αdmin", "confusable"),
    ("li shu", "characters"),
    ("$where", "characters"),
    ("-li", "characters"),
    ("li/../x", "characters"),
    ("<b>li</b>", "characters"),
])
def test_a_name_that_hides_something_is_refused(raw, code):
    with pytest.raises(FieldValueError) as refused:
        parse_username(raw)
    assert refused.value.code == code
