"""``pulsemon migrate``: the schema of the database."""

import os
from typing import TYPE_CHECKING

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_rows
from pulsemon_deploy.cli.role_process import start_logging
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_sinks.clickhouse.migrate import Migrator


@click.group(invoke_without_command=True)
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database to the schema of this version; nothing happens to one that has it."""
    if context.invoked_subcommand is None:
        start_logging("migrate")
        applied = _migrator().migrate()
        click.echo(f"applied: {', '.join(applied)}" if applied else "the database is up to date")


@migrate.command()
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show each migration; exit code 1 if one is missing, changed or newer than this version."""
    states = _migrator().status()
    rows = [
        {"version": one.version, "name": one.name, "state": one.state, "applied_at": one.applied_at} for one in states
    ]
    print_rows(rows, as_json)
    if any(one.state != "applied" for one in states):
        context.exit(FOUND_WRONG)


def _migrator() -> "Migrator":
    from pulsemon_sinks.clickhouse.migrate import migrator

    return migrator(installation(os.environ).clickhouse())
