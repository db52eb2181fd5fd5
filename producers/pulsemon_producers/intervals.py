"""How often each metric is sent: the catalogue's intervals, in whole ticks of this agent."""

from collections.abc import Iterable

from pulsemon_schemas.catalogue import Metric

MS_PER_SECOND = 1000
EVERY_TICK_SECONDS = 10.0
"""Metrics with this interval, or a shorter one, belong to every tick, whatever the agent's own interval is."""


def in_ticks_ms(interval_seconds: float, tick_ms: int) -> int:
    """The interval, rounded up to whole ticks."""
    if interval_seconds <= EVERY_TICK_SECONDS:
        return tick_ms
    return -(-round(interval_seconds * MS_PER_SECOND) // tick_ms) * tick_ms


def metric_intervals_ms(metrics: Iterable[Metric], tick_ms: int) -> dict[str, int]:
    """The interval of every metric by name."""
    return {metric.name: in_ticks_ms(metric.interval_seconds, tick_ms) for metric in metrics}
