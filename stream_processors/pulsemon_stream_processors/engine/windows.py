"""The window that each function of the rule language stands for."""

from collections.abc import Mapping

from pulsemon_schemas.rules.rule import Window as WindowSpec

from pulsemon_stream_processors.engine.forecast import TimeTo
from pulsemon_stream_processors.engine.quantile import Quantile
from pulsemon_stream_processors.engine.window import Average, Count, Extreme, Growth, Window

CLASSES: Mapping[str, type[Window]] = {
    "avg": Average,
    "count": Count,
    "min": Extreme,
    "max": Extreme,
    "p50": Quantile,
    "p95": Quantile,
    "delta": Growth,
    "rate": Growth,
    "time_to": TimeTo,
}


def new_window(spec: WindowSpec) -> Window | None:
    """An empty window; None where the last sample alone is judged."""
    return CLASSES[spec.function](spec) if spec.seconds else None
