"""Who may ask: users, roles, departments, their sessions and tokens; and the actor made of them.

Documents are read through `documents(store, User)`, which binds MongoEngine to the store it is given
instead of to a global connection. They change only through `models.operations`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from mongoengine import BooleanField, DateTimeField, Document, DynamicField, IntField, ListField, MapField, StringField
from mongoengine.queryset import QuerySet
from pymongo import ASCENDING, IndexModel

from models.store import Store, new_id, read_stamps

LOCALES = ("zh_Hans_CN", "zh_Hant_TW", "en")
LABEL_KEYS = {"zh_Hans_CN": "zh-Hans", "zh_Hant_TW": "zh-Hant", "en": "en"}
THEMES = ("auto", "light", "dark")
DENSITIES = ("compact", "normal", "roomy")
ADMINISTRATOR = "administrator"


def label_of(labels: Mapping[str, str], locale: str, otherwise: str = "") -> str:
    """The label in the reader's language, else in any language there is."""
    return labels.get(LABEL_KEYS.get(locale, "en")) or next((text for text in labels.values() if text), otherwise)


class User(Document):
    """A person's account. `username` is kept in its compared form (models/usernames.py)."""

    id = StringField(primary_key=True, default=new_id)
    username = StringField(required=True)
    name = StringField(required=True, max_length=80)
    password = StringField()  # argon2 text; absent: nobody can sign in with a password
    password_at = DateTimeField()
    must_change = BooleanField(default=False)
    roles = ListField(StringField())
    department = StringField()
    person = StringField()  # the human behind the account: two accounts of one person are not four eyes
    locale = StringField(choices=LOCALES, default=LOCALES[0])
    theme = StringField(choices=THEMES, default=THEMES[0])
    density = StringField(choices=DENSITIES, default="normal")
    prefs = DynamicField()  # habits of pages (columns, switches): never rights
    active = BooleanField(default=True)
    created_at = DateTimeField()
    created_by = StringField()
    signed_in_at = DateTimeField()
    rev = IntField(default=1)

    meta = {  # noqa: RUF012
        "collection": "users",
        "auto_create_index": False,
        "planned": [
            IndexModel([("username", ASCENDING)], unique=True),
            IndexModel([("roles", ASCENDING), ("username", ASCENDING)]),
            IndexModel([("department", ASCENDING), ("username", ASCENDING)]),
        ],
    }


class Role(Document):
    """A name that grants and scopes hold to. What it may do stands in the grants, not here."""

    id = StringField(primary_key=True)
    labels = MapField(StringField())
    help = MapField(StringField())
    rev = IntField(default=1)

    meta = {"collection": "roles", "auto_create_index": False, "planned": []}  # noqa: RUF012


class Department(Document):
    """A node of the one tree of departments; no parent: it stands at the top."""

    id = StringField(primary_key=True, default=new_id)
    name = StringField(required=True, max_length=80)
    parent = StringField()
    rev = IntField(default=1)

    meta = {  # noqa: RUF012
        "collection": "departments",
        "auto_create_index": False,
        "planned": [IndexModel([("parent", ASCENDING), ("name", ASCENDING)])],
    }


class Session(Document):
    """One sign-in of one browser. The id is a digest: what lies in the database opens nothing."""

    id = StringField(primary_key=True)
    user = StringField(required=True)
    created_at = DateTimeField(required=True)
    seen_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    address = StringField()
    agent = StringField()
    revoked_at = DateTimeField()

    meta = {  # noqa: RUF012
        "collection": "sessions",
        "auto_create_index": False,
        "planned": [
            IndexModel([("user", ASCENDING), ("seen_at", ASCENDING)]),
            IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
        ],
    }


class ApiToken(Document):
    """A bearer token of a user. The secret is shown once and kept nowhere."""

    id = StringField(primary_key=True, default=new_id)
    user = StringField(required=True)
    name = StringField(required=True, max_length=80)
    digest = StringField(required=True)
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField()
    seen_at = DateTimeField()
    revoked_at = DateTimeField()

    meta = {  # noqa: RUF012
        "collection": "api_tokens",
        "auto_create_index": False,
        "planned": [
            IndexModel([("digest", ASCENDING)], unique=True),
            IndexModel([("user", ASCENDING), ("created_at", ASCENDING)]),
        ],
    }


DOCUMENTS: tuple[type[Document], ...] = (User, Role, Department, Session, ApiToken)
D = TypeVar("D", bound=Document)


