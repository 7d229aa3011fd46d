"""Verification: rules with what stands against them now, the last runs, and the next."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, url_for
from flask_admin import expose
from flask_babel import gettext

from jobs.registry import JOBS
from models.errors import TooSlow
from models.lifecycle import slots
from models.lifecycle.rules import DIMENSIONS, RuleDefinition
from models.operations import runs, verification
from models.operations.changes import allowed
from models.operations.rules import MANAGE, VIEW, in_force
from models.operations.runs import Run
from views import findings, jobs
from views.access import current_actor, current_door, current_stamps, current_store, may, needs
from views.guarded import GuardedView
from views.shell import type_label

LAST_RUNS = 8


@dataclass(frozen=True)
class Row:
    """A rule with what stands against it."""

    rule: RuleDefinition
    label: str
    types: str
    now: Counter[str]
    last: Counter[str]
    """What the last finished run counted: it judged only what was due."""


class VerificationView(GuardedView):
    """Counts over all records, without any of them: looking takes `verification:view`."""

    need = VIEW
    icon = "shield-check"

    @expose("/")
    def index(self) -> str:
        store = current_store()
        job, now = JOBS[verification.KIND], store.clock.now()
        latest = runs.page(store, current_actor().id, kind=verification.KIND, limit=LAST_RUNS).runs
        rows, late = rule_rows(latest)
        dimensions = [(name, findings.DIMENSIONS[name], _sum(rows, name)) for name in DIMENSIONS]
        return self.render(
            "verification.html",
            rows=rows,
            late=late,
            dimensions=[(gettext(label), counts) for _, label, counts in dimensions if counts is not None],
            severities={name: gettext(word) for name, word in findings.SEVERITIES.items()},
            dimension_words={name: gettext(word) for name, word in findings.DIMENSIONS.items()},
            runs=latest,
            paused=verification.KIND in runs.paused_kinds(store),
            next_at=slots.following(job.slots, now, store.clock.zone).at if job.slots else None,
            manages=may(MANAGE),
            sees_runs=may(runs.VIEW),
            **jobs.words(),
        )

    @expose("/start", methods=("POST",))
    @needs(MANAGE)
    def start(self) -> Any:
        store, actor = current_store(), current_actor()
        allowed(actor, store, MANAGE)
        jobs.ring(runs.request(store, actor, verification.KIND), verification.KIND)
        flash(gettext("It is asked for. A worker begins at once."), "success")
        return redirect(url_for("verification.index"))


def rule_rows(latest: list[Run]) -> tuple[list[Row], bool]:
    """Every rule in force, those with most against them first; and whether counting took too long."""
    now, late = standing()
    done = next((one for one in latest if one.state == "done"), None)
    last = _by_rule(done.counts) if done else {}
    registry = current_door().registry
    rows = []
    for one in in_force(current_store(), current_stamps()):
        names = [type_label(registry.types[name]) for name in one.types if name in registry.types]
        label = findings.rule_label(one.id)
        rows.append(Row(one, label, gettext(", ").join(names), now.get(one.id, Counter()), last.get(one.id, Counter())))
    rows.sort(key=lambda row: (-row.now["errored"], -row.now["failed"], -row.now["warned"], row.rule.id))
    return rows, late


def standing() -> tuple[dict[str, Counter[str]], bool]:
    """Rule id → result → live records, and whether some could not be counted in time."""
    found: dict[str, Counter[str]] = {}
    try:
        counted = verification.standing(current_store())
    except TooSlow:
        return {}, True
    for key, result, number in counted:
        found.setdefault(key.partition(":")[0], Counter())[result] += number
    return found, False


def _by_rule(counts: Any) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for name, number in counts.items():
        key, slash, result = name.partition("/")
        if slash:
            found.setdefault(key.partition(":")[0], Counter())[result] += number
    return found


def _sum(rows: list[Row], dimension: str) -> Counter[str] | None:
    of_it = [row.now for row in rows if row.rule.dimension == dimension]
    return sum(of_it, Counter()) if of_it else None
