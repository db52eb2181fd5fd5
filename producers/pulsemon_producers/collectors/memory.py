"""Memory: what is used by whom, what is available, what the kernel promised, and what it had to kill."""

import re
from collections.abc import Iterator, Mapping

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge, updown
from pulsemon_producers.collectors.cgroup import Cgroup, own_cgroup
from pulsemon_producers.collectors.host import Host, picked
from pulsemon_producers.collectors.limits import memory_limit
from pulsemon_producers.collectors.remembered import Remembered

BYTES_PER_KIB = 1024

MEMINFO: Mapping[str, str] = {
    "system.memory.linux.shared": "Shmem",
    "system.memory.committed": "Committed_AS",
    "system.memory.commit_limit": "CommitLimit",
    "system.memory.dirty": "Dirty",
    "system.memory.writeback": "Writeback",
    "system.memory.hardware_corrupted": "HardwareCorrupted",
}
SLAB_STATES: Mapping[str, str] = {"reclaimable": "SReclaimable", "unreclaimable": "SUnreclaim"}
HUGE_PAGES = "system.memory.linux.hugepages.usage"
ECC = "system.memory.ecc.uncorrectable"
CONTROLLERS = "devices/system/edac/mc"
CONTROLLER = re.compile(r"mc\d+")
CACHES = ("Cached", "SReclaimable")
"""What ``free`` calls cache: the page cache, and kernel objects that can be made again."""
WANTED = tuple(
    dict.fromkeys(
        (
            *("MemTotal", "MemFree", "MemAvailable", "Buffers", *CACHES, *MEMINFO.values(), *SLAB_STATES.values()),
            *("HugePages_Total", "HugePages_Free"),
        )
    )
)
"""Of the fifty lines of ``/proc/meminfo``."""


class MemoryCollector(Collector):
    """Memory of the whole host; the four states add up to the limit. What is available also heeds the container's."""

    name = "memory"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._cgroup = Remembered(lambda: own_cgroup(host))

    def collect(self, tick: Tick) -> Iterator[Point]:
        """All but what the kernel does not show."""
        meminfo = picked(self.host.proc("meminfo"), WANTED, ":")
        size = {key: amount * BYTES_PER_KIB for key, amount in meminfo.items()}
        yield updown("system.memory.limit", size["MemTotal"])
        yield from _states(size)
        available = size["MemAvailable"] if "MemAvailable" in size else _available(size)
        yield updown("system.memory.linux.available", available)
        yield gauge(
            "system.memory.available.ratio", _available_ratio(self._cgroup.at(tick), available, size["MemTotal"])
        )
        for name, key in MEMINFO.items():
            if key in size:
                yield updown(name, size[key])
        for state, key in SLAB_STATES.items():
            if key in size:
                yield updown("system.memory.linux.slab.usage", size[key], {"slab.state": state})
        if tick.wants(HUGE_PAGES) and "HugePages_Total" in meminfo:
            free = meminfo["HugePages_Free"]
            yield updown(HUGE_PAGES, free, {"hugepages.state": "free"})
            yield updown(HUGE_PAGES, meminfo["HugePages_Total"] - free, {"hugepages.state": "used"})
        if tick.wants(ECC) and (errors := _uncorrectable_errors(self.host)) is not None:
            yield counter(ECC, errors)
        for kills in picked(self.host.proc_if_any("vmstat") or "", ["oom_kill"]).values():
            yield counter("system.memory.oom_kills", kills)


def _states(size: Mapping[str, int]) -> Iterator[Point]:
    states = {
        "free": size["MemFree"],
        "buffers": size.get("Buffers", 0),
        "cached": sum(size.get(key, 0) for key in CACHES),
    }
    # a container's view may be put together from two sources that do not add up
    states["used"] = max(0, size["MemTotal"] - sum(states.values()))
    for state, amount in states.items():
        labels = {"system.memory.state": state}
        yield updown("system.memory.usage", amount, labels)
        yield gauge("system.memory.utilization", amount / size["MemTotal"], labels)


def _uncorrectable_errors(host: Host) -> int | None:
    """Of all controllers together; None where there is none that finds errors."""
    names = [name for name in host.sys_names(CONTROLLERS) if CONTROLLER.fullmatch(name)]
    texts = [host.sys_if_any(f"{CONTROLLERS}/{name}/ue_count") for name in names]
    found = [int(text) for text in texts if text is not None and text.isdigit()]
    return sum(found) if found else None


def _available(size: Mapping[str, int]) -> int:
    """For kernels before 3.14, which do not tell: free memory and caches, but for files that live in memory alone."""
    droppable = sum(size.get(key, 0) for key in (*CACHES, "Buffers")) - size.get("Shmem", 0)
    return size["MemFree"] + max(0, droppable)


def _available_ratio(cgroup: Cgroup | None, available: int, total: int) -> float:
    """Of the memory, or of the container's limit: there the smaller of what it has left and what the host has left."""
    limit = memory_limit(cgroup, total)
    used = None if cgroup is None else cgroup.memory_bytes()
    if cgroup is None or used is None or limit == total:
        return available / total
    left = max(0, limit - max(0, used - cgroup.inactive_file_bytes()))
    return min(available, left) / limit
