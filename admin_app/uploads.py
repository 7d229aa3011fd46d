"""Large files in requests: only where one is expected, from somebody signed in, and never readable on our disk.

A form is taken apart before any view sees it. What a framework would put into a temporary file as it came is
written there enciphered, under a key that lives as long as the request.
"""

from typing import IO, Any

from flask import Flask, Request, flash, redirect, request, url_for
from flask_babel import gettext

from models.operations.spilling import MomentFile
from views.access import standing
from views.imports import most_megabytes

ENDPOINTS = frozenset({"records.import_upload", "api.imported"})
FORM_BYTES = 4 * 2**20
"""What a form of a file holds beside it: a map, a token."""


class PanelRequest(Request):
    """Keeps large parts of a form enciphered."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return MomentFile()  # type: ignore[return-value]


def init_app(app: Flask) -> None:
    """Before whatever takes forms apart."""
    app.request_class = PanelRequest
    app.before_request(_widen)


def _widen() -> Any:
    if request.endpoint not in ENDPOINTS or request.method != "POST" or standing() is None:
        return None
    most = most_megabytes() * 2**20
    request.max_content_length = most + FORM_BYTES
    if (request.content_length or 0) <= most + FORM_BYTES or request.endpoint == "api.imported":
        return None
    words = gettext("This file is larger than %(most)s MB. Split it, or have it loaded with `dossier load`.",
                    most=most_megabytes())  # fmt: skip
    flash(words, "error")
    return redirect(url_for("records.import_start", type_name=(request.view_args or {}).get("type_name")))
