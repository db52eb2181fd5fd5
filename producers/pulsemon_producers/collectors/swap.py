"""Swap: how full it is, what moves in and out, and how often memory was not where it was looked for."""

from collections.abc import Iterator

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge, updown
from pulsemon_producers.collectors.host import picked

BYTES_PER_KIB = 1024
MEMINFO = ("SwapTotal", "SwapFree")
VMSTAT = ("pswpin", "pswpout", "pgfault", "pgmajfault")


class SwapCollector(Collector):
    """Swap space and paging of the whole host."""

    name = "swap"

    def collect(self, tick: Tick) -> Iterator[Point]:  # noqa: ARG002 - part of the interface
        """Utilization only where there is swap."""
        meminfo = picked(self.host.proc("meminfo"), MEMINFO, ":")
        total, free = (meminfo.get(key, 0) * BYTES_PER_KIB for key in MEMINFO)
        for state, amount in (("used", total - free), ("free", free)):
            labels = {"system.paging.state": state}
            yield updown("system.paging.usage", amount, labels)
            if total:
                yield gauge("system.paging.utilization", amount / total, labels)
        vmstat = picked(self.host.proc_if_any("vmstat") or "", VMSTAT)
        for direction, key in (("in", "pswpin"), ("out", "pswpout")):
            if key in vmstat:
                yield counter("system.paging.operations", vmstat[key], {"direction": direction})
        if "pgfault" in vmstat and "pgmajfault" in vmstat:
            major = vmstat["pgmajfault"]
            yield counter("system.paging.faults", major, {"type": "major"})
            yield counter("system.paging.faults", vmstat["pgfault"] - major, {"type": "minor"})
