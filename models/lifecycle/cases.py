"""The states of a destruction case and of its items, and every arrow between them: the one table of all of it.

Verbs, pages, tests and the documentation read it. A signature is by a person who shows the password again; a
token or a command never signs.
"""

import itertools
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from models.errors import N_


class CaseState(StrEnum):
    """Where a case is. The last three on the way come with the ageing of backups."""

    DRAFT = "draft"
    APPRAISED = "appraised"
    LISTED = "listed"
    APPROVED = "approved"
    COOLING = "cooling"
    ARMED = "armed"
    RUNNING = "running"
    PURGED = "purged"
    VERIFIED_LIVE = "verified_live"
    CERTIFIED_LIVE = "certified_live"
    BACKUPS_AGEING = "backups_ageing"
    CERTIFIED_FINAL = "certified_final"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    NEEDS_HUMAN = "needs_human"


S = CaseState
WAY = (
    S.DRAFT, S.APPRAISED, S.LISTED, S.APPROVED, S.COOLING, S.ARMED, S.RUNNING, S.PURGED, S.VERIFIED_LIVE,
    S.CERTIFIED_LIVE, S.BACKUPS_AGEING, S.CERTIFIED_FINAL, S.CLOSED,
)  # fmt: skip
"""The way of a case that meets no hindrance."""
ASIDE = (S.REJECTED, S.CANCELLED, S.BLOCKED, S.NEEDS_HUMAN)
BEFORE_RUNNING = frozenset({S.DRAFT, S.APPRAISED, S.LISTED, S.APPROVED, S.COOLING, S.ARMED, S.BLOCKED})
"""Nothing of a case has been touched yet: it can still be called off as a whole."""
OPEN = frozenset(S) - {S.REJECTED, S.CANCELLED, S.CERTIFIED_LIVE, S.BACKUPS_AGEING, S.CERTIFIED_FINAL, S.CLOSED}
"""The records of these cases are spoken for: a rule proposes none of them again."""

MANAGE, APPROVE = "cases:manage", "cases:approve"


class Arrow(NamedTuple):
    """One step of a case.

    :param need: the right it takes; "" where the installation itself does it
    :param signs: somebody shows the password again and names the manifest they sign
    """

    verb: str
    source: CaseState
    target: CaseState
    need: str = ""
    signs: bool = False
    later: bool = False
    """Named, and taken by a later release."""


def _from(sources: Iterable[CaseState], verb: str, target: CaseState, need: str = "") -> tuple[Arrow, ...]:
    return tuple(Arrow(verb, source, target, need) for source in sources)


ARROWS: tuple[Arrow, ...] = (
    Arrow("appraise", S.DRAFT, S.APPRAISED, MANAGE),
    Arrow("appraise", S.APPRAISED, S.APPRAISED, MANAGE),
    Arrow("list", S.APPRAISED, S.LISTED, MANAGE),
    Arrow("approve", S.LISTED, S.LISTED, APPROVE, signs=True),
    Arrow("approve", S.LISTED, S.APPROVED, APPROVE, signs=True),
    Arrow("reject", S.LISTED, S.REJECTED, APPROVE),
    Arrow("cool", S.APPROVED, S.COOLING),
    Arrow("arm", S.COOLING, S.ARMED),
    Arrow("start", S.ARMED, S.ARMED, MANAGE, signs=True),
    Arrow("confirm", S.ARMED, S.RUNNING, APPROVE, signs=True),
    Arrow("purge", S.RUNNING, S.PURGED),
    Arrow("verify", S.PURGED, S.VERIFIED_LIVE),
    Arrow("confirm", S.VERIFIED_LIVE, S.CERTIFIED_LIVE, APPROVE, signs=True),
    *_from((S.LISTED, S.APPROVED, S.COOLING, S.ARMED), "block", S.BLOCKED),
    *_from((S.RUNNING, S.PURGED, S.VERIFIED_LIVE, S.CERTIFIED_LIVE), "fail", S.NEEDS_HUMAN),
    *_from((S.DRAFT, S.APPRAISED, S.LISTED, S.APPROVED, S.COOLING, S.ARMED, S.BLOCKED), "cancel", S.CANCELLED, MANAGE),
    Arrow("reopen", S.BLOCKED, S.DRAFT, MANAGE),
    Arrow("empty", S.RUNNING, S.CANCELLED),
    Arrow("resume", S.NEEDS_HUMAN, S.RUNNING, MANAGE, signs=True),
    Arrow("age", S.CERTIFIED_LIVE, S.BACKUPS_AGEING, later=True),
    Arrow("finish", S.BACKUPS_AGEING, S.CERTIFIED_FINAL, later=True),
    Arrow("close", S.CERTIFIED_FINAL, S.CLOSED, later=True),
)
PUBLIC_VERBS = ("submit", "approve", "reject", "cancel", "start", "confirm", "resume", "reopen")
"""What a person may ask for, as REST and pages call it; `submit` is `appraise`, then `list`."""
STATE_WORDS: Mapping[CaseState, str] = {
    S.DRAFT: N_("Draft"),
    S.APPRAISED: N_("Appraised"),
    S.LISTED: N_("Listed, awaiting approval"),
    S.APPROVED: N_("Approved"),
    S.COOLING: N_("Cooling off"),
    S.ARMED: N_("Ready to start"),
    S.RUNNING: N_("Being carried out"),
    S.PURGED: N_("Purged, being checked"),
    S.VERIFIED_LIVE: N_("Checked, awaiting the supervisor"),
    S.CERTIFIED_LIVE: N_("Certified (live)"),
    S.BACKUPS_AGEING: N_("Backups ageing"),
    S.CERTIFIED_FINAL: N_("Certified (final)"),
    S.CLOSED: N_("Closed"),
    S.REJECTED: N_("Rejected"),
    S.CANCELLED: N_("Cancelled"),
    S.BLOCKED: N_("Blocked"),
    S.NEEDS_HUMAN: N_("Needs a person"),
}


