"""Runs of jobs for who may look at them: state, progress, counts, errors by class."""

from datetime import datetime
from typing import Any

from flask import Response

from jobs.registry import JOBS
from models.audit.entries import moment_text
from models.errors import AccessDenied
from models.operations import runs
from models.operations.runs import Run
from views.access import current_actor, current_store, may, needs
from views.api import answers, parameters
from views.api.parameters import takes

MOST_RUNS = 200


@needs(runs.VIEW)
@takes("kind", "state", "limit", "after")
def listed() -> Response:
    """GET /jobs: runs, the latest first, and every kind."""
    store = current_store()
    page = runs.page(
        store,
        current_actor().id,
        kind=parameters.text("kind") or "",
        state=parameters.text("state") or "",
        limit=parameters.number("limit", 1, MOST_RUNS) or 50,
        after=parameters.text("after"),
    )
    paused = runs.paused_kinds(store)
    kinds = [{"kind": kind, "schedule": job.schedule, "paused": kind in paused} for kind, job in JOBS.items()]
    return answers.of_json({"items": [run_json(run) for run in page.runs], "next": page.next, "kinds": kinds})


@takes()
def shown(run_id: str) -> Response:
    """GET /jobs/{id}: for who may look at jobs, and of one's own run for whoever asked for it.

    :raises AccessDenied: neither; whether there is such a run is not told
    """
    if may(runs.VIEW):
        return answers.of_json(run_json(runs.get(current_store(), run_id)))
    run = runs.find(current_store(), run_id)
    if run is None or run.asked_by != current_actor().id:
        raise AccessDenied(private=f"run {run_id} needs {runs.VIEW}")
    return answers.of_json(run_json(run))


def run_json(run: Run) -> dict[str, Any]:
    """The REST shape of a run."""
    return {
        "id": run.id,
        "kind": run.kind,
        "state": run.state,
        "due_at": moment_text(run.due_at),
        "asked_by": run.asked_by,
        "done": run.done,
        "total": run.total,
        "counts": dict(run.counts),
        "errors": dict(run.errors),
        "started_at": _text(run.started_at),
        "finished_at": _text(run.finished_at),
        "cancelling": run.cancel and run.open,
    }


def _text(at: datetime | None) -> str | None:
    return moment_text(at) if at else None
