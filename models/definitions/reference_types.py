"""Values that point at something else, and values that nobody types."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from models.definitions.base_type import EQUALITY, ORDER, FieldType, Json
from models.definitions.number_types import json_number
from models.definitions.text_rules import check_length, clean_line, text_of
from models.definitions.time_types import json_moment
from models.errors import N_, FieldValueError

if TYPE_CHECKING:
    from models.definitions.fields import Field


class ReferenceType(FieldType):
    """A record of another type, stored as its id. Whether it exists is asked by the operation that writes it."""

    name = "reference"
    widget = "reference"
    sortable = False
    can_be_many = True
    json_schema = {  # noqa: RUF012
        "type": "object", "required": ["id"],
        "properties": {
            "id": {"type": "string"}, "label": {"type": ["string", "null"]}, "destroyed": {"type": "string"},
        },
    }  # fmt: skip
    form = re.compile(r"[a-z2-7]{26}")

    def read_one(self, raw: Any, field: "Field") -> str | None:
        if isinstance(raw, dict):
            if not raw.keys() <= {"id", "label", "destroyed"} or "id" not in raw:
                raise self._no_id()
            raw = raw["id"]
            if raw is None or raw == "":
                return None
        text = text_of(raw)
        if len(text) > 200:
            raise self._no_id()
        text = clean_line(text)
        if text and (not text.isascii() or not self.form.fullmatch(text)):
            raise self._no_id()
        return text or None

    def json_one(self, value: str, field: "Field") -> Json:
        """Without the label: it is rendered by the reader's plan."""
        return {"id": value, "label": None}

    def normalise_one(self, value: str) -> str:
        return value

    def _no_id(self) -> FieldValueError:
        return FieldValueError("not_an_id", N_("This names no record."))


class UserType(ReferenceType):
    """A user, by id."""

    name = "user"
    widget = "user"
    sortable = True
    can_be_many = False
    json_schema = {"type": "string"}  # noqa: RUF012
    form = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}")

    def json_one(self, value: str, field: "Field") -> Json:
        return value

    def _no_id(self) -> FieldValueError:
        return FieldValueError("not_an_id", N_("This names no user or department."))


class DepartmentType(UserType):
    """A department, by id."""

    name = "department"
    widget = "department"


class _Unwritable(FieldType):
    """A value that no request may bring."""

    widget = "none"

    def parse(self, raw: Any, field: "Field") -> None:
        if raw is None or raw == "" or raw == []:
            return
        self.refuse()

    def read_one(self, raw: Any, field: "Field") -> NoReturn:
        self.refuse()

    def refuse(self) -> NoReturn:
        """Say why."""
        raise FieldValueError("computed", N_("This value is made by the system and cannot be typed."))


class FormulaType(_Unwritable):
    """Computed from other fields of the record when it is read; never stored."""

    name = "formula"
    sortable = False
    operators = ()
    token_kinds = ()
    json_schema = {"type": ["string", "number", "boolean"]}  # noqa: RUF012

    def render_one(self, value: Any, field: "Field", locale: str) -> str:
        if isinstance(value, bool):
            words = ("否", "是") if locale.startswith("zh") else ("No", "Yes")
            return words[value]
        return f"{value:f}" if isinstance(value, Decimal) else str(value)

    def json_one(self, value: Any, field: "Field") -> Json:
        if isinstance(value, datetime):
            return json_moment(value)
        if isinstance(value, date):
            return value.isoformat()
        return json_number(value) if isinstance(value, Decimal) else value


class SequenceType(_Unwritable):
    """A number issued by the system, such as the archive number: text, immutable."""

    name = "sequence"
    operators = (*EQUALITY, *ORDER, "starts")
    text_like = True

    def operand(self, raw: Any, field: "Field") -> str | None:
        text = text_of(raw)
        check_length(text, 0, 200)
        return clean_line(text) or None


class AttachmentType(_Unwritable):
    """A file. Refuses every value in this release."""

    name = "attachment"
    widget = "attachment"
    sealed_by_default = True
    sortable = False
    operators = ("empty",)
    token_kinds = ()
    can_be_many = True
    json_schema = {"type": "object"}  # noqa: RUF012

    def refuse(self) -> NoReturn:
        raise FieldValueError("attachment_later", N_("Files cannot be attached yet; a later release brings them."))

    def render_one(self, value: Any, field: "Field", locale: str) -> str:
        return str(value.get("name", "")) if isinstance(value, dict) else str(value)
