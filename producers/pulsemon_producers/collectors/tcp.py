"""TCP and UDP: sockets, segments, what was lost at full queues, and tracked connections."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pulsemon_producers.collectors.base import Collector, Point, Tick, counter, updown
from pulsemon_producers.collectors.host import Host

SNMP: Mapping[str, tuple[tuple[str, str, Mapping[str, str]], ...]] = {
    "Tcp": (
        ("system.network.tcp.retransmits", "RetransSegs", {}),
        ("system.network.tcp.segments", "InSegs", {"direction": "in"}),
        ("system.network.tcp.segments", "OutSegs", {"direction": "out"}),
        ("system.network.tcp.resets_sent", "OutRsts", {}),
    ),
    "Udp": (
        ("system.network.udp.buffer_errors", "RcvbufErrors", {"direction": "in"}),
        ("system.network.udp.buffer_errors", "SndbufErrors", {"direction": "out"}),
    ),
    "TcpExt": (
        ("system.network.tcp.listen_overflows", "ListenOverflows", {}),
        ("system.network.tcp.listen_drops", "ListenDrops", {}),
    ),
}
"""Metric, the kernel's name and labels, by the row of ``net/snmp`` or ``net/netstat``."""

SOCKETS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "tcp_inuse": (("TCP", "inuse"), ("TCP6", "inuse")),
    "tcp_orphan": (("TCP", "orphan"),),
    "tcp_tw": (("TCP", "tw"),),
    "tcp_alloc": (("TCP", "alloc"),),
    "udp_inuse": (("UDP", "inuse"), ("UDP6", "inuse")),
}
"""Rows and columns of ``net/sockstat`` and ``net/sockstat6`` that make up each kind."""

CONNTRACK = "sys/net/netfilter/nf_conntrack_{}"
ORPHAN_LIMIT = "system.network.tcp.orphan.limit"


@dataclass(frozen=True, slots=True)
class Heading:
    """A row's names as one line, and what of it is sent: metric, column and labels; ``last`` is the last column."""

    names: str
    counters: tuple[tuple[str, int, Mapping[str, str]], ...]
    last: int


class TcpCollector(Collector):
    """What the kernel counts for the network that the agent is in."""

    name = "tcp"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._headings: dict[str, Heading] = {}

    def collect(self, tick: Tick) -> Iterator[Point]:
        """All that this kernel has; connections are tracked only where the module is loaded."""
        yield from self._counts()
        yield from _sockets(self.host)
        for key in ("count", "max"):
            name = f"system.network.conntrack.{key}"
            if tick.wants(name) and (text := self.host.proc_if_any(CONNTRACK.format(key))):
                yield updown(name, int(text))
        if tick.wants(ORPHAN_LIMIT) and (text := self.host.proc_if_any("sys/net/ipv4/tcp_max_orphans")):
            yield updown(ORPHAN_LIMIT, int(text))

    def _counts(self) -> Iterator[Point]:
        """Each row comes twice, first with its names: those of the kernel that runs are looked through once."""
        text = (self.host.proc_if_any("net/snmp") or "") + (self.host.proc_if_any("net/netstat") or "")
        names = ""
        for line in text.splitlines():
            row = line.partition(":")[0]
            if row not in SNMP:
                continue
            if not names:
                names = line
                continue
            heading = self._headings.get(row)
            if heading is None or heading.names != names:
                heading = self._headings[row] = heading_of(row, names)
            names = ""
            values = line.split(None, heading.last + 1)
            for metric, column, labels in heading.counters:
                yield counter(metric, int(values[column]), labels)


def _sockets(host: Host) -> Iterator[Point]:
    stat = socket_counts((host.proc_if_any("net/sockstat") or "") + (host.proc_if_any("net/sockstat6") or ""))
    for kind, places in SOCKETS.items():
        found = [stat[place] for place in places if place in stat]
        if found:
            yield updown("system.network.sockets", sum(found), {"kind": kind})
    if ("TCP", "mem") in stat:
        yield updown("system.network.tcp.memory", stat["TCP", "mem"])


def heading_of(row: str, names: str) -> Heading:
    """Where the wanted names stand."""
    columns = {name: column for column, name in enumerate(names.split())}
    found = tuple((metric, columns[name], labels) for metric, name, labels in SNMP[row] if name in columns)
    return Heading(names, found, max((column for _, column, _ in found), default=0))


def socket_counts(text: str) -> dict[tuple[str, str], int]:
    """``TCP: inuse 4 orphan 0`` as numbers by row and name."""
    counts = {}
    for line in text.splitlines():
        row, _, rest = line.partition(":")
        parts = rest.split()
        counts.update({(row, name): int(value) for name, value in zip(parts[::2], parts[1::2], strict=False)})
    return counts
