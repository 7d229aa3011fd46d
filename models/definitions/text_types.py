"""Text, names of persons and companies, long text."""

import re
from typing import TYPE_CHECKING, Any

from models.definitions.base_type import EQUALITY, PARTS, FieldType
from models.definitions.patterns import compile_pattern
from models.definitions.readings import sort_key_of
from models.definitions.text_rules import check_length, clean_line, clean_paragraphs, comparable, text_of
from models.errors import N_, FieldValueError

if TYPE_CHECKING:
    from models.definitions.fields import Field

_WEB_ADDRESS = re.compile(r"https?://[^\s/?#@:]+(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE)
_POSTCODE = re.compile(r"\d{6}")
FORMATS = {
    "url": (_WEB_ADDRESS, N_("This is not a web address, such as https://example.com.")),
    "postcode": (_POSTCODE, N_("This is not a postcode of six digits.")),
}
"""Values of the validator `format`: what a text must match, and what is said where it does not."""


class TextType(FieldType):
    """One line of text, stored as typed but for unseen characters and full-width letters and digits."""

    name = "text"
    operators = (*EQUALITY, *PARTS)
    sealed_by_default = True
    text_like = True
    can_be_many = True
    most = 500
    """Characters, where the field does not say."""
    most_ever = 4_000

    def read_one(self, raw: Any, field: "Field") -> str | None:
        return self.clean(text_of(raw), field) or None

    def clean(self, text: str, field: "Field") -> str:
        """The text as it is stored."""
        if len(text) > self.most_ever * 2:
            check_length(text, 0, self.most_ever)
        return clean_line(text)

    def check_one(self, value: str, field: "Field") -> None:
        rules = field.validators
        if not rules:
            if len(value) > self.most:
                check_length(value, 0, self.most)
            return
        most = min(int(rules.get("max_length", self.most)), self.most_ever)
        check_length(value, int(rules.get("min_length", 0)), most)
        pattern = rules.get("pattern")
        if pattern and compile_pattern(pattern).fullmatch(value[:500]) is None:
            raise FieldValueError("pattern", N_("This does not have the expected form: {pattern}"), pattern=pattern)
        form = FORMATS.get(rules.get("format", ""))
        if form and form[0].fullmatch(value) is None:
            raise FieldValueError("format", form[1])

    def normalise_one(self, value: Any) -> str:
        return comparable(value)


class NameType(TextType):
    """The name of a person or company: searched by surname, pinyin and initials, ordered by pinyin and strokes."""

    name = "name"
    token_kinds = ("eq", "surname", "pinyin", "initials")
    most = 200
    most_ever = 500

    def sort_key(self, value: str) -> str:
        return sort_key_of(value)


class LongTextType(TextType):
    """Text of several lines."""

    name = "long_text"
    widget = "long_text"
    sortable = False
    can_be_many = False
    most = 20_000
    most_ever = 100_000

    def clean(self, text: str, field: "Field") -> str:
        if len(text) > self.most_ever * 2:
            check_length(text, 0, self.most_ever)
        return clean_paragraphs(text)
