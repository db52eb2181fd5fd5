"""Reads the catalogue's file."""

import csv
import functools
import io
import typing
from collections.abc import Mapping
from importlib import resources

from pulsemon_schemas.catalogue.metric import Instrument, Metric, Origin

YES_NO: Mapping[str, bool] = {"yes": True, "no": False}


@functools.cache
def load_metrics() -> Mapping[str, Metric]:
    """The metrics by name, in the order of the file."""
    text = resources.files("pulsemon_schemas.catalogue").joinpath("metrics.csv").read_text(encoding="utf-8")
    return {row["name"]: _metric(row) for row in csv.DictReader(io.StringIO(text))}


def _metric(row: Mapping[str, str]) -> Metric:
    return Metric(
        name=row["name"],
        group=row["group"],
        title=row["title"],
        description=row["description"],
        instrument=typing.cast(Instrument, row["instrument"]),
        unit=row["unit"],
        attributes=_attributes(row["attributes"]),
        interval_seconds=int(row["interval_seconds"]),
        default_on=YES_NO[row["default_on"]],
        headline=YES_NO[row["headline"]],
        origin=typing.cast(Origin, row["origin"]),
        source=row["source"],
        node_exporter_alias=row["node_exporter_alias"],
    )


def _attributes(text: str) -> Mapping[str, tuple[str, ...]]:
    """``device;direction=read|write``: keys, each with the values that it may have."""
    pairs = (part.partition("=") for part in text.split(";") if part)
    return {key: tuple(values.split("|")) if values else () for key, _, values in pairs}
