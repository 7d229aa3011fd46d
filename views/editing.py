"""New and changed records: the form, its conflict page, look-ups, and verbs over several rows."""

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_babel import gettext

from models.access.actions import Action
from models.access.cells import Record
from models.access.levels import Write
from models.access.query import Query
from models.definitions.fields import Field, in_language
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
)  # fmt: skip
from models.operations import records as operations
from models.store import new_id
from views import marks, people, related, visibility
from views.access import current_door, load
from views.formats import locale
from views.forms import RecordForm, RecordInput
from views.references import label_of
from views.shell import type_label

LOOKUP_ROWS = 20
TROUBLE = N_("Some values need another look. Nothing was saved yet.")


# new


def new_page(view: Any, door: Any) -> Any:
    """The empty form, or the record made of it.

    :raises AccessDenied: this person makes no record of this type
    """
    compiled = door.compiled
    if compiled.abstract or not door.may(Action.CREATE):
        raise AccessDenied
    form = RecordForm(compiled, writes=create_writes(door))
    if request.method == "GET":
        related.prefill(form, request.args)
        return form_page(view, door, form, key=new_id())
    form.read(request.form)
    body = form.body()
    key = request.form.get("key", "")[:64]
    try:
        record = operations.create(door, body, key=key or None)
    except InvalidRecord as error:
        return form_page(view, door, form, key=key, error=error)
    except TooManyAttempts as error:
        return form_page(view, door, form, key=key, trouble=error.public_words(gettext))
    flash(gettext("Filed under %(number)s.", number=record.archive_no or record.title), "success")
    return redirect(url_for("records.record", record_id=record.id))


def create_writes(door: Any) -> dict[str, Write]:
    """How far this person may fill each field of a new record."""
    judge = door.judge(door.compiled, Action.CREATE)
    return {one.field.address: judge.most(one.field).write for one in door.fields()}


# edit


def edit_page(view: Any, door: Any, record_id: str) -> Any:
    """The form of a record, or the record changed by it.

    :raises RecordNotFound: unknown or out of scope
    :raises AccessDenied: seen, but not to be edited
    """
    record = load(door, record_id, Action.EDIT)
    form = RecordForm(record.compiled, record)
    if request.method == "GET":
        marks.prepare_names([record])
        return form_page(view, door, form, record=record)
    form.read(request.form)
    opened = revision_of_form()
    if opened != record.revision:
        return stale(view, door, record, form, opened)
    return save(view, door, record, form, opened)


def save(view: Any, door: Any, record: Record, form: RecordForm, expected: int) -> Any:
    """Write what the person changed. A form without a change says so and writes nothing."""
    body = form.body()
    page = url_for("records.record", record_id=record.id)
    if not body:
        flash(gettext("Nothing was changed."), "message")
        return redirect(page)
    try:
        operations.update(door, record.id, body, expected=expected)
    except StaleRecord:
        return stale(view, door, load(door, record.id, Action.EDIT), form, expected)
    except InvalidRecord as error:
        return form_page(view, door, form, record=record, error=error)
    except (AccessDenied, AlreadyFilled, TooManyAttempts, UnknownKey) as error:
        return form_page(view, door, form, record=record, trouble=error.public_words(gettext))
    flash(gettext("Saved: %(count)s changed.", count=len(form.changed)), "success")
    return redirect(page)


