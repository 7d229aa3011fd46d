"""An import as a run: as the person who asked for it, part by part, each row once whatever dies in between.

Batches are written with the lease as their fence: the transaction of a batch moves the count of the run under its
epoch, so that a worker that lost the run writes nothing more, and its outbox names the rows in it, so that whoever
goes on passes over them. The person is asked for anew at every checkpoint: a right taken away ends the import.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.client_session import ClientSession

from models.access.actions import Action
from models.access.door import Door, TypeDoor
from models.access.query import refuse
from models.errors import N_, AccessDenied, ArchiveError, DefinitionError, FieldValueError, RecordNotFound, WrongState
from models.operations import runs, spool, uploads
from models.operations.bulk import Loader
from models.operations.cells import BadFile, BadRow, Cells, Note, Unreadable
from models.operations.imports import Loading, Waiting, own_map
from models.operations.leases import Cancelled, Lease, runs_of
from models.operations.maps import Mapped, read_map
from models.operations.tables import Table, rows_in
from models.operations.uploads import Upload
from models.operations.users import actor_of_id
from models.store import Store

KIND = "import"
CHECKPOINT_ROWS, CHECKPOINT_SECONDS = 1000, 3.0
MOST_REPORTED = 20_000
"""Bad rows that are kept with what they held; more are counted."""
STOPPED = {
    "right_lost": N_("It stopped: you may no longer do this. What was written before stands."),
    "bad_file": N_("It stopped: the file cannot be read."),
    "bad_map": N_("It stopped: the map does not fit this type any more."),
    "gone": N_("It stopped: the file is not kept any more."),
}


def request(door: TypeDoor, upload: Upload, *, dry_run: bool, run_id: str | None = None) -> str:
    """Ask for the import, or for its rehearsal, as the actor of the door.

    :raises AccessDenied: not here, or not by this key
    :raises DefinitionError: map, mode and key do not fit one another
    :raises WrongState: it is under way, or was loaded
    """
    store = door.store
    if "load" in upload.runs or uploads.is_open(store, upload):
        raise WrongState("under_way", N_("This import is under way or over. Upload the file again."))
    mapped = _mapped(door, upload)
    with Loading(door, mapped=mapped, mode=upload.mode, key=upload.key, dry_run=True):
        pass  # what is refused is refused now
    fields = sorted({one.field.id for one in door.fields() if one.field.id and one.field.address in _addresses(mapped)})
    entry = door.entry("import", door.compiled.name, [], fields, mode=upload.mode, dry_run=dry_run, file=upload.id)
    store.audit.append(entry)
    spool.cut(store, uploads.report_of(upload.id), 0)
    upload.sealed |= {"left": {}, "reasons": {}, "reported": 0}
    upload.stopped = None
    params = {"import": upload.id, "type": upload.type, "dry_run": dry_run}
    run_id = runs.request(store, door.actor, KIND, params, id=run_id)
    upload.runs["dry" if dry_run else "load"] = run_id
    uploads.keep(store, upload)
    return run_id


def cancel(door: TypeDoor, upload: Upload) -> None:
    """End the run of one's own upload; whole batches stand.

    :raises WrongState: nothing is under way
    """
    for run_id in upload.runs.values():
        run = runs.find(door.store, run_id)
        if run is not None and run.open:
            runs.end(door.store, door.actor, run_id)
            return
    raise WrongState("over", N_("This run is over."))


def report(store: Store, upload: Upload) -> Iterator[tuple[int, Cells | BadRow, dict[str, ArchiveError]]]:
    """The rows that were not taken, as `FailedRows` takes them.

    :raises Gone: it is not kept any more
    """
    for piece in spool.pieces(store, uploads.report_of(upload.id)):
        for one in json.loads(piece):
            faults: dict[str, ArchiveError] = {
                address: FieldValueError(code, words, **places) for address, code, words, places in one["f"]
            }
            cells = one["c"] if one["c"] is not None else BadRow("", "", raw=one["raw"])
            yield one["r"], cells, faults


def carry_out(store: Store, lease: Lease) -> bool:
    """Do a part of the run; True: nothing is left.

    :raises Cancelled: somebody cancelled it, or the person may not do it any more
    """
    try:
        upload = uploads.of_run(store, lease.params["import"])
        with _Part(store, lease, upload) as part:
            over = part.work()
    except Cancelled:
        _close(store, lease, "cancelled")
        raise
    except (AccessDenied, RecordNotFound):
        raise _stopped(store, lease, "right_lost") from None
    except spool.Gone:
        raise _stopped(store, lease, "gone") from None
    except BadFile:
        raise _stopped(store, lease, "bad_file") from None
    except DefinitionError:
        raise _stopped(store, lease, "bad_map") from None
    if over:
        _close(store, lease, "done")
    return over


class _Part:
    """One part: a new look at the file, from where the last part ended."""

    def __init__(self, store: Store, lease: Lease, upload: Upload):
        self.store, self.lease, self.upload = store, lease, upload
        self.dry_run = bool(lease.params["dry_run"])
        cursor = lease.cursor or {}
        self.row, self.piece = int(cursor.get("row", 0)), int(cursor.get("piece", 0))
        self.key = spool.key_of(store, uploads.report_of(upload.id))
        spool.cut(store, uploads.report_of(upload.id), self.piece)
        self.failed: list[dict[str, Any]] = []
        self.told: Counter[str] = Counter()
        self.new: Counter[str] = Counter()
        self.door = self._door()
        self.written = [] if self.dry_run else self.door.batch_rows(lease.run_id)
        self.mapped = _mapped(self.door, upload)
        self.mapped.left.update(upload.sealed.get("left", {}))
        self.loading = self._loading()

    def __enter__(self) -> "_Part":
        self.loading.__enter__()
        return self

    def __exit__(self, *fault: Any) -> None:
        self.loading.__exit__(*fault)

    def work(self) -> bool:
        """Until the end of the file or of the part."""
        name = uploads.file_of(self.upload.id)
        table = rows_in(spool.opened(self.store, name, self.upload.size), self.upload.form, self.upload.name)
        self.loading.serials, self.loading.sheet = table.serials, table.sheet
        looked, rows = time.monotonic(), 0
        place = 0
        for place, (number, row) in enumerate(table, 1):
            if place <= self.row:
                self.loading.pass_over(row)
                if place % 50_000 == 0:
                    self.lease.advance()
                continue
            if any(first <= place <= last for first, last in self.written):
                self.loading.pass_over(row)
            else:
                self.loading.take(number, row, place)
            rows += 1
            if rows >= CHECKPOINT_ROWS or time.monotonic() - looked > CHECKPOINT_SECONDS:
                self._checkpoint(place)
                looked, rows = time.monotonic(), 0
                if self.lease.enough():
                    return False
        self._checkpoint(place, table)
        return True

    def _checkpoint(self, place: int, table: Table | None = None) -> None:
        """All of it stands, is told and counted up to this row; then the person is looked at again."""
        self.loading.write()
        if self.failed:
            spool.put(self.store, self.key, uploads.report_of(self.upload.id), self.piece, _json(self.failed))
            self.piece, self.failed = self.piece + 1, []
        outcome = self.loading.outcome
        now = Counter(added=outcome.added if self.dry_run else 0, updated=outcome.changed, refused=outcome.bad)
        more, self.told = now - self.told, now
        self._tell(table)
        done, self.row = place - self.row, place
        cursor = {"row": place, "piece": self.piece}
        total = place if table is not None else None
        self.lease.advance(cursor=cursor, done=done, total=total, counts=more)
        if table is None:
            self.loading.through(self._door())

    def _tell(self, table: Table | None) -> None:
        known = self.upload.sealed
        known["left"] = dict(self.mapped.left)
        known["reasons"] = dict(Counter(known.get("reasons", {})) + self.new)
        self.new = Counter()
        known["reported"] = int(known.get("reported", 0))
        notes = {words: [words, dict(places)] for words, places in known.get("notes", ())}
        notes |= {note.words: [note.words, dict(note.places)] for note in self.loading.fitting.notes.values()}
        known["notes"] = list(notes.values())
        uploads.keep(self.store, self.upload)

    def _door(self) -> TypeDoor:
        """
        :raises AccessDenied, RecordNotFound: the person is gone, or may not do this any more
        """
        door = Door(self.store, actor_of_id(self.store, self.lease.asked_by)).open(self.upload.type)
        if not door.may(Action.IMPORT):
            raise refuse()
        return door

    def _loading(self) -> Loading:
        loading = Loading(
            self.door, mapped=self.mapped, mode=self.upload.mode, key=self.upload.key, dry_run=self.dry_run,
            batch=self._batch, at_once=1,
        )  # fmt: skip
        loading.failed = self._failed
        return loading

    def _batch(self, loader: Loader, rows: list[Waiting]) -> list[str]:
        places = [one.place for one in rows]
        return loader.write(
            [one.row for one in rows],
            name=f"{self.lease.run_id}:{places[0]}",
            marks={"rows": _spans(places)},
            fence=lambda session: self._fence(session, len(rows)),
        )

    def _fence(self, session: ClientSession, count: int) -> None:
        """
        :raises LeaseLost, Cancelled: the run is not ours, or nobody wants it any more: nothing is written
        """
        ours = {"_id": self.lease.run_id, "epoch": self.lease.epoch, "state": "running", "cancel": False}
        more = {"$inc": {"counts.added": count}}
        if not runs_of(self.store).update_one(ours, more, session=session).matched_count:
            self.lease.check()
            raise Cancelled

    def _failed(self, number: int, cells: Cells | BadRow, faults: Mapping[str, ArchiveError]) -> None:
        for address, fault in faults.items():
            self.new[f"{address}|{fault.code}"[:200]] += 1
        reported = self.upload.sealed.get("reported", 0)
        if reported >= MOST_REPORTED:
            return
        self.upload.sealed["reported"] = reported + 1
        bad = isinstance(cells, BadRow)
        self.failed.append({
            "r": number, "c": None if bad else cells, "raw": cells.raw if isinstance(cells, BadRow) else None,
            "f": [[address, fault.code, fault.words, _places(fault)] for address, fault in faults.items()],
        })  # fmt: skip


def _mapped(door: TypeDoor, upload: Upload) -> Mapped:
    tree = upload.sealed.get("map")
    return read_map(tree, "map") if tree else own_map(door, upload.key)


def _addresses(mapped: Mapped) -> set[str]:
    return {rule.address for rule in mapped.rules} or set(mapped.words.values())


def _spans(places: list[int]) -> list[list[int]]:
    """Ascending places as ranges, both ends included."""
    spans: list[list[int]] = []
    for place in places:
        if spans and spans[-1][1] == place - 1:
            spans[-1][1] = place
        else:
            spans.append([place, place])
    return spans


def _places(fault: ArchiveError) -> dict[str, Any]:
    return {name: str(place) for name, place in fault.places.items()}


def _json(rows: list[dict[str, Any]]) -> bytes:
    def lost(value: Any) -> Any:
        return value.shown if isinstance(value, Unreadable) else str(value)

    return json.dumps(rows, ensure_ascii=False, default=lost).encode("utf-8", "replace")


def _stopped(store: Store, lease: Lease, code: str) -> Cancelled:
    """Say why it ends; the run ends as one that somebody cancelled."""
    store.data.imports.update_one({"_id": lease.params["import"]}, {"$set": {"stopped": code}})
    _close(store, lease, code)
    return Cancelled()


def _close(store: Store, lease: Lease, how: str) -> None:
    """The closing entry, with counts; the file of an import that is over goes with its key."""
    run = runs.find(store, lease.run_id)
    door = Door(store, lease.actor)
    if run is not None and lease.params["type"] in door.registry.names:
        counts: dict[str, Any] = {name: run.counts.get(name, 0) for name in ("added", "updated", "refused")}
        entry = door.open(lease.params["type"]).entry(
            "imported", lease.params["type"], [], [], file=lease.params["import"], run=run.id, how=how,
            dry_run=lease.params["dry_run"], **counts,
        )  # fmt: skip
        store.audit.append(entry)
    if not lease.params["dry_run"]:
        uploads.drop_file(store, lease.params["import"])


def stopped_words(upload: Upload) -> Note | None:
    """Why it ended before its time."""
    return Note(STOPPED[upload.stopped]) if upload.stopped in STOPPED else None
