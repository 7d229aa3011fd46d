"""What a load has met in its file so far: keys by which rows find records, and values that may stand once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.access.documents import unique_key
from models.access.door import TypeDoor
from models.access.query import Query
from models.definitions.fields import Field
from models.errors import N_, ArchiveError, FieldValueError, InvalidRecord, TooManyAttempts
from models.operations import guesses
from models.operations.bulk import Row

MOST_KEPT = 1_000_000
"""Digests of keys in memory, about 80 bytes each."""
KEY_TWICE = N_("An earlier row of this file has the same value in the key field.")


class KeysMet:
    """The values by which rows find their records. Two rows about one record are a mistake in the file."""

    def __init__(self, key: str | None):
        self._key = key or ""
        self._field: Field | None = None
        self._met: set[int] = set()

    def through(self, door: TypeDoor) -> None:
        """
        :raises AccessDenied: the actor may not ask by this field
        """
        door.count(Query(where={"field": self._key, "op": "empty", "value": True}))
        self._field = door.compiled.system.get(self._key) or next(
            (one.field for one in door.fields() if one.field.address == self._key), None
        )

    def of(self, body: Mapping[str, Any]) -> Any:
        """The value of a row.

        :raises FieldValueError: there is none, or an earlier row had it
        """
        value = _part(body, self._key)
        if value is None or isinstance(value, list | Mapping):
            raise FieldValueError("no_key", N_("The row has no value for the key field."))
        if hash(self._plain(value)) in self._met:
            raise FieldValueError("key_twice", KEY_TWICE)
        return value

    def keep(self, value: Any, write: Callable[[], None]) -> None:
        """Remember the value of a row that is taken.

        :param write: writes what waits: rows before a forgotten one may be about its record
        """
        if len(self._met) >= MOST_KEPT:
            write()
            self._met.clear()
        self._met.add(hash(self._plain(value)))

    def _plain(self, value: Any) -> str:
        """As the database compares it, so that two spellings of one value are one."""
        if self._field is None:
            return str(value)
        try:
            return str(self._field.type.normalise(self._field.type.parse(value, self._field)))
        except (FieldValueError, AttributeError, TypeError):
            return str(value)


class ValuesMet:
    """What a dry run has to know of values that may stand once: those that stand, and those of the rows before."""

    def __init__(self) -> None:
        self._met: set[int] = set()

    def standing(self, door: TypeDoor, rows: Sequence[Row]) -> dict[int, ArchiveError]:
        """Places of rows with a value that is taken by then; the actor learns of it as by writing."""
        faults: dict[int, ArchiveError] = {}
        kind, tokens = door.kinds[0], door.store.keyring.tokens
        for field in (one for one in kind.active if one.unique and not one.frame):
            keys = {
                place: unique_key(field, row.values[field.id], tokens)
                for place, row in enumerate(rows)
                if row.values.get(field.id) is not None and place not in faults
            }
            if not keys:
                continue
            try:
                guesses.refuse_in_pause(door, kind, [field.id])
            except TooManyAttempts as pause:
                faults |= dict.fromkeys(keys, pause)
                continue
            standing = door.unique_standing(field, list(set(keys.values())))
            for place, key in keys.items():
                digest = hash((field.id, key))
                if key in standing or digest in self._met:
                    guesses.count(door, kind, field)
                    faults[place] = _taken(field)
                elif len(self._met) < MOST_KEPT:
                    self._met.add(digest)
        return faults


def _taken(field: Field) -> InvalidRecord:
    return InvalidRecord({field.address: FieldValueError("taken", N_("This value is taken."))})


def _part(body: Mapping[str, Any], address: str) -> Any:
    name, _, part = address.partition(".")
    value = body.get(name)
    return value.get(part) if part and isinstance(value, Mapping) else value
