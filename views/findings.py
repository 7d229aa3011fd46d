"""What verification found, in the words of the page: the rule by its label, the reason as a sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import g
from flask_babel import gettext

from models.access.cells import Finding, Record
from models.definitions.fields import in_language
from models.errors import N_
from models.lifecycle.checks import REASONS
from models.operations import rules
from views import marks
from views.access import current_stamps, current_store
from views.formats import locale

RESULTS = {"failed": N_("did not pass"), "warned": N_("warned"), "errored": N_("errored")}
DIMENSIONS = {
    "completeness": N_("Complete"), "uniqueness": N_("Unique"), "timeliness": N_("Up to date"),
    "validity": N_("Valid"), "accuracy": N_("Accurate"), "consistency": N_("Consistent"),
}  # fmt: skip
SEVERITIES = {"must": N_("must"), "should": N_("should")}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding, ready to stand under its value."""

    look: str
    label: str
    reason: str


def line(finding: Finding) -> Line:
    """A finding in words."""
    return Line("bad" if finding.result == "failed" else "", rule_label(finding.rule), reason_words(finding.reason))


def reason_words(reason: str) -> str:
    """The sentence of a reason; one of a later release is said by its word."""
    return gettext(REASONS[reason]) if reason in REASONS else reason


def rule_label(key: str) -> str:
    """What people call a rule, by its id or key."""
    return labels().get(key.partition(":")[0], key)


def labels() -> Mapping[str, str]:
    """Rule id → label in the language of the page; read once a request."""
    if "rule_labels" not in g:
        found = rules.in_force(current_store(), current_stamps())
        g.rule_labels = {one.id: in_language(one.labels, locale()) for one in found}
    return g.rule_labels


def attach(made: Iterable[marks.Mark], record: Record) -> None:
    """Put each finding under the value it is about."""
    if not record.findings:
        return
    under: dict[str, list[Line]] = {}
    for one in record.findings:
        under.setdefault(one.field.id, []).append(line(one))
    for mark in made:
        for part in (mark, *mark.parts):
            part.findings = under.get(part.field.id, [])
