"""Lists, counts and groups of records: the part of the door that answers questions about many rows."""

from dataclasses import dataclass
from functools import partial

from pymongo.errors import ExecutionTimeout

from models.access import grouping
from models.access.actions import Action
from models.access.cells import Record
from models.access.door_part import DoorPart
from models.access.keyset import Order
from models.access.listing import Walk, cursors, digest_of, start_of, turn, where_of
from models.access.query import PAGE_LIMIT, Query, columns_for, order_for
from models.access.reading import shown_ids
from models.definitions.condition_operators import Filter
from models.definitions.fields import Field
from models.errors import TooSlow

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


class Pages(DoorPart):
    """Questions about the rows of a type, each kind of row by the plan of its own kind."""

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
