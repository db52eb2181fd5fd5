"""Senders that are slow, huge, or many: memory stays bounded, and others are served."""

import contextlib
import gzip
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest
from pulsemon_deploy.kafka.ports import free_ports
from pulsemon_producers.gateway import bounded_head, request_body
from support.gateways import AVRO, Gateway, GatewayProcess, batch, connect, framed
from support.kafka import Broker

pytestmark = pytest.mark.kafka
IDLE = 2000
MIB = 1024 * 1024


@pytest.fixture(scope="module", name="process")
def own_process(kafka: Broker, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # for both ends of the connections
    process = GatewayProcess(kafka, tmp_path_factory.mktemp("gateway"), free_ports(1)[0])
    process.start()
    process.wait_ready()
    yield process
    assert process.stop() == 0


def rss_bytes(process: GatewayProcess) -> int:
    assert process.process is not None
    return int(psutil.Process(process.process.pid).memory_info().rss)


def head(key: str, length: int, more: str = "") -> bytes:
    text = f"POST /api/v1/metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: {AVRO}\r\n"
    return f"{text}Content-Length: {length}\r\n{more}\r\n".encode()


def test_bombs_huge_bodies_and_idle_connections_leave_room_for_others(
    process: GatewayProcess, kafka: Broker, server_id: str
) -> None:
    one = Gateway(process.port, kafka)
    key = one.new_key(server_id).text
    assert one.post_avro(framed(batch(server_id, 0)), key).status == 202
    before = rss_bytes(process)
    bomb = gzip.compress(bytes(500 * MIB), 9)
    with ExitStack() as open_sockets:
        for _ in range(IDLE):
            open_sockets.enter_context(connect(process.port))
        huge = open_sockets.enter_context(connect(process.port))
        huge.sendall(head(key, 100 * MIB))
        for _ in range(100):
            huge.sendall(bytes(MIB))
        assert huge.recv(65536).startswith(b"HTTP/1.1 413")
        for _ in range(5):
            reply = one.ask("POST", "/write", bomb, key, {"Content-Encoding": "gzip"})
            assert (reply.status, reply.problem) == (413, "body-too-large")
        began = time.monotonic()
        assert one.post_avro(framed(batch(server_id, 1)), key).status == 202
        assert time.monotonic() - began < 2.0
        assert rss_bytes(process) - before < 100 * MIB


def test_a_body_that_does_not_come_is_not_waited_for(
    gateway: Gateway, any_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_body, "READ_SECONDS", 0.2)
    with connect(gateway.port) as slow:
        slow.sendall(head(any_key, 100) + b"abc")
        answer = read_all(slow)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"slow-body" in answer


def test_a_head_that_does_not_come_is_not_waited_for(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    request = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(gateway.port) as kept:
        kept.sendall(request)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(bounded_head, "HEAD_SECONDS", 0.2)
        with connect(gateway.port) as silent, connect(gateway.port) as slow, connect(gateway.port) as endless:
            slow.sendall(request[:30])
            endless.sendall(b"GET /livez HTTP/1.1\r\nHost: " + b"x" * (2 * bounded_head.MAX_HEAD_BYTES))
            assert [read_all(one) for one in (silent, slow, endless)] == [b""] * 3
        kept.sendall(request)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200"), "between two requests a connection may rest"
        kept.sendall(request[:30])
        assert read_all(kept) == b""


def read_all(connection: socket.socket) -> bytes:
    """Until the gateway closes it."""
    found = b""
    with contextlib.suppress(ConnectionResetError):  # what it had not read
        while data := connection.recv(65536):
            found += data
    return found
