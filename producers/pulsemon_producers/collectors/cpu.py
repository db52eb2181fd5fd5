"""Processors: time by mode, utilization, switches and interrupts, counts and frequency."""

from collections.abc import Iterator
from statistics import fmean

import psutil

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge, updown
from pulsemon_producers.collectors.counters import Reading, Totals, changes
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.limits import cpu_limit, logical_cpus

MODES = ("user", "nice", "system", "iowait", "irq", "softirq", "steal", "idle")
"""Guests' time is part of user and nice."""
IDLE_MODES = ("idle", "iowait")

JITTER_SECONDS = 3.0
"""Linux takes back idle and iowait time when a processor goes to sleep; a smaller fall than this is that, no reset."""

ALL = "all"
HZ_PER_MHZ = 1e6
HZ_PER_KHZ = 1e3


class CpuCollector(Collector):
    """Processor time of the whole host."""

    name = "cpu"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._last: Reading | None = None

    def collect(self, tick: Tick) -> Iterator[Point]:
        """Totals at once, utilization from the second tick on."""
        yield from self._times(tick)
        stats = psutil.cpu_stats()
        yield counter("system.cpu.context_switches", stats.ctx_switches)
        yield counter("system.cpu.interrupts", stats.interrupts)
        yield from self._sizes(tick)

    def _times(self, tick: Tick) -> Iterator[Point]:
        times = psutil.cpu_times()
        read = {mode: float(getattr(times, mode, 0.0)) for mode in MODES}
        last = self._last
        if last is not None and last.boot_id == tick.boot_id:
            read |= _steadied(last.items[ALL], read)
        now = self._last = Reading(self.host.monotonic_seconds(), tick.boot_id, {ALL: read})
        for mode, seconds in read.items():
            yield counter("system.cpu.time", seconds, {"cpu.mode": mode})
        if (change := changes(last, now).get(ALL)) is not None:
            yield from _utilization(change.growth)

    def _sizes(self, tick: Tick) -> Iterator[Point]:
        if tick.wants("system.cpu.limit"):
            yield gauge("system.cpu.limit", cpu_limit(self.host))
        if tick.wants("system.cpu.frequency") and (megahertz := _frequencies_mhz(self.host)):
            yield gauge("system.cpu.frequency", fmean(megahertz) * HZ_PER_MHZ)
        if tick.wants("system.cpu.logical.count"):
            yield updown("system.cpu.logical.count", logical_cpus(self.host))
        if tick.wants("system.cpu.physical.count") and (cores := _physical_cores(self.host)):
            yield updown("system.cpu.physical.count", cores)


def _steadied(last: Totals, read: Totals) -> dict[str, float]:
    """The idle times that only seem to fall, as they were last."""
    return {mode: last[mode] for mode in IDLE_MODES if 0 < last[mode] - read[mode] < JITTER_SECONDS}


def _utilization(growth: Totals) -> Iterator[Point]:
    total = sum(growth.values())
    if total <= 0:
        return
    for mode, seconds in growth.items():
        yield gauge("system.cpu.utilization", seconds / total, {"cpu.mode": mode})
    yield gauge("system.cpu.busy", 1 - sum(growth[mode] for mode in IDLE_MODES) / total)


def _frequencies_mhz(host: Host) -> list[float]:
    policies = sorted((host.sysfs / "devices/system/cpu/cpufreq").glob("policy*/scaling_cur_freq"))
    texts = [host.sys_if_any(str(path.relative_to(host.sysfs))) for path in policies]
    if scaled := [float(text) * HZ_PER_KHZ / HZ_PER_MHZ for text in texts if text]:
        return scaled
    lines = (host.proc_if_any("cpuinfo") or "").splitlines()
    return [float(line.partition(":")[2]) for line in lines if line.startswith("cpu MHz")]


def _physical_cores(host: Host) -> int:
    """Distinct cores of all packages; 0 where the host does not tell."""
    cores = set()
    for topology in (host.sysfs / "devices/system/cpu").glob("cpu[0-9]*/topology"):
        place = topology.relative_to(host.sysfs)
        package, core = (host.sys_if_any(f"{place}/{name}") for name in ("physical_package_id", "core_id"))
        if package is not None and core is not None:
            cores.add((package, core))
    return len(cores)
