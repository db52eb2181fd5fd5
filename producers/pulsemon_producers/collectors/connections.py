"""TCP connections by their state: every socket is a line to read, so this has an interval of its own."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from pulsemon_producers.collectors.base import Collector, Point, Tick, updown
from pulsemon_producers.collectors.host import Host, read_pieces
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

MAX_SOCKETS = 50_000
"""Each is a line that the kernel writes and the agent reads. Where there are more, the counts are left out."""


class ConnectionCollector(Collector):
    """Connections of the network that the agent is in, IPv4 and IPv6 together."""

    name = "connections"
    interval_seconds = 60.0

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._is_skipped = False

    def collect(self, tick: Tick) -> Iterator[Point]:
        """Every state, also those in which there is none; nothing where the kernel does not show its sockets."""
        if not tick.wants(METRIC) or not self.host.has_proc("net/tcp") or self._are_too_many():
            return
        counts: Counter[str] = Counter(dict.fromkeys(STATES.values(), 0))
        for name in ("net/tcp", "net/tcp6"):
            counts.update(STATES[state] for state in _states(self.host, name) if state in STATES)
        for state, count in counts.items():
            labels = {"network.transport": "tcp", "network.connection.state": state}
            yield updown(METRIC, count, labels)

    def _are_too_many(self) -> bool:
        stat = socket_counts(
            (self.host.proc_if_any("net/sockstat") or "") + (self.host.proc_if_any("net/sockstat6") or "")
        )
        sockets = sum(stat.get(place, 0) for place in (("TCP", "inuse"), ("TCP", "tw"), ("TCP6", "inuse")))
        is_skipped, self._is_skipped = self._is_skipped, sockets > MAX_SOCKETS
        if self._is_skipped and not is_skipped:
            log.warning(
                "%d TCP sockets are too many to be counted by state: system.network.connection.count is not sent until "
                "there are at most %d. system.network.sockets still tells how many there are.",
                sockets,
                MAX_SOCKETS,
            )
        return self._is_skipped


def _states(host: Host, name: str) -> Iterator[bytes]:
    """The state of every socket, a piece of the file at a time; of none where the kernel has no such protocol."""
    rest = b""
    for piece in read_pieces(f"{host.procfs}/{name}"):
        lines, _, rest = (rest + piece).rpartition(b"\n")
        yield from STATE.findall(lines)
    yield from STATE.findall(rest)
