"""What the agent tells about itself, so that nobody has to watch the watcher."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pulsemon_producers.backlog import Fill
from pulsemon_producers.collectors.base import Point, counter, gauge
from pulsemon_producers.member import Member
from pulsemon_producers.tally import Totals

NAME = "agent"
"""The label ``collector`` for the agent as a whole."""
MS_PER_SECOND = 1000


@dataclass(frozen=True, slots=True)
class Usage:
    """What this process costs its host."""

    cpu_seconds: float
    rss_bytes: int


def collection_points(members: Mapping[str, Member], lateness_seconds: float, missed: int) -> Iterator[Point]:
    """How collecting goes. ``missed`` are the ticks at which the agent as a whole was too late."""
    yield gauge("pulsemon.agent.collect.lateness", lateness_seconds)
    yield counter("pulsemon.agent.collect.missed", missed, {"collector": NAME})
    for name, member in members.items():
        labels = {"collector": name}
        yield counter("pulsemon.agent.collect.missed", member.missed, labels)
        yield counter("pulsemon.agent.collect.errors", member.errors, labels)
        yield gauge("pulsemon.agent.collect.failed_runs", member.failed_runs, labels)
        yield gauge("pulsemon.agent.collect.duration", member.last_seconds, labels)


def delivery_points(totals: Totals, fill: Fill, wall_ms: int) -> Iterator[Point]:
    """How sending goes."""
    yield counter("pulsemon.agent.delivered", totals.delivered)
    for reason, count in totals.dropped.items():
        yield counter("pulsemon.agent.dropped", count, {"reason": reason})
    yield gauge("pulsemon.agent.buffer.bytes", fill.size_bytes, {"tier": "memory"})
    yield gauge("pulsemon.agent.buffer.bytes", fill.disk_bytes, {"tier": "disk"})
    waits_ms = 0 if fill.oldest_ms is None else max(0, wall_ms - fill.oldest_ms)
    yield gauge("pulsemon.agent.buffer.oldest_age", waits_ms / MS_PER_SECOND)
    if totals.latency_seconds is not None:
        yield gauge("pulsemon.agent.delivery.latency", totals.latency_seconds)


def clock_points(skew_seconds: float | None) -> Iterator[Point]:
    """How far the clock is off, if the other side tells."""
    if skew_seconds is not None:
        yield gauge("system.clock.skew", skew_seconds)


def cost_points(usage: Usage) -> Iterator[Point]:
    """What it costs."""
    yield counter("pulsemon.agent.cpu.time", usage.cpu_seconds)
    yield gauge("pulsemon.agent.memory.rss", usage.rss_bytes)


def own_usage() -> Usage:
    """Of this process, its threads included; from the real ``/proc``, wherever collectors look."""
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - read at each tick, so without a Path
        resident_pages = int(file.read().split()[1])
    return Usage(time.process_time(), resident_pages * resource.getpagesize())
