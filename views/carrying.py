"""What a page and REST both do after a person has moved a case: what waits for nobody goes on, a worker is rung."""

from contextlib import suppress
from typing import Any

from jobs.destruction import KIND, ensure_run
from models.errors import StaleRecord
from models.operations import cases, destruction
from views.access import current_actor, current_store
from views.jobs import ring

SIGNED = {"approve": cases.approve, "confirm": cases.confirm, "resume": cases.resume}
"""Verbs that take the hash that is signed and the password, and nothing else."""


def done(verb: str, case_id: str, given: dict[str, str]) -> cases.Case:
    """Do what a person asks of a case, and what follows by itself.

    :param given: `password`, `manifest_hash`, `supervisor`, `reason`, as far as the verb takes them
    :raises ArchiveError: what the verb raises; nothing moved
    """
    actor, store = current_actor(), current_store()
    signs = {"signed_hash": given.get("manifest_hash", ""), "password": given.get("password", "")}
    if verb in SIGNED:
        SIGNED[verb](actor, store, case_id, **signs)
    elif verb == "start":
        cases.start(actor, store, case_id, supervisor=given.get("supervisor", ""), **signs)
    elif verb in ("reject", "cancel"):
        (cases.reject if verb == "reject" else cases.cancel)(actor, store, case_id, reason=given.get("reason", ""))
    else:
        {"submit": cases.submit, "reopen": cases.reopen}[verb](actor, store, case_id)
    return go_on(case_id)


def go_on(case_id: str) -> Any:
    """Cooling and arming as far as they may, and a ring for a case that runs."""
    store = current_store()
    with suppress(StaleRecord):  # another process moved it
        cases.advance(store, case_id)
    case = cases.find(store, case_id)
    if case["state"] in destruction.HANDS_OPEN and (run_id := ensure_run(store, case_id)):
        ring(run_id, KIND)
    return case
