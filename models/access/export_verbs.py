"""Exports: the rows of a question, streamed, with an entry in the log before the first and after the last."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from models.access.actions import Action
from models.access.door_part import DoorPart
from models.access.exporting import BATCH_ROWS, Exporter
from models.access.listing import digest_of, where_of
from models.access.query import Query, order_for
from models.crypto.keys import DataKey
from models.definitions.condition_operators import Filter
from models.definitions.fields import Field
from models.store import new_id

Batch = tuple[list[dict[str, Any]], dict[str, DataKey]]
"""Documents with the keys that opening them takes."""
RowsOf = Callable[[list[dict[str, Any]], Mapping[str, DataKey]], Iterator[Any]]


class ExportVerbs(DoorPart):
    """Taking rows out of the archive."""

    def export(
        self, query: Query, columns: list[Field], *, form: str, locale: str = "zh_Hans_CN"
    ) -> Iterator[list[str]]:
        """All rows of a question as rows of text, in batches; the log has its opening entry before the first row.

        :param columns: of `export_columns`
        :param form: what the rows become (csv, xlsx …), for the log
        :raises AccessDenied, MalformedQuery: before the first row
        """
        exporter = Exporter(self, columns, locale)
        return self._logged_export(query, columns, form, exporter, exporter.rows)

    def export_records(self, query: Query, columns: list[Field], *, form: str) -> Iterator[dict[str, Any]]:
        """The same, each row in the REST shape."""
        exporter = Exporter(self, columns, "en")
        return self._logged_export(query, columns, form, exporter, exporter.objects)

    def _logged_export(
        self,
        query: Query,
        columns: list[Field],
        form: str,
        exporter: Exporter,
        turn_rows: RowsOf,
    ) -> Iterator[Any]:
        where = where_of(self, query, Action.EXPORT)
        judges = [self.judge(kind, Action.EXPORT) for kind in self.viewed]
        sort = order_for(query.sort, self.compiled, judges)[0].sort("filled") if query.sort else None
        said = {"query": digest_of(query, self.store.secret), "form": form, "export": new_id()}
        ids = [field.id for field in columns]
        self._log("export", self.compiled.name, [], ids, **said)
        return self._counted_rows(ahead(self._batches(where, exporter, sort)), turn_rows, ids, said)

    def _counted_rows(
        self,
        batches: Iterator[Batch],
        turn_rows: RowsOf,
        ids: list[str],
        said: dict[str, Any],
    ) -> Iterator[Any]:
        rows, whole = 0, False
        try:
            for documents, keys in batches:
                for row in turn_rows(documents, keys):
                    rows += 1
                    yield row
            whole = True
        finally:
            self._log("export_end", self.compiled.name, [], ids, rows=rows, whole=whole, **said)

    def _batches(self, where: Filter, exporter: Exporter, sort: list[tuple[str, int]] | None) -> Iterator[Batch]:
        found = self._records.find(where, exporter.projection(), sort=sort, batch_size=BATCH_ROWS)
        with found:
            while documents := list(islice(found, BATCH_ROWS)):
                yield documents, exporter.keys(documents)


def ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same, each batch fetched while the one before it is worked on."""
    with ThreadPoolExecutor(1, "export") as fetching:
        coming = fetching.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = fetching.submit(next, batches, None)
            yield batch
