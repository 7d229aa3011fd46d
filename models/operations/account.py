"""What everybody may change about their own account."""

from pymongo.client_session import ClientSession

from models.attempts import ACCOUNT, forget, take
from models.errors import N_, AccessDenied, FieldValueError, InvalidRecord
from models.operations.changes import committed, entry_for
from models.operations.users import get_user
from models.passwords import check_password, hashed, is_right
from models.store import Store
from models.users import Actor


def change_password(actor: Actor, store: Store, *, old: str, new: str, session_id: str) -> None:
    """Replace one's own password. All other sessions end; this one stays.

    :raises InvalidRecord: the old one is wrong or the new one unfit
    :raises TooManyAttempts: the old one was guessed too often
    """
    if actor.via != "session":
        raise AccessDenied("by_session", N_("Sign in with your password to do this."))
    user = get_user(store, actor.id)
    take(store, ACCOUNT, user.username)
    if not is_right(user.password, old):
        raise InvalidRecord({"old": FieldValueError("wrong", N_("This is not your present password."))})
    forget(store, ACCOUNT, user.username)
    try:
        check_password(new, username=user.username)
        if is_right(user.password, new):
            raise FieldValueError("same", N_("The new password is the present one."))
    except FieldValueError as wrong:
        raise InvalidRecord({"new": wrong}) from wrong
    changes = {"password": hashed(new), "password_at": store.clock.now(), "must_change": False}

    def write(session: ClientSession) -> None:
        store.data.users.update_one({"_id": actor.id}, {"$set": changes, "$inc": {"rev": 1}}, session=session)
        others = {"user": actor.id, "revoked_at": None, "_id": {"$ne": session_id}}
        ended = {"$set": {"revoked_at": store.clock.now()}}
        store.data.sessions.update_many(others, ended, session=session)

    committed(store, entry_for(actor, "account:password", "users", [actor.id], ["password"]), write)

