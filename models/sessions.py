"""How long a sign-in lasts, and who stands behind the secret a browser or program shows."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.store import Store
from models.users import Actor, User, actor_of

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
TOKEN_PREFIX = "dsr_"  # lets a scanner of leaked secrets name ours
TOKEN_DAYS = 90


@dataclass(frozen=True, slots=True)
class Standing:
    """A recognised person, as they were read a moment ago; shared by threads, never changed.

    :param means: the id of the session or token they came with
    :param read_at: when this was read; renewed every minute, at once when the users stamp moves
    """

    actor: Actor
    account: User
    means: str
    ends_at: datetime | None
    read_at: datetime

    @property
    def must_change(self) -> bool:
        """Whether nothing is open before the password is changed. A program with a token cannot change one."""
        return self.account.must_change and self.actor.via == "session"

    def holds(self, now: datetime) -> bool:
        """Whether it may be used without asking the database again."""
        return now - self.read_at < TOUCH_EVERY and (self.ends_at is None or now < self.ends_at)


def new_secret(prefix: str = "") -> str:
    """256 random bits as text."""
    return prefix + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What is kept of a secret. A plain digest is enough: there is nothing to guess in 256 bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def standing_of(
    store: Store, user: User, *, means: str, via: str, ends_at: datetime | None, users_stamp: int
) -> Standing:
    """The standing of a user who came in this way."""
    return Standing(
        actor=actor_of(store, user, users_stamp).through(via),
        account=user,
        means=means,
        ends_at=ends_at,
        read_at=store.clock.now(),
    )


class Standings:
    """Standings read lately, valid for one version of the users stamp."""

    def __init__(self, at_most: int = 5000):
        self.at_most = at_most
        self.version = -1
        self.kept: dict[str, Standing] = {}

    def find(self, digest: str, users_stamp: int, now: datetime) -> Standing | None:
        """The standing kept under a digest, if it still holds."""
        if users_stamp != self.version:
            return None
        found = self.kept.get(digest)
        return found if found and found.holds(now) else None

    def keep(self, digest: str, users_stamp: int, standing: Standing) -> None:
        """Keep it; everything of another version goes."""
        if users_stamp != self.version or len(self.kept) >= self.at_most:
            self.kept, self.version = {}, users_stamp
        self.kept[digest] = standing
