"""What stands around every page: navigation, looks, the person; and the start page."""

from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_admin import Admin, expose
from flask_babel import gettext

from models.access.actions import Action
from models.access.query import Query
from models.definitions.record_types import TYPE_GROUPS
from models.errors import N_
from models.users import Role, documents, label_of
from views import drawing, formats, preferences, tasks
from views.access import current_door, current_stamps, current_store, signed_in
from views.guarded import GuardedView

CUSTOMERS = "customer"
"""The base of the three kinds: where the search of the page head looks."""
HOME = "/admin/"
TASKS = 12
GROUPS = (("start", ""), ("archives", N_("Archives")), ("registers", N_("Registers")), ("govern", N_("Governance")))
STYLESHEETS = (
    "tokens", "ground", "controls", "shell", "marks", "list", "record", "forms", "door", "states", "small", "phone",
    "people", "jobs", "destruction", "imports",
)  # fmt: skip


@dataclass(frozen=True)
class Link:
    label: str
    address: str
    icon: str

    @property
    def here(self) -> bool:
        """The page shown is this one or lies below it."""
        return request.path == self.address or (self.address != HOME and request.path.startswith(self.address))


@dataclass
class Part:
    title: str
    links: list[Link] = field(default_factory=list)


class WorkView(GuardedView):
    """My work: where the day starts. Tasks and clocks come with the registers."""

    group = "start"
    icon = "checklist"

    @expose("/")
    def index(self) -> str:
        todo, more = tasks.page("mine", limit=TASKS)
        return self.render(
            "work.html", shelves=shelves(), day=formats.today_words(), mine=mine(), tasks=todo, more_tasks=bool(more)
        )

    @expose("/find")
    def find(self) -> Any:
        """The search of the page head: straight to the list of all customers, or of the first type there is."""
        types = visible_types()
        chosen = next((door for door in types if door.compiled.name == CUSTOMERS), types[0] if types else None)
        if chosen is None:
            return redirect(url_for("work.index"))
        return redirect(url_for("records.index", type_name=chosen.compiled.name, q=request.args.get("q", "")))


def mine(rows: int = 12) -> list[Any]:
    """The customers this person looks after, the latest changed first."""
    door = next((door for door in visible_types() if door.compiled.name == CUSTOMERS), None)
    if door is None or not door.may(Action.VIEW):
        return []
    title = door.compiled.title.address
    known = any(one.field.address == title for one in door.fields())
    where = {"field": "owner", "op": "eq", "value": "@me"}
    return door.page(Query(where=where, limit=rows, fields=[title] if known else [])).items


def visible_types() -> list[Any]:
    """Doors of the types this person may view, found once per request."""
    if "visible_types" not in g:
        g.visible_types = current_door().types()
    return g.visible_types


def type_label(compiled: Any) -> str:
    """What people call a type, in the language of the page."""
    return label_of(compiled.labels, formats.locale(), compiled.name)


def shelved() -> list[Any]:
    """Doors of the types that have a place in the navigation: archives before registers, a base before its kinds.

    A base of which this person sees but one kind has none: both lists would hold the same.
    """
    doors = visible_types()
    seen = {door.compiled.name for door in doors}
    alone = [one for one in doors if one.compiled.abstract and len(seen & set(one.compiled.kinds)) == 1]
    kept = [door for door in doors if door not in alone]

    def place(door: Any) -> tuple[int, str, bool, str]:
        compiled = door.compiled
        return TYPE_GROUPS.index(compiled.group), compiled.base, compiled.name != compiled.base, compiled.name

    return sorted(kept, key=place)


def shelves() -> list[dict[str, Any]]:
    """One entry per type in the navigation: where it is and what this person may do there."""
    return [
        {
            "group": door.compiled.group,
            "name": door.compiled.name,
            "label": type_label(door.compiled),
            "icon": door.compiled.icon,
            "address": url_for("records.index", type_name=door.compiled.name),
            "new": url_for("records.new", type_name=door.compiled.name)
            if door.may("create") and not door.compiled.abstract
            else None,
        }
        for door in shelved()
    ]


def navigation() -> list[Part]:
    """The rail: pages and types this person may open, and no others."""
    if "navigation" not in g:
        parts = {name: Part(gettext(title) if title else "") for name, title in GROUPS}
        admin = current_app.extensions["admin"][0]
        for view in admin._views:
            if isinstance(view, GuardedView) and view.group in parts and view.is_visible():
                address = view.blueprint.url_prefix.rstrip("/") + "/"
                parts[view.group].links.append(Link(gettext(view.name), address, view.icon))
        for shelf in shelves():
            parts[shelf["group"]].links.append(Link(shelf["label"], shelf["address"], shelf["icon"]))
        g.navigation = [part for part in parts.values() if part.links]
    return g.navigation


def phone_navigation() -> list[Link]:
    """The four places of the phone's bar: work, customers, all archives, account."""
    types = [link for part in navigation() for link in part.links if link.address.startswith("/admin/r/")]
    links = [Link(gettext("Work"), url_for("work.index"), "checklist")]
    links += types[:1]
    links.append(Link(gettext("Archives"), url_for("work.index") + "#shelves", "stack-2"))
    links.append(Link(gettext("Account"), "/account/", "user"))
    return links


def looks() -> dict[str, str]:
    """Colours and row height: the account's, else this browser session's."""
    account = signed_in()
    if account is None:
        return {"theme": session.get("theme", "auto"), "density": session.get("density", "normal")}
    return {"theme": account.theme, "density": account.density}


def me() -> dict[str, str]:
    """Name and first role of whoever is signed in, for the head of the page."""
    account = signed_in()
    if account is None:
        return {"name": "", "role": ""}
    names = role_names()
    first = next((names[role] for role in account.roles if role in names), {})
    return {"name": account.name, "role": label_of(first, formats.locale(), "") if first else ""}


def role_names() -> dict[str, dict[str, str]]:
    """Labels of every role by id, read once per version of the users and process."""
    store, version = current_store(), current_stamps().users
    kept = store.caches.get("role_names")
    if kept is None or kept[0] != version:
        kept = store.caches["role_names"] = (version, {role.id: dict(role.labels) for role in documents(store, Role)})
    return kept[1]


def init_app(app: Flask, admin: Admin) -> None:
    app.register_blueprint(preferences.blueprint)
    formats.init_app(app)
    drawing.init_app(app)
    app.jinja_env.globals.update(
        navigation=navigation, phone_navigation=phone_navigation, prefs=looks, me=me, stylesheets=STYLESHEETS,
        type_label=type_label, rehearsal_offset=getattr(app.extensions["dossier"].settings, "clock_offset", 0),
    )  # fmt: skip
