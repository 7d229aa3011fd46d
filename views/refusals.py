"""Whoever is refused leaves a trace: what kind of refusal, on which record, never what was sent."""

import re

from flask import Flask, request

from models.audit.entries import Entry
from models.audit.refusals import Refusals
from models.definitions.compiled import registry_for
from models.errors import ArchiveError, InvalidRecord
from views.access import current_actor, current_stamps, current_store, standing

LOGGED = frozenset({"not_allowed", "not_found", "unknown_key", "already_filled", "taken", "masked_echo"})
RECORD_ID = re.compile(r"[a-z2-7]{26}")


def note(error: ArchiveError) -> None:
    """Log a refusal that somebody who tries doors would meet. Nobody in particular leaves none.

    :raises Unavailable: the log does not answer
    """
    codes = {error.code}
    if isinstance(error, InvalidRecord):
        codes |= {fault.code for fault in error.errors.values()}
    told = sorted(codes & LOGGED)
    if not told or standing() is None:
        return
    given = request.view_args or {}
    record = given.get("record_id", "")
    _refusals().note(
        Entry(
            "records:refused",
            current_actor().id,
            type=_type_named(given.get("type_name")),
            records=[record] if isinstance(record, str) and RECORD_ID.fullmatch(record) else [],
            extra={"code": told[0], "asked": request.endpoint, "method": request.method},
        )
    )


def _type_named(name: str | None) -> str | None:
    """The type, if there is one: an address may hold any text."""
    return name if name in registry_for(current_store(), current_stamps()).types else None


def _refusals() -> Refusals:
    store = current_store()
    return store.cached("refusals", lambda: Refusals(store.audit))


def init_app(app: Flask) -> None:
    """Counts that wait are written with the next request of anybody."""

    @app.teardown_request
    def _flush(_error: BaseException | None) -> None:
        store = app.extensions["dossier"].opened()
        found = store.caches.get("refusals") if store else None
        if found is not None:
            found.flush()
