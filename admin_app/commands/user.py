"""`dossier user`: accounts from the command line, the first administrator among them."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from admin_app.command_archive import actor_for_command, archive_for_command
from admin_app.faults import WrongUse
from models.errors import InvalidRecord

if TYPE_CHECKING:
    from models.store import Store
    from models.users import Actor, User

NAMED = click.argument("username", metavar="NAME")
ACTING = click.option("--as", "acting", metavar="USER", help="Act in the name of this user.")
PASSWORD = click.option("--password", metavar="PW", help="The password; other users of this machine may see it.")
FROM_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")
MUST_CHANGE = click.option(
    "--must-change/--keep-password",
    default=None,
    help="Ask for a new password at the next sign-in, as after a random one.",
)


@click.group()
def user() -> None:
    """Accounts of people and programs."""


@user.command()
@NAMED
@click.option("--name", help="What the person is called; unset: the user name.")
@click.option("--role", "roles", multiple=True, help="A role; may be given again.")
@click.option("--department", metavar="ID", help="Id of the department.")
@click.option("--locale", type=click.Choice(["zh_Hans_CN", "zh_Hant_TW", "en"]), default="zh_Hans_CN")
@PASSWORD
@FROM_STDIN
@MUST_CHANGE
@ACTING
def add(
    username: str, name: str | None, roles: tuple[str, ...], department: str | None, locale: str, password: str | None,
    password_stdin: bool, must_change: bool | None, acting: str | None,
) -> None:  # fmt: skip
    """Open an account. Without a password a random one is printed, once."""
    from models.operations import users

    with working(acting) as (store, actor):
        chosen, is_random = _password(password, from_stdin=password_stdin)
        made = users.add(
            actor,
            store,
            username=username,
            name=name or username,
            password=chosen,
            roles=roles,
            department=department,
            locale=locale,
            must_change=is_random if must_change is None else must_change,
        )
        click.echo(f"{made.username} added")
        _show(chosen, is_random=is_random)


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@ACTING
def list_users(as_json: bool, acting: str | None) -> None:
    """Who has an account."""
    from models.operations.changes import allowed
    from models.users import User, documents

    with working(acting) as (store, actor):
        allowed(actor, store, "users:view")
        rows = [_row(found, store) for found in documents(store, User).order_by("username")]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        state = "disabled" if not row["active"] else "locked" if row["locked_until"] else "active"
        click.echo(f"{row['username']}\t{row['name']}\t{','.join(row['roles']) or '-'}\t{state}")


@user.command()
@NAMED
@ACTING
def disable(username: str, acting: str | None) -> None:
    """Shut an account; its sessions and tokens end at once."""
    from models.operations import users

    with working(acting) as (store, actor):
        users.disable(actor, store, named(store, username).id)
        click.echo(f"{username} disabled")


@user.command()
@NAMED
@ACTING
def enable(username: str, acting: str | None) -> None:
    """Open a shut account again."""
    from models.operations import users

    with working(acting) as (store, actor):
        users.enable(actor, store, named(store, username).id)
        click.echo(f"{username} enabled")


@user.command()
@NAMED
@ACTING
def unlock(username: str, acting: str | None) -> None:
    """End the pause after too many wrong passwords."""
    from models.operations import users

    with working(acting) as (store, actor):
        users.unlock(actor, store, named(store, username).id)
        click.echo(f"{username} unlocked")


@user.command("password")
@NAMED
@PASSWORD
@FROM_STDIN
@MUST_CHANGE
@ACTING
def set_password(
    username: str, password: str | None, password_stdin: bool, must_change: bool | None, acting: str | None
) -> None:
    """Give a new password; sessions and tokens end at once. Without one a random one is printed, once."""
    from models.operations import users

    with working(acting) as (store, actor):
        chosen, is_random = _password(password, from_stdin=password_stdin)
        must = is_random if must_change is None else must_change
        users.set_password(actor, store, named(store, username).id, chosen, must_change=must)
        click.echo(f"{username} has a new password")
        _show(chosen, is_random=is_random)


@user.command()
@NAMED
@click.argument("chosen", nargs=-1, metavar="[ROLE]...")
@click.option("--add", "given", multiple=True, help="Give this role; may be given again.")
@click.option("--remove", "taken", multiple=True, help="Take this role; may be given again.")
@ACTING
def roles(
    username: str, chosen: tuple[str, ...], given: tuple[str, ...], taken: tuple[str, ...], acting: str | None
) -> None:
    """Show the roles of a user, replace them by ROLE..., or give and take single ones."""
    from models.operations import users
    from models.operations.changes import allowed

    if chosen and (given or taken):
        raise WrongUse("Either name all roles, or use --add and --remove.")
    with working(acting) as (store, actor):
        found = named(store, username)
        wanted = set(chosen) if chosen else (set(found.roles) | set(given)) - set(taken)
        if chosen or given or taken:
            users.set_roles(actor, store, found.id, wanted)
        else:
            allowed(actor, store, "users:view")
        click.echo(" ".join(sorted(wanted)) or "-")


@contextmanager
def working(acting: str | None) -> Iterator[tuple["Store", "Actor"]]:
    """The archive and who acts, for the time of a command; values that do not fit are named on one line.

    :raises WrongUse: some value does not fit
    """
    with archive_for_command() as store:
        try:
            yield store, actor_for_command(store, acting)
        except InvalidRecord as wrong:
            faults = "; ".join(f"{name}: {error}" for name, error in wrong.errors.items())
            raise WrongUse("{faults}", faults=faults) from None


def named(store: "Store", username: str) -> "User":
    """
    :raises WrongUse: nobody is called so
    """
    from models.operations.users import find_by_username

    found = find_by_username(store, username)
    if found is None:
        raise WrongUse("There is no user {name}. `dossier user list` shows who there is.", name=username)
    return found


def _password(given: str | None, *, from_stdin: bool) -> tuple[str, bool]:
    """The password to set, and whether it is a random one."""
    from models.passwords import random_password

    if given is not None and from_stdin:
        raise WrongUse("Give the password once: --password or --password-stdin.")
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    return (random_password(), True) if given is None else (given, False)


def _show(password: str, *, is_random: bool) -> None:
    if is_random:
        click.echo(f"password {password}")


def _row(found: "User", store: "Store") -> dict[str, Any]:
    from models.attempts import ACCOUNT, paused_until

    def moment(value: Any) -> str | None:
        return value.isoformat(timespec="seconds") if value else None

    return {
        "id": found.id,
        "username": found.username,
        "name": found.name,
        "roles": sorted(found.roles),
        "department": found.department,
        "locale": found.locale,
        "active": found.active,
        "must_change": found.must_change,
        "locked_until": moment(paused_until(store, ACCOUNT, found.username)),
        "created_at": moment(found.created_at),
        "signed_in_at": moment(found.signed_in_at),
    }


commands = [user]
