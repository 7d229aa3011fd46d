"""If-Match: a write names the revision it was made against, so that nobody overwrites what they have not seen."""

import re
from collections.abc import Callable

from flask import request

from models.access.cells import Record
from models.errors import N_, ArchiveError, MalformedQuery, StaleRecord

_TAG = re.compile(r'\s*(?P<weak>W/)?"(?P<tag>[\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
_REVISION = re.compile(r"[1-9][0-9]{0,8}")
NO_REVISION = 0
"""Never the revision of a record: a write made against it is stale, after it was found to be allowed."""


class PreconditionMissing(ArchiveError):
    """A write that does not say what it was made against."""

    status = 428

    def __init__(self, code: str, words: str):
        super().__init__(code, words)


class WeakTag(StaleRecord):
    """A weak tag never matches where a write is concerned (RFC 9110)."""

    def __init__(self) -> None:
        super().__init__()
        self.code = "weak_tag"
        self.words = N_('If-Match needs the tag as it was sent: "3", without W/.')


def written(write: Callable[[int], Record]) -> Record:
    """Do a write against the revisions If-Match names; of several, whichever the record has.

    :param write: takes the revision expected
    :raises PreconditionMissing: no If-Match, or `*`
    :raises MalformedQuery: an If-Match that cannot be read
    :raises StaleRecord: the record has another revision
    """
    weak, revisions = _named()
    try:
        return write(revisions[0] if revisions else NO_REVISION)
    except StaleRecord as stale:
        if stale.current in revisions[1:]:
            return write(stale.current)  # type: ignore[arg-type]
        if weak and not revisions:
            raise WeakTag from None
        raise


def _named() -> tuple[bool, list[int]]:
    """Whether a weak tag is among them, and the revisions the strong ones name."""
    given = request.headers.get("If-Match")
    if given is None:
        words = N_('Say which revision this change was made against: If-Match: "3", from the ETag of the record.')
        raise PreconditionMissing("if_match_missing", words)
    if given.strip() == "*":
        words = N_("If-Match: * would overwrite what you have not seen. Name the revision.")
        raise PreconditionMissing("if_match_any", words)
    weak, revisions, at = False, [], 0
    while at < len(given) or at == 0:
        found = _TAG.match(given, at)
        if found is None:
            raise MalformedQuery("bad_if_match", N_('If-Match is a list of quoted tags such as "3".'))
        at = found.end()
        if found["weak"]:
            weak = True
        elif _REVISION.fullmatch(found["tag"]):
            revisions.append(int(found["tag"]))
    return weak, revisions


def idempotency_key() -> str | None:
    """The Idempotency-Key of this request.

    :raises MalformedQuery: there, but empty
    """
    given = request.headers.get("Idempotency-Key")
    if given is not None and not given.strip():
        raise MalformedQuery("bad_idempotency_key", N_("An Idempotency-Key has 1 to 200 characters."))
    return given
