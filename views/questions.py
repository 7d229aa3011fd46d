"""The question a list page was asked, read from its address and written back into links.

List pages take the same `where`, `q`, `sort`, `limit`, `after` as REST, so that every view is a link.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from models.access.query import Query
from models.errors import N_, MalformedQuery

PAGE_ROWS = 50
MOST_ROWS = 200


@dataclass(frozen=True)
class Question:
    """What is asked of a list. `where` stays a tree here; the door judges it."""

    where: Mapping[str, Any] | None = None
    q: str = ""
    sort: str = ""
    limit: int = PAGE_ROWS
    after: str | None = None
    before: str | None = None
    jump: str = ""
    trash: bool = False
    findings: str = ""
    """Only rows with a finding: `any`, a result, or a rule."""

    @classmethod
    def asked(cls, *, trash: bool = False, sort: str = "", args: MultiDict | None = None) -> "Question":
        """The question of this request.

        :param sort: the person's kept order, where the address names none
        :raises MalformedQuery: a `where` that is no JSON, a `limit` that is no number
        """
        given = request.args if args is None else args
        return cls(
            where=read_where(given.get("where", "")),
            q=given.get("q", "").strip()[:200],
            sort=given.get("sort", "") or sort,
            limit=_limit(given.get("limit", "")),
            after=given.get("after") or None,
            before=given.get("before") or None,
            jump=given.get("jump", "").strip()[:100],
            trash=trash,
            findings=given.get("findings", "")[:80],
        )

    def query(self, fields: list[str] | None, *, habit: bool = False) -> Query:
        """The question as the door takes it, with the columns wanted."""
        return Query(
            where=self.where, q=self.q, sort=self.sort, limit=self.limit, after=self.after, before=self.before,
            jump=self.jump or None, fields=fields, trash=self.trash, habit=habit,
            findings=self.findings,
        )  # fmt: skip

    def args(self, **changes: Any) -> dict[str, str]:
        """Address arguments of this question with some parts changed; page marks are left out unless given."""
        asked = replace(self, **{"after": None, "before": None, "jump": "", **changes})
        parts = {
            "where": write_where(asked.where), "q": asked.q, "sort": asked.sort, "after": asked.after,
            "before": asked.before, "jump": asked.jump, "limit": "" if asked.limit == PAGE_ROWS else str(asked.limit),
            "findings": asked.findings,
        }  # fmt: skip
        return {name: value for name, value in parts.items() if value}

    @property
    def leaves(self) -> list[Mapping[str, Any]]:
        """The conditions that hold together, one chip each."""
        if not self.where:
            return []
        if isinstance(self.where, dict) and isinstance(self.where.get("all"), list) and len(self.where) == 1:
            return list(self.where["all"])
        return [self.where]

    def without(self, leaf: int) -> Mapping[str, Any] | None:
        """The `where` that is left when one chip goes."""
        return joined([kept for place, kept in enumerate(self.leaves) if place != leaf])

    def narrowed(self, leaf: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The `where` with one more chip; a chip that stands already is not doubled."""
        return joined([*(kept for kept in self.leaves if kept != leaf), leaf])


def joined(leaves: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Conditions that must all hold; None for none."""
    return {"all": leaves} if leaves else None


def read_where(text: str) -> Mapping[str, Any] | None:
    """:raises MalformedQuery: not a JSON object"""
    if not text:
        return None
    try:
        tree = json.loads(text)
        write_where(tree).encode()  # half a character or a bottomless tree stands in no link
    except (ValueError, RecursionError):
        tree = None
    if not isinstance(tree, dict):
        raise MalformedQuery("bad_where", N_("The condition in this address cannot be read."))
    return tree


def write_where(tree: Mapping[str, Any] | None) -> str:
    """The tree as it stands in an address."""
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")) if tree else ""


def _limit(text: str) -> int:
    if not text:
        return PAGE_ROWS
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise MalformedQuery("bad_limit", N_("The number of rows must be between 1 and 200."))
    return max(1, min(int(text), MOST_ROWS))
