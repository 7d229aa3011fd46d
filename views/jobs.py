"""Jobs: what runs by itself, when next, what came of it; and every run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from jobs import bell
from jobs.registry import JOBS, Job
from models.errors import N_, ArchiveError, RecordNotFound
from models.lifecycle import slots
from models.operations import runs
from models.operations.runs import Run
from views.access import current_actor, current_store, may, needs
from views.guarded import GuardedView
from views.people import user_name

VIEW, MANAGE = runs.VIEW, runs.MANAGE
STATES: dict[str, tuple[str, str]] = {
    "waiting": (N_("waiting"), "new"),
    "running": (N_("running"), "working"),
    "done": (N_("done"), "done"),
    "failed": (N_("failed"), "gone"),
    "cancelled": (N_("cancelled"), "resting"),
}
"""State → its word, and how its mark looks."""
COUNTS: dict[str, str] = {
    "passed": N_("passed"),
    "failed": N_("did not pass"),
    "warned": N_("warned"),
    "errored": N_("errored"),
    "skipped": N_("skipped"),
    "unchanged": N_("unchanged"),
    "added": N_("added"),
    "updated": N_("updated"),
    "refused": N_("refused"),
    "coalesced": N_("covered by a later slot"),
}
WEEKDAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job as the page shows it."""

    job: Job
    title: str
    when: str
    paused: bool
    next_at: datetime | None
    last: Run | None


class JobsView(GuardedView):
    """Looking takes `jobs:view`, everything else `jobs:manage`."""

    need = VIEW
    icon = "activity"

    @expose("/")
    def index(self) -> str:
        asked = {name: request.args.get(name, "")[:80] for name in ("kind", "state")}
        asked["state"] = asked["state"] if asked["state"] in STATES else ""
        store, actor = current_store(), current_actor()
        found = runs.page(store, actor.id, **asked, after=request.args.get("after"))
        return self.render(
            "jobs/index.html",
            kinds=kinds(),
            page=found,
            asked=asked,
            manages=may(MANAGE),
            **words(),
        )

    @expose("/<run_id>/")
    def show(self, run_id: str) -> str:
        return self.render("jobs/run.html", **self._shown(run_id))

    @expose("/<run_id>/progress")
    def progress(self, run_id: str) -> str:
        """The part of a run's page that moves."""
        return self.render("jobs/_run.html", **self._shown(run_id))

    @expose("/kinds/<kind>/start", methods=("POST",))
    @needs(MANAGE)
    def start(self, kind: str) -> Any:
        if not _known(kind).startable:
            raise RecordNotFound
        run_id = start(kind)
        flash(gettext("It is asked for. A worker begins at once."), "success")
        return redirect(self.get_url(".show", run_id=run_id))

    @expose("/kinds/<kind>/pause", methods=("POST",))
    @needs(MANAGE)
    def pause(self, kind: str) -> Any:
        runs.pause(current_store(), current_actor(), _known(kind).kind)
        flash(gettext("Paused. A part under way ends; nothing more is begun."), "success")
        return redirect(self.get_url(".index"))

    @expose("/kinds/<kind>/resume", methods=("POST",))
    @needs(MANAGE)
    def resume(self, kind: str) -> Any:
        runs.resume(current_store(), current_actor(), _known(kind).kind)
        flash(gettext("It goes on."), "success")
        return redirect(self.get_url(".index"))

    @expose("/<run_id>/cancel", methods=("POST",))
    @needs(MANAGE)
    def cancel(self, run_id: str) -> Any:
        try:
            runs.cancel(current_store(), current_actor(), run_id)
            flash(gettext("Cancelled. What is done stays done."), "success")
        except RecordNotFound:
            raise
        except ArchiveError as refused:
            flash(refused.public_words(gettext), "error")
        return redirect(self.get_url(".show", run_id=run_id))

    def _shown(self, run_id: str) -> dict[str, Any]:
        run = runs.get(current_store(), run_id)
        return {"run": run, "manages": may(MANAGE), **words()}


def start(kind: str, params: dict[str, Any] | None = None) -> str:
    """Ask for a run and ring; the id of the run.

    :raises AccessDenied: without `jobs:manage`
    """
    run_id = runs.run_now(current_store(), current_actor(), kind, params)
    ring(run_id, kind)
    return run_id


def ring(run_id: str, kind: str) -> bool:
    """Wake a worker; False: the ticker will within a minute."""
    return bell.ring(getattr(current_app.extensions["dossier"].settings, "redis_url", None), run_id, kind)


def kinds() -> list[Kind]:
    """Every kind, in the order of the registry."""
    store = current_store()
    paused, now = runs.paused_kinds(store), store.clock.now()
    found = []
    for kind, job in JOBS.items():
        next_at = slots.following(job.slots, now, store.clock.zone).at if job.slots and kind not in paused else None
        last = runs.latest(store, kind)
        found.append(Kind(job, gettext(job.title), when_words(job), kind in paused, next_at, last))
    return found


def when_words(job: Job) -> str:
    """A schedule as people say it."""
    schedule = job.slots
    if schedule is None:
        return gettext("when asked for")
    if schedule.every is not None:
        return gettext("every %(minutes)s minutes", minutes=schedule.every)
    time = f"{schedule.at:%H:%M}"
    if schedule.weekday is not None:
        return gettext("%(day)s %(time)s", day=gettext(WEEKDAYS[schedule.weekday]), time=time)
    if schedule.monthday is not None:
        return gettext("day %(day)s of the month, %(time)s", day=schedule.monthday, time=time)
    return gettext("daily %(time)s", time=time)


def words() -> dict[str, Any]:
    """What the templates say of a run."""
    return {
        "states": {state: (gettext(word), look) for state, (word, look) in STATES.items()},
        "count_words": {name: gettext(word) for name, word in COUNTS.items()},
        "titles": {kind: gettext(job.title) for kind, job in JOBS.items()},
        "user_name": user_name,
    }


def _known(kind: str) -> Job:
    """
    :raises RecordNotFound: there is no such kind
    """
    if kind not in JOBS:
        raise RecordNotFound
    return JOBS[kind]
