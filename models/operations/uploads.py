"""Files somebody uploaded to be imported: what is known of them, sealed, until they are loaded or a day is over.

`imports`  {_id, type, by, at, until, form, size, sealed, cut, runs: {dry, load}, mode, key, stopped}

`sealed` holds what may tell of customers: the name of the file, its columns, the map, how it was read, the columns
that were not taken. Nobody but the person who uploaded it sees any of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from bson import Binary
from bson.codec_options import CodecOptions

from models.access.actions import Action
from models.access.door import TypeDoor
from models.access.query import refuse
from models.crypto.envelope import seal, unseal
from models.errors import N_, RecordNotFound, WrongState
from models.operations import runs, spool
from models.operations.cells import Note
from models.operations.tables import rows_in
from models.store import Store, new_id
from models.users import Actor

KEPT = timedelta(hours=24)
SWEPT_AT_ONCE = 100
AWARE: CodecOptions = CodecOptions(tz_aware=True)


@dataclass
class Upload:
    """One uploaded file.

    :param sealed: name, columns, map, notes, left, reasons: see `open`
    """

    id: str
    type: str
    by: str
    at: datetime
    until: datetime
    form: str
    size: int
    mode: str = "add"
    key: str | None = None
    runs: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None
    sealed: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.sealed.get("name", "")

    @property
    def columns(self) -> list[str]:
        """Names of the columns, those of the first rows where each has its own."""
        return self.sealed.get("columns", [])

    @property
    def notes(self) -> list[Note]:
        return [Note(words, places) for words, places in self.sealed.get("notes", ())]


def file_of(id: str) -> str:
    """The file itself."""
    return f"{id}.file"


def report_of(id: str) -> str:
    """The rows that were not taken; its key seals what is known of the file, too."""
    return f"{id}.report"


def ensure_indexes(store: Store) -> None:
    """What the sweep and the list of one's own uploads ask for."""
    store.data.imports.create_index([("until", 1)])
    store.data.imports.create_index([("by", 1), ("type", 1), ("at", -1)])


def receive(door: TypeDoor, stream: BinaryIO, name: str, *, tree: Mapping[str, Any] | None = None) -> Upload:
    """Keep a file to be imported.

    :param tree: a map, where the person brought one
    :raises AccessDenied: the actor may not import here
    :raises BadFile: it is no file of rows
    """
    if not door.may(Action.IMPORT):
        raise refuse()
    store, id = door.store, new_id()
    now = store.clock.now()
    form = name.rpartition(".")[2].lower()
    table = rows_in(stream, form, name)
    columns, sample = _looked_at(table)
    store.data.imports.insert_one(
        {"_id": id, "type": door.compiled.name, "by": door.actor.id, "at": now, "until": now + KEPT, "form": form,
         "size": 0, "runs": {}, "mode": "add", "key": None, "stopped": None}
    )  # fmt: skip
    spool.new_key(store, report_of(id))
    stream.seek(0)
    size = spool.keep(store, file_of(id), stream)
    store.data.imports.update_one({"_id": id}, {"$set": {"size": size}})
    upload = _upload(store, store.data.imports.find_one({"_id": id}), sealed=False)
    heads = table.columns
    upload.sealed = {
        "name": name[:200], "columns": columns, "heads": heads, "sample": sample, "map": tree,
        "notes": [[note.words, dict(note.places)] for note in table.notes],
    }  # fmt: skip
    return keep(store, upload)


def _looked_at(table: Any) -> tuple[list[str], dict[str, str]]:
    """Columns in their order, and the first value of each."""
    columns = dict.fromkeys(name for name in table.columns or () if name)
    sample: dict[str, str] = {}
    for _, (_, row) in zip(range(200), table, strict=False):
        if isinstance(row, dict):
            for name, value in row.items():
                columns.setdefault(name)
                if name not in sample:
                    sample[name] = str(getattr(value, "shown", value))[:60]
    return list(columns)[:500], {name: sample[name] for name in list(columns)[:500] if name in sample}


