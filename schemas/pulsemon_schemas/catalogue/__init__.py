"""Every metric that is collected, as data: ``metrics.csv``, read when it is first asked for."""

from typing import TYPE_CHECKING, Any

from pulsemon_schemas.catalogue.loader import load_metrics
from pulsemon_schemas.catalogue.metric import Instrument, Metric, Origin

__all__ = ["METRICS", "Instrument", "Metric", "Origin", "headline_names", "metric", "names_of_group"]

if TYPE_CHECKING:
    METRICS: tuple[Metric, ...]


def metric(name: str) -> Metric:
    """The metric of this name. Raises KeyError."""
    return load_metrics()[name]


def headline_names() -> tuple[str, ...]:
    """Names of the metrics whose newest values are kept for overviews, in the catalogue's order."""
    return tuple(found.name for found in load_metrics().values() if found.headline)


def names_of_group(group: str) -> tuple[str, ...]:
    """Names of a group, as ``cpu``, in the catalogue's order."""
    return tuple(found.name for found in load_metrics().values() if found.group == group)


def __getattr__(name: str) -> Any:
    if name == "METRICS":
        return tuple(load_metrics().values())
    raise AttributeError(name)
