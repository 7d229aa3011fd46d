"""One of the options of a field, or several."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from models.definitions.base_type import FieldType, Json, at, check_count, join_items, split_items
from models.definitions.fields import in_language
from models.definitions.text_rules import clean_line, comparable, shown, text_of
from models.errors import N_, FieldValueError

if TYPE_CHECKING:
    from models.definitions.fields import Field, Option


class ChoiceType(FieldType):
    """The key of one option; text form takes its label in any language too."""

    name = "choice"
    widget = "select"

    def read_one(self, raw: Any, field: "Field") -> Any:
        text = text_of(raw)
        option = options_by_key(field).get(text)
        if option is not None:
            return _usable(option)
        if len(text) > 500:
            raise _no_such(text)
        text = comparable(clean_line(text))
        return _usable(option_named(text, field)) if text else None

    def parser(self, field: "Field") -> Callable[[Any], Any]:
        otherwise = super().parser(field)
        if field.many or field.type.name != "choice":
            return otherwise
        offered = {option.key: option.key for option in field.options if option.active}
        return lambda raw: (offered.get(raw) if type(raw) is str else None) or otherwise(raw)

    def operand(self, raw: Any, field: "Field") -> str | None:
        """Options no longer offered included: records still hold them."""
        text = text_of(raw)
        if len(text) > 500:
            raise _no_such(text)
        return option_named(comparable(clean_line(text)), field).key

    def render_one(self, value: Any, field: "Field", locale: str) -> str:
        option = options_by_key(field).get(value)
        return (in_language(option.labels, locale) if option else "") or value

    def renderer_one(self, field: "Field", locale: str) -> Callable[[Any], str]:
        known = {key: in_language(option.labels, locale) or key for key, option in options_by_key(field).items()}
        return lambda value: known.get(value, value)

    def normalise_one(self, value: str) -> str:
        return value


class ChoicesType(ChoiceType):
    """Any number of options, stored in their order."""

    name = "choices"
    widget = "select_many"
    sortable = False
    json_schema = {"type": "array", "items": {"type": "string"}}  # noqa: RUF012

    def read_one(self, raw: Any, field: "Field") -> Any:
        items = split_items(raw) if isinstance(raw, str) else raw if isinstance(raw, list) else [raw]
        check_count(items, max(len(field.options), 1))
        chosen = set()
        for index, item in enumerate(items):
            try:
                chosen.add(super().read_one(item, field))
            except FieldValueError as error:
                raise at(index, error)  # noqa: B904  (the same error, with its place)
        return [option.key for option in field.options if option.key in chosen] or None

    def render_one(self, value: Any, field: "Field", locale: str) -> str:
        return join_items([super(ChoicesType, self).render_one(key, field, locale) for key in value])

    def renderer_one(self, field: "Field", locale: str) -> Callable[[Any], str]:
        one = super().renderer_one(field, locale)
        return lambda value: join_items([one(key) for key in value])

    def json_one(self, value: Any, field: "Field") -> Json:
        return list(value)


@lru_cache(maxsize=2_000)
def options_by_key(field: "Field") -> "Mapping[str, Option]":
    """The options of a field for looking up; compared by identity, like the field of a compiled version."""
    return {option.key: option for option in field.options}


def option_named(text: str, field: "Field") -> "Option":
    """The option whose key or label, in any language, `text` is. Usable ones go before those no longer offered.

    :raises FieldValueError: there is none
    """
    folded = text.casefold()
    for option in sorted(field.options, key=lambda option: not option.active):
        if option.key == text or any(comparable(label).casefold() == folded for label in option.labels.values()):
            return option
    raise _no_such(text)


def _usable(option: "Option") -> str:
    if option.active:
        return option.key
    raise FieldValueError("not_offered", N_("{given} is no longer offered here."), given=option.key)


def _no_such(text: str) -> FieldValueError:
    return FieldValueError("no_such_option", N_("{given} is not one of the options."), given=shown(text))
