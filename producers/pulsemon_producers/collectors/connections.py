"""TCP connections by their state: the kernel looks at every socket, so this has an interval of its own."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from pulsemon_producers.collectors.base import Collector, Point, Tick, updown
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.kernel_files import read_pieces
from pulsemon_producers.collectors.tcp import socket_counts

log = logging.getLogger(__name__)

METRIC = "system.network.connection.count"
STATES: Mapping[bytes, str] = {
    b"01": "established",
    b"02": "syn_sent",
    b"03": "syn_recv",
    b"04": "fin_wait_1",
    b"05": "fin_wait_2",
    b"06": "time_wait",
    b"07": "close",
    b"08": "close_wait",
    b"09": "last_ack",
    b"0A": "listen",
    b"0B": "closing",
    b"0C": "syn_recv",
}
"""The kernel's numbers; the last is a connection that waits for its handshake to end."""
STATE = re.compile(rb":[0-9A-F]{4} ([0-9A-F]{2}) [0-9A-F]{8}:")

TIME_WAIT = STATES[b"06"]

MAX_SOCKETS = 50_000
"""The kernel tells of each by itself. Where there are more, the counts are left out."""
TCP_IN_USE = (("TCP", "inuse"), ("TCP6", "inuse"))
TCP_WAITING = ("TCP", "tw")
"""Connections that ended, IPv6 included; also those that the kernel has put there before their last state."""


class ConnectionCollector(Collector):
    """Connections of the network that the agent is in, IPv4 and IPv6 together.

    The kernel is asked by netlink; where that is refused, as in some containers, ``/proc/net/tcp`` tells the same at
    twenty times the cost.
    """

    name = "connections"
    interval_seconds = 60.0

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._is_skipped = False

    def collect(self, tick: Tick) -> Iterator[Point]:
        """Every state, also those in which there is none; nothing where the kernel does not show its sockets."""
        if not tick.wants(METRIC):
            return
        counts = self._counts()
        if counts is None:
            return
        for state in dict.fromkeys(STATES.values()):
            labels = {"network.transport": "tcp", "network.connection.state": state}
            yield updown(METRIC, counts.get(state, 0), labels)

    def _counts(self) -> Mapping[str, int] | None:
        """By state; None if nobody tells, or too many would have to be looked at."""
        stat = socket_counts(
            (self.host.proc_if_any("net/sockstat") or "") + (self.host.proc_if_any("net/sockstat6") or "")
        )
        in_use = sum(stat.get(place, 0) for place in TCP_IN_USE)
        waiting = stat.get(TCP_WAITING)
        told = None if waiting is None or in_use > MAX_SOCKETS else _told(self.host, waiting)
        if self._are_too_many(in_use if told is not None else in_use + (waiting or 0)):
            return None
        if told is None and self.host.has_proc("net/tcp"):
            names = ("net/tcp", "net/tcp6")
            return Counter(STATES[state] for name in names for state in _states(self.host, name) if state in STATES)
        return told

    def _are_too_many(self, sockets: int) -> bool:
        is_skipped, self._is_skipped = self._is_skipped, sockets > MAX_SOCKETS
        if self._is_skipped and not is_skipped:
            log.warning(
                "%d TCP sockets are too many to be counted by state: system.network.connection.count is not sent until "
                "there are at most %d. system.network.sockets still tells how many there are.",
                sockets,
                MAX_SOCKETS,
            )
        return self._is_skipped


def _told(host: Host, waiting: int) -> Mapping[str, int] | None:
    """What the kernel says when asked; ``waiting`` are those that it has not to be asked for. None if it refuses."""
    try:
        sockets = host.tcp_sockets()
    except OSError:
        return None
    counts = Counter({TIME_WAIT: max(0, waiting - sockets.ended)})
    for number, count in sockets.by_state.items():
        if (state := STATES.get(b"%02X" % number)) is not None:
            counts[state] += count
    return counts


def _states(host: Host, name: str) -> Iterator[bytes]:
    """The state of every socket, a piece of the file at a time; of none where the kernel has no such protocol."""
    rest = b""
    for piece in read_pieces(f"{host.procfs}/{name}"):
        lines, _, rest = (rest + piece).rpartition(b"\n")
        yield from STATE.findall(lines)
    yield from STATE.findall(rest)
