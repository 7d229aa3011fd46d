"""What an audit entry says: ids, digests and counts, never a value. Its body is the exact bytes that are hashed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

BODY_FORMAT = 1
PROJECTED = ("actor", "action", "type", "records", "ref")
MAX_BODY_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done, read or refused.

    :param action: `<resource>:<verb>`, e.g. `records:view`
    :param actor: user id, or `cli:<os user>`, `job:<name>`
    :param as_user: the user an administrator looked as
    :param type: record type
    :param records: record ids
    :param fields: field ids
    :param extra: ids, digests and counts only
    :param ref: `<record id>:<revision>` of the revision that carries this entry as its outbox
    """

    action: str
    actor: str
    as_user: str | None = None
    type: str | None = None
    records: Sequence[str] = ()
    fields: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    ref: str | None = None

    def body(self, at: datetime) -> bytes:
        """The bytes that go into the log; `at` is an aware moment."""
        return canonical(
            {
                "action": self.action,
                "actor": self.actor,
                "as": self.as_user,
                "at": moment_text(at),
                "extra": dict(self.extra) or None,
                "fields": list(self.fields) or None,
                "format": BODY_FORMAT,
                "records": list(self.records) or None,
                "ref": self.ref,
                "type": self.type,
            }
        )


def canonical(content: Mapping[str, Any]) -> bytes:
    """Sorted keys, no spaces, UTF-8, keys without content left out. A lone surrogate becomes `?`."""
    kept = {key: value for key, value in content.items() if value is not None}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    body = text.encode("utf-8", "replace")
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"an audit body of {len(body)} bytes: split the batch")
    return body


def late(body: bytes, at: datetime) -> bytes:
    """The same entry, marked as appended late (at `at`) from the outbox of its revision."""
    return canonical({**json.loads(body), "late": moment_text(at)})


def with_projections(body: bytes) -> dict[str, Any]:
    """The body and, beside it, the query fields: all of them derived from it."""
    content = json.loads(body)
    found = {name: content[name] for name in PROJECTED if name in content}
    return {"body": body, "at": datetime.fromisoformat(content["at"]), **found}


def moment_text(at: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
