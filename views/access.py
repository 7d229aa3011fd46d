"""The one way from a request to the archive: who asks, against which versions, through which door.

Everything here is found once per request and kept on `flask.g`. Nothing else in `views/` opens the
door, reads the version stamps or makes an actor.
"""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import current_app, g, request
from flask_login import current_user
from flask_principal import Need, Permission

from models.access.actions import Action
from models.access.grants import policy_for
from models.errors import AccessDenied
from models.sessions import Standing
from models.store import Stamps, Store, read_stamps
from models.users import Actor, User

F = TypeVar("F", bound=Callable[..., Any])


def current_store() -> Store:
    """This process's store; opened on first use, after the fork."""
    return current_app.extensions["dossier"].store


def current_stamps() -> Stamps:
    """The versions this request is judged by; read once."""
    if "stamps" not in g:
        g.stamps = read_stamps(current_store())
    return g.stamps


def standing() -> Standing | None:
    """Who stands behind the session or token of this request, or None.

    When the look-up itself fails (no database), the rest of the request, its error page above all, goes on
    as if nobody had signed in.
    """
    if "standing" not in g:
        g.standing = None
        g.standing = getattr(current_user, "standing", None)
    return g.standing


def signed_in() -> User | None:
    """The account that signed in, or None."""
    found = standing()
    return found.account if found else None


def request_id() -> str:
    """Names this request in the log and on an error page, e.g. `7F2A-0931`."""
    if "request_id" not in g:
        word = secrets.token_hex(4).upper()
        g.request_id = f"{word[:4]}-{word[4:]}"
    return g.request_id


def sign_in_address() -> str:
    """Where to sign in, with the way back; only the path of this page, never what was asked of it."""
    return f"/login?{urlencode({'next': request.path})}"


def current_actor() -> Actor:
    """Who asks.

    :raises AccessDenied: nobody is signed in
    """
    if "actor" not in g:
        found = standing()
        if found is None:
            raise AccessDenied("not_signed_in")
        g.actor = found.actor
    return g.actor


def current_door():
    """The door, opened for this actor under this request's versions."""
    if "door" not in g:
        from models.access.door import Door

        g.door = Door(current_store(), current_actor(), current_stamps(), patient=True)
    return g.door


def settle() -> None:
    """Wait for the log entries of what this request has read; later ones (of a download under way) wait themselves.

    :raises Unavailable: an entry is not known to stand
    """
    door = g.get("door")
    if door is not None:
        door.settle()


def load(door, record_id: str, action: Action = Action.VIEW):
    """Fetch and authorise in one call: the only way a view gets a record.

    :raises RecordNotFound: none such, or out of the actor's scope
    :raises AccessDenied: seen, but not allowed `action`
    """
    return door.get(record_id, action)


def may(need: str) -> bool:
    """Whether the actor holds a system right such as `users:view`."""
    held = policy_for(current_store(), current_stamps())
    return held.may(current_actor(), need, current_store().clock.now())


def require(need: str) -> Permission:
    """The one wrapper over flask-principal: exactly one Need, never none (an empty one allows everybody)."""
    return Permission(Need("action", need))


def needs(need: str) -> Callable[[F], F]:
    """Decorate a route with the system right it takes. The word stays on the function for the route test."""

    def wrap(route: F) -> F:
        @wraps(route)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if not require(need).can():
                raise AccessDenied(private=f"{request.endpoint} needs {need}")
            return route(*args, **kwargs)

        checked.need = need  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return wrap
