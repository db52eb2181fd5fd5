"""Memory: what is used by whom, what is available, what the kernel promised, and what it had to kill."""

from collections.abc import Iterator, Mapping

import psutil

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge, updown
from pulsemon_producers.collectors.host import fields

BYTES_PER_KIB = 1024

MEMINFO: Mapping[str, str] = {
    "system.memory.committed": "Committed_AS",
    "system.memory.commit_limit": "CommitLimit",
    "system.memory.dirty": "Dirty",
    "system.memory.writeback": "Writeback",
    "system.memory.hardware_corrupted": "HardwareCorrupted",
}
SLAB_STATES: Mapping[str, str] = {"reclaimable": "SReclaimable", "unreclaimable": "SUnreclaim"}


class MemoryCollector(Collector):
    """Memory of the whole host; the four states add up to the limit."""

    name = "memory"

    def collect(self, tick: Tick) -> Iterator[Point]:
        """All but what the kernel does not show."""
        memory = psutil.virtual_memory()
        yield updown("system.memory.limit", memory.total)
        states = {"free": memory.free, "buffers": memory.buffers, "cached": memory.cached}
        # a container's view may be put together from two sources that do not add up
        states["used"] = max(0, memory.total - sum(states.values()))
        for state, amount in states.items():
            labels = {"system.memory.state": state}
            yield updown("system.memory.usage", amount, labels)
            yield gauge("system.memory.utilization", amount / memory.total, labels)
        yield updown("system.memory.linux.available", memory.available)
        yield gauge("system.memory.available.ratio", memory.available / memory.total)
        yield updown("system.memory.linux.shared", memory.shared)
        yield from self._kernel(tick)

    def _kernel(self, tick: Tick) -> Iterator[Point]:
        meminfo = dict(fields(self.host.proc("meminfo")))
        for name, key in MEMINFO.items():
            if key in meminfo and tick.wants(name):
                yield updown(name, meminfo[key] * BYTES_PER_KIB)
        for state, key in SLAB_STATES.items():
            if key in meminfo and tick.wants("system.memory.linux.slab.usage"):
                yield updown("system.memory.linux.slab.usage", meminfo[key] * BYTES_PER_KIB, {"slab.state": state})
        vmstat = dict(fields(self.host.proc_if_any("vmstat") or ""))
        if "oom_kill" in vmstat:
            yield counter("system.memory.oom_kills", vmstat["oom_kill"])
