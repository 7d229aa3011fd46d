"""Query parameters, read strictly: what a list does not know is refused, never overlooked."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from flask import request

from models.access.query import PAGE_LIMIT, Query
from models.errors import N_, MalformedQuery
from views.api import bodies

F = TypeVar("F", bound=Callable[..., Any])
QUESTION = ("where", "q", "sort")
MOST_TEXT = 8_000


def takes(*names: str) -> Callable[[F], F]:
    """Decorate a route with the query parameters it knows. The names stay on the function for the tests."""

    def wrap(route: F) -> F:
        @wraps(route)
        def checked(*args: Any, **kwargs: Any) -> Any:
            check(names)
            return route(*args, **kwargs)

        checked.parameters = names  # type: ignore[attr-defined]
        return checked  # type: ignore[return-value]

    return wrap


def check(names: tuple[str, ...]) -> None:
    """:raises MalformedQuery: a parameter that is not known here, or one given twice or much too long"""
    for name, values in request.args.lists():
        if name not in names:
            raise MalformedQuery("unknown_parameter", N_("The address holds a parameter that is not known here."))
        if len(values) > 1:
            raise MalformedQuery("repeated_parameter", N_("A parameter stands twice in the address."))
        if len(values[0]) > MOST_TEXT:
            raise MalformedQuery("long_parameter", N_("A parameter is too long."))


def text(name: str) -> str | None:
    """A parameter that is not empty, None where it is not there.

    :raises MalformedQuery: there, but empty
    """
    given = request.args.get(name)
    if given == "":
        raise MalformedQuery("empty_parameter", N_("A parameter in the address is empty. Leave it out."))
    return given


def number(name: str, least: int, most: int) -> int | None:
    """A whole number in plain digits.

    :raises MalformedQuery: anything else, or out of bounds
    """
    given = text(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= len(str(most))) or not least <= int(given) <= most:
        words = N_("A number from {least} to {most} is expected.")
        raise MalformedQuery("bad_number", words, least=least, most=most)
    return int(given)


def flag(name: str) -> bool:
    """`1` or `0`; false where it is not there.

    :raises MalformedQuery: anything else
    """
    given = text(name)
    if given not in (None, "0", "1"):
        raise MalformedQuery("bad_flag", N_("1 or 0 is expected."))
    return given == "1"


def names(name: str) -> list[str] | None:
    """A list such as `a,b`. Given but empty it is an empty list: nothing, not everything."""
    given = request.args.get(name)
    if given is None:
        return None
    found = given.split(",") if given else []
    if len(found) > 200:
        raise MalformedQuery("too_many", N_("At most {most} fields can be named."), most=200)
    return found


def where() -> Mapping[str, Any] | None:
    """The condition tree.

    :raises BadJson, MalformedQuery: no JSON, or no object
    """
    given = text("where")
    if given is None:
        return None
    tree = bodies.read(given)
    if not isinstance(tree, dict):
        raise MalformedQuery("malformed", N_("A condition is a JSON object."))
    return tree


def question(**more: Any) -> Query:
    """The question a list or an export is asked."""
    return Query(where=where(), q=_words(), sort=text("sort") or "", **more)


def list_question() -> Query:
    """The same, with the page wanted and its columns."""
    limit = number("limit", 1, PAGE_LIMIT)
    found = text("findings") or ""
    if len(found) > 80:
        raise MalformedQuery("long_parameter", N_("A parameter is too long."))
    return question(limit=limit or 50, after=text("after"), fields=names("fields"), findings=found)


def _words() -> str:
    given = request.args.get("q", "")
    if len(given) > 200:
        raise MalformedQuery("long_parameter", N_("A parameter is too long."))
    return given
