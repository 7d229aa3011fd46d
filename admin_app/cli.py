"""`dossier`: one console script. Commands are loaded when they are called.

Exit codes: 0 done, 1 it ran and found a fault, 2 wrong use. An error is one line on stderr that says what to do.
"""

import importlib
import os
import pkgutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import click

import admin_app.commands
from admin_app.faults import WrongUse, in_words
from models.errors import ArchiveError


class LazyGroup(click.Group):
    """Finds its commands in the modules of `admin_app.commands`, likeliest first."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(str(command.name) for module in _modules() for command in _commands(module))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        # `user` lies in users.py: a module that begins like the command is asked before the others are imported.
        for module in sorted(_modules(), key=lambda name: not name.startswith(cmd_name)):
            for command in _commands(module):
                if command.name == cmd_name:
                    return command
        return None


def _modules() -> list[str]:
    return [found.name for found in pkgutil.iter_modules(admin_app.commands.__path__)]


def _commands(module: str) -> Iterator[click.Command]:
    yield from importlib.import_module(f"admin_app.commands.{module}").commands


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Folder of the installation.")
@click.version_option(package_name="dossier", message="%(version)s")
@click.pass_context
def dossier(ctx: click.Context, data_dir: Path | None) -> None:
    """Customer archives on MongoDB."""
    ctx.obj = data_dir


def main(arguments: list[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code."""
    try:
        return dossier.main(args=arguments, prog_name="dossier", standalone_mode=False) or 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as fault:
        click.echo(fault.format_message(), err=True)
        return 2
    except click.UsageError as fault:
        hint = f" See `{fault.ctx.command_path} --help`." if fault.ctx else ""
        return _say(fault.format_message().replace("\n", " ") + hint, 2)
    except click.ClickException as fault:
        return _say(fault.format_message(), 1)
    except (click.Abort, KeyboardInterrupt):
        return _say("Stopped.", 1)
    except BrokenPipeError:
        # The reader (`| head`) has gone: nobody is left to tell, and the interpreter must not try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except WrongUse as fault:
        return _say(str(fault), 2)
    except ArchiveError as fault:
        return _say(in_words(fault), 1)
    except Exception as fault:
        return _say_bug(fault)


def _say(sentence: str, code: int) -> int:
    click.echo(f"dossier: {sentence}", err=True)
    return code


def _say_bug(fault: Exception) -> int:
    """The outermost handler: no text of the fault, which may hold customer data, unless somebody is debugging."""
    from pymongo.errors import PyMongoError
    from redis.exceptions import RedisError

    if os.environ.get("DOSSIER_LOG_LEVEL") == "debug":
        raise fault
    if isinstance(fault, PyMongoError):
        return _say(f"The database does not answer as it should ({type(fault).__name__}). Try `dossier doctor`.", 1)
    if isinstance(fault, RedisError):
        return _say(f"Redis does not answer as it should ({type(fault).__name__}). Try `dossier doctor`.", 1)
    if isinstance(fault, OSError) and fault.strerror:
        return _say(f"{fault.strerror}: {fault.filename or 'a file'}.", 1)
    name = f"{type(fault).__name__}, {uuid.uuid4().hex[:8]}"
    return _say(f"This is a fault of the program ({name}). DOSSIER_LOG_LEVEL=debug shows where it happened.", 1)


if __name__ == "__main__":
    main()