def documents(store: Store, kind: type[D]) -> QuerySet:
    """A MongoEngine query over this store's documents of one kind."""
    return QuerySet(kind, store.data[kind._meta["collection"]])


def ensure_indexes(store: Store) -> None:
    """Create the planned indexes of all documents of this module; harmless when they stand."""
    for kind in DOCUMENTS:
        if planned := kind._meta["planned"]:
            store.data[kind._meta["collection"]].create_indexes(planned)


SYSTEM_ACTORS = ("cli", "job", "system")
"""How the ids of what is no person begin."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a user as they stand at this request, or the system in a job or command.

    :param departments: own department and all below it; empty without a department
    :param person: the human behind the account
    :param via: how they came in: "session", "token" or "" (job, command)
    :param reason: for the system actor, why it acts
    """

    id: str
    name: str
    roles: frozenset[str] = frozenset()
    departments: tuple[str, ...] = ()
    department: str | None = None
    person: str | None = None
    locale: str = LOCALES[0]
    system: bool = False
    reason: str = ""
    via: str = ""

    @classmethod
    def system_actor(cls, name: str, reason: str = "") -> "Actor":
        """The installation itself. Holds every right to system resources.

        :param name: "cli:<user of the machine>", "job:<rule>" or "system:<what>", which no account's id can be
        """
        if name.partition(":")[0] not in SYSTEM_ACTORS or name.endswith(":"):
            raise ValueError(f"{name!r} names no part of the system: say one of {', '.join(SYSTEM_ACTORS)}, then :name")
        return cls(id=name, name=name, system=True, reason=reason)

    @property
    def holders(self) -> frozenset[str]:
        """What a grant or scope may name to reach this actor: `role:<id>` and `user:<id>`."""
        return frozenset({f"role:{role}" for role in self.roles} | {f"user:{self.id}"})

    def through(self, via: str) -> "Actor":
        """The same actor, having come in this way."""
        return replace(self, via=via)


def holders_of(user: User) -> frozenset[str]:
    """What a grant or scope may name to reach this user."""
    return frozenset({f"role:{role}" for role in user.roles} | {f"user:{user.id}"})


class Departments:
    """The tree of departments in memory (hundreds, not millions)."""

    def __init__(self, nodes: Iterable[Department]):
        self.by_id: dict[str, Department] = {node.id: node for node in nodes}
        self.children: dict[str | None, list[Department]] = {}
        for node in sorted(self.by_id.values(), key=lambda node: (node.name, node.id)):
            parent = node.parent if node.parent in self.by_id else None
            self.children.setdefault(parent, []).append(node)

    def below(self, department: str | None) -> tuple[str, ...]:
        """The department and all below it, top first. A circle in damaged data ends where it closes."""
        if department not in self.by_id:
            return ()
        found: dict[str, None] = {}
        waiting = [department]
        while waiting:
            current = waiting.pop(0)
            if current not in found:
                found[current] = None
                waiting += [child.id for child in self.children.get(current, [])]
        return tuple(found)

    def walk(self, parent: str | None = None, depth: int = 0) -> list[tuple[int, Department]]:
        """Every department under `parent` with its depth, in reading order."""
        rows: list[tuple[int, Department]] = []
        for node in self.children.get(parent, []):
            rows.append((depth, node))
            rows += self.walk(node.id, depth + 1)
        return rows

    def path(self, department: str | None) -> list[Department]:
        """From the top down to the department."""
        trail: list[Department] = []
        while department in self.by_id and self.by_id[department] not in trail:
            trail.insert(0, self.by_id[department])
            department = trail[0].parent
        return trail


def departments_of(store: Store, users_stamp: int | None = None) -> Departments:
    """The tree as of this users stamp, compiled once per version and process."""
    version = read_stamps(store).users if users_stamp is None else users_stamp
    kept = store.caches.get("departments")
    if kept and kept[0] == version:
        return kept[1]
    tree = Departments(documents(store, Department))
    store.caches["departments"] = (version, tree)
    return tree


def actor_of(store: Store, user: User, users_stamp: int | None = None) -> Actor:
    """The actor a user is now.

    :param users_stamp: `stamps.users` of this request where it was read already
    """
    return Actor(
        id=user.id,
        name=user.name,
        roles=frozenset(user.roles),
        departments=departments_of(store, users_stamp).below(user.department),
        department=user.department,
        person=user.person or user.id,
        locale=user.locale,
    )
