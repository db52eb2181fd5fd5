"""``pulsemon metric``: the catalogue, and what flows through ``pulsemon.metrics`` now."""

import json
import os
import time
from typing import TYPE_CHECKING

import click
from pulsemon_schemas.records import MetricBatch

from pulsemon_deploy.cli.output import json_option, one_line, print_json, print_rows, print_table
from pulsemon_deploy.installation import installation
from pulsemon_deploy.invocation import as_invoked

if TYPE_CHECKING:
    from pulsemon_schemas.catalogue import Metric


@click.group()
def metric() -> None:
    """Metrics: what there is, and what flows now."""


@metric.command("list")
@click.option("--group", help="Only metrics of this group, such as cpu.")
@json_option
def list_metrics(group: str | None, as_json: bool) -> None:
    """List the catalogue."""
    from pulsemon_schemas.catalogue import METRICS

    rows = [
        {
            "name": one.name,
            "group": one.group,
            "unit": one.unit,
            "instrument": one.instrument,
            "every_s": one.interval_seconds,
            "on": one.default_on,
            "headline": one.headline,
            "title": one.title,
        }
        for one in METRICS
        if group in (None, one.group)
    ]
    print_rows(rows, as_json, f"no metric is of the group {group!r}")


@metric.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one metric of the catalogue."""
    from dataclasses import asdict

    fields = {key: value for key, value in asdict(_metric(name)).items() if value != ""}
    if as_json:
        print_json(fields)
    else:
        print_table([{"field": key, "value": json.dumps(value).strip('"')} for key, value in fields.items()])


@metric.command()
@click.option("--server", help="Only this server.")
@click.option("--name", help="Only metrics whose name begins so.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many samples.")
@json_option
def tail(server: str | None, name: str | None, count: int | None, as_json: bool) -> None:
    """Print samples as they arrive in Kafka, decoded, until Ctrl-C; with --json one object a line."""
    from pulsemon_deploy.tail import tail as batches

    left = count
    for batch in batches(installation(os.environ).kafka("operator")):
        if server not in (None, batch.server_id):
            continue
        for sample in _samples(batch, name):
            click.echo(json.dumps(sample) if as_json else _line(sample))
            left = None if left is None else left - 1
            if left == 0:
                return


def _samples(batch: MetricBatch, prefix: str | None) -> list[dict[str, object]]:
    return [
        {
            "recorded_at_ms": batch.recorded_at_ms,
            "server_id": batch.server_id,
            "source": batch.source,
            "producer_id": batch.producer_id,
            "sequence": batch.sequence,
            "name": name,
            "labels": labels,
            "value": value,
        }
        for name, labels, value in zip(batch.names, batch.labels, batch.values, strict=True)
        if name.startswith(prefix or "")
    ]


def _line(sample: dict[str, object]) -> str:
    recorded_at_ms, value = sample["recorded_at_ms"], sample["value"]
    assert isinstance(recorded_at_ms, int)
    assert isinstance(value, float)
    at = time.strftime("%H:%M:%S", time.localtime(recorded_at_ms / 1000))
    series = f"{sample['name']}{{{sample['labels']}}}" if sample["labels"] else sample["name"]
    return one_line(f"{at} {sample['server_id']}  {series} {value:.12g}")


def _metric(name: str) -> "Metric":
    from pulsemon_schemas import catalogue

    try:
        return catalogue.metric(name)
    except KeyError as error:
        import difflib

        close = difflib.get_close_matches(name, [one.name for one in catalogue.METRICS], 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        text = as_invoked(f"there is no metric {name!r} in the catalogue{hint}; `pulsemon metric list` shows all")
        raise click.BadParameter(text, param_hint="NAME") from error
