"""Holds: which stand, on what, why; placing and lifting them."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from models.errors import N_, ArchiveError, FieldValueError, InvalidRecord
from models.lifecycle.holds import REASONS
from models.operations import holds
from views.access import current_actor, current_door, current_store, may, needs
from views.guarded import GuardedView
from views.shell import type_label
from views.sign_in import words_of

STATES = {
    "placing": (N_("being placed"), "working"),
    "placed": (N_("stands"), "held"),
    "lifting": (N_("being lifted"), "working"),
    "lifted": (N_("lifted"), "gone"),
}


class HoldsView(GuardedView):
    """Looking takes `holds:view`, placing and lifting `holds:manage`."""

    need = holds.VIEW
    icon = "gavel"

    @expose("/")
    def index(self) -> str:
        state = request.args.get("state", "")
        found = holds.listed(current_store(), state=state if state in STATES else "")
        words = {name: (gettext(word), look) for name, (word, look) in STATES.items()}
        labels = {compiled.name: type_label(compiled) for compiled in current_door().registry}
        return self.render(
            "holds/index.html", holds=found, states=words, asked=state, type_labels=labels, manages=may(holds.MANAGE)
        )

    @expose("/new/", methods=("GET", "POST"))
    @needs(holds.MANAGE)
    def new(self) -> Any:
        typed = {name: request.values.get(name, "")[:20_000] for name in ("type", "numbers", "reason", "reference")}
        if request.method == "GET":
            return self._form(typed, {})
        try:
            numbers = typed["numbers"].split()
            if not numbers:
                raise InvalidRecord({"numbers": FieldValueError("required", N_("This has to be filled in."))})
            door = current_door().open(typed["type"])
            ids = door.numbered(numbers[:500])
            placed = holds.place(
                current_actor(), current_store(), typed["type"], ids=ids, reason=typed["reason"],
                reference=typed["reference"],
            )  # fmt: skip
        except InvalidRecord as wrong:
            return self._form(typed, words_of(wrong)), wrong.status
        except ArchiveError as refused:
            return self._form(typed, {"numbers": refused.public_words(gettext)}), refused.status
        flash(gettext("%(id)s stands. Records held: %(count)s", id=placed.id, count=placed.held), "success")
        return redirect(self.get_url(".index"))

    def _form(self, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
        doors = [door for door in current_door().types() if door.may("view")]
        types = [(door.compiled.name, type_label(door.compiled)) for door in doors]
        reasons = [gettext(words) for words in REASONS.values()]
        return self.render("holds/new.html", values=typed, errors=errors, types=types, reasons=reasons)

    @expose("/<hold_id>/lift", methods=("POST",))
    @needs(holds.MANAGE)
    def lift(self, hold_id: str) -> Any:
        try:
            holds.lift(current_actor(), current_store(), hold_id)
            flash(gettext("Lifted. Other holds on the same records stay."), "success")
        except ArchiveError as refused:
            flash(refused.public_words(gettext), "error")
        return redirect(self.get_url(".index"))
