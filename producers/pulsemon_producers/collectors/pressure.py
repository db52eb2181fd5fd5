"""Pressure: how long work had to wait for processors, memory or disks (PSI, Linux 4.20 and newer)."""

from collections.abc import Iterator, Mapping

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge

RESOURCES = ("cpu", "memory", "io", "irq")
WINDOWS: Mapping[str, tuple[str, str]] = {
    "avg10": ("system.pressure.ratio", "10s"),
    "avg60": ("system.pressure.ratio", "60s"),
    "avg300": ("system.pressure.ratio.300s", "300s"),
}
"""The newest and the usual window are what rules ask for; the longest is a metric of its own, so that it can be off."""
PERCENT = 100
US_PER_SECOND = 1e6


class PressureCollector(Collector):
    """Each resource that the kernel has; none where pressure is not measured."""

    name = "pressure"

    def collect(self, tick: Tick) -> Iterator[Point]:
        """``some`` is the time in which anything waited, ``full`` that in which everything did."""
        for resource in RESOURCES:
            text = self.host.proc_if_any(f"pressure/{resource}")
            for line in (text or "").splitlines():
                kind, *pairs = line.split()
                values = dict(pair.split("=", 1) for pair in pairs)
                yield from _points(tick, {"resource": resource, "kind": kind}, values)


def _points(tick: Tick, labels: Mapping[str, str], values: Mapping[str, str]) -> Iterator[Point]:
    yield counter("system.pressure.time", int(values["total"]) / US_PER_SECOND, labels)
    for key, (name, window) in WINDOWS.items():
        if tick.wants(name):
            yield gauge(name, float(values[key]) / PERCENT, {**labels, "window": window})