def keep(store: Store, upload: Upload) -> Upload:
    """Write what is known of an upload."""
    name = report_of(upload.id)
    blob = seal(spool.key_of(store, name), name, json.dumps(upload.sealed, ensure_ascii=False, default=str))
    sets = {"sealed": Binary(blob), "mode": upload.mode, "key": upload.key, "runs": upload.runs,
            "stopped": upload.stopped}  # fmt: skip
    store.data.imports.update_one({"_id": upload.id}, {"$set": sets})
    return upload


def find(door: TypeDoor, id: str) -> Upload:
    """One's own upload. Whoever may not import any more has none.

    :raises AccessDenied: the actor may not import here
    :raises RecordNotFound: there is none, or it is somebody else's
    """
    if not door.may(Action.IMPORT):
        raise refuse()
    found = _documents(door.store).find_one({"_id": id, "by": door.actor.id, "type": door.compiled.name})
    if found is None:
        raise RecordNotFound
    return _upload(door.store, found)


def of_run(store: Store, id: str) -> Upload:
    """The upload a run is about; its worker asks who may.

    :raises Gone: it was dropped
    """
    found = _documents(store).find_one({"_id": id})
    if found is None:
        raise spool.Gone
    return _upload(store, found)


def own(door: TypeDoor, limit: int = 10) -> list[Upload]:
    """What the actor uploaded here, the latest first."""
    where = {"by": door.actor.id, "type": door.compiled.name, "sealed": {"$exists": True}}
    return [_upload(door.store, one) for one in _documents(door.store).find(where).sort("at", -1).limit(limit)]


def discard(door: TypeDoor, id: str) -> None:
    """Forget an upload and its report.

    :raises WrongState: a run of it is under way
    """
    upload = find(door, id)
    if _open_run(door.store, upload):
        raise WrongState("under_way", N_("Cancel the import first."))
    forget(door.store, upload.id)


def forget(store: Store, id: str) -> None:
    """Drop file, report and both keys."""
    for file in (file_of(id), report_of(id)):
        spool.drop(store, file)
    store.data.imports.delete_one({"_id": id})


def drop_file(store: Store, id: str) -> None:
    """Drop the file; the report stays until the day is over."""
    spool.drop(store, file_of(id))
    store.data.imports.update_one({"_id": id}, {"$set": {"size": 0}})


def sweep(store: Store) -> int:
    """Forget what is a day old, and the files of imports that are over. Returns how many."""
    now = store.clock.now()
    old = [one["_id"] for one in store.data.imports.find({"until": {"$lt": now}}, {"_id": 1}).limit(SWEPT_AT_ONCE)]
    done = 0
    for id in old:
        upload = store.data.imports.find_one({"_id": id})
        if upload and not any(_is_open(store, run) for run in upload["runs"].values()):
            forget(store, id)
            done += 1
    over = store.data.imports.find({"runs.load": {"$exists": True}, "size": {"$gt": 0}}).limit(SWEPT_AT_ONCE)
    for one in over:
        if not _is_open(store, one["runs"]["load"]):
            drop_file(store, one["_id"])
            done += 1
    return done


def _open_run(store: Store, upload: Upload) -> bool:
    return any(_is_open(store, run) for run in upload.runs.values())


def _is_open(store: Store, run_id: str) -> bool:
    run = runs.find(store, run_id)
    return run is not None and run.open


def is_open(store: Store, upload: Upload) -> bool:
    """Whether a run of it is under way."""
    return _open_run(store, upload)


def may_follow(actor: Actor, run: runs.Run) -> bool:
    """Whether a run is the actor's own."""
    return run.asked_by == actor.id


def _documents(store: Store) -> Any:
    return store.data.imports.with_options(codec_options=AWARE)


def _upload(store: Store, found: Any, *, sealed: bool = True) -> Upload:
    names = ("type", "by", "at", "until", "form", "size", "mode", "key", "runs", "stopped")
    upload = Upload(id=found["_id"], **{name: found[name] for name in names})
    if sealed and found.get("sealed"):
        name = report_of(upload.id)
        upload.sealed = json.loads(unseal(spool.key_of(store, name), name, found["sealed"]))
    return upload
