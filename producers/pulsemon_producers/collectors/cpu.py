"""Processors: time by mode, utilization, switches and interrupts, counts and frequency, and what the kernel runs."""

from collections.abc import Iterator, Mapping
from statistics import fmean

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge, updown
from pulsemon_producers.collectors.counters import Reading, Totals, changes
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.limits import cpu_limit
from pulsemon_producers.collectors.proc_stat import ALL, MODES, parse_stat

IDLE_MODES = ("idle", "iowait")

JITTER_SECONDS = 3.0
"""Linux takes back idle and iowait time when a processor goes to sleep; a smaller fall than this is that, no reset."""

LOGICAL = "cpu.logical_number"
SINGLE_METRICS = ("system.cpu.logical.time", "system.cpu.logical.busy")
COUNTERS: Mapping[str, str] = {
    "system.cpu.context_switches": "ctxt",
    "system.cpu.interrupts": "intr",
    "system.process.created": "processes",
}
GAUGES: Mapping[str, str] = {
    "system.processes.running": "procs_running",
    "system.processes.blocked": "procs_blocked",
}
HZ_PER_MHZ = 1e6
HZ_PER_KHZ = 1e3


class CpuCollector(Collector):
    """Processor time of the whole host, and what else ``/proc/stat`` has: one reading for all."""

    name = "cpu"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._last: Reading | None = None

    def collect(self, tick: Tick) -> Iterator[Point]:
        """Totals at once, utilization from the second tick on."""
        stat = parse_stat(self.host.proc("stat"), with_each=any(map(tick.wants, SINGLE_METRICS)))
        yield from self._times(tick, stat.seconds)
        for name, key in COUNTERS.items():
            if key in stat.totals:
                yield counter(name, stat.totals[key])
        for name, key in GAUGES.items():
            if key in stat.totals:
                yield gauge(name, stat.totals[key])
        yield from self._sizes(tick, stat.logical_cpus)

    def _times(self, tick: Tick, seconds: Mapping[str, Totals]) -> Iterator[Point]:
        last = self._last if self._last is not None and self._last.boot_id == tick.boot_id else None
        before = {} if last is None else last.items
        read = {cpu: _steadied(before.get(cpu), modes) for cpu, modes in seconds.items()}
        now = self._last = Reading(self.host.monotonic_seconds(), tick.boot_id, read)
        for cpu, modes in read.items():
            yield from _totals(cpu, modes)
        for cpu, change in changes(last, now).items():
            yield from _utilization(cpu, change.growth)

    def _sizes(self, tick: Tick, logical_cpus: int) -> Iterator[Point]:
        if tick.wants("system.cpu.limit"):
            yield gauge("system.cpu.limit", cpu_limit(self.host))
        if tick.wants("system.cpu.frequency") and (megahertz := _frequencies_mhz(self.host)):
            yield gauge("system.cpu.frequency", fmean(megahertz) * HZ_PER_MHZ)
        if tick.wants("system.cpu.logical.frequency"):
            for number, frequency in enumerate(_frequencies_mhz(self.host)):
                yield gauge("system.cpu.logical.frequency", frequency * HZ_PER_MHZ, {LOGICAL: str(number)})
        if tick.wants("system.cpu.logical.count") and logical_cpus:
            yield updown("system.cpu.logical.count", logical_cpus)
        if tick.wants("system.cpu.physical.count") and (cores := _physical_cores(self.host)):
            yield updown("system.cpu.physical.count", cores)


def _steadied(last: Totals | None, read: Totals) -> Totals:
    """The reading, with idle times that only seem to fall as they were last."""
    if last is None:
        return read
    return {**read, **{mode: last[mode] for mode in IDLE_MODES if 0 < last[mode] - read[mode] < JITTER_SECONDS}}


def _totals(cpu: str, modes: Totals) -> Iterator[Point]:
    for mode in MODES:
        if cpu == ALL:
            yield counter("system.cpu.time", modes[mode], {"cpu.mode": mode})
        else:
            yield counter("system.cpu.logical.time", modes[mode], {LOGICAL: cpu, "cpu.mode": mode})


def _utilization(cpu: str, growth: Totals) -> Iterator[Point]:
    total = sum(growth.values())
    if total <= 0:
        return
    busy = 1 - sum(growth[mode] for mode in IDLE_MODES) / total
    if cpu != ALL:
        yield gauge("system.cpu.logical.busy", busy, {LOGICAL: cpu})
        return
    for mode, seconds in growth.items():
        yield gauge("system.cpu.utilization", seconds / total, {"cpu.mode": mode})
    yield gauge("system.cpu.busy", busy)


def _frequencies_mhz(host: Host) -> list[float]:
    """One for each policy of the frequency driver (usually a processor), else for each of ``/proc/cpuinfo``."""
    policies = sorted(host.sys_names("devices/system/cpu/cpufreq"), key=lambda name: (len(name), name))
    texts = [host.sys_if_any(f"devices/system/cpu/cpufreq/{name}/scaling_cur_freq") for name in policies]
    if scaled := [float(text) * HZ_PER_KHZ / HZ_PER_MHZ for text in texts if text]:
        return scaled
    lines = (host.proc_if_any("cpuinfo") or "").splitlines()
    return [float(line.partition(":")[2]) for line in lines if line.startswith("cpu MHz")]


def _physical_cores(host: Host) -> int:
    """Distinct cores of all packages; 0 where the host does not tell."""
    cores = set()
    for name in host.sys_names("devices/system/cpu"):
        if name.startswith("cpu") and name[3:].isdigit():
            topology = f"devices/system/cpu/{name}/topology"
            core = host.sys_if_any(f"{topology}/core_id")
            if core is not None:
                cores.add((host.sys_if_any(f"{topology}/physical_package_id"), core))
    return len(cores)
