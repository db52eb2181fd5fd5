"""``pulsemon backfill``: samples out of files into the store."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulsemon_deploy.installation import installation

if TYPE_CHECKING:
    from pulsemon_sinks.transfer.backfill import Backfill


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def backfill(files: tuple[Path, ...]) -> None:
    """Store the samples of FILES: .csv, .parquet or .avro, with the columns of an export of raw samples.

    Columns: server_id, name, labels (k=v,l=w), recorded_at (with its zone), value. A sample that is stored already is
    not stored again, so a file may be repeated. Rollups follow when a sink runs. Nothing is judged: no alerts.
    """
    from pulsemon_sinks.clickhouse.bulk_choice import ChosenBulkStore
    from pulsemon_sinks.clickhouse.connection import NativeStore
    from pulsemon_sinks.transfer.backfill import Backfill

    settings = installation(os.environ).clickhouse()
    store, bulk = NativeStore(settings), ChosenBulkStore(settings)
    try:
        run = Backfill(store, bulk, settings.database)
        counts = {path: run.check(path) for path in files}  # all of them, before anything is stored
        for path, count in counts.items():
            _store(run, path, count)
        first = datetime.fromtimestamp(run.rollups_from(), UTC)
        click.echo(f"a sink that makes rollups makes those of {first:%Y-%m-%d} and later within a minute", err=True)
    finally:
        bulk.close()
        store.close()


def _store(run: "Backfill", path: Path, count: int) -> None:
    told = "nothing"
    with click.progressbar(length=count, label=path.name, file=click.get_text_stream("stderr")) as bar:
        for piece, stored in run.run(path):
            bar.update(len(piece))
            told = f"{stored.samples:,} samples in {stored.batches:,} batches"
    click.echo(f"{path}: {told}", err=True)
