"""``pulsemon completeness``: what should be stored and is not, and why, by server."""

import math
import os
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from pulsemon_deploy.cli.lazy import FOUND_WRONG
from pulsemon_deploy.cli.output import json_option, print_json, print_table
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_sinks.reader.completeness import Completeness, Dropped, Missing

_UNITS = {"m": 60, "h": 3600, "d": 86_400}
_SHOWN = 50


@click.command()
@click.argument("server", required=False)
@click.option("--last", "last", default="24h", show_default=True, help="How far back: 30m, 24h, 7d.")
@json_option
def completeness(server: str | None, last: str, as_json: bool) -> None:
    """Say what of the last day is stored, what is missing, and what agents dropped; exit code 1 if anything is.

    Batches are numbered by who sends them, so what is lost is proven; samples that an agent gave up are told by itself.
    """
    end_ms = int(time.time() * 1000)
    found = _found(server, end_ms - _seconds(last) * 1000, end_ms)
    if not found:
        where = f"of {server!r} " if server else ""
        click.echo(f"nothing {where}was stored in the last {last}")
        raise click.exceptions.Exit(FOUND_WRONG)
    if as_json:
        print_json([_row(one) | {"missing": one.missing, "dropped": one.dropped} for one in found])
    else:
        print_table([_row(one) for one in found])
        for one in found:
            _tell(one)
    if not all(one.is_complete for one in found):
        raise click.exceptions.Exit(FOUND_WRONG)


def percent(share: float) -> str:
    """With three digits, rounded down: what lacks anything is never shown as whole."""
    return f"{math.floor(share * 100_000) / 1000:.3f} %"


def sentence(one: "Missing | Dropped") -> str:
    """``3 batches missing 03:11:20-03:11:40``, or ``dropped at the agent: spool_full, 1,200 samples, …``."""
    from pulsemon_sinks.reader.completeness import Missing

    if isinstance(one, Missing):
        kind = {"hole": "", "beginning": " at its beginning", "end": " at its end"}[one.kind]
        what = f"{one.batches:,} batch{'es' if one.batches != 1 else ''} missing"
        return f"{what} {_between(one.after_ms, one.before_ms)} (producer {one.producer_id[:12]}{kind})"
    return f"dropped at the agent: {one.reason}, {one.samples:,} samples, {_between(one.after_ms, one.told_ms)}"


def _found(server: str | None, start_ms: int, end_ms: int) -> "Sequence[Completeness]":
    from pulsemon_sinks.clickhouse.connection import NativeStore
    from pulsemon_sinks.clickhouse.ttl import FOR_EVER, ttls
    from pulsemon_sinks.reader.alerts import asker
    from pulsemon_sinks.reader.completeness import completeness

    settings = installation(os.environ).clickhouse_reader()
    store = NativeStore(settings)
    try:
        kept_seconds = ttls(store, settings.database).get("batches", FOR_EVER).seconds
        kept_from_ms = 0 if kept_seconds is None else end_ms - kept_seconds * 1000
        servers = None if server is None else [server]
        return completeness(asker(store, settings.database), start_ms, end_ms, servers, kept_from_ms)
    finally:
        store.close()


def _row(one: "Completeness") -> dict[str, Any]:
    return {
        "server": one.server_id,
        "stored": percent(one.share),
        "batches": one.batches,
        "missing_batches": one.missing_batches,
        "samples": one.samples,
        "dropped_samples": sum(one.dropped_by_reason.values()),
        "producers": len(one.producers),
    }


def _tell(found: "Completeness") -> None:
    lines = [*map(sentence, found.missing), *map(sentence, found.dropped)]
    if not lines:
        return
    click.echo(f"\n{found.server_id}: {percent(found.share)}")
    for line in lines[:_SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > _SHOWN:
        click.echo(f"  and {len(lines) - _SHOWN:,} more: --json shows all")


def _between(after_ms: int | None, before_ms: int) -> str:
    """UTC, with the day where it is another one."""
    before = datetime.fromtimestamp(before_ms / 1000, UTC)
    if after_ms is None:
        return f"before {before:%Y-%m-%d %H:%M:%S} UTC"
    after = datetime.fromtimestamp(after_ms / 1000, UTC)
    end = f"{before:%H:%M:%S}" if after.date() == before.date() else f"{before:%Y-%m-%d %H:%M:%S}"
    return f"{after:%Y-%m-%d %H:%M:%S}–{end} UTC"  # noqa: RUF001 - a range


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(\d{1,5})([mhd])", text)
    if found is None or not int(found[1]):
        raise click.BadParameter(f"{text!r} is no length of time: write 30m, 24h or 7d", param_hint="--last")
    return int(found[1]) * _UNITS[found[2]]
