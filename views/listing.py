"""What a list page shows: rows, columns, chips, tabs, and where each of its links leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import session, url_for
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from models.access.actions import Action
from models.access.cells import Record
from models.access.knowledge import FieldAccess, field_access
from models.access.levels import Read
from models.definitions.conditions import operators_of
from models.definitions.fields import Field
from models.definitions.grades import Grade
from models.errors import AccessDenied, ArchiveError
from models.operations.preferences import list_habits
from views import chips, findings, marks
from views.access import current_door, request_id, signed_in
from views.formats import OfField, locale
from views.questions import Question
from views.rows import Rows
from views.shell import type_label

LAST_COLUMN = "updated_at"


@dataclass(frozen=True)
class Column(OfField):
    """One column: its field, and the link and direction of its sorting where it may be sorted."""

    field: Field
    sorts: str | None = None
    """`ascending`, `descending` or None: not sorted by it now."""
    link: str | None = None

    @property
    def name(self) -> str:
        return self.field.address

    @property
    def sensitive(self) -> bool:
        return self.field.grade >= Grade.CONFIDENTIAL


@dataclass
class Listing:
    """A page of a list, or the reason why there is none."""

    question: Question
    columns: list[Column]
    records: list[Record]
    next: str | None = None
    previous: str | None = None
    refusal: ArchiveError | None = None


class ListPage:
    """The list of one type for whoever asks: built per request, knows only what the door tells."""

    def __init__(self, door: Any, *, trash: bool = False):
        self.door = door
        self.name = door.compiled.name
        self.trash = trash
        self.system = door.compiled.system
        self._access: dict[str, FieldAccess] = {}
        self.base = url_for("records.index", type_name=self.name)
        self.habits = list_habits(signed_in(), self.name)

    def question(self) -> Question:
        """:raises MalformedQuery: the address cannot be read"""
        kept = self.habits.get("sort", "")
        return Question.asked(trash=self.trash, sort=kept if self.may_sort(kept) else "")

    def may_sort(self, sort: str) -> bool:
        """Whether a kept order may still be used: a right may have gone since it was kept."""
        names = [name.lstrip("-") for name in sort.split(",") if name]
        return bool(names) and all(self.sortable(name) for name in names)

    def find(self, name: str) -> Field | None:
        """A field of this list by name, if the person may know of it."""
        field = self.door.compiled.find(name)
        return field if field is not None and self.door.knows(field) else None

    def access(self, field: Field) -> FieldAccess:
        """The most this person has on a field; found only for the fields that are asked about."""
        if field.id not in self._access:
            self._access[field.id] = field_access(self.door, field)
        return self._access[field.id]

    def sortable(self, name: str) -> bool:
        field = self.find(name)
        return field is not None and self.access(field).sort

    def choosable(self) -> list[Field]:
        """Every field that can be a column: those of the type the person may know, then the system keys."""
        own = [field for field in self.door.compiled.active if self.door.knows(field)]
        framed = {field.frame for field in own}
        return own + [field for name, field in self.system.items() if name != "id" and field.frame not in framed]

    def chosen(self) -> list[Field]:
        """The columns of this person: as kept, else those the type shows, the state where a record has more than one to
        be in, and when each was last changed."""
        kept_ids = self.habits.get("columns", ())
        if kept_ids:
            offered = {field.id: field for field in self.choosable()}
            kept = [offered[one] for one in kept_ids if one in offered]
            if kept:
                return kept
        shown = [field for field in self.door.compiled.active if field.list and self.door.knows(field)]
        framed = {field.frame for field in shown}
        last = ["state", LAST_COLUMN] if len(self.door.compiled.states.states) > 1 else [LAST_COLUMN]
        return shown + [self._framed(name) for name in last if name not in framed]

    def _framed(self, name: str) -> Field:
        own = (field for field in self.door.compiled.active if field.frame == name)
        return next(own, self.system[name])

    def columns(self, question: Question, fields: Sequence[Field]) -> list[Column]:
        """The heads, each with its sort link where the person may sort by it."""
        sorted_by = (question.sort or f"-{LAST_COLUMN}").split(",")[0]
        made = []
        for field in fields:
            name = field.address
            sorts = None
            if sorted_by.lstrip("-") == name:
                sorts = "descending" if sorted_by.startswith("-") else "ascending"
            link = None
            if self.sortable(name):
                link = self.address(question, sort=name if sorts != "ascending" else f"-{name}")
            made.append(Column(field, sorts, link))
        return made

    def address(self, question: Question, **changes: Any) -> str:
        """This list under a changed question."""
        endpoint = "records.trash_list" if self.trash else "records.index"
        return _with(url_for(endpoint, type_name=self.name), question.args(**changes))

    def fragment(self, question: Question, shown: int | None = None) -> dict[str, str]:
        """Address arguments of a part that is loaded after the page."""
        extra = {"trash": "1" if self.trash else "", "shown": "" if shown is None else str(shown)}
        return question.args() | {name: value for name, value in extra.items() if value}

    def read(self, question: Question) -> Listing:
        """The page asked for; a refused question becomes a listing that says so."""
        fields = self.chosen()
        columns = self.columns(question, fields)
        wanted = [field.address for field in fields]
        title = self.door.compiled.title
        if title.address not in wanted and self.door.knows(title):
            wanted.append(title.address)
        try:
            page = self.door.page(question.query(wanted, habit=not self.unmasked()))
        except ArchiveError as refusal:
            if refusal.status >= 500:
                raise
            return Listing(question, columns, [], refusal=refusal)
        marks.prepare_names(page.items)
        return Listing(question, columns, page.items, page.next, page.previous)

    def unmasked(self) -> bool:
        """Whether this person switched confidential columns on for this session."""
        return self.name in session.get("unmasked", [])

    def covers(self, columns: Sequence[Column]) -> bool:
        """Whether the list hides something the person may read, so that the switch makes sense."""
        return any(column.sensitive and self.access(column.field).read == Read.FULL for column in columns)

    def chips(self, question: Question) -> list[dict[str, str]]:
        """The conditions in force, with the link that takes each away."""
        rule = question.findings if question.findings not in ("", "any") else ""
        found = {"label": gettext("Findings"), "words": _finding_words(rule)}
        made = [found | {"without": self.address(question, findings="")}] if rule else []
        return made + [
            {"label": label, "words": words, "without": self.address(question, where=question.without(place))}
            for place, (label, words) in enumerate(chips.words_of(leaf, self.find) for leaf in question.leaves)
        ]

    def conditions(self) -> list[tuple[Field, tuple[str, ...]]]:
        """What can be asked in the condition builder: fields with the operators this person may use."""
        own = [(one.field, one.operators) for one in self.door.fields() if one.operators]
        framed = {field.frame for field, _ in own}
        rest = [(field, operators_of(field)) for name, field in self.system.items() if name not in framed]
        return own + [pair for pair in rest if pair[0].name not in ("id", "revision")]

    def condition_on(self, name: str | None) -> tuple[Field, tuple[str, ...]] | None:
        """One field of the builder, None where this person may not ask of it."""
        field = self.find(name or "")
        operators = self.access(field).operators if field is not None else ()
        return (field, operators) if field is not None and operators else None

    def tabs(self, question: Question) -> list[dict[str, Any]]:
        """The fixed views of every list, as folder tabs."""
        views: list[tuple[str, dict[str, Any] | None]] = [
            (gettext("All"), None),
            (gettext("Mine"), {"all": [{"field": "owner", "op": "eq", "value": "@me"}]}),
            (gettext("My department"), {"all": [{"field": "department", "op": "in", "value": "@my_departments"}]}),
        ]
        if len(self.door.kinds) > 1:
            for kind in self.door.kinds:
                views.append((type_label(kind), {"all": [{"field": "type", "op": "eq", "value": kind.name}]}))
        made = []
        for label, where in views:
            here = not self.trash and question.where == where and not question.q and not question.findings
            asked = Question(where=where, sort=question.sort).args()
            made.append({"label": label, "here": here, "address": _with(self.base, asked)})
        here = question.findings == "any" and not question.where and not question.q and not self.trash
        asked = Question(findings="any", sort=question.sort).args()
        made.append({"label": gettext("With findings"), "here": here, "address": _with(self.base, asked)})
        if not self.trash and not any(tab["here"] for tab in made):
            made.append({"label": gettext("Found"), "here": True, "address": self.address(question)})
        return made

    def may(self, action: Action) -> bool:
        return self.door.may(action)

    def suggestions(self, question: Question) -> list[dict[str, Any]]:
        """For a list without rows: how many there would be without each condition."""
        found = []
        for place, leaf in enumerate(question.leaves[:5]):
            less = Question(
                where=question.without(place), q=question.q, trash=self.trash, findings=question.findings
            )
            try:
                count = self.door.count(less.query(None))
            except AccessDenied:
                continue
            label, words = chips.words_of(leaf, self.find)
            found.append({"words": f"{label} {words}", "count": count, "address": self.address(less)})
        if question.q and question.leaves:
            less = Question(where=question.where, trash=self.trash, findings=question.findings)
            found.append({"words": question.q, "count": self.door.count(less.query(None)),
                          "address": self.address(less)})  # fmt: skip
        return found


def _finding_words(wanted: str) -> str:
    return gettext(findings.RESULTS[wanted]) if wanted in findings.RESULTS else findings.rule_label(wanted)


def _with(address: str, args: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(args)}" if args else address


def list_parts(page: ListPage, listing: Listing) -> dict[str, Any]:
    """Everything the list page shows."""
    question = listing.question
    sorted_by = (question.sort or f"-{LAST_COLUMN}").split(",")[0].lstrip("-")
    first = page.find(sorted_by)
    jumpable = first is not None and not first.many and first.type.name not in ("user", "department", "choice")
    may_trash = page.may(Action.RESTORE) or page.may(Action.DELETE)
    kinds = page.door.kinds
    selectable = may_trash or page.may(Action.EXPORT)
    return {
        "door": page.door,
        "page": page,
        "listing": listing,
        "rows": drawn_rows(page, listing, selectable=selectable) if listing.records else "",
        "tabs": page.tabs(question),
        "chips": page.chips(question),
        "covers": page.covers(listing.columns),
        "unmasked": page.unmasked(),
        "event": request_id(),
        "refusal_words": listing.refusal.public_words(gettext) if listing.refusal else "",
        "kinds": [type_label(kind) for kind in kinds] if len(kinds) > 1 else [],
        "may_export": page.may(Action.EXPORT),
        "imports": import_links(kinds),
        "may_delete": page.may(Action.DELETE),
        "may_trash": may_trash,
        "selectable": selectable,
        "new": new_links(kinds),
        "jumpable": first.label(locale()) if jumpable and first else "",
    }


def drawn_rows(page: ListPage, listing: Listing, *, selectable: bool) -> Markup:
    """The rows as HTML, each with the way to its record."""
    title = page.door.compiled.title.id
    named = any(column.field.id == title for column in listing.columns)
    restore = (lambda id: url_for("records.restore", type_name=page.name, record_id=id)) if page.trash else None
    drawer = Rows(title, named=named, selectable=selectable, restore=restore, token=generate_csrf())
    return drawer.draw(listing.records, [column.field for column in listing.columns], page.base)


def import_links(kinds: Sequence[Any]) -> list[dict[str, str]]:
    """Where rows of each kind are brought in, for the kinds of which this person may."""
    return [
        {"label": type_label(kind), "address": url_for("records.import_start", type_name=kind.name), "icon": kind.icon}
        for kind in kinds
        if (door := current_door().open(kind.name)).may(Action.IMPORT) and door.may(Action.CREATE)
    ]


def new_links(kinds: Sequence[Any]) -> list[dict[str, str]]:
    """Where a record of each kind is made, for the kinds this person may make."""
    made = []
    for kind in kinds:
        if not kind.abstract and current_door().open(kind.name).may(Action.CREATE):
            address = url_for("records.new", type_name=kind.name)
            made.append({"label": type_label(kind), "icon": kind.icon, "address": address})
    return made
