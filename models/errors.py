"""Everything that may be told to a person.

One small tree: each class is a different thing for the caller to do. Words are English templates
(`{name}` places) that a view translates before it fills them; anything that is not an `ArchiveError`
is a bug and is answered with an error id only.
"""

from collections.abc import Callable, Mapping
from typing import Any


def N_(words: str) -> str:
    """Mark words for translation where they are written; translated where they are shown."""
    return words


class ArchiveError(Exception):
    """A refusal or a fault that the person who asked can do something about.

    :param code: stable machine word, part of the public surface
    :param words: English template, `{place}` filled from `places`; an error as a place is translated like the rest
    """

    status = 400

    def __init__(self, code: str, words: str = "", **places: Any):
        super().__init__(code, words)
        self.code = code
        self.words = words or code
        self.places = places

    def public_words(self, translate: Callable[[str], str] = lambda words: words) -> str:
        """The sentence for a person, translated by `translate`."""
        places = {
            name: place.public_words(translate) if isinstance(place, ArchiveError) else place
            for name, place in self.places.items()
        }
        return translate(self.words).format_map(_Places(places))

    def __str__(self) -> str:
        return self.public_words()

    def __reduce__(self) -> tuple[Any, ...]:
        """Whole across processes, whatever a subclass is made from: a fault that cannot be read breaks its pool."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[ArchiveError], args: tuple[Any, ...], state: dict[str, Any]) -> ArchiveError:
    fault = kind.__new__(kind, *args)
    fault.__dict__.update(state)
    return fault


class _Places(dict):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class DefinitionError(ArchiveError):
    """A definition (type, grant, map) is wrong. `where` says file, then path inside it."""

    status = 422

    def __init__(self, where: str, words: str, **places: Any):
        super().__init__("bad_definition", words, **places)
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.public_words()}"


class MalformedQuery(ArchiveError):
    """A `where`, `sort` or cursor that cannot be read at all."""

    status = 422


class FieldValueError(ArchiveError):
    """A value does not fit its field: show it at the field.

    :param path: dotted address inside the value, e.g. `2.number`, where it is inside a list or object
    """

    status = 422

    def __init__(self, code: str, words: str, *, path: str = "", **places: Any):
        super().__init__(code, words, **places)
        self.path = path


class InvalidRecord(ArchiveError):
    """Some values do not fit. Nothing was written.

    :param errors: field address → FieldValueError, only for fields the actor may know of
    """

    status = 422

    def __init__(self, errors: Mapping[str, FieldValueError]):
        super().__init__("invalid", N_("Some values need another look."))
        self.errors = dict(errors)


class AccessDenied(ArchiveError):
    """Seen but not allowed. `private` is for the log only."""

    status = 403

    def __init__(self, code: str = "not_allowed", words: str = N_("You may not do this."), *, private: str = ""):
        super().__init__(code, words)
        self.private = private


class UnknownKey(ArchiveError):
    """A body holds a key that does not exist or that the actor may not know: the same answer for both."""

    status = 422

    def __init__(self) -> None:
        super().__init__("unknown_key", N_("The request names something that is not there."))


class RecordNotFound(ArchiveError):
    """No such record, or none within the actor's scope: the same answer for both."""

    status = 404

    def __init__(self) -> None:
        super().__init__("not_found", N_("There is no such record, or it is not yours to see."))


class StaleRecord(ArchiveError):
    """Somebody else wrote first: reload and look."""

    status = 412

    def __init__(self, current: int | None = None):
        super().__init__("stale", N_("Somebody else has changed this record since you opened it."))
        self.current = current


class WrongState(ArchiveError):
    """The record is not in a state that allows this."""

    status = 409

    def __init__(
        self, code: str = "wrong_state", words: str = N_("The record is in a state that does not allow this.")
    ):
        super().__init__(code, words)


class AlreadyFilled(ArchiveError):
    """A fill-only field holds a value already."""

    status = 409

    def __init__(self) -> None:
        super().__init__("already_filled", N_("This field has been filled already."))


class NotSignedIn(ArchiveError):
    """The person could not be recognised. Says the same for an unknown name and a wrong password."""

    status = 401

    def __init__(self, words: str = N_("The user name or the password is not right.")):
        super().__init__("not_signed_in", words)


class TooManyAttempts(ArchiveError):
    """Wait before trying again.

    :param seconds: until the next attempt is judged at all
    """

    status = 429

    def __init__(self, seconds: int):
        words = N_("Too many attempts. The next one is possible in {minutes} min.")
        super().__init__("too_many_attempts", words, minutes=-(-seconds // 60))
        self.seconds = seconds


class TooSlow(ArchiveError):
    """A query outside the index plan ran out of its time."""

    status = 422

    def __init__(self) -> None:
        words = N_("This question takes too long. Narrow it: a kind, a department, a name or a span of days.")
        super().__init__("too_slow", words)


class Unavailable(ArchiveError):
    """A part this needs (database, key store, log) does not answer. Passing: try again."""

    status = 503

    def __init__(self, words: str = N_("The archive does not answer just now. Nothing was changed; try again.")):
        super().__init__("unavailable", words)


class SealBroken(ArchiveError):
    """A sealed value does not open: changed, moved to another record or field, or its key is another one."""

    status = 500

    def __init__(self) -> None:
        super().__init__("seal_broken", N_("A sealed value cannot be opened. Tell whoever looks after the archive."))


class KeyStoreFault(ArchiveError):
    """The keys are lost, damaged or kept carelessly: nothing may start before a person has looked."""

    status = 500

    def __init__(self, words: str, **places: Any):
        super().__init__("key_store_fault", words, **places)
