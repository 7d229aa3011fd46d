"""Retention rules: how long, from when, on what ground; and what a change would make due at once."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from models.errors import N_, ArchiveError, InvalidRecord
from models.operations import retention
from models.users import label_of
from views.access import current_actor, current_door, current_store, may, needs
from views.formats import locale
from views.guarded import GuardedView
from views.shell import type_label
from views.sign_in import words_of

TRIGGERS = {"trashed_at": N_("moved to the trash"), "created_at": N_("created")}


class RetentionView(GuardedView):
    """Looking takes `retention:view`, changing a period `retention:manage`."""

    need = retention.VIEW
    icon = "history"

    @expose("/")
    def index(self) -> str:
        return self._page()

    @expose("/<rule_id>/change", methods=("POST",))
    @needs(retention.MANAGE)
    def change(self, rule_id: str) -> Any:
        """First it is said how many records would be due at once; the same form sent again saves it."""
        store, rule = current_store(), retention.find(current_store(), rule_id)
        typed = {name: request.form.get(name, "")[:200] for name in ("period", "minimum", "reason")}
        try:
            due = retention.would_be_due(store, rule, typed["period"], typed["minimum"])
            if request.form.get("seen") != f"{typed['period']}|{typed['minimum']}|{due}":
                return self._page({rule_id: typed | {"due": due}})
            version = request.form.get("version", 0, type=int)
            retention.change(current_actor(), store, rule_id, expected=version, **typed)
        except InvalidRecord as wrong:
            return self._page({rule_id: typed}, {rule_id: words_of(wrong)}), wrong.status
        except ArchiveError as refused:
            return self._page({rule_id: typed}, {rule_id: {"reason": refused.public_words(gettext)}}), refused.status
        flash(gettext("Saved as a new version. Cases listed under the old one leave their records alone."), "success")
        return redirect(self.get_url(".index"))

    def _page(self, typed: Mapping[str, Any] | None = None, errors: Mapping[str, Any] | None = None) -> str:
        door = current_door()
        labels = {compiled.name: type_label(compiled) for compiled in door.registry}
        rules = [
            rule
            | {
                "name": label_of(rule["labels"], locale(), rule["_id"]),
                "ground": label_of(rule["basis"], locale()),
                "kinds": [labels.get(name, name) for name in rule["types"]],
                "from": trigger_words(door, rule),
            }
            for rule in retention.listed(current_store())
        ]
        return self.render(
            "retention/index.html", rules=rules, typed=typed or {}, errors=errors or {}, manages=may(retention.MANAGE)
        )


def trigger_words(door: Any, rule: Mapping[str, Any]) -> str:
    """What begins the period, in the words of the page."""
    word = TRIGGERS.get(rule["trigger"])
    if word:
        return gettext(word)
    for name in rule["types"]:
        field = door.registry.get(name).find(rule["trigger"]) if name in door.registry.types else None
        if field is not None:
            return field.label(locale())
    return str(rule["trigger"])
