"""Holds: why a record must be kept, whatever else says that it should go. They win until the tombstone."""

from collections.abc import Mapping
from enum import StrEnum

from models.errors import N_


class HoldState(StrEnum):
    """While a hold is being placed nothing is locked; a lifted one stays as a document."""

    PLACING = "placing"
    PLACED = "placed"
    LIFTING = "lifting"
    LIFTED = "lifted"


STANDING = (HoldState.PLACING, HoldState.PLACED)
"""States in which a hold by condition binds records it has not reached one by one."""
UNFINISHED = (HoldState.PLACING, HoldState.LIFTING)
HOLD_ARROWS = (
    (HoldState.PLACING, HoldState.PLACED),
    (HoldState.PLACING, HoldState.LIFTING),
    (HoldState.PLACED, HoldState.LIFTING),
    (HoldState.LIFTING, HoldState.LIFTED),
)
REASONS: Mapping[str, str] = {
    "litigation": N_("Litigation or arbitration"),
    "authority": N_("Inquiry of an authority"),
    "complaint": N_("Open complaint"),
    "debt": N_("Open debt or guarantee"),
    "audit": N_("Audit"),
    "other": N_("Another reason"),
}
"""Why a hold is placed, by the code that is stored; what it is about stands in the file the reference names."""
