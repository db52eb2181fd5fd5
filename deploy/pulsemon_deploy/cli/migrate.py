"""``pulsemon migrate``: the schema of the database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from pulsemon_schemas.runtime import notify

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_rows
from pulsemon_deploy.cli.role_process import start_logging
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_sinks.clickhouse.migrate import MigrationState, Migrator

READY_SECONDS = 60.0


@click.group(invoke_without_command=True)
@click.option("--dry-run", is_flag=True, help="Show the statements, and run none.")
@click.pass_context
def migrate(context: click.Context, dry_run: bool) -> None:
    """Bring the database to the schema of this version; nothing happens to one that has it."""
    if context.invoked_subcommand is not None:
        return
    if dry_run:
        with _migrator() as migrator:
            click.echo("\n\n".join(f"{sql};" for sql in migrator.plan()) or "the database is up to date")
    else:
        start_logging("migrate")
        _wait()
        with _migrator() as migrator:
            applied = migrator.migrate()
        click.echo(f"applied: {', '.join(applied)}" if applied else "the database is up to date")


@migrate.command()
@json_option
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show each migration; exit code 1 if one is missing, changed or newer than this version."""
    with _migrator() as migrator:
        states = migrator.status()
    print_rows([_row(one) for one in states], as_json)
    if any(one.state != "applied" for one in states):
        context.exit(FOUND_WRONG)


def _wait() -> None:
    from pulsemon_deploy.store_ready import wait_store

    def says(text: str) -> None:
        click.echo(text, err=True)
        notify.status(os.environ, text)

    wait_store(installation(os.environ).clickhouse(), READY_SECONDS, says)


def _row(one: "MigrationState") -> dict[str, object]:
    """Version 0 is that of files that are applied again whenever their text changes."""
    return {
        "version": one.version or "repeatable",
        "name": one.name,
        "state": one.state,
        "checksum": one.checksum,
        "applied_at": one.applied_at.isoformat(sep=" ", timespec="seconds") if one.applied_at else None,
    }


@contextmanager
def _migrator() -> "Iterator[Migrator]":
    from pulsemon_sinks.clickhouse.connection import NativeStore
    from pulsemon_sinks.clickhouse.migrate import migrator

    settings = installation(os.environ).clickhouse()
    store = NativeStore(settings)
    try:
        yield migrator(settings, store)
    finally:
        store.close()
