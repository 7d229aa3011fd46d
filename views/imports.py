"""The import of one type: upload a file, say what its columns are, rehearse, write, take back what was not taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, flash, redirect, request, stream_with_context, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from jobs import bell
from models.access.actions import Action
from models.access.knowledge import FieldAccess
from models.access.levels import Write
from models.access.query import refuse
from models.definitions.fields import LANGUAGES
from models.definitions.sources import LARGEST_BYTES, parse_definition
from models.errors import N_, AccessDenied, ArchiveError
from models.operations import import_runs, runs, uploads
from models.operations.cells import BadRow, Unreadable
from models.operations.columns import guess, words_of
from models.operations.failures import FailedRows
from models.operations.import_runs import KIND
from models.operations.imports import MODES, people_write
from models.operations.maps import read_map
from models.operations.runs import Run
from models.operations.uploads import Upload
from views.access import current_store
from views.api.exports import disposition
from views.formats import locale
from views.listing import ListPage
from views.questions import Question
from views.shell import type_label

SHOWN = 200
"""Bad rows on a page; the file has all."""
MODE_WORDS = {
    "add": N_("Every row is a new record"),
    "upsert": N_("Change records the key finds, add the others"),
    "update": N_("Only change records the key finds"),
}
STEPS = (N_("Upload"), N_("Match columns"), N_("Check"), N_("Write"), N_("Result"))


@dataclass(frozen=True)
class Column:
    """A column of the file, and the field it goes to."""

    number: int
    name: str
    sample: str
    address: str


@dataclass(frozen=True)
class Doubt:
    """A bad row as it is shown: values under the columns chosen, what is wrong with each, and with the row."""

    number: int
    cells: list[tuple[str, str]]
    wrong: str


@dataclass(frozen=True)
class Reason:
    """What was wrong, and how often."""

    key: str
    label: str
    words: str
    count: int


def may_import(door: Any) -> bool:
    """Whether this person brings rows of this very type in."""
    return not door.compiled.abstract and door.may(Action.IMPORT)


def start_page(view: Any, door: Any) -> Any:
    """Choose a file; one's own imports of the day below.

    :raises AccessDenied: it is not this person's to import here
    """
    if not may_import(door):
        raise refuse()
    found = [(one, _latest(one)) for one in uploads.own(door)]
    return view.render("imports/start.html", step=1, own=found, most=most_megabytes(), **_parts(door))


def upload(door: Any) -> Any:
    """Take a file, and go on to its columns; a file that is none is told on the page it came from."""
    given = request.files.get("file")
    if given is None or not given.filename:
        flash(gettext("Choose a file first."), "error")
        return redirect(url_for("records.import_start"))
    try:
        one = received(door, given, request.files.get("map"))
    except AccessDenied:
        raise
    except ArchiveError as fault:
        flash(fault.public_words(gettext), "error")
        return redirect(url_for("records.import_start"))
    return redirect(url_for("records.import_show", import_id=one.id))


def received(door: Any, given: FileStorage, mapped: FileStorage | None) -> Upload:
    """Keep an uploaded file, and its map where there is one.

    :raises AccessDenied, BadFile, DefinitionError:
    """
    tree = None
    if mapped is not None and mapped.filename:
        tree = map_in(mapped.stream.read(LARGEST_BYTES + 1))
    one = uploads.receive(door, given.stream, given.filename or "", tree=tree)
    if tree and isinstance(tree.get("key"), str):
        one.key = tree["key"]
    return uploads.keep(door.store, one)


def map_in(raw: bytes) -> dict[str, Any]:
    """A map somebody sent.

    :raises DefinitionError: it is none
    """
    tree = parse_definition(raw, "map")
    read_map(tree, "map")
    return tree


def show(view: Any, door: Any, import_id: str) -> Any:
    """Where an import stands: its columns, its run under way, or what came of it."""
    one = uploads.find(door, import_id)
    run = _latest(one)
    if run is None or (request.args.get("step") == "columns" and "load" not in one.runs and not run.open):
        return view.render("imports/columns.html", step=2, one=one, **_columns_parts(door, one), **_parts(door))
    if run.open:
        return view.render("imports/running.html", step=_step(one, run), one=one, run=run, **_parts(door))
    return view.render("imports/result.html", step=_step(one, run), one=one, run=run, **_result(door, one, run),
                       **_parts(door))  # fmt: skip


def progress(view: Any, door: Any, import_id: str) -> Any:
    """The part of a run's page that moves; when it is over the page is drawn anew."""
    one = uploads.find(door, import_id)
    run = _latest(one)
    answer = Response(view.render("imports/_running.html", one=one, run=run, **_parts(door)))
    if run is None or not run.open:
        answer.headers["HX-Refresh"] = "true"
    return answer


def check(door: Any, import_id: str) -> Any:
    """Keep the columns as they were chosen, and rehearse."""
    one = uploads.find(door, import_id)
    if one.runs.get("load") is None and not uploads.is_open(door.store, one):
        _choose(door, one)
    return _asked(door, one, dry_run=True)


