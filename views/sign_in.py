"""The door: in with a password, out again, and the two pages that stand before everything else."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import get_locale, gettext
from flask_login import UserMixin, logout_user

from models.errors import N_, ArchiveError, FieldValueError, InvalidRecord, NotSignedIn, TooManyAttempts
from models.operations import account, sessions, users
from models.sessions import Standing
from models.users import LOCALES
from views.access import current_store, sign_in_address, signed_in, standing
from views.agents import agent_words
from views.preferences import way_back

blueprint = Blueprint("sign_in", __name__)


class Person(UserMixin):
    """What flask-login carries: a standing, found by the session's secret or a token."""

    def __init__(self, found: Standing, secret: str):
        self.standing = found
        self.account = found.account
        self.secret = secret

    def get_id(self) -> str:
        return self.secret


@blueprint.get("/login")
def sign_in() -> Any:
    """The form; whoever is in already goes on."""
    if signed_in():
        return redirect(way_back(request.args.get("next", "")))
    return render_template("login.html")


@blueprint.post("/login")
def take_in() -> Any:
    """Judge name and password."""
    username, password = request.form.get("username", ""), request.form.get("password", "")
    agent = agent_words(request.headers.get("User-Agent", ""))
    try:
        secret, _ = sessions.sign_in(current_store(), username, password, address=address(), agent=agent)
    except (NotSignedIn, TooManyAttempts) as refused:
        return _refusal("login.html", refused, username=username)
    _enter(secret)
    return redirect(way_back(request.args.get("next", "")))


@blueprint.post("/logout")
def sign_out() -> Any:
    """End the session here and in the database."""
    found = standing()
    if found is not None and found.actor.via == "session":
        sessions.end(found.actor, current_store(), found.means)
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.sign_in"))


@blueprint.route("/first-sign-in", methods=["GET", "POST"])
def first() -> Any:
    """The one-time link of a new installation: its first administrator."""
    store, secret = current_store(), request.values.get("token", "")
    if not users.is_first_link(store, secret):
        return redirect(url_for("sign_in.sign_in"))
    if request.method == "GET":
        return render_template("identity/first.html", token_secret=secret, values={}, errors={})
    values = {name: request.form.get(name, "") for name in ("username", "name", "password", "again")}
    try:
        _check_again(values["password"], values.pop("again"))
        user = users.add_first(store, secret, locale=_locale(), **values)
    except InvalidRecord as wrong:
        shown = {**values, "password": ""}
        return render_template("identity/first.html", token_secret=secret, values=shown, errors=words_of(wrong)), 422
    agent = agent_words(request.headers.get("User-Agent", ""))
    _enter(sessions.begin(store, user, address=address(), agent=agent))
    return redirect("/admin/")


@blueprint.route("/account/password", methods=["GET", "POST"])
def new_password() -> Any:
    """Change one's own password; with one that somebody else has set, the only page that opens."""
    found = standing()
    if found is None:
        return redirect(sign_in_address())
    shown = {"username": found.account.username, "forced": found.must_change, "errors": {}}
    if request.method == "GET":
        return render_template("identity/new_password.html", **shown)
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        _check_again(new, request.form.get("again", ""))
        account.change_password(found.actor, current_store(), old=old, new=new, session_id=found.means)
    except InvalidRecord as wrong:
        return render_template("identity/new_password.html", **{**shown, "errors": words_of(wrong)}), 422
    except TooManyAttempts as refused:
        return _refusal("identity/new_password.html", refused, **shown)
    flash(gettext("The password is changed. All your other sessions have ended."), "success")
    return redirect("/admin/" if found.must_change else "/account/")


for route in (sign_in, take_in, sign_out, first, new_password):
    route.need = None  # type: ignore[attr-defined]  # anybody, for themselves


def address() -> str:
    """Where a request comes from, as far as the proxies we trust tell."""
    return request.remote_addr or ""


def words_of(wrong: InvalidRecord) -> dict[str, str]:
    """The faults of a form in the reader's language, by field."""
    return {name: error.public_words(gettext) for name, error in wrong.errors.items()}


def _check_again(password: str, again: str) -> None:
    """The typed password and its repetition are one."""
    if password != again:
        raise InvalidRecord({"again": FieldValueError("again", N_("The two are not the same."))})


def _enter(secret: str) -> None:
    """A cookie that is new in every part: what an attacker may have planted before is gone."""
    session.clear()
    session["_user_id"] = secret
    session["_fresh"] = True


def _refusal(template: str, refused: ArchiveError, **values: Any) -> Response:
    words = refused.public_words(gettext)
    response = make_response(render_template(template, error=words, **values), refused.status)
    if isinstance(refused, TooManyAttempts):
        response.headers["Retry-After"] = str(refused.seconds)
    return response


def _locale() -> str:
    chosen = str(get_locale() or "")
    return chosen if chosen in LOCALES else LOCALES[0]
