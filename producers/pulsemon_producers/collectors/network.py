"""Network: bytes, packets and errors of each interface, its speed, and packets that the kernel could not take."""

from collections.abc import Iterator, Mapping

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, gauge
from pulsemon_producers.collectors.counters import Change, Reading, changes
from pulsemon_producers.collectors.devices import shows_interface
from pulsemon_producers.collectors.host import Host

INTERFACE = "network.interface.name"
BITS_PER_BYTE = 8
BITS_PER_MEGABIT = 1e6
FLAG_UP = 0x1

COLUMNS: Mapping[str, int] = {
    "receive.bytes": 0,
    "receive.packets": 1,
    "receive.errors": 2,
    "receive.drops": 3,
    "transmit.bytes": 8,
    "transmit.packets": 9,
    "transmit.errors": 10,
    "transmit.drops": 11,
}
"""Where ``/proc/net/dev`` has them behind the name of the interface."""
TOTALS: Mapping[str, str] = {
    "system.network.io": "bytes",
    "system.network.packet.count": "packets",
    "system.network.errors": "errors",
    "system.network.packet.dropped": "drops",
}
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
        shown = interfaces(self.host.proc_if_any("net/dev") or "")
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


def interfaces(table: str) -> dict[str, dict[str, float]]:
    """The totals of the interfaces that are shown, by name; the first two lines are a heading."""
    found = {}
    for line in table.splitlines()[2:]:
        # an interface that has another name beside its own is written as ``eth0:1``
        name, _, numbers = line.strip().rpartition(":")
        row = numbers.split()
        if shows_interface(name) and len(row) > max(COLUMNS.values()):
            found[name] = {key: float(row[column]) for key, column in COLUMNS.items()}
    return found


def _totals(name: str, totals: Mapping[str, float]) -> Iterator[Point]:
    for metric, key in TOTALS.items():
        for direction in DIRECTIONS:
            yield counter(metric, totals[f"{direction}.{key}"], {INTERFACE: name, "direction": direction})


def _rates(name: str, change: Change, speed: float | None) -> Iterator[Point]:
    for direction in DIRECTIONS:
        labels = {INTERFACE: name, "direction": direction}
        rate = change.rate(f"{direction}.bytes")
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
