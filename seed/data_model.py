"""Write docs/data-model.md from the shipped types and the system's own documents: `python -m seed.data_model`.

A test holds the page up to date, and that every collection the program names is on it.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from mongoengine import Document
from mongoengine.base import BaseField

import seed
from models.definitions.compiled import CompiledType, TypeRegistry, compile_all
from models.definitions.compiling import compile_family
from models.definitions.faults import Faults
from models.definitions.fields import Field
from models.definitions.system_fields import SYSTEM_KEYS
from models.operations.types import read_definitions
from models.users import DOCUMENTS

PAGE = Path(seed.__file__).parents[1] / "docs" / "data-model.md"
TYPES = Path(seed.__file__).parent / "types"

OPENING = """\
# Data model

Written by `python -m seed.data_model` from the record types in `seed/types/` and from the system's own documents;
do not edit it by hand. What administrators draw at run time has the same shape, in the same schema.

Two databases: the **data** and the **keys**. A copy of the one without the other opens nothing that is sealed.
"""

RECORD = """\
## A record

One document a record, in `r_<base type>`; the kinds of a base share its collection.

| key | holds |
|---|---|
| `_id` | 26 letters and digits out of 128 random bits; the only name by which the log knows a record |
| `type`, `tv` | the concrete type, and the version of it that last wrote the record |
| `archive_no` | issued at creation, never changed, never issued again |
| `rev` | number of the revision; each change by a person makes the next |
| `state` | a state of the type |
| `dept`, `owner` | department and responsible user |
| `created_at`, `created_by`, `updated_at`, `updated_by` | UTC to the millisecond; user ids |
| `v` | field id → value, or the sealed bytes of it; an object is a document by sub-field id |
| `s` | search keys and tokens, each `<field id>:<kind>:<key>` |
| `d` | derived: `d.sort`, `d.unique` by field id (`d.keyed`: by this version), `d.verification`, clocks; no revision |
| `life` | `class`, `due_on`, `hold_count`, `lock`, `condemned`, `restricted`, `trashed_at`, `ever_plain` |
| `unfit` | values that no longer fit their field after its type changed, by field id; administrators only |

Empty is the absence of a key: no null, no empty text, no empty list is stored.

