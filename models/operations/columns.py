"""Which field a column of a foreign file is about, by its name: names, ids and labels in every language."""

import re
from collections.abc import Iterable, Mapping

from models.definitions.fields import Field
from models.definitions.text_rules import comparable

_MARKS = re.compile(r"[\s*＊:：_]+")


def words_of(known: Iterable[Field], languages: Iterable[str]) -> dict[str, str]:
    """What columns of these fields may be called, as `plain_name` gives it → address of the field.

    A word of two fields names neither; an address goes before all labels.
    """
    fields, languages = list(known), list(languages)
    words: dict[str, set[str]] = {}
    for one in fields:
        labels = {label for language in languages if (label := one.label(language))}
        names = {*labels, one.id or "", *(f"{label} ({one.address})" for label in labels)}
        holder = one.address.rpartition(".")[0]
        if holder:
            names |= {f"{holder}.{label}" for label in labels}
            outer = next((field for field in fields if field.address == holder), None)
            names |= {f"{outer.label(language)}.{one.label(language)}" for language in languages if outer}
        for name in names - {""}:
            words.setdefault(plain_name(name), set()).add(one.address)
    found = {word: addresses.pop() for word, addresses in words.items() if len(addresses) == 1}
    return found | {plain_name(one.address): one.address for one in fields}


def plain_name(name: str) -> str:
    """A name as it is compared: width, case, spaces and the stars of required columns do not count."""
    return _MARKS.sub("", comparable(name[:500]).casefold())


def guess(columns: Iterable[str], words: Mapping[str, str]) -> dict[str, str]:
    """Column → address; of two columns for one field the first has it."""
    found: dict[str, str] = {}
    for column in columns:
        address = words.get(plain_name(column))
        if address and address not in found.values():
            found[column] = address
    return found
