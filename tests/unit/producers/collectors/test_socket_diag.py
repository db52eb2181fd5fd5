"""The kernel's own answer about TCP sockets, on the machine that the tests run on."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pulsemon_producers.collectors.base import Tick
from pulsemon_producers.collectors.connections import ConnectionCollector
from pulsemon_producers.collectors.host import Host
from pulsemon_producers.collectors.socket_diag import TcpSockets, read_tcp_sockets

CLOSE_WAIT, LISTEN = 8, 10
OPENED = 200
OTHERS = 100
"""How many sockets the rest of the machine may open or close meanwhile."""


def asked() -> TcpSockets:
    try:
        return read_tcp_sockets()
    except OSError:
        pytest.skip("this machine does not let its sockets be asked for")


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    with ExitStack() as opened:
        found = []
        for _ in range(OPENED):
            one = opened.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            one.listen(1)
            found.append(one)
        yield found


def counts(host: Host) -> dict[str, float]:
    points = ConnectionCollector(host).collect(Tick(0, None, "", {}))
    return {point.labels.split(",")[0].partition("=")[2]: point.value for point in points}


def refusing() -> TcpSockets:
    raise PermissionError("netlink is not for containers here")


def test_sockets_are_counted_by_state() -> None:
    before = asked()

    with ExitStack() as opened:
        for _ in range(OPENED):
            server = opened.enter_context(socket.socket())
            server.bind(("127.0.0.1", 0))
            server.listen(1)
            client = opened.enter_context(socket.create_connection(server.getsockname()))
            accepted, _ = server.accept()
            accepted.close()
            assert client.recv(1) == b""
        after = asked()

    for state in (LISTEN, CLOSE_WAIT):
        grown = after.by_state.get(state, 0) - before.by_state.get(state, 0)
        assert abs(grown - OPENED) <= OTHERS


def test_the_kernels_files_tell_the_same_where_it_may_not_be_asked(listeners: list[socket.socket]) -> None:
    assert len(listeners) == OPENED
    asked()

    told, read = counts(Host()), counts(Host(tcp_sockets=refusing))

    assert told.keys() == read.keys()
    assert told["listen"] >= OPENED - OTHERS
    for state in ("listen", "established", "close_wait"):
        assert abs(told[state] - read[state]) <= OTHERS
