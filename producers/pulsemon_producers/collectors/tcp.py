"""TCP and UDP: sockets, segments, what was lost at full queues, and tracked connections."""

from collections.abc import Container, Iterator, Mapping

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


class TcpCollector(Collector):
    """What the kernel counts for the network that the agent is in."""

    name = "tcp"

    def collect(self, tick: Tick) -> Iterator[Point]:
        """All that this kernel has; connections are tracked only where the module is loaded."""
        yield from _counts(self.host)
        yield from _sockets(self.host)
        for key in ("count", "max"):
            name = f"system.network.conntrack.{key}"
            if tick.wants(name) and (text := self.host.proc_if_any(CONNTRACK.format(key))):
                yield updown(name, int(text))


def _counts(host: Host) -> Iterator[Point]:
    tables = tables_of((host.proc_if_any("net/snmp") or "") + (host.proc_if_any("net/netstat") or ""), SNMP)
    for row, (names, values) in tables.items():
        for metric, name, labels in SNMP[row]:
            if name in names:
                yield counter(metric, int(values[names.index(name)]), labels)


def _sockets(host: Host) -> Iterator[Point]:
    stat = socket_counts((host.proc_if_any("net/sockstat") or "") + (host.proc_if_any("net/sockstat6") or ""))
    for kind, places in SOCKETS.items():
        found = [stat[place] for place in places if place in stat]
        if found:
            yield updown("system.network.sockets", sum(found), {"kind": kind})
    if ("TCP", "mem") in stat:
        yield updown("system.network.tcp.memory", stat["TCP", "mem"])


def tables_of(text: str, wanted: Container[str]) -> dict[str, tuple[list[str], list[str]]]:
    """Names and values of rows by what they begin with: each comes twice, first with its names."""
    tables: dict[str, tuple[list[str], list[str]]] = {}
    names: dict[str, list[str]] = {}
    for line in text.splitlines():
        row, _, rest = line.partition(":")
        if row in names:
            tables[row] = names.pop(row), rest.split()
        elif row in wanted:
            names[row] = rest.split()
    return tables


def socket_counts(text: str) -> dict[tuple[str, str], int]:
    """``TCP: inuse 4 orphan 0`` as numbers by row and name."""
    counts = {}
    for line in text.splitlines():
        row, _, rest = line.partition(":")
        parts = rest.split()
        counts.update({(row, name): int(value) for name, value in zip(parts[::2], parts[1::2], strict=False)})
    return counts