def revision_of_form() -> int:
    given = request.form.get("revision", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0


def form_page(
    view: Any, door: Any, form: RecordForm, *, record: Record | None = None, key: str = "",
    error: InvalidRecord | None = None, trouble: str = "",
) -> Any:  # fmt: skip
    """The form with what was typed in it, and what was wrong at each field."""
    loose = form.keep_errors(error.errors, gettext) if error else []
    compiled = form.compiled
    ids = set(form.inputs)
    address = url_for("records.record", record_id=record.id) if record else ""
    parts = {
        "door": door, "compiled": compiled, "form": form, "record": record, "address": address, "key": key,
        "revision": record.revision if record else 0, "back": url_for("records.index"),
        "list_label": type_label(door.compiled), "form_type": compiled.name, "loose": loose,
        "action": request.path, "trouble": gettext(TROUBLE) if error else trouble,
        "draft_key": f"{compiled.name}/{record.id if record else 'new'}",
        "visible_rule": lambda one: visibility.rule_for_form(one, ids, compiled.by_id),
        "sub_options": options_of, "help_words": lambda one: in_language(one.help, locale()),
        "reference_label": lambda one, id: reference_label(form, one, id),
    }  # fmt: skip
    return view.render("records/form.html", **parts)


def options_of(field: Field) -> list[tuple[str, str]]:
    """What a sub-field of rows offers."""
    if field.type.widget == "user":
        return people.user_choices()
    if field.type.widget == "department":
        return people.department_choices()
    return [(one.key, in_language(one.labels, locale())) for one in field.options if one.active]


def condition_options(field: Field) -> list[tuple[str, str]]:
    """What the value of a condition may be chosen from; empty where it is typed."""
    if field.type.widget == "user":
        return [("@me", gettext("me")), *people.user_choices()]
    if field.type.widget == "department":
        return [("@my_departments", gettext("my departments")), *people.department_choices()]
    if field.type.widget == "checkbox":
        return [("true", gettext("yes")), ("false", gettext("no"))]
    return [(one.key, in_language(one.labels, locale())) for one in field.options]


def reference_label(form: RecordForm, field: Field, record_id: str) -> str:
    """How the record chosen in a reference is called by this person."""
    cell = form.inputs[field.id].cell if field.id in form.inputs else None
    known = cell.labels.get(record_id) if cell else None
    return known or label_of(field, record_id) or gettext("record %(id)s", id=record_id)


# conflict


def stale(view: Any, door: Any, record: Record, form: RecordForm, opened: int) -> Any:
    """Somebody wrote first: both sides, field by field, as far as this person may read them."""
    if request.form.get("settled"):
        return settle(view, door, record, form)
    try:
        base = door.revision(record.id, opened)
    except RecordNotFound:
        base = None
    rows = conflict_rows(record, base, form)
    if not any(row["clash"] for row in rows):
        return resume(view, door, record, form)
    marks.prepare_names([record])
    parts = {
        "door": door, "record": record, "compiled": record.compiled, "rows": rows, "typed": typed_pairs(),
        "updater": people.user_name(record.updated_by), "action": request.path, "list_label": type_label(door.compiled),
        "address": url_for("records.record", record_id=record.id),
    }  # fmt: skip
    return view.render("records/conflict.html", **parts)


def rebased(record: Record, form: RecordForm, keep: set[str]) -> RecordForm:
    """The form on the record as it is now, with what the person typed in the fields `keep` names."""
    fresh = RecordForm(record.compiled, record)
    typed = {name: one for name, one in form.inputs.items() if name in keep}
    for name, one in fresh.inputs.items():
        if name in typed:
            one.raw, one.given, one.cleared = typed[name].raw, True, typed[name].cleared
    return fresh


def resume(view: Any, door: Any, record: Record, form: RecordForm) -> Any:
    """Both sides changed different fields: what was typed goes on top of the present record."""
    changed = {one.name for one in form.changed}
    return save(view, door, record, rebased(record, form, changed), record.revision)


def settle(view: Any, door: Any, record: Record, form: RecordForm) -> Any:
    """The person chose, field by field; if the record moved on again meanwhile, they are asked again."""
    seen = request.form.get("seen", "")
    if seen != str(record.revision):
        return stale_again(view, door, record, form)
    mine = {name for name in form.inputs if request.form.get(f"take.{name}") == "mine"}
    return save(view, door, record, rebased(record, form, mine), record.revision)


def stale_again(view: Any, door: Any, record: Record, form: RecordForm) -> Any:
    flash(gettext("It was changed once more while you chose. Please look again."), "error")
    rows = conflict_rows(record, None, form)
    parts = {
        "door": door, "record": record, "compiled": record.compiled, "rows": rows, "typed": typed_pairs(),
        "updater": people.user_name(record.updated_by), "action": request.path, "list_label": type_label(door.compiled),
        "address": url_for("records.record", record_id=record.id),
    }  # fmt: skip
    return view.render("records/conflict.html", **parts)


def typed_pairs() -> list[tuple[str, str]]:
    """What was typed, to be sent again with the choice. The token and the page's own parts are written anew."""
    own = ("csrf_token", "settled", "seen")
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in own and not name.startswith("take.")
    ]


def conflict_rows(record: Record, base: Record | None, form: RecordForm) -> list[dict[str, Any]]:
    """Per field the person changed: what stood there, what stands there now, what they typed."""
    rows = []
    for one in form.changed:
        now = record.find(one.of.address)
        was = base.find(one.of.address) if base else None
        same = base is not None and _value(was) == _value(now)
        rows.append({
            "input": one, "label": one.label.text, "was": marks.mark(was, one.of) if was else None,
            "now": marks.mark(now, one.of), "mine": words_of_typed(one), "clash": not same,
        })  # fmt: skip
    return rows


def _value(cell: Any) -> tuple[Any, Any]:
    return (cell.mark, cell.value) if cell is not None else ("", None)


def words_of_typed(one: RecordInput) -> str:
    """What was typed, in words: parsed and rendered where it can be, else as it stands."""
    if one.raw is None:
        return gettext("empty")
    try:
        stored = one.of.type.parse(one.raw, one.of)
    except ArchiveError:
        return str(one.raw)
    if one.kind == "user":
        return people.user_name(stored)
    if one.kind == "department":
        return people.department_name(stored)
    if one.kind == "reference" and isinstance(stored, str):
        return label_of(one.of, stored) or stored
    return one.of.type.render(stored, one.of, locale())


# several rows


def each_of(door: Any, ids: list[str], verb: str) -> tuple[int, int]:
    """Trash or restore rows one by one, each under the revision it has now. Returns (done, refused)."""
    act = {"trash": operations.trash, "restore": operations.restore}.get(verb)
    if act is None:
        return 0, 0
    done = 0
    for record_id in ids:
        try:
            record = load(door, record_id)
            act(door, record_id, expected=record.revision)
            done += 1
        except (RecordNotFound, AccessDenied, StaleRecord):
            continue
        except ArchiveError as error:
            if error.status != 409:
                raise
    return done, len(ids) - done


# look-ups


def lookup(door: Any, field_id: str, text: str) -> Any:
    """Records a reference may point to, as this person may find them: id and label, nothing else.

    :raises RecordNotFound: no such reference, or none this person may know of
    """
    known = {one.field.id: one.field for one in door.fields()}
    field = known.get(field_id)
    if field is None or field.type.name != "reference" or not field.target:
        raise RecordNotFound
    target = current_door().open(field.target)
    title = [target.compiled.title.address] if target.titled() else []
    page = target.page(Query(q=text.strip()[:100], limit=LOOKUP_ROWS, fields=title))
    return jsonify([{"id": one.id, "label": one.title, "number": one.archive_no} for one in page.items])
