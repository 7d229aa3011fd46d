"""Which rows a question has, and walking them page by page in either direction."""

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from models.access.actions import Action
from models.access.judge import Judge
from models.access.keyset import Order
from models.access.query import Names, Query, cells_for, condition_for, judge_use
from models.cursors import open_cursor, seal_cursor
from models.definitions.compiled import CompiledType
from models.definitions.condition_operators import Filter, all_of, any_of
from models.definitions.fields import Field
from models.search import candidates

if TYPE_CHECKING:
    from models.access.door_part import DoorPart

LIVE: Filter = {"life.trashed_at": None, "life.condemned": None, "life.restricted": None}
TRASHED: Filter = {"life.trashed_at": {"$type": "date"}, "life.condemned": None, "life.restricted": None}
Rows = Callable[[Filter, list[tuple[str, int]], int], list[dict]]


def where_of(door: "DoorPart", query: Query, action: Action) -> Filter:
    """The rows of a question: per kind its scope, its conditions in its own fields, its search keys."""
    by_filter: list[tuple[Filter, list[str]]] = []
    for kind in door.viewed:
        found = _kind_where(door, kind, query, action)
        if found is None:
            continue
        same = next((names for one, names in by_filter if one == found), None)
        if same is None:
            by_filter.append((found, [kind.name]))
        else:
            same.append(kind.name)
    of_types = _aside if query.q.strip() else _of_types
    rows = any_of([all_of([of_types(names), one]) for one, names in by_filter])
    if query.q.strip():
        rows = all_of([_of_types([name for _, names in by_filter for name in names]), rows])
    return all_of([TRASHED if query.trash else LIVE, rows])


def _kind_where(door: "DoorPart", kind: CompiledType, query: Query, action: Action) -> Filter | None:
    judge = door.judge(kind, action)
    asked: Filter = {}
    if query.where is not None:
        names: Names = kind if kind is door.compiled else BaseNames(door.compiled, kind)
        asked = condition_for(query.where, names, judge).filter(door.door.bound, cells_for(judge))
    rows = judge.row_filter()
    if action != Action.VIEW:
        rows = _and_rows(rows, door.judge(kind, Action.VIEW).row_filter())
    if query.trash:
        rows = _and_rows(rows, door.judge(kind, Action.RESTORE).row_filter())
    if rows is None:
        return None
    if query.findings:
        asked = all_of([asked, _findings(kind, judge, query.findings)])
    found = _search(door, kind, judge, query.q) if query.q.strip() else {}
    return None if found is None else all_of([rows, asked, found])


def _findings(kind: CompiledType, judge: Judge, wanted: str) -> Filter:
    """Rows with a finding all of whose fields the actor may read or fill on every row they see.

    Anything less would tell by the length of a list what its rows do not show.
    """
    told = sorted(id for id, field in kind.by_id.items() if field.active and judge.told(field))
    one: Filter = {"fields": {"$not": {"$elemMatch": {"$nin": told}}}}
    if wanted in ("failed", "warned", "errored"):
        one["result"] = wanted
    elif wanted != "any":
        one["rule"] = wanted
    return {"d.verification.findings.rule": {"$exists": True}, "d.verification.findings": {"$elemMatch": one}}


def _and_rows(one: Filter | None, other: Filter | None) -> Filter | None:
    if one is None or other is None:
        return None
    return one if one == other else all_of([one, other])


def _search(door: "DoorPart", kind: CompiledType, judge: Judge, text: str) -> Filter | None:
    """Rows one of whose searchable fields answers to the text; None: no field could."""
    ways = []
    for field in door.compiled.active:
        one = of_kind(kind, field)
        known = judge_use(judge, one, "search") if one.search else False
        if known is False:
            continue
        found = candidates(kind, [one], text, door.store.keyring.tokens)
        if found is not None:
            ways.append(found if known is True else all_of([found, known]))
    return any_of(ways) if ways else None


def of_kind(kind: CompiledType, field: Field) -> Field:
    """A field as this kind has it: a kind may raise its grade, and with it its sealing."""
    return kind.by_id.get(field.id, field)


