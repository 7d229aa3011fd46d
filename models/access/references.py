"""References through the reader's plan: what they may point to, how the records at the other end are called.

A label is made by the plan of whoever reads it: of a record out of their scope there is none, of a title they may
not read there is its archive number. A record that was destroyed is said to be so wherever a reference to it stands.

Tombstones are written by destruction; here they are only read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.access.actions import Action
from models.access.cells import Cell, Record
from models.access.door_part import DoorPart
from models.access.levels import Read, Write
from models.access.listing import where_of
from models.access.query import Query
from models.access.reading import Reader, shown_ids
from models.definitions.condition_operators import Filter, all_of
from models.definitions.fields import Field
from models.definitions.grades import Grade
from models.errors import AccessDenied, RecordNotFound

if TYPE_CHECKING:
    from models.access.door import TypeDoor

MOST_RELATED = 100
"""Records of a reverse relation that are handed out with the record they refer to."""


@dataclass(frozen=True)
class Related:
    """The records that refer to one, as far as the reader may see them: open ones first, then the latest.

    :param more: whether there are others beyond `MOST_RELATED`
    """

    field: Field
    target: "TypeDoor"
    records: list[Record]
    more: bool

    @property
    def cell(self) -> Cell:
        """The relation in the shape of a list of references."""
        ids = [one.id for one in self.records]
        labels = {one.id: one.title for one in self.records}
        return Cell(self.field, "value" if ids else "empty", ids, Write.NONE, full=True, labels=labels)

    @property
    def open(self) -> int:
        """How many of them still want something done."""
        return sum(is_open(one) for one in self.records)


def is_open(record: Record) -> bool:
    """Whether somebody still has something to do with a record."""
    state = record.compiled.states.find(record.state)
    return state is not None and state.is_open


class References(DoorPart):
    """The records of a type as others point to them."""

    def seen_among(self, ids: Iterable[str]) -> set[str]:
        """Which of some ids are records the actor may view, none of them in the trash."""
        found = self._records.find(self._live({"_id": {"$in": sorted(set(ids))}}), {"_id": 1})
        return {one["_id"] for one in found}

    def ids_numbered(self, numbers: Iterable[str]) -> dict[str, str]:
        """Archive number → id, for the records among them that the actor may view."""
        found = self._records.find(self._live({"archive_no": {"$in": sorted(set(numbers))}}), {"archive_no": 1})
        return {one["archive_no"]: one["_id"] for one in found}

    def labels(self, ids: Iterable[str], *, habit: bool = False, action: Action = Action.VIEW) -> dict[str, str]:
        """Id → what the actor may call it, for the records among them that they may view.

        :param habit: mask what is confidential although the plan gives it
        :param action: under which it is read; a secret name does not leave in an export
        """
        title = self.compiled.title
        fields = [] if action == Action.EXPORT and title.grade == Grade.SECRET else [title]
        return {one.id: one.title for one in self.named(ids, fields, habit=habit, action=action)}

    def named(
        self, ids: Iterable[str], fields: list[Field], *, habit: bool = False, action: Action = Action.VIEW
    ) -> list[Record]:
        """Those of some records that the actor may view, with a few of their fields; logged as read."""
        readers = {
            kind.name: Reader(self.judge(kind, action), self._fields_of(kind, fields), habit) for kind in self.viewed
        }
        paths = {path for reader in readers.values() for path in reader.projection()}
        projection = {path: 1 for path in paths if not any(path.startswith(f"{other}.") for other in paths)}
        where = all_of([{"_id": {"$in": sorted(set(ids))}}, where_of(self, Query(), action)])
        documents = list(self._records.find(where, projection))
        if not documents:
            return []
        sealed = {name for name, reader in readers.items() if reader.sealed()}
        keys = self.store.keyring.fetch([one["_id"] for one in documents if one["type"] in sealed])
        records = [readers[one["type"]].record(one, keys.get(one["_id"])) for one in documents]
        self._log("label", self.compiled.name, [one.id for one in records], shown_ids(records))
        return records

    def readable(self, id: str, addresses: Iterable[str]) -> dict[str, Any]:
        """The values of some fields of one record that the actor may read whole; for copies of them."""
        fields = [one for address in addresses if (one := self.compiled.find(address)) is not None]
        found = self.named([id], [one for one in fields if self.knows(one)])
        cells = (cell for record in found for cell in record.every_cell())
        return {cell.field.address: cell.value for cell in cells if cell.mark == "value" and not cell.cells}

    def related(self, field: Field, id: str) -> Related | None:
        """The records that a reverse relation of one leads to; None where they are not the actor's to ask for.

        :param field: the relation; the actor reads it on the record
        :param id: of the record they refer to
        """
        try:
            target = self.door.open(field.target or "")
            inverse = target.compiled.find(field.inverse or "")
            if inverse is None or not target.may(Action.VIEW):
                return None
            where = {"field": inverse.address, "op": "eq", "value": id}
            title = target.compiled.title.address
            page = target.page(Query(where=where, limit=MOST_RELATED, fields=[title] if target.titled() else []))
        except (AccessDenied, RecordNotFound):
            return None
        ordered = sorted(page.items, key=lambda one: not is_open(one))
        return Related(field, target, ordered, page.next is not None)

    def titled(self) -> bool:
        """Whether the actor may know of the field a record is called by."""
        return self.knows(self.compiled.title)

    def relations(self, record: Record, document: Mapping[str, Any]) -> list[Related]:
        """Every reverse relation of a record that its reader may know and follow."""
        kind = record.compiled
        fields = [one for one in kind.active if one.relation == "reverse" and not one.parent_id]
        if not fields:
            return []
        judge = self.judge(kind, Action.VIEW)
        everything = judge.plan.everything
        known = (one for one in fields if everything or judge.level(one, document).read == Read.FULL)
        return [found for one in known if (found := self.related(one, record.id)) is not None]

    def _live(self, where: Filter) -> Filter:
        return all_of([where, where_of(self, Query(), Action.VIEW)])

