"""The export page: what leaves, in which columns and form; and the file itself, streamed."""

from typing import Any

from flask import Response, request, stream_with_context, url_for

from models.access.actions import Action
from models.access.exporting import export_columns
from models.errors import AccessDenied
from models.operations import exports
from views.access import current_store
from views.api.exports import disposition
from views.formats import locale
from views.listing import ListPage
from views.questions import Question
from views.shell import type_label

FORMS = (("csv", "CSV"), ("xlsx", "Excel"), ("jsonl", "JSON Lines"))


def dialog(view: Any, door: Any) -> Any:
    """Choose form and columns for the rows of a question.

    :raises AccessDenied: nothing of this type is this person's to export, or the question is not theirs to ask
    """
    if not door.may(Action.EXPORT):
        raise AccessDenied
    page = ListPage(door)
    question = Question.asked()
    chosen = {field.id for field in page.chosen()}
    columns = export_columns(door, None)
    known = {field.id for field in columns}
    columns += [field for name, field in door.compiled.system.items() if name == "id" and field.id not in known]
    parts = {
        "door": door, "page": page, "question": question, "chips": page.chips(question), "columns": columns,
        "chosen": chosen & {field.id for field in columns} or {field.id for field in columns},
        "count": door.count(question.query(None)), "forms": FORMS, "list_label": type_label(door.compiled),
        "back": page.address(question), "action": url_for("records.download"),
    }  # fmt: skip
    return view.render("records/export.html", **parts)


def download(door: Any) -> Response:
    """The file, as it is read: nothing waits in memory or stays on disk.

    :raises AccessDenied: something in it is not this person's to take out
    """
    if not door.may(Action.EXPORT):
        raise AccessDenied
    question = Question.asked(args=request.form)
    form = request.form.get("format", "")
    columns = export_columns(door, request.form.getlist("column") or None)
    pieces = exports.export(door, question.query(None), columns, form, locale())
    response = Response(stream_with_context(pieces), content_type=exports.FORMATS[form])
    day = current_store().clock.today().isoformat()
    response.headers["Content-Disposition"] = disposition(
        f"{door.compiled.name}-{day}.{form}", f"{type_label(door.compiled)}-{day}.{form}"
    )
    return response
