"""The schema of one field of a record type, and what of it can be judged without looking at other fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from models.definitions.faults import Place, quoted, unknown_word
from models.definitions.field_types import FIELD_TYPES
from models.definitions.numbering import Numbering, numbering_tree, read_numbering
from models.definitions.shapes import A_WORD, Key, flag, labels, one_of, plain, read_mapping, sequence, text, tree
from models.definitions.system_fields import SYSTEM_KEYS
from models.definitions.validators import read_validators
from models.errors import N_

HOLDERS = frozenset({"object", "rows"})
NOT_INSIDE = frozenset({"object", "rows", "formula", "sequence"})
UNIQUE = frozenset({"text", "integer", "email", "id_number", "credit_code", "bank_account", "plate", "sequence"})
WITH_OPTIONS = frozenset({"choice", "choices"})
RESERVED = frozenset(SYSTEM_KEYS) | {"findings", "held", "unfit", "trashed_at"}
"""Names that mean something else in a record's answer: system keys, and what REST adds."""
MOST_OPTIONS = 500


@dataclass(frozen=True, slots=True)
class OptionDefinition:
    """One choice. What was chosen once stays readable, so an option is switched off rather than removed."""

    key: str
    labels: Mapping[str, str]
    active: bool = True


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A field as its author wrote it. Attributes are the keys of the schema; None is *not said*."""

    id: str
    name: str
    labels: Mapping[str, str]
    type: str
    source: str | None = None
    help: Mapping[str, str] | None = None
    section: str | None = None
    grade: str | None = None
    sealed: bool | None = None
    purpose: str | None = None
    frame: str | None = None
    active: bool = True
    system: bool = False
    required: bool = False
    many: bool = False
    list: bool = False
    sort: bool = False
    search: bool = False
    unique: bool = False
    open_end: bool = False
    currency: str | None = None
    default: Any = None
    formula: str | None = None
    visible_when: Mapping[str, Any] | None = None
    relation: str | None = None
    target: str | None = None
    inverse: str | None = None
    copies: tuple[str, ...] = ()
    numbering: Numbering | None = None
    validators: Mapping[str, Any] | None = None
    options: tuple[OptionDefinition, ...] = ()
    fields: "tuple[FieldDefinition, ...]" = ()


def field_list(value: Any, place: Place) -> tuple[FieldDefinition, ...] | None:
    """The fields of a type, or the sub-fields of one field. Faults name a field by its name, not by its position."""
    if not isinstance(value, list):
        place.fault(N_("must be a list"))
        return None
    read = [read_field(one, place.at(_handle(one, number))) for number, one in enumerate(value)]
    found = tuple(one for one in read if one is not None)
    _refuse_doubles([one.id for one in found], place)
    _refuse_doubles([one.name for one in found if one.active], place)
    return found


def _handle(value: Any, number: int) -> str | int:
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) and re.fullmatch(r"[\w-]{1,60}", name) else number


def _refuse_doubles(words: "list[str]", place: Place) -> None:
    for word in sorted({word for word in words if words.count(word) > 1}):
        place.fault(N_("{name} stands here twice"), name=quoted(word))


def read_field(value: Any, place: Place, *, inside: str = "") -> FieldDefinition | None:
    """One field, faults reported at `place`; `inside` is the type of the field it is a part of."""
    before = len(place.faults)
    read = read_mapping(value, place, _KEYS)
    kind = read.get("type")
    raw_parts = read.pop("fields", None)
    if raw_parts and kind in HOLDERS:
        read["fields"] = _parts(raw_parts, place.at("fields"), kind)
    elif raw_parts and kind:
        place.at("fields").fault(N_("only an object or rows has parts, not {type}"), type=kind)
    elif kind in HOLDERS:
        place.fault(N_("{type} needs `fields`: what it consists of"), type=kind)
    if read.get("validators") is not None and kind:
        read["validators"] = read_validators(read["validators"], kind, bool(read.get("many")), place.at("validators"))
    if len(place.faults) > before or not {"id", "name", "labels", "type"} <= read.keys():
        return None
    found = FieldDefinition(**read)
    _check_name(found, place)
    _check_type(found, place)
    _check_relation(found, place)
    return found


def _parts(value: Any, place: Place, kind: str) -> tuple[FieldDefinition, ...]:
    found = field_list(value, place) or ()
    for part in found:
        spot = place.at(part.name)
        if part.type in NOT_INSIDE:
            spot.at("type").fault(N_("{type} cannot stand inside {holder}"), type=part.type, holder=kind)
        for key in ("frame", "section", "unique", "relation_reverse"):
            said = part.relation == "reverse" if key == "relation_reverse" else getattr(part, key)
            if said:
                spot.at(key.split("_")[0]).fault(N_("cannot be said of a part of {holder}"), holder=kind)
        if part.sort and FIELD_TYPES[part.type].has_sort_key:
            spot.at("sort").fault(N_("{type} inside {holder} cannot be sorted by"), type=part.type, holder=kind)
        for key in ("sort", "search", "grade", "sealed", "visible_when", "list", "system"):
            if kind == "rows" and getattr(part, key) not in (None, False):
                spot.at(key).fault(N_("rows are shown, sealed and granted as one: say it of the rows"))
    return found


def _check_name(found: FieldDefinition, place: Place) -> None:
    if found.name in RESERVED and found.name != found.frame:
        place.at("name").fault(N_("{name} is a reserved name"), name=quoted(found.name))


def _check_type(found: FieldDefinition, place: Place) -> None:
    kind = FIELD_TYPES[found.type]
    if found.many and not kind.can_be_many:
        place.at("many").fault(N_("a list of {type} is not possible"), type=found.type)
    if found.unique and (found.type not in UNIQUE or found.many):
        place.at("unique").fault(N_("{type} cannot be unique"), type=_said(found))
    if found.sort and (not kind.sortable or found.many) and not found.frame:
        place.at("sort").fault(N_("{type} cannot be sorted by"), type=_said(found))
    if found.open_end and found.type != "date":
        place.at("open_end").fault(N_("only a date may have an open end"))
    if found.currency and found.type != "money":
        place.at("currency").fault(N_("only money has a currency"))
    if found.numbering and found.type != "sequence":
        place.at("numbering").fault(N_("only a sequence is numbered"))
    if (found.formula is None) != (found.type != "formula"):
        place.at("formula").fault(N_("a formula field needs a formula, and no other has one"))
    _check_options(found, place.at("options"))
    _check_written_by_system(found, place)


def _said(found: FieldDefinition) -> str:
    return f"{found.type} (many)" if found.many else found.type


def _check_options(found: FieldDefinition, place: Place) -> None:
    if (found.type in WITH_OPTIONS) and not found.options and not found.frame:
        place.fault(N_("{type} needs options to choose from"), type=found.type)
    elif found.options and found.type not in WITH_OPTIONS:
        place.fault(N_("{type} has no options"), type=found.type)
    _refuse_doubles([option.key for option in found.options], place)


def _check_written_by_system(found: FieldDefinition, place: Place) -> None:
    computed = found.type == "formula" or found.relation == "reverse"
    for key in ("required", "default", "unique", "sort", "search"):
        if computed and getattr(found, key):
            place.at(key).fault(N_("is computed, never stored: it cannot be {key}"), key=key)
    if found.system and found.required:
        place.at("required").fault(N_("is written by the system: nobody can be asked for it"))
    if found.frame and (found.sealed or found.default is not None or found.visible_when):
        place.at("frame").fault(N_("a system key has no seal, default or visible_when"))


def _check_relation(found: FieldDefinition, place: Place) -> None:
    if found.type != "reference":
        for key in ("target", "relation", "inverse", "copies"):
            if getattr(found, key):
                place.at(key).fault(N_("only a reference has a {key}"), key=key)
        return
    if not found.target:
        place.fault(N_("a reference needs its target, a record type"))
    if (found.relation == "reverse") != (found.inverse is not None):
        place.at("inverse").fault(N_("a reverse relation names the field at the other side, and no other does"))
    if found.relation == "reverse" and not found.many:
        place.at("many").fault(N_("a reverse relation is a list: many: true"))
    if found.copies and found.relation == "reverse":
        place.at("copies").fault(N_("a reverse relation copies nothing"))


OVERRIDABLE: dict[str, Key] = {
    "grade": Key(one_of("public", "internal", "confidential", "secret")),
    "sealed": Key(flag),
    "labels": Key(labels()),
    "help": Key(labels(600)),
    "section": Key(text(40)),
    "purpose": Key(text(60)),
    "required": Key(flag),
    "list": Key(flag),
    "sort": Key(flag),
    "search": Key(flag),
}
"""What a kind may say differently about a field it takes from its base; `type_rules.py` says in which direction."""


def read_override(value: Any, place: Place) -> Mapping[str, Any]:
    """What a kind says differently about one field of its base."""
    return read_mapping(value, place, OVERRIDABLE)


def overridden(found: FieldDefinition, said: Mapping[str, Any]) -> FieldDefinition:
    """The field as the kind has it."""
    return replace(found, **said) if said else found


def _type(value: Any, place: Place) -> str | None:
    if isinstance(value, str) and value in FIELD_TYPES:
        return value
    unknown_word(place, value, FIELD_TYPES)
    return None


def _frame(value: Any, place: Place) -> str | None:
    if isinstance(value, str) and value in SYSTEM_KEYS:
        return value
    unknown_word(place, value, list(SYSTEM_KEYS))
    return None


def _option(value: Any, place: Place) -> OptionDefinition | None:
    read = read_mapping(value, place, _OPTION)
    return OptionDefinition(**read) if read.get("key") and read.get("labels") else None


_option_key = text(
    60,
    r"[A-Za-z0-9][A-Za-z0-9_.+-]*",
    N_("{value} must be letters, digits, _ . + and -, beginning with a letter or a digit"),
)
_OPTION = {"key": Key(_option_key, True), "labels": Key(labels(), True), "active": Key(flag)}
_name = text(48, r"[a-z][a-z0-9_]*", A_WORD)
_field_id = text(
    53,
    r"[a-z][a-z0-9_]{0,47}_[a-z0-9]{4}",
    N_("{value} must be the first name, an underscore and four small letters or digits"),
)

_KEYS: dict[str, Key] = {
    "id": Key(_field_id, required=True),
    "name": Key(_name, required=True),
    "labels": Key(labels(), required=True),
    "type": Key(_type, required=True),
    "source": Key(text(20, r"[AFW](0?[1-9][0-9]{0,2})", N_("{value} must be A, F or W and a number, as in F48"))),
    "help": Key(labels(600)),
    "section": Key(text(40)),
    "grade": OVERRIDABLE["grade"],
    "sealed": Key(flag),
    "purpose": Key(text(60)),
    "frame": Key(_frame),
    "active": Key(flag),
    "system": Key(flag),
    "required": Key(flag),
    "many": Key(flag),
    "list": Key(flag),
    "sort": Key(flag),
    "search": Key(flag),
    "unique": Key(flag),
    "open_end": Key(flag),
    "currency": Key(text(20, r"[A-Z]{3}", N_("{value} must be three capital letters, as in CNY"))),
    "default": Key(plain),
    "formula": Key(text(500)),
    "visible_when": Key(tree),
    "relation": Key(one_of("link", "part_of", "reverse")),
    "target": Key(text(40)),
    "inverse": Key(text(60)),
    "copies": Key(sequence(text(60), 40)),
    "numbering": Key(read_numbering),
    "validators": Key(tree),
    "options": Key(sequence(_option, MOST_OPTIONS)),
    "fields": Key(plain),
}


def field_tree(found: FieldDefinition) -> dict[str, Any]:
    """Back into the shape of the schema, defaults left out."""
    tree_: dict[str, Any] = {}
    for slot in fields(found):
        value = getattr(found, slot.name)
        if value is None or value == slot.default:
            continue
        if slot.name == "options":
            value = [_option_tree(option) for option in value]
        elif slot.name == "fields":
            value = [field_tree(part) for part in value]
        elif slot.name == "numbering":
            value = numbering_tree(value)
        elif slot.name == "copies":
            value = [*value]
        tree_[slot.name] = dict(value) if isinstance(value, Mapping) else value
    return tree_


def _option_tree(option: OptionDefinition) -> dict[str, Any]:
    tree_ = {"key": option.key, "labels": dict(option.labels)}
    return tree_ if option.active else {**tree_, "active": False}
