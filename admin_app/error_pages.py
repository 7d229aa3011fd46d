"""What a person sees when something is refused or breaks: words and an id, never the text of a fault."""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request
from flask_babel import gettext
from flask_principal import PermissionDenied
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from admin_app.request_log import request_id
from models.errors import N_, AccessDenied, ArchiveError
from views import refusals
from views.access import sign_in_address, signed_in
from views.api import problems

LOG = structlog.get_logger("dossier.web")

TITLES = {
    400: N_("This request cannot be read"),
    403: N_("This is not open to you"),
    404: N_("There is nothing here for you"),
    405: N_("This page cannot be used that way"),
    409: N_("This cannot be done just now"),
    412: N_("Somebody else was quicker"),
    413: N_("That is too large"),
    422: N_("Some of this does not fit"),
    429: N_("Too much at once"),
    500: N_("Something broke on our side"),
    503: N_("The archive does not answer"),
}
WORDS = {
    400: N_("The address or the form is damaged. Go back and try again."),
    404: N_("The address is wrong, or what stood here is gone or not yours to see."),
    405: N_("Go back to the page you came from and use its buttons."),
    413: N_("Send less at a time."),
    429: N_("Wait a moment, then go on."),
    500: N_("Nothing was lost that had been confirmed. Tell your administrator this number; the reason is in the log."),
}
CSRF_WORDS = N_("This form is too old or was opened in another session. Open the page again; nothing was changed.")


def init_app(app: Flask) -> None:
    app.register_error_handler(ArchiveError, _or_problem(_refused))
    app.register_error_handler(PermissionDenied, _or_problem(lambda _: _refused(AccessDenied())))
    app.register_error_handler(CSRFError, _or_problem(lambda _: page(400, gettext(CSRF_WORDS))))
    app.register_error_handler(HTTPException, _or_problem(_http))
    app.register_error_handler(Exception, _or_problem(_broken))
    refusals.init_app(app)


def _or_problem(for_people: Callable[[Any], Response]) -> Callable[[Exception], Response]:
    """The page for people; a program gets the same as a problem document."""

    def answer(error: Exception) -> Response:
        if not problems.wanted():
            return for_people(error)
        try:
            return problems.of(error, request_id())
        except ArchiveError as worse:  # the refusal itself could not be logged
            return problems.of(worse, request_id())

    return answer


def page(status: int, words: str) -> Response:
    """An error page; a fragment asked for by htmx gets the note alone."""
    template = "errors/note.html" if request.headers.get("HX-Request") else "errors/page.html"
    title = gettext(TITLES.get(status, TITLES[500]))
    return make_response(render_template(template, title=title, words=words, error_id=request_id()), status)


def _refused(error: ArchiveError) -> Response:
    if error.code == "not_signed_in" and signed_in() is None:
        return redirect(sign_in_address())  # type: ignore[return-value]
    refusals.note(error)
    private = getattr(error, "private", "")
    LOG.info("refused", id=request_id(), code=error.code, status=error.status, why=private)
    return page(error.status, error.public_words(gettext))


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status in (301, 302, 303, 304, 307, 308):
        return error.get_response()  # type: ignore[return-value]
    response = page(status, gettext(WORDS.get(status, WORDS[400])))
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _broken(error: Exception) -> Response:
    LOG.error("broken", id=request_id(), kind=type(error).__name__, exc_info=error)
    return page(500, gettext(WORDS[500]))
