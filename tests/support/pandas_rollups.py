"""Rollups recomputed with pandas, as a stranger to this code would: from a table of samples with every sample once."""

import math
from functools import partial

import pandas as pd

KEY = ["server_id", "name", "labels"]


def recomputed(samples: pd.DataFrame, seconds: int) -> pd.DataFrame:
    """Rows of a tier by (server_id, name, labels, t); ``samples`` has those columns with ``at`` (epoch seconds), value.

    Percentiles are the value at place floor(level * count), counted from 0, in ascending order.
    """
    ordered = samples.sort_values([*KEY, "at"])
    groups = ordered.assign(t=ordered["at"] // seconds * seconds).groupby([*KEY, "t"])["value"]
    found = groups.agg(["min", "max", "mean", "last", "count"])
    for level in (0.5, 0.95, 0.99):
        found[f"p{level * 100:.0f}"] = groups.agg(partial(_placed, level=level))
    return found.sort_index()


def _placed(values: "pd.Series[float]", level: float) -> float:
    ordered = sorted(values)
    return float(ordered[min(math.floor(level * len(ordered)), len(ordered) - 1)])
