"""The measures that pages know by name: which series they are read from, and how they are called."""

from dataclasses import dataclass

from pulsemon_schemas.catalogue import metric
from pulsemon_sinks.reader.choice import Choice


@dataclass(frozen=True, slots=True)
class Measure:
    """A choice of series with its title and the unit of what is shown (of a counter: per second)."""

    title: str
    unit: str
    choice: Choice

    @property
    def interval_seconds(self) -> float:
        """How often its series are sent."""
        return metric(self.choice.metric).interval_seconds


def gauge(title: str, unit: str, metric: str, *having: str) -> Measure:
    """A measure that is shown as it was sent, of several series the largest."""
    return Measure(title, unit, Choice(metric, having))


def total(title: str, unit: str, metric: str, *having: str, without: tuple[str, ...] = ()) -> Measure:
    """A measure that is shown as it was sent, summed over all its series."""
    return Measure(title, unit, Choice(metric, having, without, combine="sum"))


def rate(title: str, unit: str, metric: str, *having: str, without: tuple[str, ...] = ()) -> Measure:
    """A counter, shown as its growth per second over all its series."""
    return Measure(title, unit, Choice(metric, having, without, combine="sum", is_counter=True))


_NOT_LOOPBACK = ("network.interface.name=lo",)

CPU = gauge("CPU busy", "1", "system.cpu.busy")
MEMORY = gauge("Memory used", "1", "system.memory.utilization", "system.memory.state=used")
DISK = gauge("Fullest disk", "1", "system.filesystem.utilization")
LOAD = gauge("Load average (1 min)", "{thread}", "system.cpu.load_average.1m")
IO_WAIT = gauge("CPU waiting on I/O", "1", "system.cpu.utilization", "cpu.mode=iowait")
DISK_BUSY = gauge("Disk busy", "1", "system.disk.utilization")
NETWORK_IN = total("Network in", "By/s", "system.network.io.rate", "direction=receive", without=_NOT_LOOPBACK)
NETWORK_OUT = total("Network out", "By/s", "system.network.io.rate", "direction=transmit", without=_NOT_LOOPBACK)

# What the fleet is coloured and ranked by; all are headline metrics, so their newest values are at hand.
FLEET = {"cpu": CPU, "memory": MEMORY, "disk": DISK, "load": LOAD}

SETS: dict[str, tuple[Measure, ...]] = {
    "Essentials": (CPU, MEMORY, DISK, LOAD, DISK_BUSY, IO_WAIT, NETWORK_IN, NETWORK_OUT),
    "CPU": (
        CPU,
        LOAD,
        gauge("User", "1", "system.cpu.utilization", "cpu.mode=user"),
        gauge("System", "1", "system.cpu.utilization", "cpu.mode=system"),
        IO_WAIT,
        gauge("Stolen by the hypervisor", "1", "system.cpu.utilization", "cpu.mode=steal"),
        gauge("Load average (15 min)", "{thread}", "system.cpu.load_average.15m"),
        rate("Context switches", "/s", "system.cpu.context_switches"),
    ),
    "Memory": (
        MEMORY,
        gauge("Available", "1", "system.memory.available.ratio"),
        gauge("Used", "By", "system.memory.usage", "system.memory.state=used"),
        gauge("Cached", "By", "system.memory.usage", "system.memory.state=cached"),
        gauge("Swap used", "1", "system.paging.utilization", "system.paging.state=used"),
        rate("Major page faults", "/s", "system.paging.faults", "type=major"),
        gauge("Dirty", "By", "system.memory.dirty"),
        gauge("Committed", "By", "system.memory.committed"),
    ),
    "Disk": (
        DISK,
        DISK_BUSY,
        total("Read", "By/s", "system.disk.io.rate", "direction=read"),
        total("Written", "By/s", "system.disk.io.rate", "direction=write"),
        gauge("Read latency", "s", "system.disk.await", "direction=read"),
        gauge("Write latency", "s", "system.disk.await", "direction=write"),
        gauge("Fullest inode table", "1", "system.filesystem.inodes.utilization"),
        gauge("Queue length", "{operation}", "system.disk.queue_length"),
    ),
    "Network": (
        NETWORK_IN,
        NETWORK_OUT,
        rate("Packets in", "/s", "system.network.packet.count", "direction=receive", without=_NOT_LOOPBACK),
        rate("Packets out", "/s", "system.network.packet.count", "direction=transmit", without=_NOT_LOOPBACK),
        rate("Errors", "/s", "system.network.errors", without=_NOT_LOOPBACK),
        rate("Dropped packets", "/s", "system.network.packet.dropped", without=_NOT_LOOPBACK),
        rate("TCP retransmits", "/s", "system.network.tcp.retransmits"),
        gauge("Busiest interface", "1", "system.network.utilization"),
    ),
}


def sets_with(names: frozenset[str]) -> dict[str, tuple[Measure, ...]]:
    """The sets of which a server that sends these metrics has anything to show, reduced to what it has."""
    kept = {title: tuple(one for one in measures if one.choice.metric in names) for title, measures in SETS.items()}
    return {title: measures for title, measures in kept.items() if measures}
