"""The tree of departments."""

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from models.errors import InvalidRecord, StaleRecord, TooSlow, WrongState
from models.operations import departments
from models.users import departments_of
from views.access import current_actor, current_stamps, current_store, may, needs
from views.guarded import GuardedView
from views.sign_in import words_of
from views.users import MANAGE, department_options


class DepartmentsView(GuardedView):
    """Looking takes `users:view`; drawing the tree `users:manage`."""

    need = "users:view"
    icon = "hierarchy-2"

    @expose("/")
    def index(self) -> str:
        tree = departments_of(current_store(), current_stamps().users)
        counts = {
            found["_id"]: found["n"]
            for found in current_store().data.users.aggregate(
                [{"$match": {"active": True}}, {"$group": {"_id": "$department", "n": {"$sum": 1}}}]
            )
        }
        return self.render("identity/departments.html", rows=tree.walk(), counts=counts, manages=may(MANAGE))

    @expose("/new/", methods=("GET", "POST"))
    @needs(MANAGE)
    def new(self) -> Any:
        if request.method == "GET":
            return self._form({"parent": request.args.get("parent", "")}, {})
        typed = {name: request.form.get(name, "") for name in ("name", "parent")}
        try:
            departments.add(current_actor(), current_store(), **typed)
        except InvalidRecord as wrong:
            return self._form(typed, words_of(wrong)), 422
        flash(gettext("The department stands in the tree."), "success")
        return redirect(self.get_url(".index"))

    @expose("/<department_id>/", methods=("GET", "POST"))
    @needs(MANAGE)
    def edit(self, department_id: str) -> Any:
        department = departments.get_department(current_store(), department_id)
        if request.method == "GET":
            return self._form({"name": department.name, "parent": department.parent or ""}, {}, department)
        typed = {name: request.form.get(name, "") for name in ("name", "parent")}
        rev = request.form.get("rev", 0, type=int)
        try:
            departments.edit(current_actor(), current_store(), department_id, expected=rev, **typed)
        except InvalidRecord as wrong:
            return self._form(typed, words_of(wrong), department), 422
        except StaleRecord as stale:
            return self._form(typed, {}, department, refusal=stale.public_words(gettext)), stale.status
        flash(gettext("Saved. What its people may see follows from the next page on."), "success")
        return redirect(self.get_url(".index"))

    @expose("/<department_id>/remove", methods=("POST",))
    @needs(MANAGE)
    def remove(self, department_id: str) -> Any:
        try:
            departments.remove(current_actor(), current_store(), department_id)
        except (WrongState, TooSlow) as refused:
            department = departments.get_department(current_store(), department_id)
            kept = {"name": department.name, "parent": department.parent or ""}
            return self._form(kept, {}, department, refusal=refused.public_words(gettext)), refused.status
        flash(gettext("The department is gone."), "success")
        return redirect(self.get_url(".index"))

    def _form(self, typed: dict[str, str], errors: dict[str, str], department: Any = None, refusal: str = "") -> str:
        below = departments_of(current_store(), current_stamps().users).below(department.id if department else None)
        options = [option for option in department_options() if option[0] not in below]
        return self.render(
            "identity/department.html",
            values=typed,
            errors=errors,
            department=department,
            options=options,
            refusal=refusal,
        )
