"""The runbooks name commands that there are."""

import re
from pathlib import Path

import click
import pytest
from pulsemon_deploy.cli.root import root

PAGE = (Path(__file__).parents[3] / "docs" / "runbooks.md").read_text()


@pytest.mark.parametrize("text", sorted(set(re.findall(r"`pulsemon ([^`]+)`", PAGE))))
def test_the_commands_exist(text: str) -> None:
    command: click.Command | None = root
    for word in text.split():
        if word.startswith("-") and word != "--help":
            assert command is not None
            assert word in {option for one in command.params for option in one.opts}
        elif isinstance(command, click.Group):
            command = command if word == "--help" else command.get_command(click.Context(command), word)
            assert command is not None, word
