"""Everything that goes wrong under /api, as problem+json (RFC 9457) with a stable `code`.

A refusal says the same words whatever is behind it: nothing in the body depends on what was asked.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from flask import Response, request
from flask_babel import gettext
from flask_principal import PermissionDenied
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from models.errors import N_, AccessDenied, ArchiveError, InvalidRecord, TooManyAttempts
from views import refusals
from views.access import standing
from views.api.answers import in_language

LOG = structlog.get_logger("dossier.web")
MEDIA = "application/problem+json"
SIGN_IN = N_("Show a token in the header “Authorization: Bearer …”, or sign in.")
CSRF = N_("A request with a session carries its token in the header X-CSRFToken. Nothing was changed.")
BROKEN = N_("Something broke on our side. Tell your administrator this number; the reason is in the log.")
HTTP_WORDS: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", N_("The request cannot be read.")),
    404: ("not_found", N_("There is no such address.")),
    405: ("method_not_allowed", N_("This address cannot be asked that way.")),
    413: ("too_large", N_("The request is too large.")),
    414: ("too_long", N_("The address is too long.")),
    415: ("not_json", N_("Send JSON: Content-Type: application/json, UTF-8.")),
    429: ("too_many_requests", N_("Too many requests at once. Wait a moment.")),
}
ONE_CODE = frozenset({"taken", "masked_echo"})
"""When every fault is of this kind, the answer as a whole is."""


def wanted() -> bool:
    """Whether this request is one of a program."""
    return request.path == "/api" or request.path.startswith("/api/")


def of(error: Exception, error_id: str) -> Response:
    """The answer to anything that was raised.

    :param error_id: names this request in the log; told where something broke
    """
    if isinstance(error, ArchiveError):
        return _refused(error)
    if isinstance(error, PermissionDenied):
        return _refused(AccessDenied())
    if isinstance(error, CSRFError):
        return not_signed_in() if standing() is None else problem(400, "csrf", gettext(CSRF))
    if isinstance(error, HTTPException):
        return _http(error)
    LOG.error("broken", id=error_id, kind=type(error).__name__, exc_info=error)
    return problem(500, "broken", gettext(BROKEN), id=error_id)


def problem(status: int, code: str, words: str, *, errors: Sequence[Mapping[str, Any]] = (), **more: Any) -> Response:
    """A problem document."""
    body: dict[str, Any] = {"type": "about:blank", "title": _title(status), "status": status, "code": code}
    body["detail"] = words
    if errors:
        body["errors"] = list(errors)
    text = json.dumps(body | more, ensure_ascii=False)
    return in_language(Response(text, status=status, content_type=MEDIA))


def not_signed_in() -> Response:
    """401 with what to show; a token that opens nothing is told so."""
    answer = problem(401, "not_signed_in", gettext(SIGN_IN))
    shown = "Authorization" in request.headers
    answer.headers["WWW-Authenticate"] = 'Bearer realm="dossier"' + (', error="invalid_token"' if shown else "")
    return answer


def _refused(error: ArchiveError) -> Response:
    if error.code == "not_signed_in" and standing() is None:
        return not_signed_in()
    LOG.info("refused", code=error.code, status=error.status, why=getattr(error, "private", ""))
    refusals.note(error)
    if error.status >= 500:
        return _with_retry(problem(error.status, error.code, error.public_words(gettext)), 5)
    if isinstance(error, InvalidRecord):
        codes = {fault.code for fault in error.errors.values()}
        code = next(iter(codes)) if len(codes) == 1 and codes <= ONE_CODE else error.code
        return problem(422, code, error.public_words(gettext), errors=field_errors(error))
    answer = problem(error.status, error.code, error.public_words(gettext))
    return _with_retry(answer, error.seconds) if isinstance(error, TooManyAttempts) else answer


def field_errors(error: InvalidRecord) -> list[dict[str, str]]:
    """What does not fit, field by field; `path` says where inside a list or row."""
    return [
        {"field": address, "code": fault.code, "message": fault.public_words(gettext)}
        | ({"path": fault.path} if fault.path else {})
        for address, fault in error.errors.items()
    ]


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]
    code, words = HTTP_WORDS.get(status, HTTP_WORDS[400])
    answer = problem(status, code, gettext(words))
    if status == 405 and getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return _with_retry(answer, 1) if status == 429 else answer


def _with_retry(answer: Response, seconds: int) -> Response:
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _title(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