| field type | stored in `v` as |
|---|---|
| text, name, long_text, email, id_number, credit_code, bank_account, plate, sequence | text |
| integer | 64-bit integer |
| decimal | decimal128 |
| money | integer of minor units (1 = 0.01); the currency stands in the field |
| boolean | boolean |
| date | text `YYYY-MM-DD`; `9999-12-31` is *without end* |
| moment | date (UTC, milliseconds) |
| choice / choices | key / list of keys |
| phone | list of `{number, verified_at}`, the number in E.164 |
| address | `{region, country, text}` |
| reference, user, department | id; a list of ids where `many` |
| object | document by sub-field id, each sub-field sealed by itself |
| rows | list of documents by sub-field id, sealed as a whole |
| map | document of texts |
| formula, reverse reference | nothing: computed when read |
"""

COLLECTIONS: dict[str, tuple[str, str]] = {
    "revisions": ("data", "earlier contents: state, department, owner, a copy of `v` where it changed; carries the "
                          "audit entry of its write until the log has it"),
    "sequences": ("data", "the next number of each series"),
    "number_blocks": ("data", "blocks of numbers that loaders reserved, open or settled"),
    "number_voids": ("data", "numbers that will never stand on a record, each with its reason"),
    "idempotency": ("data", "promises to an Idempotency-Key: digest of the body and the record's id, for a day"),
    "stamps": ("data", "one document: the version of types, grants, users and settings, and `turns`: when the policy "
                       "changes by itself; read once a request"),
    "record_types": ("data", "every version of every record type, whole; one of each is current"),
    "grants_config": ("data", "grants, scopes, ceilings and reach"),
    "change_sets": ("data", "who changed the grants, when, why, before and after"),
    "attempts": ("data", "failed sign-ins and tries of unique values, for the limits"),
    "audit_entries": ("data", "the log: lane, number, hash of the one before, the exact bytes of the entry"),
    "audit_lanes": ("data", "one writing process each: opened, last seen, closed"),
    "watermarks": ("data", "how far the sweeps of the log have come"),
    "cases": ("data", "destruction cases: state, authority, signatures, frozen manifest, moves"),
    "case_items": ("data", "one document a record of a case: as it was listed, and how far it has come"),
    "holds": ("data", "why records must be kept: their ids or a condition by field ids, reason, reference, state"),
    "retention_rules": ("data", "how long records of some types are kept; without a period nothing is destroyed"),
    "retention_versions": ("data", "every version of every retention rule, whole"),
    "tombstones": ("data", "one document a destroyed record: id, archive number, case, key id, line in the ledger"),
    "certificates": ("data", "one document a case: the signed bytes and the signature"),
    "settings": ("data", "one document a part of the system: what an installation chose"),
    "signing_keys": ("keys", "the key that signs certificates, wrapped under the key epoch"),
    "runs": ("data", "one document a run of a job: state, lease, epoch, how far it has come, counts, errors by class"),
    "imports": ("data", "files to be imported, for a day: whose, of which type; what tells of customers is sealed"),
    "spool": ("data", "pieces of such files and of the rows that were not taken, sealed"),
    "job_settings": ("data", "kinds of jobs: from when on their slots count, whether somebody paused them"),
    "rules": ("data", "the rules of verification, as data; what ships and was not changed here follows the release"),
    "tasks": ("data", "work for people: one document a record and rule it did not pass, open until it is corrected"),
    "meta": ("data", "number of the layout, id of the installation, the lease of a running migration"),
    "data_keys": ("keys", "one data key a record or file to be imported, wrapped by a key-encryption key"),
    "keks": ("keys", "epochs of the key-encryption key, wrapped by its provider"),
    "token_keys": ("keys", "keys of the search tokens, one an epoch"),
}  # fmt: skip
"""Documents that MongoEngine does not map: database, what they hold."""


def page() -> str:
    """The whole page."""
    definitions = read_definitions(TYPES)
    registry = compile_all(definitions)
    # A base within its family shows what holds in every kind; here it shows what it says itself.
    alone = {
        name: compile_family(name, {name: one}, {}, Faults())[name]
        for name, one in definitions.items() if one.extends is None
    }  # fmt: skip
    parts = [OPENING, "\n".join(_counts(registry)), RECORD, "\n".join(_system_keys(registry))]
    for compiled in _in_order(registry):
        parts.append("\n".join([*_sentences(compiled), *_sections(alone.get(compiled.name, compiled))]))
    parts += ["\n".join(_indexes(registry)), "\n".join(_documents())]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _in_order(registry: TypeRegistry) -> list[CompiledType]:
    return sorted(registry, key=lambda compiled: (compiled.base, not compiled.abstract, compiled.name))


def _own(compiled: CompiledType) -> list[Field]:
    """What the type brings itself, without what it takes from its base and from included kinds."""
    own = {tree["id"] for tree in compiled.source.get("fields", ())}
    return [one for one in compiled.fields if one.id in own]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = list(head)
    yield f"| {' | '.join(titles)} |"
    yield "|" + "---|" * len(titles)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _counts(registry: TypeRegistry) -> Iterator[str]:
    yield "## Record types"
    yield ""
    rows = []
    for compiled in _in_order(registry):
        own = _own(compiled)
        sources = {part.source for one in own for part in (one, *one.fields) if part.source}
        parts = sum(len(one.fields) for one in own)
        off = sum(not part.active for one in own for part in (one, *one.fields))
        label = f"{compiled.labels['zh-Hans']} ({compiled.labels['en']})"
        cells = (len(sources), len(own), parts, off, len(compiled.fields))
        rows.append([f"`{compiled.name}`", label, f"`{compiled.collection}`", *map(str, cells)])
    yield from _table(("type", "name", "collection", "profile fields", "own fields", "sub-fields", "off", "all"), rows)


def _system_keys(registry: TypeRegistry) -> Iterator[str]:
    yield "## System keys"
    yield ""
    yield "Every type has them, under these reserved names; they can be listed, sorted and filtered."
    yield ""
    system = next(iter(registry)).system
    rows = ((f"`{name}`", f"`{system[name].path}`", SYSTEM_KEYS[name]) for name in SYSTEM_KEYS)
    yield from _table(("name", "key in the document", "type"), rows)


def _sentences(compiled: CompiledType) -> Iterator[str]:
    yield f"## {compiled.labels['zh-Hans']} · `{compiled.name}`"
    yield ""
    source = compiled.source
    if compiled.abstract:
        kinds = ", ".join(f"`{kind}`" for kind in compiled.kinds)
        yield f"Takes no record itself. Its kinds: {kinds}."
    else:
        yield f"Extends `{compiled.base}`." if compiled.base != compiled.name else "Stands alone."
        yield f"Numbered `{compiled.numbering.prefix}` by `{compiled.numbering.pattern}`."
    for include in source.get("include", ()):
        condition = include.get("visible_when")
        where = f" where `{condition['field']}` is `{condition['value']}`" if condition and "field" in condition else ""
        yield f"Includes the fields of `{include['type']}`{where}."
    for address, said in source.get("override", {}).items():
        changes = ", ".join(f"{key} {value}" for key, value in said.items())
        yield f"Says of `{address}`: {changes}."
    states = ", ".join(f"`{state.name}`" for state in compiled.states)
    yield f"States: {states}; a new record is `{compiled.states.initial}`."


def _sections(compiled: CompiledType) -> Iterator[str]:
    own = _own(compiled)
    for section in compiled.sections:
        fields = [one for one in own if one.section == section.name]
        if fields:
            yield ""
            yield f"### {section.labels['zh-Hans']} ({section.labels['en']})"
            yield ""
            yield from _table(HEAD, (row for one in fields for row in _field_rows(one)))


HEAD = ("field", "id", "name", "type", "grade", "sealed", "marks", "source")


def _field_rows(one: Field) -> Iterator[tuple[str, ...]]:
    for part in (one, *one.fields):
        name = f"`{part.name}`" if part is one else f"· `{part.address}`"
        label = f"{part.labels['zh-Hans']} ({part.labels['en']})"
        sealed = "sealed" if part.sealed and not part.computed else ""
        source = (part.source or "") if part is one else ""
        yield name, f"`{part.id}`", label, _kind(part), part.grade.word, sealed, _marks(part), source


def _kind(one: Field) -> str:
    words = [one.type.name]
    if one.many:
        words.append("many")
    if one.target:
        words.append(f"{one.relation} → {one.target}")
    if one.formula:
        words.append(f"`{one.formula.text}`")
    if one.type.name == "money":
        words.append(one.currency)
    return " ".join(words)


def _marks(one: Field) -> str:
    marks = {
        "off": not one.active,
        "required": one.required,
        "unique": one.unique,
        "list": one.list,
        "sort": one.sort,
        "search": one.search,
        "by the system": one.system,
        "open end": one.open_end,
        f"shows `{one.frame}`": one.frame,
    }
    return ", ".join(mark for mark, holds in marks.items() if holds)


def _indexes(registry: TypeRegistry) -> Iterator[str]:
    yield "## Indexes of record collections"
    for compiled in registry:
        if compiled.base != compiled.name:
            continue
        yield ""
        yield f"`{compiled.collection}`"
        yield ""
        rows = (
            (planned.name, ", ".join(f"`{path}`" for path in planned.paths), "yes" * planned.unique, planned.why)
            for planned in compiled.planned
        )
        yield from _table(("index", "keys", "unique", "for"), rows)


def _documents() -> Iterator[str]:
    yield "## System documents"
    for kind in sorted(DOCUMENTS, key=lambda kind: kind._meta["collection"]):
        yield ""
        yield f"### `{kind._meta['collection']}`"
        yield ""
        yield " ".join((kind.__doc__ or "").split())
        yield ""
        yield from _table(("key", "kind", "required"), _document_rows(kind))
    yield ""
    yield "### Others"
    yield ""
    rows = ((f"`{name}`", database, holds) for name, (database, holds) in sorted(COLLECTIONS.items()))
    yield from _table(("collection", "database", "holds"), rows)


def _document_rows(kind: type[Document]) -> Iterator[tuple[str, ...]]:
    for name, field in kind._fields.items():
        yield f"`{field.db_field or name}`", _field_kind(field), "yes" if field.required else ""


def _field_kind(field: BaseField) -> str:
    name = type(field).__name__.removesuffix("Field").lower()
    inner = getattr(field, "field", None)
    return f"{name} of {_field_kind(inner)}" if isinstance(inner, BaseField) else name


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
