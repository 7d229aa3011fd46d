"""Roles: who they are for and what each may do, in sentences."""

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from models.definitions.readings import sort_key_of
from models.errors import InvalidRecord, StaleRecord, WrongState
from models.operations import roles
from models.users import LABEL_KEYS, Role, documents, label_of
from views.access import current_actor, current_store, may, needs
from views.formats import locale
from views.guarded import GuardedView
from views.role_words import chapters
from views.sign_in import words_of
from views.users import MANAGE


class RolesView(GuardedView):
    """Looking takes `users:view`; naming roles `users:manage`. What they may do is tuned with the permissions."""

    need = "users:view"
    icon = "id"

    @expose("/")
    def index(self) -> str:
        counts = {
            found["_id"]: found["n"]
            for found in current_store().data.users.aggregate(
                [{"$match": {"active": True}}, {"$unwind": "$roles"}, {"$group": {"_id": "$roles", "n": {"$sum": 1}}}]
            )
        }
        rows = [
            (role.id, label_of(role.labels, locale(), role.id), label_of(role.help, locale()))
            for role in documents(current_store(), Role)
        ]
        rows.sort(key=lambda row: sort_key_of(row[1]))
        return self.render("identity/roles.html", rows=rows, counts=counts, manages=may(MANAGE))

    @expose("/new/", methods=("GET", "POST"))
    @needs(MANAGE)
    def new(self) -> Any:
        if request.method == "GET":
            return self._form({}, {})
        typed = _typed()
        try:
            made = roles.add(
                current_actor(), current_store(), id=typed["id"], labels=_by_language(typed, "labels"),
                help=_by_language(typed, "help"),
            )  # fmt: skip
        except InvalidRecord as wrong:
            return self._form(typed, words_of(wrong)), 422
        flash(gettext("The role is there. It may do nothing until a grant names it."), "success")
        return redirect(self.get_url(".show", role_id=made.id))

    @expose("/<role_id>/")
    def show(self, role_id: str) -> str:
        role = roles.get_role(current_store(), role_id)
        return self._page(role, _kept(role), {})

    @expose("/<role_id>/remove", methods=("POST",))
    @needs(MANAGE)
    def remove(self, role_id: str) -> Any:
        try:
            roles.remove(current_actor(), current_store(), role_id)
        except WrongState as refused:
            role = roles.get_role(current_store(), role_id)
            return self._page(role, _kept(role), {}, refusal=refused.public_words(gettext)), refused.status
        flash(gettext("The role is gone."), "success")
        return redirect(self.get_url(".index"))

    @expose("/<role_id>/edit", methods=("POST",))
    @needs(MANAGE)
    def edit(self, role_id: str) -> Any:
        role = roles.get_role(current_store(), role_id)
        typed, rev = _typed(), request.form.get("rev", 0, type=int)
        try:
            roles.edit(
                current_actor(), current_store(), role.id, expected=rev, labels=_by_language(typed, "labels"),
                help=_by_language(typed, "help"),
            )  # fmt: skip
        except InvalidRecord as wrong:
            return self._page(role, typed, words_of(wrong)), 422
        except StaleRecord as stale:
            return self._page(role, typed, {}, refusal=stale.public_words(gettext)), stale.status
        flash(gettext("Saved."), "success")
        return redirect(self.get_url(".show", role_id=role.id))

    def _form(self, typed: dict[str, str], errors: dict[str, str]) -> str:
        return self.render("identity/role_new.html", values=typed, errors=errors, languages=LABEL_KEYS)

    def _page(self, role: Role, typed: dict[str, str], errors: dict[str, str], refusal: str = "") -> str:
        return self.render(
            "identity/role.html",
            role=role,
            label=label_of(role.labels, locale(), role.id),
            purpose=label_of(role.help, locale()),
            chapters=chapters(role.id),
            values=typed,
            errors=errors,
            refusal=refusal,
            languages=LABEL_KEYS,
            manages=may(MANAGE),
        )


def _typed() -> dict[str, str]:
    names = ["id", *(f"{part}.{key}" for part in ("labels", "help") for key in LABEL_KEYS.values())]
    return {name: request.form.get(name, "").strip() for name in names}


def _by_language(typed: dict[str, str], part: str) -> dict[str, str]:
    return {key: typed[f"{part}.{key}"] for key in LABEL_KEYS.values()}


def _kept(role: Role) -> dict[str, str]:
    texts = {"labels": role.labels, "help": role.help}
    return {f"{part}.{key}": texts[part].get(key, "") for part in texts for key in LABEL_KEYS.values()}
