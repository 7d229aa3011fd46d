"""Who is asking: a session or a token becomes a person, and their scopes become flask-principal needs.

flask-login carries the secret of a revocable session, never a user id; flask-principal keeps nothing
between requests. What a person may do is asked anew each time, from what the version stamps say is current.
"""

from typing import Any

from flask import Flask, Request, current_app, redirect, request
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_principal import AnonymousIdentity, Identity, Need, Principal, identity_loaded

from models.errors import N_, AccessDenied
from models.operations import sessions, tokens
from models.operations.changes import needs_of
from views import sign_in
from views.access import current_actor, current_stamps, current_store, standing
from views.sign_in import Person

REQUESTS = "200 per second"
"""For one person, token or, signed out, address, in one process: a brake, far above what the panel promises."""
ALWAYS_OPEN = frozenset({"static", "sign_in.sign_out", "sign_in.new_password", "preferences.keep"})


def init_app(app: Flask) -> None:
    secure = bool(getattr(app.extensions["dossier"].settings, "secure", False))
    app.config.update(
        SESSION_COOKIE_NAME="__Host-dossier" if secure else "dossier",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        # We never set a remember cookie; should one arrive by mistake it would be as strict.
        REMEMBER_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        RATELIMIT_HEADERS_ENABLED=False,
    )
    _init_login(app)
    Limiter(_who, app=app, default_limits=[REQUESTS], storage_uri="memory://").request_filter(_is_static)
    app.before_request(_change_password_first)
    Principal(app, use_sessions=False, skip_static=True).identity_loader(_identity)
    identity_loaded.connect(_provide, app)
    app.register_blueprint(sign_in.blueprint)


def _init_login(app: Flask) -> None:
    login = LoginManager(app)
    login.session_protection = None  # ours are revocable documents; its own check would sign out behind proxies
    login.user_loader(_by_session)
    login.request_loader(_by_token)


def _by_session(secret: str) -> Person | None:
    """Whoever carries a token is that token's user: a cookie beside it says nothing."""
    if _bearer(request) is not None:
        return None
    found = sessions.resume(current_store(), secret, current_stamps())
    return Person(found, secret) if found else None


def _by_token(asked: Request) -> Person | None:
    secret = _bearer(asked)
    found = tokens.present(current_store(), secret, current_stamps()) if secret else None
    return Person(found, "") if found else None


def _bearer(asked: Request) -> str | None:
    """What a program shows in the header; only REST takes one."""
    header = asked.headers.get("Authorization")
    if header is None or not asked.path.startswith("/api/"):
        return None
    kind, _, secret = header.partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def _who() -> str:
    found = standing()
    return found.means if found else sign_in.address()


def _is_static() -> bool:
    return request.endpoint in ("static", "health.healthz", "health.readyz", "metrics")


def _identity() -> Identity:
    found = standing()
    return Identity(found.actor.id, found.actor.via) if found else AnonymousIdentity()


def _provide(_app: Any, identity: Identity) -> None:
    """A person provides the needs of all their scopes on system resources; an unknown one none."""
    if isinstance(identity, AnonymousIdentity):
        return
    held = needs_of(current_store(), current_stamps(), current_actor().holders)
    identity.provides.update(Need("action", need) for need in held)


def _change_password_first() -> Any:
    """Somebody else has set this password: nothing else is open before it is changed."""
    found = standing() if request.endpoint not in ALWAYS_OPEN else None
    if found is None or not found.must_change:
        return None
    if request.path.startswith("/api/"):
        raise AccessDenied("change_password", N_("Change your password first: open the panel in a browser."))
    return redirect(current_app.url_for("sign_in.new_password"))

