"""The option ``--as-of``, and what the stored control log answers to it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pulsemon_deploy.cli.control_rows import instant
from pulsemon_deploy.cli.moment import Moment

if TYPE_CHECKING:
    from pulsemon_schemas.control import Entity


Command = TypeVar("Command", bound=Callable[..., Any])


def as_of_option(command: Command) -> Command:
    """``--as-of TIME``: as it was then, from the stored control log. As epoch milliseconds."""
    text = "As it was then, from the stored log: 2026-08-01T12:30Z, or 7d for so long ago."
    return click.option("--as-of", "as_of_ms", type=Moment(), metavar="TIME", help=text)(command)


def entities_as_of(kind: str, at_ms: int) -> "tuple[Entity, ...]":
    """The entities of a type that were there. Says on stderr if the log has nothing of that time. Errors as Store."""
    from pulsemon_sinks.reader.as_of import began_ms, entities

    from pulsemon_deploy.cli.store import asking

    with asking() as ask:
        found = entities(ask, kind, at_ms)
        if not found:
            _tell_beginning(began_ms(ask), at_ms)
    return found


def _tell_beginning(began_ms: int | None, at_ms: int) -> None:
    if began_ms is None:
        click.echo("note: the store has nothing of the control log yet; a sink brings it", err=True)
    elif at_ms < began_ms:
        click.echo(f"note: the control log begins at {instant(began_ms):%Y-%m-%d %H:%M:%S} UTC", err=True)
