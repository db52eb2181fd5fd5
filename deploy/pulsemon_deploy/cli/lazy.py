"""A group of commands that are imported when they run, and errors that become one sentence."""

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click
from pulsemon_schemas.errors import AuthError, PermanentError, PulsemonError, SettingsError
from pulsemon_schemas.runtime import notify

from pulsemon_deploy.errors import MissingExtraError, one_line
from pulsemon_deploy.extras import missing_extra
from pulsemon_deploy.invocation import as_invoked

FOUND_WRONG = 1
WRONG_USAGE = 2
# Only under a supervisor (ours, systemd), which would otherwise start the role again and again.
NOT_MENDED_BY_REPEATING = 3


class LazyGroup(click.Group):
    """``lazy`` maps a name to the command's place (``module:attribute``) and to its help, which so imports nothing."""

    def __init__(self, *arguments: Any, lazy: Mapping[str, tuple[str, str]] | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, attribute = self._lazy[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        own = {name: self.commands[name].get_short_help_str() for name in super().list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl([*((name, text) for name, (_, text) in self._lazy.items()), *own.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. Expected errors end the program with one sentence and the exit code that they stand for."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            sentence = missing_extra(error)
            if sentence is None:
                raise
            _fail(sentence)
        except PulsemonError as error:
            _fail(error)


def _fail(error: PulsemonError) -> None:
    is_supervised = notify.SOCKET_VARIABLE in os.environ
    # a supervisor shows the last line of a role that ended
    click.echo(as_invoked(f"pulsemon: {one_line(error) if is_supervised else error}"), err=True)
    sys.exit(_exit_code(error, is_supervised))


def _exit_code(error: PulsemonError, is_supervised: bool) -> int:
    if isinstance(error, SettingsError | MissingExtraError):
        return WRONG_USAGE
    is_permanent = isinstance(error, PermanentError | AuthError)
    return NOT_MENDED_BY_REPEATING if is_supervised and is_permanent else FOUND_WRONG
