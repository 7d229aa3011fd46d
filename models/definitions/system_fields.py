"""The keys every record has, as fields: they can be listed, sorted and filtered like any other."""

from collections.abc import Iterable, Mapping

from models.definitions.field_types import FIELD_TYPES
from models.definitions.fields import Field, Option
from models.definitions.grades import Grade
from models.definitions.workflow import State

SYSTEM_KEYS = {
    "id": "text", "type": "choice", "revision": "integer", "state": "choice", "archive_no": "sequence",
    "department": "department", "owner": "user", "created_at": "moment", "created_by": "user",
    "updated_at": "moment", "updated_by": "user",
}  # fmt: skip
"""Keys every record has, by REST name → the type of the field that shows them."""
_LABELS = {
    "id": ("内部标识", "內部識別碼", "Identifier"),
    "type": ("类型", "類型", "Type"),
    "revision": ("修订号", "修訂號", "Revision"),
    "state": ("状态", "狀態", "State"),
    "archive_no": ("档案编号", "檔案編號", "Archive number"),
    "department": ("部门", "部門", "Department"),
    "owner": ("负责人", "負責人", "Owner"),
    "created_at": ("建立时间", "建立時間", "Created at"),
    "created_by": ("建立人", "建立人", "Created by"),
    "updated_at": ("更新时间", "更新時間", "Updated at"),
    "updated_by": ("更新人", "更新人", "Updated by"),
}
WRITABLE = frozenset({"department", "owner"})
"""System keys a person may write, where their grants allow it."""


def system_fields(kinds: Mapping[str, Mapping[str, str]], states: Iterable[State]) -> dict[str, Field]:
    """The system keys by name. Their ids are their names: no field of a type can be called so.

    :param kinds: concrete types a list may hold, with their labels: the options of `type`
    :param states: those its records may be in: the options of `state`
    """
    options = {
        "type": tuple(Option(name, labels) for name, labels in kinds.items()),
        "state": tuple(Option(state.name, state.labels) for state in states),
    }
    return {name: _system_field(name, options.get(name, ())) for name in SYSTEM_KEYS}


def _system_field(name: str, options: tuple[Option, ...]) -> Field:
    simplified, traditional, english = _LABELS[name]
    return Field(
        id=name,
        name=name,
        labels={"zh-Hans": simplified, "zh-Hant": traditional, "en": english},
        type=FIELD_TYPES[SYSTEM_KEYS[name]],
        grade=Grade.INTERNAL,
        sort=True,
        search=name == "archive_no",
        unique=name == "archive_no",
        options=options,
        frame=name,
        system=name not in WRITABLE,
    )
