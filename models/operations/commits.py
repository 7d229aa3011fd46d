"""How a judged change becomes durable: one transaction for record, revision, number and unique values.

The revision carries the exact body of its audit entry until the log has it: a crash between the two loses
neither, the ticker appends what is missing.

`revisions`    {_id: "<record>:<rev>", record, type, tv, rev, action, at, by, state, dept, owner, changed, v?, entry}
`idempotency`  {_id: digest of actor and key, body: digest, record, at}
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from bson import Binary
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from models.access.door import TypeDoor
from models.definitions.compiled import CompiledType
from models.errors import N_, ArchiveError, FieldValueError, InvalidRecord, MalformedQuery, Unavailable
from models.operations import guesses

IDEMPOTENCY = timedelta(hours=24)
DUPLICATE = 11000
"""The server's code for a key that stands already."""


class Refused(Exception):
    """Carries a refusal out of a transaction, which would retry what it does not know."""

    def __init__(self, error: ArchiveError):
        super().__init__(error)
        self.error = error


def revision_of(
    document: Mapping[str, Any], action: str, changed: list[str], entry: bytes, *, content: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The revision a document makes as it stands; `content` (its `v`) only where that changed."""
    revision = {
        "_id": f"{document['_id']}:{document['rev']}",
        "record": document["_id"],
        "type": document["type"],
        "tv": document["tv"],
        "rev": document["rev"],
        "action": action,
        "at": document["updated_at"],
        "by": document["updated_by"],
        "state": document["state"],
        "dept": document.get("dept"),
        "owner": document.get("owner"),
        "changed": changed,
        "entry": Binary(entry),
    }
    return revision if content is None else {**revision, "v": content}


def commit(door: TypeDoor, kind: CompiledType, work: Callable[[Any], None], *, told: bool = True) -> None:
    """Run `work(session)` as one majority transaction, again where it only met another.

    :param told: whether the actor will hear which value was taken; a batch is tried again in parts first
    :raises InvalidRecord: a unique value is taken
    :raises Unavailable: the database does not answer; its words say whether the change may stand after all
    """
    try:
        with door.store.data.client.start_session() as session:
            session.with_transaction(work)
    except Refused as refused:
        raise refused.error from None
    except DuplicateKeyError as fault:
        raise _taken(door, kind, fault.details or {}, told) from None
    except PyMongoError as fault:
        if double := _double_in(fault):
            raise _taken(door, kind, double, told) from None
        if fault.has_error_label("UnknownTransactionCommitResult"):
            words = N_("The archive did not answer in time. Look whether the change is there before you repeat it.")
            raise Unavailable(words) from fault
        raise Unavailable from fault


def log_committed(door: TypeDoor, entry: bytes) -> None:
    """Wait for the entry of a change that stands already; its revision keeps the entry if this fails.

    :raises Unavailable: the log is silent. The change stands and is logged late
    """
    try:
        door.store.audit.append(entry)
    except Unavailable as fault:
        words = N_("The change is stored, but the log has not confirmed it yet. Do not repeat it; look again soon.")
        raise Unavailable(words) from fault


def _double_in(fault: PyMongoError) -> Mapping[str, Any] | None:
    """What a batch says of the document that met a unique index, if that is why it was refused."""
    refused = (fault.details or {}).get("writeErrors", ()) if isinstance(fault, BulkWriteError) else ()
    return next((one for one in refused if one.get("code") == DUPLICATE), None)


def _taken(door: TypeDoor, kind: CompiledType, details: Mapping[str, Any], told: bool) -> ArchiveError:
    """Which field a duplicate key is about; the record that holds the value is not named."""
    text = str(details.get("keyPattern", ""))
    for field in kind.active:
        if field.unique and field.id in text:
            if told:
                guesses.count(door, kind, field)
            return InvalidRecord({field.address: FieldValueError("taken", N_("This value is taken."))})
    return Unavailable()


class Idempotent:
    """A create that may be sent again: the key is kept with the id of what it made, not with the answer.

    :param body: what was asked; the same key with another body is a mistake
    """

    def __init__(self, door: TypeDoor, key: str, body: Mapping[str, Any]):
        if not 1 <= len(key) <= 200:
            raise MalformedQuery("bad_idempotency_key", N_("An Idempotency-Key has 1 to 200 characters."))
        secret = door.store.secret
        self.kept = door.store.data.idempotency
        named = f"{door.actor.id}|{door.compiled.name}|{key}".encode()
        self.id = sha256(secret + named).hexdigest()
        self.body = sha256(secret + repr(_ordered(body)).encode()).hexdigest()
        self.now = door.store.clock.now()

    def find(self) -> str | None:
        """The id of the record made before under this key.

        :raises MalformedQuery: made from another body
        """
        found = self.kept.find_one({"_id": self.id, "at": {"$gt": self.now - IDEMPOTENCY}})
        if found is None:
            return None
        if found["body"] != self.body:
            words = N_("This Idempotency-Key was used for another request.")
            raise MalformedQuery("idempotency_mismatch", words)
        return found["record"]

    def keep(self, record: str, session: Any) -> None:
        """Hold the key in the transaction that makes the record.

        :raises DuplicateKeyError: another request with the same key was first
        """
        self.kept.delete_one({"_id": self.id, "at": {"$lte": self.now - IDEMPOTENCY}}, session=session)
        self.kept.insert_one({"_id": self.id, "body": self.body, "record": record, "at": self.now}, session=session)


def _ordered(value: Any) -> Any:
    """The same text for the same JSON, whatever order its keys came in."""
    if isinstance(value, Mapping):
        return sorted((str(key), _ordered(part)) for key, part in value.items())
    return [_ordered(part) for part in value] if isinstance(value, list) else value
