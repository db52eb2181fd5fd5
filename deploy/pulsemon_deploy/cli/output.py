"""Tables for people and JSON for programs, from the same rows."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from pulsemon_deploy.invocation import as_invoked

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def print_json(value: object) -> None:
    """One JSON document; dataclasses become objects, times ISO 8601, sets sorted lists."""
    click.echo(json.dumps(value, indent=2, default=_plain))


def print_table(rows: Sequence[Mapping[str, object]], empty: str = "nothing") -> None:
    """Columns as wide as their widest cell; the keys of the first row are the headings, numbers stand at the right."""
    if not rows:
        click.echo(as_invoked(empty))
        return
    headings = list(rows[0])
    cells = [[one_line(_text(row[heading])) for heading in headings] for row in rows]
    widths = [max(len(heading), *(len(line[column]) for line in cells)) for column, heading in enumerate(headings)]
    right = [all(isinstance(row[heading], int | float) for row in rows) for heading in headings]
    for line in ([heading.upper().replace("_", " ") for heading in headings], *cells):
        click.echo("  ".join(_pad(*cell) for cell in zip(line, widths, right, strict=True)).rstrip())


def print_rows(rows: Sequence[Mapping[str, object]], as_json: bool, empty: str = "nothing") -> None:
    """The same rows either way."""
    if as_json:
        print_json(list(rows))
    else:
        print_table(rows, empty)


def one_line(text: str) -> str:
    """The text without what a terminal would obey: whoever names a process on a host must not write on the screen."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _pad(text: str, width: int, is_right: bool) -> str:
    return text.rjust(width) if is_right else text.ljust(width)


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, frozenset | set | tuple | list):
        return " ".join(sorted(map(str, value)))
    return str(value)


def _plain(value: Any) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
