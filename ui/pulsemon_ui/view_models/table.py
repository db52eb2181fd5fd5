"""Every series of a server as rows of a table, with the catalogue's titles and units."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulsemon_ui.view_models.alerts import catalogued
from pulsemon_ui.view_models.wording import value_text


def metric_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, object]]:
    """Rows of (Metric, Series, Trend, Now, Min, Max) from the answer's rows; unknown metrics keep their names."""
    return [_row(row) for row in rows]


def _row(row: Mapping[str, Any]) -> dict[str, object]:
    name = str(row["name"])
    known = catalogued(name)
    unit = known.unit if known is not None else ""
    return {
        "Metric": known.title if known is not None else name,
        "Series": str(row["labels"]).replace(",", "  "),
        "Trend": row["spark"],
        "Now": value_text(row["now"], unit),
        "Min": value_text(row["low"], unit),
        "Max": value_text(row["high"], unit),
        "Name": name,
    }
