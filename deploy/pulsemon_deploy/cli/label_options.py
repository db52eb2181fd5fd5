"""Labels on the command line: ``--label rack=7``, as often as there are labels."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def label_option(command: Command) -> Command:
    """The option; what was given comes as ``labels``."""
    option = click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="Anything else; repeatable.")
    return option(command)


def labels_of(texts: tuple[str, ...]) -> dict[str, str]:
    """The labels. Raises click's BadParameter."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{text!r}: write NAME=VALUE", param_hint="--label")
        found[name] = value
    return found