def load(door: Any, import_id: str) -> Any:
    """Write what was rehearsed."""
    return _asked(door, uploads.find(door, import_id), dry_run=False)


def cancel(door: Any, import_id: str) -> Any:
    one = uploads.find(door, import_id)
    try:
        import_runs.cancel(door, one)
    except ArchiveError as fault:
        flash(fault.public_words(gettext), "error")
    return redirect(url_for("records.import_show", import_id=import_id))


def discard(door: Any, import_id: str) -> Any:
    """Forget file and report now."""
    uploads.discard(door, import_id)
    flash(gettext("File and report are deleted."), "success")
    return redirect(url_for("records.import_start"))


def failed(door: Any, import_id: str) -> Response:
    """The rows that were not taken, with their reasons, to correct and upload again."""
    return failed_file(door, uploads.find(door, import_id), gettext)


def failed_file(door: Any, one: Upload, translate: Any) -> Response:
    """The same for pages and programs; written piece by piece."""
    pieces: list[bytes] = []
    labels = _labels(door)
    writer = FailedRows(one.sealed.get("heads"), pieces.append, translate)

    def written() -> Iterator[bytes]:
        for number, cells, faults in import_runs.report(door.store, one):
            writer(number, cells, {labels.get(address, address): fault for address, fault in faults.items()})
            yield b"".join(pieces)
            pieces.clear()

    kind = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}[writer.form]
    answer = Response(stream_with_context(written()), content_type=kind)
    plain = f"failed-rows.{writer.form}"
    stem = one.name.rpartition(".")[0] or one.name
    answer.headers["Content-Disposition"] = disposition(plain, f"{stem}-{gettext('failed rows')}.{writer.form}")
    return answer


def most_megabytes() -> int:
    """The largest file, in MB."""
    return int(getattr(current_app.extensions["dossier"].settings, "import_mb", 200))


def ring(run_id: str) -> None:
    """Wake a worker; where none hears, the ticker does within a minute."""
    bell.ring(getattr(current_app.extensions["dossier"].settings, "redis_url", None), run_id, KIND)


def targets(door: Any) -> list[FieldAccess]:
    """Fields this person may put values in."""
    return [one for one in door.fields() if people_write(one.field) and one.write != Write.NONE]


def _asked(door: Any, one: Upload, *, dry_run: bool) -> Any:
    try:
        ring(import_runs.request(door, one, dry_run=dry_run))
    except ArchiveError as fault:
        if fault.status == 403 and one.mode == "add":
            raise
        flash(fault.public_words(gettext), "error")
        return redirect(url_for("records.import_show", import_id=one.id, step="columns"))
    return redirect(url_for("records.import_show", import_id=one.id))


def _choose(door: Any, one: Upload) -> None:
    """Columns → fields as the form has them; of a map that was uploaded, mode and key only."""
    mode = request.form.get("mode", "add")
    one.mode = mode if mode in MODES else "add"
    one.key = request.form.get("key", "")[:200] or None
    if not _is_own(one):
        rules: dict[str, Any] = {}
        known = {access.field.address for access in targets(door)} | {one.key}
        for number, name in enumerate(one.columns):
            address = request.form.get(f"to_{number}", "")
            if address in known and address:
                rules.setdefault(address, {"from": name})
        one.sealed |= {"map": {"fields": rules} if rules else None, "drawn": True}
    uploads.keep(door.store, one)


def _is_own(one: Upload) -> bool:
    """Whether its map was uploaded, and not drawn on the page."""
    return bool(one.sealed.get("map")) and not one.sealed.get("drawn")


def _latest(one: Upload) -> Run | None:
    run_id = one.runs.get("load") or one.runs.get("dry")
    return runs.find(current_store(), run_id) if run_id else None


def _step(one: Upload, run: Run) -> int:
    return (4 if run.open else 5) if "load" in one.runs else 3


def _parts(door: Any) -> dict[str, Any]:
    label = type_label(door.compiled)
    return {
        "door": door, "label": label, "steps": [gettext(word) for word in STEPS],
        "back": ListPage(door).address(Question()), "formats": "CSV, XLSX, JSON, JSONL",
    }  # fmt: skip


def _columns_parts(door: Any, one: Upload) -> dict[str, Any]:
    fields = [access.field for access in targets(door)]
    number = door.compiled.system.get("archive_no")
    if number is not None:
        fields.append(number)
    tree = one.sealed.get("map")
    chosen = {how["from"]: address for address, how in tree["fields"].items() if "from" in how} if tree else None
    if chosen is None:
        chosen = guess(one.columns, words_of(fields, LANGUAGES))
    sample = one.sealed.get("sample", {})
    columns = [Column(n, name, sample.get(name, ""), chosen.get(name, "")) for n, name in enumerate(one.columns)]
    labels = _labels(door)
    keys = [(access.field.address, labels[access.field.address]) for access in door.fields() if access.filter
            and access.field.address in labels]  # fmt: skip
    if number is not None:
        labels[number.address] = number.label(locale())
        keys.insert(0, (number.address, number.label(locale())))
    return {
        "columns": columns, "keys": keys, "modes": [(mode, gettext(words)) for mode, words in MODE_WORDS.items()],
        "offered": [(field.address, labels.get(field.address, field.address), field) for field in fields],
        "own_map": [labels.get(name, name) for name in tree["fields"]] if tree and _is_own(one) else None,
        "notes": [note.public_words(gettext) for note in one.notes],
    }  # fmt: skip


