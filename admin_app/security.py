"""Headers that keep pages to themselves: a strict Content-Security-Policy, no caching, no referrer, no frames."""

import secrets
from functools import lru_cache
from typing import cast

from flask import Flask, Response, current_app, g, request, session
from flask_compress import Compress
from flask_wtf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer

CSRF = CSRFProtect()
COMPRESS = Compress()

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
STATIC_SECONDS = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,  # a form may lie open over lunch; the token ends with the session
        WTF_CSRF_CHECK_DEFAULT=False,  # `_check_forms` does it
        WTF_CSRF_SSL_STRICT=False,  # its check wants the Referer header, which our own policy withholds
        COMPRESS_REGISTER=False,
        COMPRESS_MIMETYPES=["text/html", "text/css", "text/javascript", "image/svg+xml", "application/json"],
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_SECONDS,
    )
    CSRF.init_app(app)
    COMPRESS.init_app(app)
    app.before_request(_check_forms)
    app.before_request(_keep_token)
    app.after_request(_finish)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def _check_forms() -> None:
    """Every write carries the token of its session, save a REST call with a token of its own.

    No cookie counts beside such a header (admin_app/identity.py), and no page of another site can send it.
    """
    if not (request.path.startswith("/api/") and "Authorization" in request.headers):
        CSRF.protect()


def _keep_token() -> None:
    """The form token of a session is signed once, not for every page: it does not run out before the session.

    Files and answers for programs hold no form; asking for the session would make them vary by cookie.
    """
    if request.endpoint == "static" or request.path.startswith("/api/"):
        return
    if (secret := session.get("csrf_token")) and "csrf_token" not in g:
        g.csrf_token = _signed(cast("str", current_app.secret_key), secret)


@lru_cache(maxsize=2_000)
def _signed(key: str, secret: str) -> str:
    """As Flask-WTF signs it."""
    return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(secret))


def csp_nonce() -> str:
    """The nonce of this response; every script tag carries it."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def _finish(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY.format(nonce=csp_nonce()))
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    return COMPRESS.after_request(response) if _may_compress() else response


def _may_compress() -> bool:
    """A page that may echo what was asked stays uncompressed: its length would tell of the secrets beside it.

    Nor is anything for programs: the tag of a record is its revision, and a compressed answer has a tag of its own.
    """
    if request.path.startswith("/api/"):
        return False
    return request.endpoint == "static" or (request.method == "GET" and not request.query_string)
