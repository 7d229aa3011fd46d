"""One slot of a record type, compiled: what forms, REST, storage, search and access ask about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.definitions.grades import Grade

if TYPE_CHECKING:
    from models.definitions.conditions import Condition
    from models.definitions.field_types import FieldType
    from models.definitions.formulas import Formula
    from models.definitions.numbering import Numbering

FRAME_PATHS = {"id": "_id", "revision": "rev", "department": "dept"}
"""System keys whose key in the record document is not their REST name."""
LANGUAGES = ("zh-Hans", "zh-Hant", "en")


def in_language(words: Mapping[str, str], language: str) -> str:
    """The label in `language` (BCP 47 or a Babel locale such as zh_Hans_CN), else Simplified Chinese, else any."""
    tag = "-".join(language.replace("_", "-").split("-")[:2]) if language.startswith("zh") else language[:2]
    return words.get(tag) or words.get("zh-Hans") or next(iter(words.values()), "")


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a choice field. An inactive one is shown where it stands but can no longer be chosen."""

    key: str
    labels: Mapping[str, str]
    active: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of a compiled type. Compared and hashed by identity; `id` names it for ever, `name` may change."""

    id: str
    name: str
    labels: Mapping[str, str]
    type: "FieldType"
    section: str = ""
    grade: Grade = Grade.CONFIDENTIAL
    sealed: bool = False
    purpose: str = ""
    required: bool = False
    many: bool = False
    active: bool = True
    list: bool = False
    sort: bool = False
    search: bool = False
    unique: bool = False
    default: Any = None
    formula: "Formula | None" = None
    visible_when: "Condition | None" = None
    options: tuple[Option, ...] = ()
    currency: str = "CNY"
    open_end: bool = False
    validators: Mapping[str, Any] = field(default_factory=dict)
    frame: str | None = None
    """The system key this field shows, by its REST name (`archive_no`, `department` …), else it lives in `v`."""
    system: bool = False
    """Written only by the system, whatever the grants say."""
    source: str | None = None
    target: str | None = None
    """Reference: the record type it points to."""
    relation: str | None = None
    """Reference: `link`, `part_of`, or `reverse` (computed from the target's field `inverse`, never stored)."""
    inverse: str | None = None
    copies: tuple[str, ...] = ()
    """Link: fields of this type whose values came from the target, `own=field of the target` or one name for both.
    They are filled from it where they are empty, and erased with it when it is destroyed."""
    fields: tuple["Field", ...] = ()
    """Sub-fields of an object or of rows."""
    parent_id: str | None = None
    parent_name: str | None = None
    in_rows: bool = False
    """A sub-field of rows: shares the access of its list and is sealed with it."""
    help: Mapping[str, str] = field(default_factory=dict)
    depends: frozenset[str] = frozenset()
    """Ids of the fields a formula reads."""
    numbering: "Numbering | None" = None
    """How a sequence counts."""

    @property
    def address(self) -> str:
        """The name people and REST use: `phone`, `proprietor.hobbies`."""
        return f"{self.parent_name}.{self.name}" if self.parent_name else self.name

    @property
    def path(self) -> str:
        """Where the value lies in the record document."""
        if self.frame:
            return FRAME_PATHS.get(self.frame, self.frame)
        return f"v.{self.parent_id}.{self.id}" if self.parent_id else f"v.{self.id}"

    @property
    def sort_path(self) -> str:
        """Where its order is stored: a key of its own for names (one query has one collation), else the value."""
        return f"d.sort.{self.id}" if self.type.has_sort_key and not self.frame else self.path

    @property
    def computed(self) -> bool:
        """Never stored: a formula or a reverse relation."""
        return self.formula is not None or self.relation == "reverse"

    @property
    def copied(self) -> tuple[tuple[str, str], ...]:
        """`copies` as pairs: the field of this type, the field of the target it comes from."""
        pairs = (one.partition("=") for one in self.copies)
        return tuple((own, other or own) for own, _, other in pairs)

    def label(self, language: str) -> str:
        """What people call it."""
        return in_language(self.labels, language)
