"""The one door to record data: everything that reads or writes a record collection goes through here.

Reading: `Door(store, actor)` reads the version stamps once and binds plans; `open(type)` gives the door of
one type. Every method that hands out customer data returns only after its audit entry is acknowledged.
Writing verbs live in `models.operations`, which judge a change and hand it to `models.access.writes`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from typing import Any

from bson.codec_options import CodecOptions
from pymongo.collection import Collection
from pymongo.errors import ExecutionTimeout

from models.access import grouping
from models.access.actions import Action
from models.access.cells import Record
from models.access.exporting import BATCH_ROWS, Exporter
from models.access.grants import policy_for
from models.access.judge import Judge
from models.access.keyset import Order
from models.access.knowledge import FieldAccess, field_access, object_parts
from models.access.levels import Read
from models.access.listing import Walk, cursors, digest_of, of_kind, start_of, turn, where_of
from models.access.plan import AccessPlan, compile_plan, system_plan
from models.access.query import PAGE_LIMIT, Query, columns_for, order_for
from models.access.reading import Reader, shown_ids
from models.access.system_verbs import SystemVerbs
from models.audit.log import Entry
from models.crypto.keys import DataKey
from models.definitions.compiled import CompiledType, registry_for
from models.definitions.condition_operators import Filter
from models.definitions.conditions import Bound
from models.definitions.fields import Field
from models.errors import AccessDenied, RecordNotFound, TooSlow
from models.store import Stamps, Store, new_id, read_stamps
from models.users import Actor

AWARE: CodecOptions = CodecOptions(tz_aware=True)
QUERY_MS = 2000
COUNT_MS = 1000
COUNT_CAP = 1000


@dataclass(frozen=True)
class Page:
    """Some rows of a list, with the marks of its neighbours (None: there is none)."""

    items: list[Record]
    next: str | None
    previous: str | None
    columns: list[Field]


@dataclass(frozen=True)
class Count:
    """How many rows; `capped` when there are more than `value`, or counting took too long (`value` None)."""

    value: int | None
    capped: bool


class Door:
    """The archive for one actor, as of one request."""

    def __init__(self, store: Store, actor: Actor, stamps: Stamps | None = None):
        self.store = store
        self.actor = actor
        self.stamps = stamps or read_stamps(store)
        self.registry = registry_for(store, self.stamps)
        self.policy = policy_for(store, self.stamps)
        self.now = store.clock.now()
        self.bound = Bound(
            me=actor.id,
            departments=actor.departments,
            today=store.clock.today(),
            zone=store.clock.zone,
            tokens=lambda field, kind, value: store.keyring.tokens.all_of(field.id, kind, value),
        )
        self._judges: dict[tuple[str, Action], Judge] = {}
        self._plans: dict[str, AccessPlan] = {}

    def types(self) -> "list[TypeDoor]":
        """The types this actor may open, in the order of the registry."""
        return [door for name in self.registry.names if (door := self._door(name)).opens()]

    def open(self, type_name: str) -> "TypeDoor":
        """:raises RecordNotFound: there is no such type, or not for this actor"""
        door = self._door(type_name)
        if not door.opens():
            raise RecordNotFound
        return door

    def _door(self, type_name: str) -> "TypeDoor":
        return TypeDoor(self, self.registry.get(type_name))

    def plan(self, compiled: CompiledType) -> AccessPlan:
        """The compiled plan of this actor's roles (and lends) for one concrete type."""
        if compiled.name not in self._plans:
            self._plans[compiled.name] = self._plan_of(compiled)
        return self._plans[compiled.name]

    def _plan_of(self, compiled: CompiledType) -> AccessPlan:
        if self.actor.system:
            return self._kept_plan(("system", compiled.name), lambda: system_plan(compiled))
        held = self.policy.holders_of(self.actor)
        roles = frozenset(f"role:{role}" for role in self.actor.roles)
        return self._kept_plan((held, roles, compiled.name), lambda: compile_plan(self.policy, held, roles, compiled))

    def _kept_plan(self, key: tuple[Any, ...], build: Callable[[], AccessPlan]) -> AccessPlan:
        version = (self.stamps.types, self.stamps.grants)
        kept: tuple[Any, dict[Any, AccessPlan]] | None = self.store.caches.get("plans")
        if kept is None or kept[0] != version:
            kept = self.store.caches["plans"] = (version, {})
        if key not in kept[1]:
            kept[1][key] = build()
        return kept[1][key]

    def judge(self, compiled: CompiledType, action: Action) -> Judge:
        """The plan bound to this actor and moment, for one action."""
        key = (compiled.name, action)
        if key not in self._judges:
            self._judges[key] = Judge(self.plan(compiled), action, self.bound, self.now)
        return self._judges[key]


