"""Accounts: the list, one account, and what may be done to it."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from models.attempts import ACCOUNT, paused_among, paused_until
from models.definitions.readings import sort_key_of
from models.directory import page_of_users
from models.errors import AccessDenied, InvalidRecord, StaleRecord
from models.operations import sessions, tokens, users
from models.passwords import random_password
from models.users import Role, User, departments_of, documents, label_of
from views.access import current_actor, current_stamps, current_store, may, needs
from views.formats import locale
from views.guarded import GuardedView
from views.sign_in import words_of

MANAGE = "users:manage"
FILTERS = ("q", "role", "department", "after", "before")


class UsersView(GuardedView):
    """Who has an account. Looking takes `users:view`, everything else `users:manage`."""

    need = "users:view"
    icon = "users"

    @expose("/")
    def index(self) -> str:
        asked = {name: request.args.get(name, "")[:200] for name in FILTERS}
        edges = {name: asked[name] or None for name in ("after", "before")}
        found = page_of_users(current_store(), **{**asked, **edges})
        return self.render(
            "identity/users.html",
            page=found,
            paused=paused_among(current_store(), ACCOUNT, [user.username for user in found.users]),
            asked=asked,
            roles=role_labels(),
            departments=department_names(),
            manages=may(MANAGE),
        )

    @expose("/new/", methods=("GET", "POST"))
    @needs(MANAGE)
    def new(self) -> Any:
        if request.method == "GET":
            return self._form({}, {})
        typed = {name: request.form.get(name, "") for name in ("username", "name", "department", "locale")}
        typed["roles"] = request.form.getlist("roles")
        password = random_password()
        try:
            made = users.add(current_actor(), current_store(), password=password, **typed)
        except InvalidRecord as wrong:
            return self._form(typed, words_of(wrong)), 422
        except AccessDenied as refused:
            return self._form(typed, {"roles": refused.public_words(gettext)}), 403
        return self._show(made, handed=password)

    @expose("/<user_id>/")
    def show(self, user_id: str) -> str:
        return self._show(users.get_user(current_store(), user_id))

    @expose("/<user_id>/edit", methods=("POST",))
    @needs(MANAGE)
    def edit(self, user_id: str) -> Any:
        typed = {name: request.form.get(name, "") for name in ("name", "department", "person", "locale")}
        rev = request.form.get("rev", 0, type=int)
        return self._done(
            user_id,
            lambda actor, store: users.edit(actor, store, user_id, expected=rev, **typed),
            gettext("Saved."),
            typed,
        )

    @expose("/<user_id>/roles", methods=("POST",))
    @needs(MANAGE)
    def roles(self, user_id: str) -> Any:
        chosen, rev = request.form.getlist("roles"), request.form.get("rev", 0, type=int)
        return self._done(
            user_id,
            lambda actor, store: users.set_roles(actor, store, user_id, chosen, expected=rev),
            gettext("The roles hold from the next page on."),
            {"roles": chosen},
        )

    @expose("/<user_id>/password", methods=("POST",))
    @needs(MANAGE)
    def password(self, user_id: str) -> Any:
        password = random_password()
        try:
            users.set_password(current_actor(), current_store(), user_id, password)
        except AccessDenied as refused:
            return self._show(users.get_user(current_store(), user_id), refusal=refused.public_words(gettext)), 403
        return self._show(users.get_user(current_store(), user_id), handed=password)

    @expose("/<user_id>/disable", methods=("POST",))
    @needs(MANAGE)
    def disable(self, user_id: str) -> Any:
        words = gettext("The account is shut. Its sessions and tokens have ended.")
        return self._done(user_id, lambda actor, store: users.disable(actor, store, user_id), words)

    @expose("/<user_id>/enable", methods=("POST",))
    @needs(MANAGE)
    def enable(self, user_id: str) -> Any:
        return self._done(
            user_id, lambda actor, store: users.enable(actor, store, user_id), gettext("The account is open again.")
        )

    @expose("/<user_id>/unlock", methods=("POST",))
    @needs(MANAGE)
    def unlock(self, user_id: str) -> Any:
        return self._done(
            user_id, lambda actor, store: users.unlock(actor, store, user_id), gettext("The pause has ended.")
        )

    @expose("/<user_id>/sessions/<session_id>/revoke", methods=("POST",))
    @needs(MANAGE)
    def revoke_session(self, user_id: str, session_id: str) -> Any:
        return self._done(
            user_id, lambda actor, store: sessions.revoke(actor, store, session_id), gettext("The session has ended.")
        )

    @expose("/<user_id>/tokens/<token_id>/revoke", methods=("POST",))
    @needs(MANAGE)
    def revoke_token(self, user_id: str, token_id: str) -> Any:
        return self._done(
            user_id, lambda actor, store: tokens.revoke(actor, store, token_id), gettext("The token has ended.")
        )

    def _done(self, user_id: str, act: Callable[..., Any], words: str, typed: dict[str, Any] | None = None) -> Any:
        """Do it and go back to the account; a refusal shows there, with what was typed."""
        try:
            act(current_actor(), current_store())
        except InvalidRecord as wrong:
            user = users.get_user(current_store(), user_id)
            return self._show(user, typed=typed, errors=words_of(wrong)), 422
        except (AccessDenied, StaleRecord) as refused:
            user = users.get_user(current_store(), user_id)
            return self._show(user, typed=typed, refusal=refused.public_words(gettext)), refused.status
        flash(words, "success")
        return redirect(self.get_url(".show", user_id=user_id))

    def _form(self, typed: dict[str, Any], errors: dict[str, str]) -> str:
        return self.render(
            "identity/user_new.html", values=typed, errors=errors, roles=role_labels(), departments=department_options()
        )

    def _show(
        self,
        user: User,
        *,
        typed: dict[str, Any] | None = None,
        errors: dict[str, str] | None = None,
        refusal: str = "",
        handed: str = "",
    ) -> str:
        """:param handed: a password to be shown this once"""
        store = current_store()
        return self.render(
            "identity/user.html",
            user=user,
            values={name: getattr(user, name) for name in ("name", "department", "person", "locale", "roles")}
            | (typed or {}),
            errors=errors or {},
            refusal=refusal,
            handed=handed,
            manages=may(MANAGE),
            roles=role_labels(),
            departments=department_options(),
            place=[node.name for node in departments_of(store, current_stamps().users).path(user.department)],
            paused=paused_until(store, ACCOUNT, user.username),
            sessions=sessions.of_user(store, user.id),
            tokens=tokens.of_user(store, user.id),
            revoke_session=lambda one: self.get_url(".revoke_session", user_id=user.id, session_id=one),
            revoke_token=lambda one: self.get_url(".revoke_token", user_id=user.id, token_id=one),
        )


def role_labels() -> dict[str, str]:
    """Every role with its label, in the order of the labels."""
    roles = documents(current_store(), Role)
    labels = {role.id: label_of(role.labels, locale(), role.id) for role in roles}
    return dict(sorted(labels.items(), key=lambda pair: sort_key_of(pair[1])))


def department_names() -> dict[str, str]:
    """Every department's name by its id."""
    return {node.id: node.name for node in departments_of(current_store(), current_stamps().users).by_id.values()}


def department_options() -> list[tuple[str, str]]:
    """The tree as choices of a form, children set in under their parent."""
    tree = departments_of(current_store(), current_stamps().users)
    return [("", gettext("none")), *((node.id, "\u2003" * depth + node.name) for depth, node in tree.walk())]
