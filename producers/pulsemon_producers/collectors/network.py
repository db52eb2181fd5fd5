"""Network: bytes, packets and errors of each interface, its speed, and packets that the kernel could not take."""

from collections.abc import Iterator, Mapping

import psutil

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge
from pulsemon_producers.collectors.counters import Change, Reading, changes
from pulsemon_producers.collectors.devices import shows_interface
from pulsemon_producers.collectors.host import Host

INTERFACE = "network.interface.name"
BITS_PER_BYTE = 8
BITS_PER_MEGABIT = 1e6
FLAG_UP = 0x1

TOTALS: Mapping[str, tuple[str, str]] = {
    "system.network.io": ("bytes_recv", "bytes_sent"),
    "system.network.packet.count": ("packets_recv", "packets_sent"),
    "system.network.errors": ("errin", "errout"),
    "system.network.packet.dropped": ("dropin", "dropout"),
}
"""psutil's fields for receive and transmit."""
DIRECTIONS = ("receive", "transmit")
SOFTNET_COLUMNS: Mapping[str, int] = {
    "system.network.softnet.dropped": 1,
    "system.network.softnet.squeezed": 2,
}


class NetworkCollector(Collector):
    """What every interface did since boot, and since the last tick."""

    name = "network"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._last: Reading | None = None
        self._speeds: dict[str, float] = {}

    def collect(self, tick: Tick) -> Iterator[Point]:
        """Totals at once, rates from the second tick of an interface on."""
        read = psutil.net_io_counters(pernic=True, nowrap=False)
        shown = {name: counters._asdict() for name, counters in read.items() if shows_interface(name)}
        now = Reading(self.host.monotonic_seconds(), tick.boot_id, shown)
        last, self._last = self._last, now
        yield from self._links(tick, shown)
        for name, totals in shown.items():
            yield from _totals(name, totals)
        for name, change in changes(last, now).items():
            yield from _rates(name, change, self._speeds.get(name))
        yield from _softnet(self.host)

    def _links(self, tick: Tick, names: Mapping[str, object]) -> Iterator[Point]:
        if not tick.wants("system.network.up"):
            return
        speeds = {name: _speed_bits_per_second(self.host, name) for name in names}
        self._speeds = {name: speed for name, speed in speeds.items() if speed is not None}
        for name in names:
            if (up := _is_up(self.host, name)) is not None:
                yield gauge("system.network.up", up, {INTERFACE: name})
        for name, speed in self._speeds.items():
            yield gauge("system.network.speed", speed, {INTERFACE: name})


def _totals(name: str, totals: Mapping[str, float]) -> Iterator[Point]:
    for metric, keys in TOTALS.items():
        for direction, key in zip(DIRECTIONS, keys, strict=True):
            yield counter(metric, totals[key], {INTERFACE: name, "direction": direction})


def _rates(name: str, change: Change, speed: float | None) -> Iterator[Point]:
    for direction, key in zip(DIRECTIONS, TOTALS["system.network.io"], strict=True):
        labels = {INTERFACE: name, "direction": direction}
        rate = change.rate(key)
        yield gauge("system.network.io.rate", rate, labels)
        if speed is not None:
            yield gauge("system.network.utilization", rate * BITS_PER_BYTE / speed, labels)


def _is_up(host: Host, name: str) -> bool | None:
    """None where the host does not tell. Tunnels have no state of their own but the administrator's."""
    state = host.sys_if_any(f"class/net/{name}/operstate")
    if state != "unknown":
        return None if state is None else state == "up"
    return bool(int(host.sys_if_any(f"class/net/{name}/flags") or "0", 16) & FLAG_UP)


def _speed_bits_per_second(host: Host, name: str) -> float | None:
    """None if the interface has no speed, or none now."""
    megabits = int(host.sys_if_any(f"class/net/{name}/speed") or "-1")
    return megabits * BITS_PER_MEGABIT if megabits > 0 else None


def _softnet(host: Host) -> Iterator[Point]:
    """Sums over the processors, each of which has a row of hexadecimal numbers."""
    text = host.proc_if_any("net/softnet_stat")
    if text is None:
        return
    rows = [line.split() for line in text.splitlines()]
    for metric, column in SOFTNET_COLUMNS.items():
        yield counter(metric, sum(int(row[column], 16) for row in rows))
