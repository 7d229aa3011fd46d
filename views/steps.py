"""Steps on pages: what a person may do next with a record, and the small form of a step that asks for something."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext

from models.access.cells import Record
from models.definitions.fields import Field, in_language
from models.definitions.steps import REASON, Edge
from models.definitions.workflow import State
from models.errors import (
    N_,
    AccessDenied,
    AlreadyFilled,
    ArchiveError,
    InvalidRecord,
    RecordNotFound,
    StaleRecord,
    TooManyAttempts,
    UnknownKey,
    WrongState,
)
from models.operations import transitions
from models.operations.transitions import Offer
from views import marks
from views.access import current_door
from views.editing import TROUBLE, options_of, reference_label, revision_of_form
from views.formats import locale
from views.forms import Entry, FormSection, RecordForm
from views.shell import type_label

STALE = N_("Somebody else changed this record meanwhile; nothing was done. Look again.")


@dataclass(frozen=True)
class Button:
    """A step as the head of a record shows it.

    :param page: where its form is; "" where it asks for nothing and is taken at once
    """

    name: str
    label: str
    page: str


@dataclass(frozen=True)
class Way:
    """A state a record can go to from here.

    :param barred: somebody else's step, or one whose condition does not hold
    """

    state: State
    barred: bool


def buttons(record: Record, found: Iterable[Offer]) -> list[Button]:
    """The steps this person may take now."""
    return [
        Button(one.edge.name, label_of(one.edge), step_address(record, one.edge) if one.edge.has_inputs else "")
        for one in found
    ]


def ways(record: Record, found: Iterable[Offer]) -> list[Way]:
    """Where the record can go from its state, and which of it is not this person's to decide."""
    open_to = {one.edge.transition.end for one in found}
    ends = dict.fromkeys(edge.transition.end for edge in record.compiled.workflow.from_state(record.state))
    states = ((end, record.compiled.states.find(end)) for end in ends)
    return [Way(state, end not in open_to) for end, state in states if state is not None]


def label_of(edge: Edge) -> str:
    """What people call a step."""
    return in_language(edge.transition.labels, locale())


def step_address(record: Record, edge: Edge) -> str:
    return url_for("records.step", record_id=record.id, step=edge.name)


class StepForm(RecordForm):
    """The inputs of one step: what it asks for, as far as this person may enter it, and what stands there already."""

    def __init__(self, record: Record, offer: Offer):
        self.asked = _by_id(offer.edge.fields)
        self.needed = _by_id(offer.edge.required)
        super().__init__(record.compiled, record)
        for one in self.inputs.values():
            one.must = one.of.id in self.needed

    def _sections(self, sections: Iterable[Any]) -> list[FormSection]:
        holders = {one.parent_id or one.id for one in self.asked.values()}
        entries = [
            entry for one in self.compiled.active if one.id in holders and (entry := self._entry(one)) is not None
        ]
        return [FormSection("step", "", entries)] if entries else []

    def _entry(self, one: Field) -> Entry | None:
        whole = one.type.name == "object"
        asked = one.id in self.asked or one.parent_id in self.asked
        return super()._entry(one) if whole or asked else None


def _by_id(fields: Iterable[Field]) -> dict[str, Field]:
    return {one.id: one for one in fields}


def step_page(view: Any, door: Any, record_id: str, name: str) -> Any:
    """The form of a step, or the record moved by it.

    :raises RecordNotFound: no such record, or no such step
    :raises AccessDenied: seen, but not this person's step
    """
    if request.method == "GET":
        return _form_page(view, door, record_id, name)
    form, record = None, None
    offer = _offer(door, record_id, name)
    if offer is not None:
        record = door.get_for_step(record_id)
        form = StepForm(record, offer)
        form.read(request.form)
    body = form.body() if form else {}
    reason = request.form.get(REASON, "")
    try:
        transitions.take(door, record_id, name, body, expected=revision_of_form(), reason=reason)
    except (AlreadyFilled, InvalidRecord, StaleRecord, TooManyAttempts, UnknownKey, WrongState) as error:
        if form is None or record is None:
            # nothing was read from the form of a step not offered: that values are lacking is not the person's fault
            late = WrongState() if isinstance(error, InvalidRecord) else error
            return _late(view, door, record_id, name, late)
        if not offer.edge.has_inputs:
            return _late(view, door, record_id, name, error)
        return _again(view, door, record, offer, form, error)
    return _taken(door, record_id, name)


def _offer(door: Any, record_id: str, name: str) -> Offer | None:
    return next((one for one in transitions.offers(door, record_id) if one.edge.name == name), None)


