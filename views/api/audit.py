"""The audit log for who may read it: ids, digests and counts, the newest first."""

from typing import Any

from flask import Response

from models.audit import browsing
from models.audit.entries import Entry, moment_text
from models.errors import N_, MalformedQuery
from views.access import current_actor, current_store, needs
from views.api import answers, parameters
from views.api.parameters import takes

FILTERS = ("actor", "action", "type", "record")


@needs("audit:view")
@takes(*FILTERS, "limit", "after")
def entries() -> Response:
    """GET /audit/entries. Reading the log leaves an entry of its own."""
    store, actor = current_store(), current_actor()
    asked = {name: found for name in FILTERS if (found := parameters.text(name)) is not None}
    if any(len(value) > 200 for value in asked.values()):
        raise MalformedQuery("long_parameter", N_("A parameter is too long."))
    limit = parameters.number("limit", 1, browsing.MOST_ENTRIES) or 50
    page = browsing.page(store, actor.id, asked, limit=limit, after=parameters.text("after"))
    store.audit.append(Entry("audit:view", actor.id, extra={"entries": len(page.entries), "asked": sorted(asked)}))
    return answers.of_json({"items": [_entry_json(one) for one in page.entries], "next": page.next})


def _entry_json(one: dict[str, Any]) -> dict[str, Any]:
    lane, _, seq = one["_id"].rpartition(":")
    content = one["content"]
    return {
        "id": one["_id"],
        "lane": lane,
        "seq": int(seq),
        "hash": one["hash"].hex(),
        "at": moment_text(one["at"]),
        "actor": content.get("actor"),
        "as": content.get("as"),
        "action": content.get("action"),
        "type": content.get("type"),
        "records": content.get("records", []),
        "fields": content.get("fields", []),
        "extra": content.get("extra", {}),
        "ref": content.get("ref"),
        "late": content.get("late"),
    }
