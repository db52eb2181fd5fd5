"""``pulsemon retention``: how long each tier of history is kept, asked of the engine, and said in the control log."""

import os
import time
from typing import TYPE_CHECKING, Any

import click

from pulsemon_deploy.cli.change_options import change_options
from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_sinks.clickhouse.connection import Store
    from pulsemon_sinks.reader.storage import Storage, StoredTable

TIERS = ("raw", "1m", "1h", "1d")
FOR_EVER = "forever"
POLL_SECONDS = 1.0


@click.group()
def retention() -> None:
    """Retention: how long history is kept, and what it takes."""


@retention.command()
@json_option
def show(as_json: bool) -> None:
    """Show what the engine really does: its TTL of each table, bytes, and when the disk is full."""
    store, database = _store()
    try:
        rows, found = _rows(store, database)
    finally:
        store.close()
    if as_json:
        print_json({"tables": rows, "disk": found.disk, "days_until_full": found.days_until_full()})
        return
    print_table([_told(row) for row in rows])
    click.echo()
    click.echo(_disk(found))


@retention.command("set")
@click.argument("tier", type=click.Choice(TIERS))
@click.argument("days")
@click.option("--wait", "wait_seconds", default=60.0, show_default=True, help="How long to wait until it is so.")
@change_options
@json_option
def set_retention(tier: str, days: str, wait_seconds: float, as_json: bool, **given: Any) -> None:
    """Keep a tier for so many days, or forever. A sink applies it; then what the engine does is shown.

    \b
    pulsemon retention set raw 30
    pulsemon retention set 1h forever
    """
    from pulsemon_schemas.control import PUT
    from pulsemon_sinks.retention.tiers import RETENTION, body

    from pulsemon_deploy.cli.change_options import CLIENT_ID, intent, make, tell_unchanged
    from pulsemon_deploy.control_log import opened

    wanted = _days(days)
    what, entity = intent(given), (RETENTION, tier)
    with opened(installation(os.environ).kafka("operator"), CLIENT_ID, lambda one: one.entity_type == RETENTION) as log:
        known = log.fold.entities(RETENTION).get(tier)
        if known is not None and known.body == {"days": wanted}:
            tell_unchanged(known.version, entity, as_json)
        else:
            make(log, what, entity, PUT, body(wanted), as_json)
    _follow(tier, wanted, wait_seconds, as_json)


def _days(text: str) -> int | None:
    from pulsemon_sinks.retention.tiers import body

    if text == FOR_EVER:
        return None
    try:
        days = int(text)
        body(days)
    except ValueError as error:
        hint = str(error) if text.lstrip("-").isdecimal() else f"{text!r} is no number of days, nor {FOR_EVER!r}"
        raise click.BadParameter(hint, param_hint="DAYS") from error
    return days


def _follow(tier: str, days: int | None, wait_seconds: float, as_json: bool) -> None:
    """Waits until the engine does what was said, and tells what it does; exit code 1 if it does not."""
    store, database = _store()
    deadline = time.monotonic() + wait_seconds
    try:
        while True:
            rows = [row for row in _rows(store, database)[0] if row["tier"] == tier]
            is_so = all(row["kept_days"] == days for row in rows)
            if is_so or time.monotonic() >= deadline:
                break
            time.sleep(POLL_SECONDS)
    finally:
        store.close()
    if not as_json:
        print_table([_told(row) for row in rows])
    if not is_so:
        click.echo(
            "pulsemon: the engine does not do so yet. The change is kept in the control log, and a sink that makes "
            "rollups applies it: is one running? `pulsemon retention show` tells.",
            err=True,
        )
        raise click.exceptions.Exit(FOUND_WRONG)


def _store() -> "tuple[Store, str]":
    from pulsemon_sinks.clickhouse.connection import NativeStore

    settings = installation(os.environ).clickhouse_reader()
    return NativeStore(settings), settings.database


def _rows(store: "Store", database: str) -> "tuple[list[dict[str, Any]], Storage]":
    from pulsemon_sinks.reader.storage import storage
    from pulsemon_sinks.retention.applying import asked
    from pulsemon_sinks.retention.tiers import TIERS as TABLES_OF

    found, said = storage(store, database), asked(store, database)
    tier_of = {kept.table: tier for tier, tables in TABLES_OF.items() for kept in tables}
    return [_row(tier_of[one.table], one, said) for one in found.tables], found


def _row(tier: str, table: "StoredTable", said: dict[str, str]) -> dict[str, Any]:
    return {
        "tier": tier,
        "table": table.table,
        "kept_days": table.kept_days,
        "ttl": table.ttl,
        "asked": said.get(tier, ""),
        "rows": table.rows,
        "bytes": table.size_bytes,
        "bytes_a_row": table.bytes_a_row,
        "bytes_a_day": table.bytes_a_day,
        "oldest": table.oldest,
    }


def _told(row: dict[str, Any]) -> dict[str, Any]:
    days, each, daily = row["kept_days"], row["bytes_a_row"], row["bytes_a_day"]
    return {
        "tier": row["tier"],
        "table": row["table"],
        "kept": "for ever" if days is None else f"{days:g} d",
        "rows": f"{row['rows']:,}",
        "size": f"{row['bytes'] / 1e6:,.1f} MB",
        "a_row": "-" if each is None else f"{each:.2f} B",
        "a_day": "-" if daily is None else f"{daily / 1e6:,.1f} MB",
        "oldest": row["oldest"].strftime("%Y-%m-%d %H:%M") if row["oldest"] else "-",
        "ttl_of_the_engine": row["ttl"] or "none",
    }


def _disk(found: "Storage") -> str:
    days = found.days_until_full()
    when = "not within ten years" if days is None else f"in {days:,} days"
    free, total = found.disk.free_bytes / 1e9, found.disk.total_bytes / 1e9
    return f"disk: {free:,.1f} of {total:,.1f} GB free; at what comes in now it is full {when}"