def arrows_from(state: str, verb: str) -> tuple[Arrow, ...]:
    """What `verb` may lead to from a state; empty where it leads nowhere."""
    return tuple(one for one in ARROWS if one.source == state and one.verb == verb and not one.later)


def verbs_from(state: str) -> frozenset[str]:
    """What may be done to a case in this state, by whomever."""
    return frozenset(one.verb for one in ARROWS if one.source == state and not one.later)


class ItemState(StrEnum):
    """How far one record has come. `TOMBSTONED` and what follows cannot be taken back."""

    PENDING = "pending"
    LOCKED = "locked"
    TOMBSTONED = "tombstoned"
    KEY_GONE = "key_gone"
    DATA_GONE = "data_gone"
    COPIES_GONE = "copies_gone"
    CHECKED = "checked"
    SKIPPED = "skipped"


I = ItemState  # noqa: E741
ITEM_WAY = (I.PENDING, I.LOCKED, I.TOMBSTONED, I.KEY_GONE, I.DATA_GONE, I.COPIES_GONE, I.CHECKED)
ITEM_ARROWS: tuple[tuple[ItemState, ItemState], ...] = (
    *itertools.pairwise(ITEM_WAY),
    (I.PENDING, I.SKIPPED),
    (I.LOCKED, I.SKIPPED),
)
"""After the tombstone nothing is skipped any more."""
DONE = frozenset({I.CHECKED, I.SKIPPED})
IRREVERSIBLE = frozenset(ITEM_WAY[ITEM_WAY.index(I.TOMBSTONED) :])

SKIPS: Mapping[str, str] = {
    "held": N_("A hold stands on it."),
    "changed": N_("It was changed after the list was made."),
    "gone": N_("It is no longer there."),
    "not_due": N_("It is not due yet, or no longer."),
    "rule_changed": N_("Its retention rule was changed after the list was made."),
    "legal_minimum": N_("The legal minimum is not over."),
    "restricted": N_("It is restricted."),
    "locked": N_("Another case has locked it."),
    "part": N_("Something that belongs to it could not be destroyed."),
}
"""Why an item was left as it is, by the code that is stored."""


class Signature(NamedTuple):
    """One person's word on a case. `person` is the human, whatever the account."""

    role: str
    by: str
    person: str
    manifest_hash: str


def signatures_of(case: Mapping[str, Any]) -> list[Signature]:
    """The signatures of a case document."""
    return [Signature(*(one[name] for name in Signature._fields)) for one in case.get("signatures") or ()]


APPROVES, STARTS, BEFORE, AFTER = "approve", "start", "before", "after"
"""Roles of signatures: approval, start, and the supervisor's before and after."""


def refusal_to_approve(proposer: str, signed: Iterable[Signature], person: str) -> str | None:
    """Why this person cannot approve: code of the refusal, None where they can. Persons, not accounts, are told apart.

    :param proposer: the person who proposed; "" for a rule
    """
    if person == proposer:
        return "own_case"
    if any(one.role == APPROVES and one.person == person for one in signed):
        return "signed_already"
    return None


def refusal_to_supervise(starter: str, person: str) -> str | None:
    """Why this person cannot supervise what `starter` starts. The supervisor may be an approver."""
    return "own_start" if starter == person else None


def enough(signed: Iterable[Signature], manifest_hash: str, needed: int) -> bool:
    """Whether so many different persons have approved this very manifest."""
    return len({one.person for one in signed if one.role == APPROVES and one.manifest_hash == manifest_hash}) >= needed
