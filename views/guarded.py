"""The base of every page in the panel: closed unless somebody is signed in and holds what it needs."""

from typing import Any, ClassVar

from flask import redirect, request
from flask_admin import BaseView

from models.errors import AccessDenied
from views.access import may, sign_in_address, signed_in


class GuardedView(BaseView):
    """One page (or family of pages) of the panel. It opens the routes written in it and no others.

    flask-admin's `ModelView` brings ten routes of its own, several of which forget the row scope; none of
    our views inherits from it.
    """

    need: ClassVar[str | None] = None
    """System right without which the page answers 403 and is absent from the navigation."""
    group: ClassVar[str] = "govern"
    """Part of the navigation it stands in: `start`, `registers`, `govern`, or "" for none."""
    icon: ClassVar[str] = "file-text"

    def is_accessible(self) -> bool:
        return signed_in() is not None

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        return redirect(sign_in_address())

    def is_visible(self) -> bool:
        return bool(self.group) and (self.need is None or may(self.need))

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        # The inherited one calls a view a second time when it raises TypeError: a write would happen twice.
        if self.need is not None and not may(self.need):
            raise AccessDenied(private=f"{request.endpoint} needs {self.need}")
        return fn(self, *args, **kwargs)