def _labels(door: Any) -> dict[str, str]:
    """Field address → what people call it, for the fields this person knows of."""
    labels: dict[str, str] = {}
    for access in door.fields():
        holder = access.field.address.rpartition(".")[0]
        own = access.field.label(locale()) or access.field.address
        labels[access.field.address] = f"{labels[holder]} · {own}" if holder in labels else own
    return labels


def _result(door: Any, one: Upload, run: Run) -> dict[str, Any]:
    """What a run came to: counts, reasons, the first bad rows with each doubtful cell under its column."""
    labels, asked = _labels(door), request.args.get("reason", "")[:200]
    tree = one.sealed.get("map") or {"fields": {}}
    by_address = {address: how["from"] for address, how in tree["fields"].items() if isinstance(how, dict)
                  and "from" in how}  # fmt: skip
    rows, words = [], {}
    for number, cells, faults in import_runs.report(door.store, one):
        for address, fault in faults.items():
            words.setdefault(f"{address}|{fault.code}"[:200], fault.public_words(gettext))
        if len(rows) < SHOWN and (not asked or any(f"{a}|{f.code}"[:200] == asked for a, f in faults.items())):
            rows.append((number, cells, faults))
    reasons = [
        Reason(key, labels.get(key.partition("|")[0], ""), words[key], count)
        for key, count in sorted(one.sealed.get("reasons", {}).items(), key=lambda pair: -pair[1]) if key in words
    ]  # fmt: skip
    shown = _shown_columns(one, rows, by_address)
    column_labels = {name: labels.get(address, "") for address, name in by_address.items()}
    counts = run.counts
    good = counts.get("added", 0) + counts.get("updated", 0)
    bad = counts.get("refused", 0)
    return {
        "rows": [_doubt(number, cells, faults, shown, by_address, labels) for number, cells, faults in rows],
        "shown": [(name, column_labels.get(name, "")) for name in shown], "reasons": reasons[:30], "asked": asked,
        "good": good, "bad": bad, "added": counts.get("added", 0), "updated": counts.get("updated", 0),
        "share": round(1000 * good / (good + bad)) if good + bad else 0,
        "left": sorted(one.sealed.get("left", {}).items(), key=lambda pair: -pair[1])[:50],
        "notes": [note.public_words(gettext) for note in one.notes],
        "stopped": note.public_words(gettext) if (note := import_runs.stopped_words(one)) else "",
        "dry_run": "load" not in one.runs, "reported": one.sealed.get("reported", 0),
    }  # fmt: skip


def _shown_columns(one: Upload, rows: list[Any], by_address: dict[str, str]) -> list[str]:
    """Columns with a doubt in them, and the first ones, so that a row can be told from another."""
    first = [name for name in one.columns if name in by_address.values() or not by_address][:3]
    doubted = [by_address.get(_top(address, by_address), address) for *_, faults in rows for address in faults]
    return list(dict.fromkeys([*first, *(name for name in doubted if name in one.columns)]))[:12]


def _top(address: str, by_address: dict[str, str]) -> str:
    """The field a fault inside a value belongs to."""
    while address and address not in by_address and "." in address:
        address = address.rpartition(".")[0]
    return address


def _doubt(number: int, cells: Any, faults: Any, shown: list[str], by_address: dict[str, str],
           labels: dict[str, str]) -> Doubt:  # fmt: skip
    wrong: dict[str, list[str]] = {}
    rest = []
    for address, fault in faults.items():
        words = fault.public_words(gettext)
        name = by_address.get(_top(address, by_address), address)
        if name in shown and not isinstance(cells, BadRow):
            wrong.setdefault(name, []).append(words)
        else:
            label = labels.get(address, "")
            rest.append(f"{label}: {words}" if label else words)
    if isinstance(cells, BadRow):
        raw = [(_short(cells.raw), ""), *[("", "")] * (len(shown) - 1)]
        return Doubt(number, raw if shown else [], "; ".join(rest))
    return Doubt(number, [(_short(cells.get(name)), "; ".join(wrong.get(name, ()))) for name in shown], "; ".join(rest))


def _short(value: Any) -> str:
    if value is None:
        return ""
    text = value.shown if isinstance(value, Unreadable) else " | ".join(value) if isinstance(value, list) and all(
        isinstance(one, str) for one in value) else str(value)  # fmt: skip
    return text if len(text) <= 60 else text[:59] + "…"
