"""Every kind of value a field may hold. To add one: a class beside its like, and its name here."""

from models.definitions.base_type import EQUALITY, MOST_ITEMS, ORDER, PARTS, FieldType
from models.definitions.choice_types import ChoicesType, ChoiceType
from models.definitions.contact_types import AddressType, EmailType, PhoneType
from models.definitions.identity_types import BankAccountType, CreditCodeType, IdNumberType, PlateType
from models.definitions.nested_types import MapType, ObjectType, RowsType
from models.definitions.number_types import BooleanType, DecimalType, IntegerType, MoneyType
from models.definitions.reference_types import (
    AttachmentType,
    DepartmentType,
    FormulaType,
    ReferenceType,
    SequenceType,
    UserType,
)
from models.definitions.text_types import LongTextType, NameType, TextType
from models.definitions.time_types import OPEN_END, DateType, MomentType

__all__ = ["EQUALITY", "FIELD_TYPES", "MOST_ITEMS", "OPEN_END", "ORDER", "PARTS", "FieldType", "by_name"]


def by_name(*types: FieldType) -> dict[str, FieldType]:
    """A table of field types; two of one name stop the start."""
    table = {kind.name: kind for kind in types}
    if len(table) != len(types):
        raise ValueError("two field types share a name")
    return table


FIELD_TYPES = by_name(
    TextType(),
    NameType(),
    LongTextType(),
    IntegerType(),
    DecimalType(),
    MoneyType(),
    BooleanType(),
    DateType(),
    MomentType(),
    ChoiceType(),
    ChoicesType(),
    PhoneType(),
    EmailType(),
    IdNumberType(),
    CreditCodeType(),
    BankAccountType(),
    PlateType(),
    AddressType(),
    ReferenceType(),
    ObjectType(),
    RowsType(),
    MapType(),
    AttachmentType(),
    FormulaType(),
    SequenceType(),
    UserType(),
    DepartmentType(),
)
