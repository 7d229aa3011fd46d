"""Colours, row height and language: kept with the account, or for the browser session at the door."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request, session
from werkzeug.wrappers import Response

from models.operations.preferences import CHOICES, keep_looks
from views.access import current_actor, current_store, signed_in

blueprint = Blueprint("preferences", __name__)


@blueprint.post("/preferences")
def keep() -> Response:
    """Keep the looks named in the form and go back to where the person was."""
    looks = {name: request.form[name] for name in CHOICES if name in request.form}
    if signed_in():
        keep_looks(current_store(), current_actor(), looks)
    else:
        session.update({name: value for name, value in looks.items() if value in CHOICES[name]})
    return redirect(way_back(request.form.get("back", "")))


keep.need = None  # type: ignore[attr-defined]  # anybody, for themselves


def way_back(address: str, otherwise: str = "/admin/") -> str:
    """`address` when it is a path of this site, else `otherwise`: nobody is sent elsewhere."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not address.startswith("/") or address.startswith(("//", "/\\")):
        return otherwise
    return address
