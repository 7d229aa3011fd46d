"""Values as foreign files write them, made what their fields take, where nothing is lost by it.

A number may stand for text and text for a number, a day may come in five spellings. What a spreadsheet or
another program has ruined on its way is refused in words that say what happened to it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from models.definitions.fields import Field
from models.definitions.text_rules import shown
from models.definitions.zones import local_zone
from models.errors import N_, FieldValueError
from models.operations.cells import Note

Fit = Callable[[Any], Any]

EXACT = 10**15
CODES = frozenset({"phone", "id_number", "credit_code", "bank_account", "plate"})
TEXTS = CODES | {"text", "name", "long_text", "email", "address", "choice", "choices", "boolean"}
_SHEET_NUMBER = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+\d{2,3}")
_SHEET_TAIL = re.compile(r"\d{15}(0{3,17})")
_POINT_ZERO = re.compile(r"(\d{1,15})\.0")
_SERIAL = re.compile(r"\d{5}(?:\.\d{1,12})?")
FIRST_SERIAL, LAST_SERIAL = 10_000, 73_050
"""1927-05-18 to 2099-12-31: five digits that are a day in no other spelling."""
_DAY_ZERO = datetime(1899, 12, 30)
_TWO_WAYS = re.compile(r"\d{1,2}([-/.])\d{1,2}\1(?:\d{4}|\d{2})(?:\s.*)?")
_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)")
RUINED = N_(
    "A spreadsheet has made {given} of this number and lost its last digits. Format the column as text and enter the"
    " number again."
)
FULL_STOP = N_(
    "{given} ends in zeros behind its fifteenth digit, as numbers do that a spreadsheet has rounded. Format the column"
    " as text and enter it again; if it really ends so, enter it by hand."
)
UNSURE_NUMBER = N_("A number of more than 15 digits loses its last ones in many programs. Write it as text.")
UNSURE_TEXT = N_("This is the number {given}, and it may have been written with or without a point. Write it as text.")
TWO_WAYS = N_("{given} can be read in two ways. Write the year first: 2024-01-05; or say the form in the map (date).")
SERIALS = N_("In {field}, numbers of five digits were read as days counted by a spreadsheet.")


class Fitting:
    """Makes the values of a row fit for the fields somebody knows of.

    :param known: fields and sub-fields; values of others are left as they are
    :param notes: by field address, what was read in a way the person should know of
    """

    def __init__(self, known: Iterable[Field], *, notes: dict[str, Note] | None = None):
        self.notes = {} if notes is None else notes
        self._serials = self._sheet = True
        fields = list(known)
        self._known = {one.address for one in fields}
        self._by_name: dict[str, Fit] = {}
        self._texts = frozenset(one.name for one in fields if one.type.name in TEXTS - CODES)
        for one in fields:
            if not one.frame and "." not in one.address and (fit := self._fit_of(one)):
                self._by_name[one.name] = fit

    def fit(self, body: dict[str, Any], *, serials: bool = True, sheet: bool = True) -> dict[str, FieldValueError]:
        """Change the values of a row in their place; returns what is wrong, by field.

        :param serials: whether a number of five digits can be a day counted from 1900
        :param sheet: whether a spreadsheet may have had the row in its hands
        """
        self._serials, self._sheet = serials, sheet
        faults: dict[str, FieldValueError] = {}
        for name in body.keys() & self._by_name.keys():
            value = body[name]
            if type(value) is str and name in self._texts and "+" not in value:
                continue  # nine in ten
            try:
                body[name] = self._by_name[name](value)
            except FieldValueError as fault:
                faults[f"{name}.{fault.path}" if fault.path else name] = fault
        return faults

    def _fit_of(self, field: Field) -> Fit | None:
        kind = field.type.name
        if kind == "object":
            return self._parts([part for part in field.fields if f"{field.address}.{part.name}" in self._known])
        if kind == "rows":
            inside = self._parts([part for part in field.fields if part.active])
            return lambda rows: [inside(row) for row in rows] if isinstance(rows, list) else rows
        if kind in ("date", "moment"):
            return _each(lambda value: self._day(value, field))
        if kind in TEXTS:
            return _each(self._code if kind in CODES else _text)
        return None

    def _parts(self, parts: Iterable[Field]) -> Fit:
        fits = {part.name: fit for part in parts if (fit := self._fit_of(part))}

        def inside(value: Any) -> Any:
            if not isinstance(value, Mapping):
                return value
            found = dict(value)
            for name in found.keys() & fits.keys():
                try:
                    found[name] = fits[name](found[name])
                except FieldValueError as fault:
                    fault.path = f"{name}.{fault.path}" if fault.path else name
                    raise
            return found

        return inside

    def _day(self, value: Any, field: Field) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if type(value) is not str:
            return value
        text = value.strip()
        if self._serials and _SERIAL.fullmatch(text) and FIRST_SERIAL <= float(text) < LAST_SERIAL:
            self.notes.setdefault(field.address, Note(SERIALS, {"field": field.address}))
            return day_of_serial(float(text))
        if _TWO_WAYS.fullmatch(text):
            raise FieldValueError("two_ways", TWO_WAYS, given=shown(text))
        if field.type.name == "date" and _ZONED.fullmatch(text):
            return _day_of_moment(text)
        return value

    def _code(self, value: Any) -> Any:
        if type(value) is not str:
            return _number_as_text(value, pointed=True)
        text = value.strip()
        if _SHEET_NUMBER.fullmatch(text):
            raise FieldValueError("rounded", RUINED, given=shown(text))
        if self._sheet and text[-3:] == "000" and _SHEET_TAIL.fullmatch(text):
            raise FieldValueError("rounded", FULL_STOP, given=shown(text))
        plain = _POINT_ZERO.fullmatch(text) if text[-2:] == ".0" else None
        return plain[1] if plain else value


def day_of_serial(serial: float) -> str:
    """The day, or day and time, that a spreadsheet counts so."""
    moment = _DAY_ZERO + timedelta(seconds=round(serial * 86_400))
    return moment.date().isoformat() if moment.time() == moment.min.time() else moment.isoformat()


def _day_of_moment(text: str) -> str:
    """A midnight, here or in UTC, is the day that begins with it; any other moment is no day."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return text
    for zone in (UTC, local_zone()):
        local = moment.astimezone(zone)
        if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
            return date.isoformat(local.date())
    return text


def _each(fit: Fit) -> Fit:
    """The same for every item of a list; of a phone or an address, for the part people write."""

    def fits(value: Any) -> Any:
        if type(value) is list:
            return [fits(item) for item in value]
        if isinstance(value, dict):
            return {name: fit(part) if name in ("number", "text") else part for name, part in value.items()}
        return fit(value)

    return fits


def _text(value: Any) -> Any:
    if type(value) is str:
        if len(value) < 40 and _SHEET_NUMBER.fullmatch(value):
            raise FieldValueError("rounded", RUINED, given=shown(value))
        return value
    return _number_as_text(value, pointed=False)


def _number_as_text(value: Any, *, pointed: bool) -> Any:
    """
    :param pointed: whether 5.0 can only be 5
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, int):
        if abs(value) >= EXACT:
            raise FieldValueError("rounded", UNSURE_NUMBER)
        return str(value)
    if value.is_integer() and abs(value) < EXACT and pointed:
        return str(int(value))
    if abs(value) >= EXACT:
        raise FieldValueError("rounded", RUINED, given=shown(value))
    raise FieldValueError("not_text", UNSURE_TEXT, given=shown(value))