class TypeDoor(SystemVerbs):
    """The records of one type (a base type: of all its kinds, each row by the plan of its own kind)."""

    def __init__(self, door: Door, compiled: CompiledType):
        self.door = door
        self.store = door.store
        self.compiled = compiled
        self.kinds = door.registry.concrete(compiled.name)
        self.by_kind = {kind.name: kind for kind in self.kinds}

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.door.actor

    @property
    def _records(self) -> Collection:
        return self.store.data.get_collection(self.compiled.collection, codec_options=AWARE)

    # what may be asked

    def opens(self) -> bool:
        """Whether the actor may do anything here."""
        return any(self.may(action) for action in Action)

    def may(self, action: Action) -> bool:
        """Whether an action holds for some rows of some kind."""
        return any(self.door.plan(kind).may(action) for kind in self.kinds)

    def judge(self, kind: CompiledType, action: Action) -> Judge:
        """The judge of one kind."""
        return self.door.judge(kind, action)

    def knows(self, field: Field) -> bool:
        """Whether the actor may know of a field, in some kind."""
        if field.frame:
            return True
        return any(self._reader(kind, (field,)).shows(field) for kind in self.viewed if field.id in kind.by_id)

    @cached_property
    def viewed(self) -> tuple[CompiledType, ...]:
        """The kinds some of whose rows the actor may view (or, where none, create)."""
        viewed = tuple(kind for kind in self.kinds if self.door.plan(kind).may(Action.VIEW))
        return viewed or tuple(kind for kind in self.kinds if self.door.plan(kind).may(Action.CREATE))

    def fields(self) -> list[FieldAccess]:
        """What the actor may know of the type: fields and sub-fields, with the most that is given anywhere."""
        parts = ((field, *object_parts(field)) for field in self.compiled.active)
        return [field_access(self, one) for group in parts for one in group if self.knows(one)]

    # lists

    def page(self, query: Query) -> Page:
        """One page of a list.

        :raises AccessDenied: something in the question is not the actor's to use
        :raises MalformedQuery: a tree, sort or cursor that cannot be read
        :raises TooSlow: outside the index plan, and out of time
        """
        columns = columns_for(query.fields, self.compiled, self.knows)
        judges = [self.judge(kind, Action.VIEW) for kind in self.viewed]
        order, sorted_by = order_for(query.sort, self.compiled, judges)
        projection = self._projection(columns, order)
        secret, digest = self.store.secret, digest_of(query, self.store.secret)
        use = f"{self.actor.id}|{self.compiled.name}|{query.sort}|{digest}"
        walk = Walk(partial(self._find, projection), where_of(self, query, Action.VIEW), order)
        start = start_of(walk, query, sorted_by[0], secret, use)
        limit = max(1, min(query.limit, PAGE_LIMIT))
        documents, has_before, has_after = turn(walk, query, start, limit)
        records = self._records_of(documents, columns, habit=query.habit)
        self._log(
            "list", self.compiled.name, [record.id for record in records], shown_ids(records),
            query=digest, sort=query.sort or None, trash=query.trash or None,
        )  # fmt: skip
        before, after = cursors(walk, documents, secret, use, before=has_before, after=has_after)
        return Page(records, after, before, columns)

    def _find(self, projection: dict[str, int], where: Filter, sort: list[tuple[str, int]], limit: int) -> list[dict]:
        try:
            return list(self._records.find(where, projection, sort=sort, limit=limit, max_time_ms=QUERY_MS))
        except ExecutionTimeout:
            raise TooSlow from None

    def count(self, query: Query) -> Count:
        """How many rows the question has, up to 1,000 and for at most a second."""
        where = where_of(self, query, Action.VIEW)
        try:
            value = self._records.count_documents(where, limit=COUNT_CAP + 1, maxTimeMS=COUNT_MS)
        except ExecutionTimeout:
            return Count(None, capped=True)
        self._log("count", self.compiled.name, [], [], query=digest_of(query, self.store.secret))
        return Count(min(value, COUNT_CAP), capped=value > COUNT_CAP)

    def group(self, by: str, measures: list[str], query: Query) -> grouping.Groups:
        """Rows counted and added up by the values of a field.

        :param measures: `count`, `sum:<field>`, `avg:…`, `min:…`, `max:…`
        :raises AccessDenied: something in it is not the actor's to use
        :raises MalformedQuery: a tree or measure that cannot be read
        :raises TooSlow: out of time
        """
        judges = [self.judge(kind, Action.VIEW) for kind in self.viewed]
        key = grouping.key_for(by, self.compiled.find, judges)
        wanted = [grouping.measure_for(name, self.compiled.find, judges) for name in measures]
        steps = grouping.pipeline(where_of(self, query, Action.VIEW), key, wanted)
        try:
            found = list(self._records.aggregate(steps, maxTimeMS=QUERY_MS))
        except ExecutionTimeout:
            raise TooSlow from None
        ids = [key.id, *(one.field.id for one in wanted if one.field)]
        self._log("group", self.compiled.name, [], ids, query=digest_of(query, self.store.secret), groups=len(found))
        return grouping.groups_from(found, key, wanted)

    def _projection(self, columns: list[Field], order: Order) -> dict[str, int]:
        wanted: dict[str, int] = {path: 1 for path, _ in order.keys}
        for kind in self.viewed:
            wanted |= self._reader(kind, self._fields_of(kind, columns)).projection()
        return {path: 1 for path in wanted if not any(path.startswith(f"{other}.") for other in wanted)}

    def _fields_of(self, kind: CompiledType, columns: list[Field]) -> tuple[Field, ...]:
        return tuple(of_kind(kind, field) for field in columns if field.frame or field.id in kind.by_id)

    def _reader(self, kind: CompiledType, fields: tuple[Field, ...], *, habit: bool = False) -> Reader:
        return Reader(self.judge(kind, Action.VIEW), fields, habit)

    def _records_of(self, documents: list[dict], columns: list[Field], *, habit: bool = False) -> list[Record]:
        """Open, judge and mask the rows of a page; their keys are one query."""
        readers = {kind.name: self._reader(kind, self._fields_of(kind, columns), habit=habit) for kind in self.viewed}
        sealed = {name for name, reader in readers.items() if reader.sealed()}
        keys = self.store.keyring.fetch([one["_id"] for one in documents if one["type"] in sealed])
        return [readers[one["type"]].record(one, keys.get(one["_id"])) for one in documents]

    # single records

    def get(self, id: str, action: Action = Action.VIEW) -> Record:
        """One record, as the actor may see it.

        :raises RecordNotFound: unknown, or out of scope
        :raises AccessDenied: seen, but `action` does not hold for it
        """
        document, kind = self.fetch(id, action)
        record = self.shown(document, kind)
        self._log("view", kind.name, [id], shown_ids([record]), rev=record.revision)
        return record

    def shown(self, document: Mapping[str, Any], kind: CompiledType, key: DataKey | None = None) -> Record:
        """A fetched document through the actor's plan. Whoever hands it on has logged it."""
        reader = self._reader(kind, kind.active)
        if key is None and reader.sealed():
            key = self.store.keyring.fetch([document["_id"]]).get(document["_id"])
        record = reader.record(document, key)
        record.may = frozenset(action for action in Action if self.judge(kind, action).holds(document))
        return record

    def fetch(self, id: str, action: Action = Action.VIEW) -> tuple[dict[str, Any], CompiledType]:
        """The stored document of a record the actor may view, for the door's own use: never to be handed on.

        :raises RecordNotFound: unknown, out of scope, or in the trash of somebody else
        :raises AccessDenied: seen, but `action` does not hold for it
        """
        document = self._records.find_one({"_id": str(id), "type": {"$in": list(self.by_kind)}})
        if document is None or not self._sees(document):
            raise RecordNotFound
        kind = self.by_kind[document["type"]]
        if not self.judge(kind, action).holds(document):
            raise AccessDenied(private=f"{action} on {id}")
        return document, kind

    def _sees(self, document: Mapping[str, Any]) -> bool:
        kind = self.by_kind[document["type"]]
        life = document["life"]
        if life.get("condemned") or life.get("restricted") or not self.judge(kind, Action.VIEW).holds(document):
            return False
        if life.get("trashed_at"):
            return any(self.judge(kind, action).holds(document) for action in (Action.RESTORE, Action.DELETE))
        return True

    # earlier contents

    def revisions(self, id: str, limit: int = 100) -> list[dict[str, Any]]:
        """The revisions of a record, newest first: number, moment, actor, action, ids of fields the actor may know."""
        document, kind = self.fetch(id)
        found = self.store.data.revisions.find({"record": id}, {"v": 0, "entry": 0}, sort=[("rev", -1)], limit=limit)
        levels = self.judge(kind, Action.VIEW).levels(document)
        shown = []
        for revision in list(found) or [_loaded(document)]:
            known = [
                kind.by_id[one].address
                for one in revision.get("changed", ())
                if one in kind.by_id and self._reads(kind, kind.by_id[one], levels)
            ]
            shown.append({**{name: revision[name] for name in ("rev", "at", "by", "action")}, "changed": known})
        self._log("revisions", kind.name, [id], [])
        return shown

    def _reads(self, kind: CompiledType, field: Field, levels: Mapping) -> bool:
        if self.door.plan(kind).everything or field.frame:
            return True
        if field.type.name == "object":
            return any(self._reads(kind, sub, levels) for sub in field.fields)
        return field.id in levels and levels[field.id].read > Read.NONE

    def revision(self, id: str, number: int) -> Record:
        """The record as it was in a revision, through the actor's present plan.

        :raises RecordNotFound: no such revision, or its record is out of scope
        """
        document, kind = self.fetch(id)
        record = self.shown(self.as_of(document, number), kind)
        self._log("view_revision", kind.name, [id], shown_ids([record]), rev=number)
        return record

    def as_of(self, document: Mapping[str, Any], number: int) -> dict[str, Any]:
        """A document with the content of an earlier revision; for the door's own use."""
        revision = self.store.data.get_collection("revisions", codec_options=AWARE).find_one(
            {"_id": f"{document['_id']}:{number}"}
        )
        if revision is None and document["rev"] == number == 1:
            return dict(document)
        if revision is None:
            raise RecordNotFound
        content = revision.get("v")
        if content is None:
            content = self._content_before(document, number)
        return {
            **document,
            "v": content,
            "tv": revision["tv"],
            "rev": number,
            "state": revision["state"],
            "updated_at": revision["at"],
            "updated_by": revision["by"],
        }

    def _content_before(self, document: Mapping[str, Any], number: int) -> dict[str, Any]:
        """A revision that changed no value has none of its own: the latest before it, else (a loader's) the present."""
        earlier = self.store.data.get_collection("revisions", codec_options=AWARE).find_one(
            {"record": document["_id"], "rev": {"$lte": number}, "v": {"$exists": True}}, sort=[("rev", -1)]
        )
        return earlier["v"] if earlier else document["v"]

    def entry(
        self,
        action: str,
        type_name: str,
        records: list[str],
        fields: list[str],
        *,
        ref: str | None = None,
        **extra: Any,
    ) -> Entry:
        """An audit entry of this actor: ids, digests and counts, never values."""
        kept = {name: value for name, value in extra.items() if value is not None}
        return Entry(f"records:{action}", self.actor.id, None, type_name, records, fields, kept, ref)

    def log_batch(self, action: str, records: list[str]) -> None:
        """See `SystemVerbs`."""
        self._log(action, self.compiled.name, records, [])

    def _log(self, action: str, type_name: str, records: list[str], fields: list[str], **extra: Any) -> None:
        self.store.audit.append(self.entry(action, type_name, records, fields, **extra))

    # exports

    def export(
        self, query: Query, columns: list[Field], *, form: str, locale: str = "zh_Hans_CN"
    ) -> Iterator[list[str]]:
        """All rows of a question as rows of text, in batches; the log has its opening entry before the first row.

        :param columns: of `export_columns`
        :param form: what the rows become (csv, xlsx …), for the log
        :raises AccessDenied, MalformedQuery: before the first row
        """
        exporter = Exporter(self, columns, locale)
        return self._logged_export(query, columns, form, exporter.projection(), exporter.rows)

    def export_records(self, query: Query, columns: list[Field], *, form: str) -> Iterator[dict[str, Any]]:
        """The same, each row in the REST shape."""
        exporter = Exporter(self, columns, "en")
        return self._logged_export(query, columns, form, exporter.projection(), exporter.objects)

    def _logged_export(
        self,
        query: Query,
        columns: list[Field],
        form: str,
        projection: dict[str, int],
        turn_rows: Callable[[list[dict[str, Any]]], Iterator[Any]],
    ) -> Iterator[Any]:
        where = where_of(self, query, Action.EXPORT)
        judges = [self.judge(kind, Action.EXPORT) for kind in self.viewed]
        sort = order_for(query.sort, self.compiled, judges)[0].sort("filled") if query.sort else None
        said = {"query": digest_of(query, self.store.secret), "form": form, "export": new_id()}
        ids = [field.id for field in columns]
        self._log("export", self.compiled.name, [], ids, **said)
        return self._counted_rows(self._batches(where, projection, sort), turn_rows, ids, said)

    def _counted_rows(
        self,
        batches: Iterator[list[dict[str, Any]]],
        turn_rows: Callable[[list[dict[str, Any]]], Iterator[Any]],
        ids: list[str],
        said: dict[str, Any],
    ) -> Iterator[Any]:
        rows, whole = 0, False
        try:
            for batch in batches:
                for row in turn_rows(batch):
                    rows += 1
                    yield row
            whole = True
        finally:
            self._log("export_end", self.compiled.name, [], ids, rows=rows, whole=whole, **said)

    def _batches(
        self, where: Filter, projection: dict[str, int], sort: list[tuple[str, int]] | None
    ) -> Iterator[list[dict[str, Any]]]:
        found = self._records.find(where, projection, sort=sort, batch_size=BATCH_ROWS * 4)
        with found:
            while batch := list(islice(found, BATCH_ROWS)):
                yield batch

    # writes, judged before by models.operations

    def insert(self, document: dict[str, Any], revision: dict[str, Any], session: Any) -> None:
        """Put a new record and its first revision, inside a transaction.

        :raises DuplicateKeyError: a unique value or number stands already
        """
        self._records.insert_one(document, session=session)
        self.store.data.revisions.insert_one(revision, session=session)

    def replace(
        self, id: str, expected: int, changes: Mapping[str, Any], revision: dict[str, Any], session: Any
    ) -> bool:
        """Set and unset paths where the record still has the revision expected and no lock; False: it has not.

        :param changes: path → new value, None to unset
        """
        sets = {path: value for path, value in changes.items() if value is not None}
        unsets = {path: "" for path, value in changes.items() if value is None}
        update: dict[str, Any] = {"$set": {**sets, "rev": expected + 1}} | ({"$unset": unsets} if unsets else {})
        still = {"_id": id, "rev": expected, "life.lock": None, "life.condemned": None}
        if self._records.update_one(still, update, session=session).matched_count == 0:
            return False
        self.store.data.revisions.insert_one(revision, session=session)
        return True

    def numbers_standing(self, numbers: list[str]) -> set[str]:
        """Which of some archive numbers stand on a record of this collection, whoever may see it."""
        found = self._records.find({"archive_no": {"$in": numbers}}, {"_id": 0, "archive_no": 1})
        return {one["archive_no"] for one in found}

    def count_numbered(self, form: str) -> int:
        """How many records of this collection have an archive number of this form (`Numbering.form`)."""
        return self._records.count_documents({"archive_no": {"$regex": form}})

    def revision_number(self, id: str) -> int | None:
        """The revision a record has now, whoever may see it; for telling stale from locked."""
        found = self._records.find_one({"_id": id}, {"rev": 1})
        return found and found["rev"]

    def insert_batch(self, documents: list[dict[str, Any]], outbox: dict[str, Any], session: Any) -> None:
        """Put a loader's batch and the outbox of its audit entry, inside a transaction.

        Its records have no revision 1 of their own until they are changed: see `keep_first`.

        :raises BulkWriteError: some documents were refused (a unique value stands already)
        """
        self._records.insert_many(documents, ordered=False, session=session)
        self.store.data.revisions.insert_one(outbox, session=session)

    def keep_first(self, id: str, session: Any) -> None:
        """Before the first change of a loaded record: its content becomes revision 1. Others have theirs already.

        Read here, as it is stored: what a verb holds may have been opened to be brought to another kind of value.
        """
        document = self._records.find_one({"_id": id, "rev": 1}, session=session)
        if document is None:
            return
        first = {name: document.get(name) for name in ("type", "tv", "rev", "state", "dept", "owner", "v")}
        first |= {"record": document["_id"], "changed": [], **_loaded(document)}
        kept = {"_id": f"{document['_id']}:1"}
        self.store.data.revisions.update_one(kept, {"$setOnInsert": first}, upsert=True, session=session)


def _loaded(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the first revision of a record says of itself; a loader leaves it to the record's frame."""
    return {"rev": 1, "at": document["created_at"], "by": document["created_by"], "action": "load"}
