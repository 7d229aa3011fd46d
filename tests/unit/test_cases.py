"""The table of destruction: every state × verb has its answer, and nothing leads round a signature."""

from itertools import pairwise, product

import pytest

from models.lifecycle import cases
from models.lifecycle.cases import ARROWS, WAY, CaseState, ItemState, Signature, arrows_from, verbs_from

VERBS = sorted({one.verb for one in ARROWS})
ALLOWED = {
    "draft": "appraise cancel",
    "appraised": "appraise cancel list",
    "listed": "approve block cancel reject",
    "approved": "block cancel cool",
    "cooling": "arm block cancel",
    "armed": "block cancel confirm start",
    "running": "empty fail purge",
    "purged": "fail verify",
    "verified_live": "confirm fail",
    "certified_live": "fail",
    "backups_ageing": "",
    "certified_final": "",
    "closed": "",
    "rejected": "",
    "cancelled": "",
    "blocked": "cancel reopen",
    "needs_human": "resume",
}


@pytest.mark.parametrize(("state", "verb"), list(product(CaseState, VERBS)))
def test_every_state_and_verb(state, verb):
    assert bool(arrows_from(state, verb)) == (verb in ALLOWED[state].split())
    assert (verb in verbs_from(state)) == bool(arrows_from(state, verb))


def test_the_way_leads_from_draft_to_certified():
    for source, target in pairwise(WAY):
        assert any(one.source == source and one.target == target for one in ARROWS), (source, target)


def reachable(without):
    """The states a new case can reach when some arrows are taken away."""
    found, waiting = set(), [CaseState.DRAFT]
    while waiting:
        state = waiting.pop()
        if state not in found:
            found.add(state)
            waiting += [one.target for one in ARROWS if one.source == state and not without(one)]
    return found


@pytest.mark.parametrize("verb", ["approve", "confirm", "list"])
def test_nothing_runs_without_list_approval_and_supervisor(verb):
    assert CaseState.RUNNING not in reachable(lambda one: one.verb == verb)


def test_nothing_is_certified_without_check_and_supervisor():
    assert CaseState.CERTIFIED_LIVE not in reachable(lambda one: one.verb == "verify")
    assert CaseState.CERTIFIED_LIVE not in reachable(lambda one: one.verb == "confirm")


def test_every_state_is_reached():
    assert reachable(lambda one: False) == set(CaseState)


def test_a_case_that_runs_is_never_called_off_by_a_person():
    assert not any(one.verb in ("cancel", "reject") for one in ARROWS if one.source not in cases.BEFORE_RUNNING)


def test_what_approves_starts_and_confirms_is_signed():
    assert {one.verb for one in ARROWS if one.signs} == {"approve", "start", "confirm", "resume"}


def test_two_arrows_of_one_verb_differ_in_their_target():
    assert len({one[:3] for one in ARROWS}) == len(ARROWS)


def test_every_state_and_reason_has_words():
    assert set(cases.STATE_WORDS) == set(CaseState)
    assert all(cases.SKIPS.values())


def test_after_the_tombstone_no_item_is_skipped():
    assert not any(source in cases.IRREVERSIBLE and target == ItemState.SKIPPED for source, target in cases.ITEM_ARROWS)
    assert ItemState.LOCKED not in cases.IRREVERSIBLE
    assert ItemState.TOMBSTONED in cases.IRREVERSIBLE


def signed(role, person, hash="h"):
    return Signature(role, f"account of {person}", person, hash)


@pytest.mark.parametrize(
    ("person", "before", "refused"),
    [
        ("p", [], "own_case"),
        ("a", [], None),
        ("a", [signed("approve", "a")], "signed_already"),
        ("b", [signed("approve", "a")], None),
        ("a", [signed("start", "a")], None),
    ],
)
def test_who_may_approve(person, before, refused):
    assert cases.refusal_to_approve("p", before, person) == refused


def test_whoever_starts_does_not_supervise():
    assert cases.refusal_to_supervise("p", "p") == "own_start"
    assert cases.refusal_to_supervise("p", "a") is None


def test_only_signatures_under_this_manifest_count_and_each_person_once():
    two = [signed("approve", "a"), signed("approve", "a"), signed("approve", "b", "another")]
    assert cases.enough(two, "h", 1)
    assert not cases.enough(two, "h", 2)
    assert not cases.enough([signed("before", "a")], "h", 1)
