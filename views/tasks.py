"""Work for people: tasks this person may see, by who is responsible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from flask_admin import expose

from models.access.query import Query
from models.cursors import open_cursor, seal_cursor
from models.errors import N_, MalformedQuery, RecordNotFound
from models.operations import tasks
from models.users import Actor
from views import findings
from views.access import current_actor, current_door, current_store
from views.guarded import GuardedView
from views.people import department_name, user_name

WHOSE = {"mine": N_("Mine"), "department": N_("My department"), "all": N_("All")}
ROWS = 50


@dataclass(frozen=True)
class Shown:
    """A task this person may see, with the record it is about."""

    id: str
    kind: str
    state: str
    type: str
    record: Any
    rule: str
    field: str
    result: str
    reason: str
    dept: str | None
    owner: str | None
    created_at: datetime
    closed_at: datetime | None

    @property
    def label(self) -> str:
        return findings.rule_label(self.rule)

    @property
    def reason_words(self) -> str:
        return findings.reason_words(self.reason)

    @property
    def responsible(self) -> str:
        """The person, else the department."""
        return user_name(self.owner) if self.owner else department_name(self.dept)


class TasksView(GuardedView):
    """Open tasks. Everybody has this page; it holds what their door lets through."""

    group = "start"
    icon = "clipboard-list"

    @expose("/")
    def index(self) -> str:
        asked = request.args.get("whose", "mine")
        whose = asked if asked in WHOSE else "mine"
        shown, mark = page(whose, after=request.args.get("after"))
        return self.render("tasks.html", tasks=shown, next=mark, whose=whose, choices=WHOSE)


def page(
    whose: str, *, state: str = "open", after: str | None = None, limit: int = ROWS
) -> tuple[list[Shown], str | None]:
    """The next tasks this person may see, and the mark of the page after them; a page may hold fewer than asked.

    :raises MalformedQuery: a page mark of another question
    """
    store, actor = current_store(), current_actor()
    use = f"tasks|{actor.id}|{whose}|{state}"
    start = None
    if after:
        start = open_cursor(store.secret, use, after)
        if not (len(start) == 2 and isinstance(start[0], datetime) and isinstance(start[1], str)):
            raise MalformedQuery("bad_cursor", N_("This page mark belongs to another question. Begin again."))
    found = tasks.page(store, where_of(actor, whose), state=state, after=start, limit=limit + 1)
    more, found = len(found) > limit, found[:limit]
    mark = seal_cursor(store.secret, use, [found[-1]["created_at"], found[-1]["_id"]]) if more else None
    return visible(found), mark


def where_of(actor: Actor, whose: str) -> dict[str, Any]:
    """Whose tasks: one's own (and those of the department that nobody has), the department's, or all."""
    own = {"dept": {"$in": list(actor.departments)}}
    if whose == "mine":
        return {"$or": [{"owner": actor.id}, {"owner": None, **own}]}
    return own if whose == "department" else {}


def visible(found: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """Those whose record this person sees and whose finding they are told of, in the same order."""
    records: dict[tuple[str, str], Any] = {}
    for name in {one["type"] for one in found}:
        ids = sorted({one["record"] for one in found if one["type"] == name})
        records |= {(name, record.id): record for record in _records(name, ids)}
    made = []
    for one in found:
        record = records.get((one["type"], one["record"]))
        if record is not None and _told(one, record):
            field = record.compiled.by_id[one["field"]]
            made.append(_shown(one, record, field.address))
    return made


def _records(name: str, ids: Sequence[str]) -> list[Any]:
    """The records of one kind among these, as far as this person may see them."""
    try:
        door = current_door().open(name)
    except RecordNotFound:
        return []
    title = door.compiled.title
    wanted = [title.address] if door.knows(title) else []
    where = {"field": "id", "op": "in", "value": list(ids)}
    return door.page(Query(where=where, fields=wanted, limit=len(ids))).items if door.viewed else []


def _told(task: Mapping[str, Any], record: Any) -> bool:
    """An open task stands on a finding the reader is told of; of a done one nothing stands but its fields."""
    if task["state"] == "open":
        return any(one.rule == task["rule"] for one in record.findings)
    return current_door().open(task["type"]).tells(task["type"], task["fields"])


def _shown(task: Mapping[str, Any], record: Any, address: str) -> Shown:
    own = {name: task.get(name) for name in Shown.__dataclass_fields__ if name not in ("id", "record", "field")}
    return Shown(id=task["_id"], record=record, field=address, **own)
