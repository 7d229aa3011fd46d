"""Fields for tests, made by hand instead of compiled from a type."""

from typing import Any

from models.definitions.field_types import FIELD_TYPES
from models.definitions.fields import Field, Option

SEX = (
    Option("male", {"zh-Hans": "男", "zh-Hant": "男", "en": "Male"}),
    Option("female", {"zh-Hans": "女", "zh-Hant": "女", "en": "Female"}),
    Option("gone", {"zh-Hans": "旧", "zh-Hant": "舊", "en": "Old"}, active=False),
)


def field_of(type_name: str, name: str = "", **more: Any) -> Field:
    """A field of a type, in clear, with options and sub-fields where the type wants some."""
    name = name or type_name
    if type_name in ("choice", "choices"):
        more.setdefault("options", SEX)
    if type_name in ("object", "rows") and "fields" not in more:
        owner = f"{name}_0000"
        more["fields"] = tuple(
            field_of(kind, sub, parent_id=owner, parent_name=name, in_rows=type_name == "rows")
            for kind, sub in (("name", "who"), ("phone", "phone"), ("date", "born_on"), ("integer", "count"))
        )
    labels = {"zh-Hans": f"{name}字段", "zh-Hant": f"{name}欄位", "en": name}
    return Field(id=more.pop("id", f"{name}_0000"), name=name, labels=labels, type=FIELD_TYPES[type_name], **more)


def one_of_each() -> list[Field]:
    """Every field type once, and once more as a list where it can be one."""
    fields = [field_of(name) for name in FIELD_TYPES]
    fields += [field_of(name, f"{name}_list", many=True) for name, kind in FIELD_TYPES.items() if kind.can_be_many]
    return [*fields, field_of("date", "ends_on", open_end=True)]
