"""A group of commands that are imported when they run, and errors that become one sentence."""

import importlib
import sys
from collections.abc import Mapping
from typing import Any

import click
from pulsemon_schemas.errors import PulsemonError, SettingsError

from pulsemon_deploy.errors import MissingExtraError, missing_extra

FOUND_WRONG = 1
WRONG_USAGE = 2


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
    click.echo(f"pulsemon: {error}", err=True)
    sys.exit(WRONG_USAGE if isinstance(error, SettingsError | MissingExtraError) else FOUND_WRONG)
