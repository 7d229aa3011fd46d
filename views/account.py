"""One's own account: password, looks, sessions, tokens. Takes no right but being signed in."""

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext

from models.errors import FieldValueError
from models.operations import sessions, tokens
from models.users import Role, departments_of, documents, label_of
from views.access import current_actor, current_stamps, current_store, standing
from views.formats import locale
from views.guarded import GuardedView

LIVES = (7, 30, 90, 180, 365)
"""Days that a token may be asked to live."""


class AccountView(GuardedView):
    """The page behind one's own name."""

    group = ""
    icon = "user"

    @expose("/")
    def index(self) -> str:
        return self._page()

    @expose("/sessions/revoke-others", methods=("POST",))
    def revoke_others(self) -> Any:
        ended = sessions.revoke_others(current_actor(), current_store(), keep=_means())
        flash(gettext("%(count)s other sessions have ended.", count=ended), "success")
        return redirect(self.get_url(".index"))

    @expose("/sessions/<session_id>/revoke", methods=("POST",))
    def revoke_session(self, session_id: str) -> Any:
        sessions.revoke(current_actor(), current_store(), session_id)
        flash(gettext("The session has ended."), "success")
        return redirect(self.get_url(".index"))

    @expose("/tokens", methods=("POST",))
    def create_token(self) -> Any:
        name, days = request.form.get("name", ""), request.form.get("days", 0, type=int)
        actor = current_actor()
        try:
            secret, _ = tokens.create(actor, current_store(), actor.id, name=name, days=days)
        except FieldValueError as wrong:
            return self._page(errors={"days": wrong.public_words(gettext)}), wrong.status
        return self._page(secret=secret)

    @expose("/tokens/<token_id>/revoke", methods=("POST",))
    def revoke_token(self, token_id: str) -> Any:
        tokens.revoke(current_actor(), current_store(), token_id)
        flash(gettext("The token has ended."), "success")
        return redirect(self.get_url(".index"))

    def _page(self, *, secret: str = "", errors: dict[str, str] | None = None) -> str:
        """:param secret: of a token just made: on this one page and nowhere else"""
        store, found = current_store(), standing()
        account = found.account  # type: ignore[union-attr]  # the view is closed to whoever is not signed in
        held = documents(store, Role).filter(id__in=account.roles)
        return self.render(
            "identity/account.html",
            account=account,
            here=_means(),
            roles=sorted(label_of(role.labels, locale(), role.id) for role in held),
            place=[node.name for node in departments_of(store, current_stamps().users).path(account.department)],
            sessions=sessions.of_user(store, account.id),
            tokens=tokens.of_user(store, account.id),
            lives=[(str(days), gettext("%(days)s days", days=days)) for days in LIVES],
            revoke_session=lambda session_id: self.get_url(".revoke_session", session_id=session_id),
            revoke_token=lambda token_id: self.get_url(".revoke_token", token_id=token_id),
            secret=secret,
            errors=errors or {},
        )


def _means() -> str:
    found = standing()
    return found.means if found else ""
