"""``pulsemon export``: history out of the store into a file for other programs."""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulsemon_deploy.cli.duration import Duration
from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_sinks.clickhouse.connection import Store
    from pulsemon_sinks.transfer.export import Exported, Wanted

TIERS = ("raw", "1m", "1h", "1d")
_TIMES = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
_SHOWN = 20


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option(
    "--config",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Instead: rules, routes, silences and maintenance into this folder, as `apply` takes them.",
)
@click.option("--server", "servers", multiple=True, help="Of this server; may be given several times. Default: all.")
@click.option("--metric", "metrics", multiple=True, help="This metric; may be given several times. Default: all.")
@click.option(
    "--last", "last_ms", type=Duration(), default="24h", show_default=True, help="How far back: 30m, 24h, 7d."
)
@click.option("--from", "start", type=_TIMES, help="From this time (UTC), instead of --last.")
@click.option("--until", "end", type=_TIMES, help="Up to this time (UTC); default: now.")
@click.option("--tier", type=click.Choice(TIERS), default="raw", show_default=True, help="Raw samples, or rollups.")
def export(
    file: Path | None,
    folder: Path | None,
    servers: tuple[str, ...],
    metrics: tuple[str, ...],
    last_ms: int,
    start: datetime | None,
    end: datetime | None,
    tier: str,
) -> None:
    """Write history into FILE: .csv, .parquet or .avro. Times are UTC. What is missing in the range is told.

    \b
    pulsemon export cpu.parquet --metric system.cpu.busy --last 7d
    pulsemon export web-1.csv --server web-1 --tier 1h --from 2026-01-01
    pulsemon export --config monitoring/
    """
    if (file is None) == (folder is None):
        raise click.UsageError("say one of both: a FILE for history, or --config and a folder")
    if folder is not None:
        _export_configuration(folder)
        return
    assert file is not None
    from pulsemon_sinks.clickhouse.connection import NativeStore
    from pulsemon_sinks.transfer.export import Export, Wanted
    from pulsemon_sinks.transfer.shape import SHAPES
    from pulsemon_sinks.transfer.writing import writing

    until = int(time.time()) if end is None else _seconds(end)
    since = until - last_ms // 1000 if start is None else _seconds(start)
    if since >= until:
        raise click.UsageError("the range ends before it begins: nothing was written")
    wanted = Wanted(SHAPES[tier], since, until, servers, metrics)
    settings = installation(os.environ).clickhouse_reader()
    store = NativeStore(settings)
    try:
        with writing(file, wanted.shape) as writer:
            run = Export(store, settings.database, wanted)
            with click.progressbar(
                run.run(writer), len(wanted.slices), "exporting", file=click.get_text_stream("stderr")
            ) as slices:
                for _ in slices:
                    pass
        _tell(file, tier, wanted, run.exported, _kept_from(store, settings.database, wanted))
    finally:
        store.close()


def _export_configuration(folder: Path) -> None:
    from pulsemon_deploy.cli.change_options import CLIENT_ID
    from pulsemon_deploy.config_files.export import export as write
    from pulsemon_deploy.control_log import opened

    with opened(installation(os.environ).kafka("operator"), CLIENT_ID, lambda _: False) as log:
        counts = write(log.fold, folder)
    click.echo(f"{folder}: {', '.join(f'{count} {kind}' for kind, count in counts.items())}", err=True)


def _tell(file: Path, tier: str, wanted: "Wanted", exported: "Exported", kept_from: int | None) -> None:
    """Everything that is not in the file goes to stderr, with the reason where it is known."""
    click.echo(
        f"{file}: {exported.rows:,} rows of {len(exported.servers)} servers, tier {tier}, "
        f"{_time(wanted.start)} to {_time(wanted.end)}",
        err=True,
    )
    if kept_from is not None and wanted.start < kept_from:
        click.echo(f"tier {tier} is kept since {_time(kept_from)} only: coarser tiers go back further", err=True)
    if tier != "raw":
        click.echo("rollups are made when their hour or day is over: what is newer is in tier raw alone", err=True)
    if absent := sorted(set(wanted.server_ids) - exported.servers.keys()):
        click.echo(f"nothing is stored of {', '.join(absent)}", err=True)
    gaps = [*exported.gaps, *exported.missing_ends(wanted)]
    _list([f"{one.server_id}: nothing from {_time(one.start)} to {_time(one.end)}" for one in gaps])


def _list(lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN]:
        click.echo(f"  {line}", err=True)
    if len(lines) > _SHOWN:
        click.echo(f"  and {len(lines) - _SHOWN:,} more gaps", err=True)


def _kept_from(store: "Store", database: str, wanted: "Wanted") -> int | None:
    from pulsemon_sinks.clickhouse.ttl import FOR_EVER, ttls

    kept = ttls(store, database).get(wanted.shape.table, FOR_EVER).seconds
    return None if kept is None else int(time.time()) - kept


def _seconds(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp())


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
