"""Search keys of records and the filters that use them. Everything lies in one array `s` of a record.

Clear values: `<field>:g:<1 or 2 characters>` of names and texts, `<field>:p:<full pinyin>` and `<field>:i:<initials>`
of names, `<field>:t:<last four digits>` of phones, `<field>:e:<value>` of everything else.
Sealed values: `<field>:<kind>:<token>`; the kinds are those of the field type, and only whole values answer.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

from models.crypto.tokens import Tokens
from models.definitions.compiled_type import CompiledType
from models.definitions.condition_operators import Filter, all_of, any_of, piece_pattern
from models.definitions.fields import Field
from models.definitions.readings import spelled, surnames_of
from models.definitions.stored_values import matching, values_at
from models.definitions.text_rules import comparable
from models.errors import FieldValueError

MOST_CHARACTERS = 100
"""Of a value: what lies behind is not searched by its parts."""
MOST_QUERY = 100
MOST_TERMS = 5
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_LAST = "\U0010ffff"

Maker = Callable[[Any, Tokens], list[str]]


def keys_of(compiled: CompiledType, values: Mapping[str, Any], tokens: Tokens) -> list[str]:
    """The array `s` of a record.

    :param values: id of a top-level field → plain stored value
    """
    makers = _makers(compiled)
    keys: list[str] = []
    for field_id, value in values.items():
        maker = makers.get(field_id)
        if maker is not None and value is not None:
            keys += maker(value, tokens)
    return list(dict.fromkeys(keys))


def candidates(compiled: CompiledType, fields: Iterable[Field], text: str, tokens: Tokens) -> Filter | None:
    """The records of which one of the fields answers to what somebody typed; None where none of them ever could."""
    filters = [way.filter() for field in fields for way in _ways(field, text, tokens)]
    return any_of(filters) if filters else None


def matches(field: Field, value: Any, text: str, tokens: Tokens) -> bool:
    """Whether a plain stored value answers to what somebody typed: the same answer as `candidates`."""
    keys = _maker_of(field)(value, tokens) if value is not None else []
    document = {"s": keys, "v": {field.id: value}}
    if field.parent_id:
        document["v"] = {field.parent_id: {field.id: value}}
    if field.frame:
        document[field.path] = value
    return any(way.holds(document) for way in _ways(field, text, tokens))


@dataclass(frozen=True)
class Way:
    """One way to find a text: keys that must all stand, one of several, or one that begins so; then a closer look."""

    every: Sequence[str] = ()
    one_of: Sequence[str] = ()
    prefix: str = ""
    path: str = "s"
    piece: tuple[str, str] | None = None
    """Path and pattern in which the piece must stand as a whole: its 2-grams may lie apart."""

    def filter(self) -> Filter:
        """As MongoDB reads it."""
        parts: list[Filter] = []
        if self.every:
            parts.append({"s": self.every[0]} if len(self.every) == 1 else {"s": {"$all": list(self.every)}})
        if self.one_of:
            parts.append({"s": {"$in": list(self.one_of)}})
        if self.prefix:
            span = {"$gte": self.prefix, "$lt": self.prefix + _LAST}
            parts.append({"s": {"$elemMatch": span}} if self.path == "s" else {self.path: span})
        if self.piece:
            parts.append({self.piece[0]: {"$regex": self.piece[1]}})
        return all_of(parts)

    def holds(self, document: Mapping[str, Any]) -> bool:
        """As Python reads it."""
        keys = set(values_at(document, "s"))
        if not keys.issuperset(self.every) or (self.one_of and keys.isdisjoint(self.one_of)):
            return False
        if self.prefix and not any(
            isinstance(key, str) and key.startswith(self.prefix) for key in values_at(document, self.path)
        ):
            return False
        if self.piece is None:
            return True
        return any(matching(self.piece[1], value) for value in values_at(document, self.piece[0]))


_made: "WeakKeyDictionary[CompiledType, dict[str, Maker]]" = WeakKeyDictionary()


def _makers(compiled: CompiledType) -> dict[str, Maker]:
    """Top-level field id → what makes its keys, for the fields that have any."""
    if compiled not in _made:
        _made[compiled] = {field.id: _maker_of(field) for field in compiled.by_id.values() if _has_keys(field)}
    return _made[compiled]


def _has_keys(field: Field) -> bool:
    if field.parent_id or field.computed or field.frame:
        return False
    if field.type.name == "object":
        return any(part.sealed or part.search for part in field.fields)
    return field.sealed or field.search


def _maker_of(field: Field) -> Maker:
    if field.type.name == "object":
        parts = {part.id: _maker_of(part) for part in field.fields if part.sealed or part.search}
        return lambda value, tokens: [
            key for part_id, part in value.items() if part_id in parts for key in parts[part_id](part, tokens)
        ]
    if field.sealed:
        return _sealed_maker(field)
    if field.type.name == "name":
        return lambda value, tokens: [key for text in _texts(field, value) for key in name_keys(field.id, text)]
    if field.type.name == "text":
        return lambda value, tokens: [key for text in _texts(field, value) for key in gram_keys(field.id, text)]
    return lambda value, tokens: [key for text in _texts(field, value) for key in _plain_keys(field, text)]


def _texts(field: Field, value: Any) -> list[str]:
    normalised = field.type.normalise(value)
    return normalised if isinstance(normalised, list) else [normalised]


def _sealed_maker(field: Field) -> Maker:
    kinds = field.type.token_kinds if field.search else tuple(kind for kind in field.type.token_kinds if kind == "eq")
    field_id = field.id

    def make(value: Any, tokens: Tokens) -> list[str]:
        return [
            f"{field_id}:{kind}:{tokens.of(field_id, kind, form)}"
            for text in _texts(field, value)
            for kind in kinds
            for form in _FORMS[kind](text)
        ]

    return make


_FORMS: dict[str, Callable[[str], Iterable[str]]] = {
    "eq": lambda text: (text,),
    "surname": surnames_of,
    "pinyin": lambda text: spelled(text)[0],
    "initials": lambda text: spelled(text)[1],
    "tail": lambda text: (text[-4:],),
}
"""Kind of token → the forms of a normalised value that get one."""


def gram_keys(field_id: str, text: str) -> list[str]:
    """Every character and every two neighbours of a normalised text."""
    text = text.lower()[:MOST_CHARACTERS]
    head = f"{field_id}:g:"
    keys = [head + char for char in text]
    keys += [head + pair for pair in map("".join, pairwise(text))]
    return keys if " " not in text else [key for key in keys if " " not in key]


def name_keys(field_id: str, text: str) -> list[str]:
    """Grams, pinyin and initials of a normalised name."""
    keys = gram_keys(field_id, text)
    full, initials = spelled(text)
    keys += [f"{field_id}:p:{pinyin}" for pinyin in full]
    keys += [f"{field_id}:i:{letters}" for letters in initials]
    return keys


def _plain_keys(field: Field, text: str) -> Iterator[str]:
    yield f"{field.id}:e:{text.lower()[:MOST_CHARACTERS]}"
    if field.type.name == "phone":
        yield f"{field.id}:t:{text[-4:]}"


def _ways(field: Field, text: str, tokens: Tokens) -> list[Way]:
    """How a field may answer to a text."""
    text = _query(text)
    if not text or field.computed:
        return []
    if field.frame:
        return _frame_ways(field, text)
    if field.sealed:
        return _sealed_ways(field, text, tokens)
    if not field.search:
        return []
    if field.type.name in ("name", "text"):
        return _part_ways(field, text)
    return _plain_ways(field, text)


def _query(text: str) -> str:
    """What was typed as it is compared; "" where nothing can match."""
    if len(text) > MOST_QUERY:
        return ""
    return _NO_TEXT.sub("", comparable(text)).strip()


def _frame_ways(field: Field, text: str) -> list[Way]:
    return [Way(prefix=text.upper(), path=field.path)] if field.type.name == "sequence" and text.isascii() else []


def _sealed_ways(field: Field, text: str, tokens: Tokens) -> list[Way]:
    wanted = [
        f"{field.id}:{kind}:{token}"
        for kind, form in _sealed_forms(field, text)
        for token in tokens.all_of(field.id, kind, form)
    ]
    return [Way(one_of=wanted)] if wanted else []


def _sealed_forms(field: Field, text: str) -> Iterator[tuple[str, str]]:
    kinds = field.type.token_kinds
    whole = _operand(field, text)
    if whole and "eq" in kinds:
        yield "eq", whole
    if not field.search:
        return
    if "tail" in kinds and len(text) == 4 and text.isdigit():
        yield "tail", text
    if "surname" in kinds and len(text) <= 20:
        yield "surname", text.lower()
    letters = _letters(text)
    if letters:
        for kind in ("pinyin", "initials"):
            if kind in kinds:
                yield kind, letters


def _operand(field: Field, text: str) -> str | None:
    """The normalised value that the text would be, if it could be one."""
    try:
        value = field.type.operand(text, field)
    except FieldValueError:
        return None
    if value is None:
        return None
    normalised = field.type.normalise(value)
    return normalised if isinstance(normalised, str) else next(iter(normalised), None)


def _part_ways(field: Field, text: str) -> list[Way]:
    every: list[str] = []
    terms = text.lower().split()[:MOST_TERMS]
    for term in terms:
        grams = gram_keys(field.id, term)
        every += grams[len(term) :] if len(term) > 1 else grams
    longest = max(text.split()[:MOST_TERMS], key=len)
    piece = (field.path, piece_pattern(longest)) if len(longest) > 2 else None
    ways = [Way(every=tuple(dict.fromkeys(every)), piece=piece)]
    letters = _letters(text)
    if letters and field.type.name == "name":
        ways += [Way(prefix=f"{field.id}:{kind}:{letters}") for kind in ("p", "i")]
    return ways


def _plain_ways(field: Field, text: str) -> list[Way]:
    heads = [text.lower()]
    whole = _operand(field, text)
    if whole:
        heads.append(whole.lower())
    ways = []
    if field.type.name == "phone":
        digits = "".join(char for char in text if char.isdigit())
        heads = [*heads[1:], f"+{digits}", f"+86{digits.lstrip('0')}"] if len(digits) > 2 else heads[1:]
        if len(text) == 4 and text.isdigit():
            ways.append(Way(every=(f"{field.id}:t:{text}",)))
    return ways + [Way(prefix=f"{field.id}:e:{head}") for head in dict.fromkeys(heads)]


def _letters(text: str) -> str:
    """Typed pinyin or initials without spaces and apostrophes; "" where it is something else."""
    letters = text.lower().replace(" ", "").replace("'", "").replace("ü", "v")
    return letters if letters.isascii() and letters.isalnum() and not letters.isdigit() else ""