class BaseNames:
    """The names of a base type, each leading to the field as one kind has it."""

    def __init__(self, base: CompiledType, kind: CompiledType):
        self.base, self.kind = base, kind

    def find(self, address: str) -> Field | None:
        """The field of the kind, where the base has one of this name."""
        field = self.base.find(address)
        return None if field is None else of_kind(self.kind, field)


class Walk:
    """Rows of one filter in one order, section by section.

    :param rows: asks the collection: (filter, sort, limit) → documents
    """

    def __init__(self, rows: Rows, where: Filter, order: Order):
        self.ask, self.where, self.order = rows, where, order

    def rows(self, start: list[Any] | None, limit: int, *, backwards: bool = False) -> list[dict]:
        """Up to `limit` rows after (or before) a place."""
        sections = list(self.order.sections)
        if backwards:
            sections.reverse()
        position = None
        if start:
            section, position = start
            sections = sections[sections.index(section) :]
        found: list[dict] = []
        for section in sections:
            beyond = self.order.beyond(section, position, backwards=backwards) if position else {}
            position = None
            where = all_of([self.where, self.order.section_filter(section), beyond])
            found += self.ask(where, self.order.sort(section, backwards=backwards), limit - len(found))
            if len(found) >= limit:
                break
        return found

    def place(self, document: dict) -> list[Any]:
        """Where a row stands."""
        section = self.order.section_of(document)
        return [section, self.order.position(section, document)]

    def start_at(self, field: Field, text: str) -> list[Any] | None:
        """The place just before the first row that is not before a value of the first sort key.

        :raises FieldValueError: the text is no value of that field
        """
        value = field.type.operand(text, field) if text.strip() else None
        if value is None:
            return None
        if field.type.has_sort_key:
            value = field.type.sort_key(value)
        down = self.order.keys[0][1]
        rest: list[Any] = [None] * (len(self.order.keys) - 1)
        return [self.order.sections[0], [value, *rest, "\uffff" if down else ""]]


def turn(walk: Walk, query: Query, start: list[Any] | None, limit: int) -> tuple[list[dict], bool, bool]:
    """The rows of the page asked for, and whether there are pages before and after it."""
    backwards = bool(query.before)
    documents = walk.rows(start, limit + 1, backwards=backwards)
    more = len(documents) > limit
    documents = documents[:limit]
    if backwards:
        documents.reverse()
        return documents, more, True
    return documents, start is not None, more


def start_of(walk: Walk, query: Query, first: Field, secret: bytes, use: str) -> list[Any] | None:
    """Where a page begins: at a cursor, at a value, or at the beginning (None).

    :raises MalformedQuery: a cursor that is not ours or is for another question
    """
    cursor = query.before or query.after
    if cursor:
        return open_cursor(secret, use, cursor)
    return walk.start_at(first, query.jump) if query.jump else None


def cursors(
    walk: Walk, documents: list[dict], secret: bytes, use: str, *, before: bool, after: bool
) -> tuple[str | None, str | None]:
    """The marks of the neighbouring pages."""
    if not documents:
        return None, None
    first = seal_cursor(secret, use, walk.place(documents[0])) if before else None
    return first, seal_cursor(secret, use, walk.place(documents[-1])) if after else None


def digest_of(query: Query, secret: bytes) -> str:
    """What was asked, without telling it: search words and values are personal data."""
    asked = repr((query.where, query.q, query.trash, query.findings)).encode()
    return sha256(secret + asked).hexdigest()[:32]


def _aside(names: list[str]) -> Filter:
    """The same in words no index answers to.

    A dozen indexes begin with the type. Said so that they may be used, the database has a hundred ways to combine them
    with those of the search keys, tries the first sixty-four, and the good one may not be among them: words that stand
    in two records took longer than the two seconds. What remains is the keys, and the order for frequent words.
    """
    return {"$expr": {"$in": ["$type", names]}}


def _of_types(names: list[str]) -> Filter:
    return {"type": names[0] if len(names) == 1 else {"$in": names}}
