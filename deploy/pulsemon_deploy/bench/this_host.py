"""Real metrics of this host as batches: what the agent's own collectors read, at its default intervals."""

import logging
import time
from collections.abc import Iterator

from pulsemon_producers.collectors.base import Collector, Tick, begins_interval
from pulsemon_producers.collectors.builtin import built_in
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.intervals import in_ticks_ms, metric_intervals_ms
from pulsemon_producers.settings import AgentSettings
from pulsemon_schemas.catalogue import METRICS
from pulsemon_schemas.records import MetricBatch

log = logging.getLogger(__name__)

SERVER_ID = "this-host"
PAUSE_SECONDS = 0.05
"""Between two readings: the host's own work goes on in it."""


def readings(count: int, start_ms: int, interval_ms: int) -> Iterator[MetricBatch]:
    """So many batches, taken one after the other and stamped ``interval_ms`` apart."""
    host = Host()
    collectors = built_in(host, AgentSettings(server_id=SERVER_ID))
    intervals = metric_intervals_ms(METRICS, interval_ms)
    off = frozenset(one.name for one in METRICS if not one.default_on)
    previous: dict[str, int] = {}
    try:
        for number in range(count):
            at_ms = start_ms + number * interval_ms
            found: dict[tuple[str, str], float] = {}
            for one in collectors:
                tick = Tick(at_ms, previous.get(one.name), host.boot_id(), intervals, off)
                found.update(_points(one, tick, interval_ms))
                previous[one.name] = at_ms
            yield _batch(number, at_ms, found)
            time.sleep(PAUSE_SECONDS)
    finally:
        for one in collectors:
            one.close()


def _points(collector: Collector, tick: Tick, tick_ms: int) -> dict[tuple[str, str], float]:
    """What one collector yields; nothing if it fails, as for the agent."""
    if not begins_interval(tick.previous_ms, tick.recorded_at_ms, in_ticks_ms(collector.interval_seconds, tick_ms)):
        return {}
    try:
        return {(one.name, one.labels): one.value for one in collector.collect(tick) if tick.wants(one.name)}
    except Exception as error:  # noqa: BLE001 - a collector may raise anything
        log.debug("%s: %s", collector.name, error)
        return {}


def _batch(number: int, at_ms: int, found: dict[tuple[str, str], float]) -> MetricBatch:
    keys = sorted(found)
    return MetricBatch(
        server_id=SERVER_ID,
        source="agent",
        producer_id="bench-this-host",
        sequence=number,
        previous_producer_id="",
        previous_sequence=-1,
        recorded_at_ms=at_ms,
        sent_at_ms=at_ms + 3,
        names=tuple(name for name, _ in keys),
        labels=tuple(labels for _, labels in keys),
        values=tuple(found[one] for one in keys),
        dropped={},
    )
