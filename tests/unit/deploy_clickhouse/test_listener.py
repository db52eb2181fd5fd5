import socket
from typing import cast

import pytest
from pulsemon_deploy.clickhouse.listener import Listener, Port


class Foreign:
    """A port at which a client of another machine has arrived."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        return self._client, ("192.0.2.1", 4711)


def test_clients_beyond_loopback_are_refused() -> None:
    served: list[socket.socket] = []
    port = Port("native", 0, served.append, served.append)
    listener = Listener("127.0.0.1", (port,), limit=4)
    listener.start()
    here, there = socket.socketpair()
    listener._accept(cast(socket.socket, Foreign(there)), port)
    assert here.recv(1) == b""
    assert served == []
    here.close()
    listener.stop_accepting()


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = Port("native", taken.getsockname()[1], lambda _: None, lambda _: None)
        with pytest.raises(OSError, match="in use"):
            Listener("127.0.0.1", (port,), limit=4)


def test_a_client_whose_session_fails_is_let_go() -> None:
    def fail(client: socket.socket) -> None:
        raise ValueError(client.recv(1))

    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    listener = Listener("127.0.0.1", (Port("native", number, fail, fail),), limit=4)
    listener.start()
    with socket.create_connection(("127.0.0.1", number), timeout=10) as client:
        client.sendall(b"x")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    listener.stop_accepting()
    assert listener.finish(5)
