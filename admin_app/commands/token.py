"""`dossier token`: bearer tokens for programs."""

import click

from admin_app.commands.user import ACTING, named, working
from models.sessions import TOKEN_DAYS


@click.group()
def token() -> None:
    """Bearer tokens for programs; each acts as its user."""


@token.command()
@click.option("--user", "username", required=True, metavar="U", help="Whose token.")
@click.option("--name", default="", metavar="N", help="What it is for.")
@click.option("--days", default=TOKEN_DAYS, show_default=True, metavar="D", help="How long it holds.")
@ACTING
def create(username: str, name: str, days: int, acting: str | None) -> None:
    """Make a token and print it, once."""
    from models.operations import tokens

    with working(acting) as (store, actor):
        secret, _ = tokens.create(actor, store, named(store, username).id, name=name, days=days)
        click.echo(secret)


@token.command("list")
@click.option("--user", "username", required=True, metavar="U", help="Whose tokens.")
@ACTING
def list_tokens(username: str, acting: str | None) -> None:
    """The living tokens of a user: id, end, name."""
    from models.operations import tokens
    from models.operations.changes import owned

    with working(acting) as (store, actor):
        found = named(store, username)
        owned(actor, store, found.id)
        for kept in tokens.of_user(store, found.id):
            click.echo(f"{kept.id}\t{kept.expires_at:%Y-%m-%d}\t{kept.name}")


@token.command()
@click.argument("token_id", metavar="ID")
@ACTING
def revoke(token_id: str, acting: str | None) -> None:
    """End a token; it fails from the next request on."""
    from models.operations import tokens

    with working(acting) as (store, actor):
        tokens.revoke(actor, store, token_id)
        click.echo("revoked")


commands = [token]