def _form_page(view: Any, door: Any, record_id: str, name: str) -> Any:
    record = door.get_for_step(record_id)
    edge = record.compiled.workflow.find(name)
    if edge is None:
        raise RecordNotFound
    offer = _offer(door, record_id, name)
    if offer is None:
        if not edge.leaves(record.state):
            return _back(record_id, WrongState().public_words(gettext))
        raise AccessDenied
    return _drawn(view, door, record, offer, StepForm(record, offer))


def _again(view: Any, door: Any, record: Record, offer: Offer, form: StepForm, error: ArchiveError) -> Any:
    """The form once more with what was typed, and why nothing was done."""
    errors = dict(error.errors) if isinstance(error, InvalidRecord) else {}
    about_reason = errors.pop(REASON, None)
    loose = form.keep_errors(errors, gettext)
    trouble = gettext(TROUBLE) if isinstance(error, InvalidRecord) else error.public_words(gettext)
    if isinstance(error, StaleRecord):
        trouble = gettext(STALE)
    words = about_reason.public_words(gettext) if about_reason else ""
    return _drawn(view, door, record, offer, form, trouble=trouble, loose=loose, wrong_reason=words), error.status


def _late(view: Any, door: Any, record_id: str, name: str, error: ArchiveError) -> Any:
    """The step is no longer to be had: say so, and give back what was typed for it."""
    words = gettext(STALE) if isinstance(error, StaleRecord) else error.public_words(gettext)
    record = door.get_for_step(record_id)
    edge = record.compiled.workflow.find(name)
    kept = _typed(edge, door.knows) if edge else []
    if not kept:
        return _back(record_id, words)
    parts = {
        "record": record, "label": label_of(edge), "words": words, "kept": kept,
        "address": url_for("records.record", record_id=record.id), "list_label": type_label(door.compiled),
        "list_address": url_for("records.index"),
    }  # fmt: skip
    return view.render("records/step_late.html", **parts), error.status


def _typed(edge: Edge, known: Callable[[Field], bool]) -> list[tuple[str, str]]:
    """Label and text of what came with the form of a step: the person's own words, whatever they may read now.

    :param known: whether the person may know of a field; the label of any other answers no guess at its id
    """
    fields = [part for one in edge.fields for part in (one.fields or (one,)) if known(part)]
    asked = [(one.label(locale()), request.form.getlist(one.id)) for one in fields]
    asked.append((gettext("Reason"), request.form.getlist(REASON)))
    found = [(label, "\n".join(text for text in texts if text.strip())) for label, texts in asked]
    return [(label, text) for label, text in found if text]


def _drawn(
    view: Any, door: Any, record: Record, offer: Offer, form: StepForm, *, trouble: str = "", loose: Iterable[str] = (),
    wrong_reason: str = "",
) -> Any:  # fmt: skip
    marks.prepare_names([record])
    address = url_for("records.record", record_id=record.id)
    end = record.compiled.states.find(offer.edge.transition.end)
    parts = {
        "door": door, "compiled": record.compiled, "record": record, "form": form, "offer": offer,
        "label": label_of(offer.edge), "address": address, "action": request.path, "revision": record.revision,
        "list_label": type_label(door.compiled), "list_address": url_for("records.index"),
        "form_type": record.compiled.name, "state": record.compiled.states.find(record.state), "end": end,
        "trouble": trouble, "loose": list(loose), "wrong_reason": wrong_reason, "reason": request.form.get(REASON, ""),
        "lacking": [one.label(locale()) for one in offer.lacking], "visible_rule": lambda one: "",
        "sub_options": options_of, "help_words": lambda one: in_language(one.help, locale()),
        "reference_label": lambda one, id: reference_label(form, one, id),
        "draft_key": f"{record.compiled.name}/{record.id}/{offer.edge.name}",
    }  # fmt: skip
    return view.render("records/step.html", **parts)


def _taken(door: Any, record_id: str, name: str) -> Any:
    """Say what was done, on the record or, where the step took it out of this person's sight, on the list."""
    try:
        _, kind = door.fetch(record_id)
    except RecordNotFound:
        flash(gettext("Done. The record is no longer yours to see."), "success")
        return redirect(url_for("records.index"))
    edge = kind.workflow.find(name)
    flash(gettext("Done: %(step)s.", step=label_of(edge)), "success")
    return redirect(url_for("records.record", record_id=record_id))


def _back(record_id: str, words: str) -> Any:
    flash(gettext(words), "error")
    return redirect(url_for("records.record", record_id=record_id))


def of_record(door: Any, record: Record) -> dict[str, Any]:
    """What the head of a record shows of its steps."""
    kind_door = current_door().open(record.type)
    found = transitions.offers(kind_door, record.id) if record.trashed_at is None else []
    return {"steps": buttons(record, found), "ways": ways(record, found)}
