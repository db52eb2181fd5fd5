"""What the driver would never send."""

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pulsemon_deploy.clickhouse.native import REVISION, wire
from pulsemon_deploy.clickhouse.native.source import Source
from support.clickhouse import Engine, running_engine
from support.waiting import wait_until

pytestmark = pytest.mark.clickhouse

END_OF_DATA = b"\x02\x00" + b"\x01\x00\x02\xff\xff\xff\xff\x00" + b"\x00\x00"


@pytest.fixture
def client(clickhouse: Engine) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", clickhouse.settings.port), timeout=10) as connection:
        yield connection


def _hello(engine: Engine, revision: int = REVISION) -> bytes:
    numbers = wire.varint(1) + wire.varint(0) + wire.varint(revision)
    own = engine.settings
    login = wire.string("default") + wire.string(own.user) + wire.string(own.password.reveal())
    return wire.varint(wire.HELLO) + wire.string("test") + numbers + login


def _query(sql: str, *, is_compressed: bool = False) -> bytes:
    no_info, no_settings, stage = b"\x00", b"\x00", b"\x02"
    head = wire.varint(wire.QUERY) + wire.string("id") + no_info + no_settings + stage
    return head + wire.varint(is_compressed) + wire.string(sql)


def _read_hello(source: Source) -> None:
    assert source.varint() == 0
    assert source.string() == "ClickHouse"
    source.varint()
    source.varint()
    assert source.varint() == REVISION
    source.string()
    source.string()
    source.varint()


def _read_error(source: Source) -> tuple[int, str]:
    assert source.byte() == 2
    code = struct.unpack("<i", bytes(source.byte() for _ in range(4)))[0]
    source.string()
    text = source.string()
    source.string()
    source.byte()
    return code, text


def _is_closed(client: socket.socket) -> bool:
    return client.recv(1) == b""


def test_an_old_client_is_told_to_update(clickhouse: Engine, client: socket.socket) -> None:
    client.sendall(_hello(clickhouse, revision=54000))
    code, text = _read_error(Source(client))
    assert code == 101
    assert "newer client" in text


def test_compression_is_refused(clickhouse: Engine, client: socket.socket) -> None:
    client.sendall(_hello(clickhouse) + _query("SELECT 1", is_compressed=True) + b"\x02\x00 compressed data")
    source = Source(client)
    _read_hello(source)
    code, text = _read_error(source)
    assert code == 36
    assert "compression=False" in text


def test_an_unknown_packet_ends_the_connection(clickhouse: Engine, client: socket.socket) -> None:
    client.sendall(_hello(clickhouse) + b"\x09")
    source = Source(client)
    _read_hello(source)
    assert _read_error(source)[0] == 101
    assert _is_closed(client)


def test_ping_and_a_late_cancel(clickhouse: Engine, client: socket.socket) -> None:
    client.sendall(_hello(clickhouse) + bytes([wire.CANCEL, wire.PING, wire.CANCEL, wire.PING]))
    source = Source(client)
    _read_hello(source)
    assert [source.byte(), source.byte()] == [4, 4]


def test_a_block_of_an_unknown_type_ends_the_connection(clickhouse: Engine, client: socket.socket) -> None:
    block = wire.varint(1) + wire.varint(1) + wire.string("x") + wire.string("Dynamic") + b"\x00" * 20
    client.sendall(
        _hello(clickhouse) + _query("SELECT * FROM given") + b"\x02" + wire.string("given") + b"\x00" + block
    )
    source = Source(client)
    _read_hello(source)
    assert _read_error(source)[0] == 48


def test_strings_over_a_gib_are_refused(clickhouse: Engine, client: socket.socket) -> None:
    client.sendall(_hello(clickhouse) + wire.varint(wire.QUERY) + wire.varint(1 << 31))
    source = Source(client)
    _read_hello(source)
    assert _read_error(source)[0] == 131


def test_too_many_clients_are_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_engine(tmp_path_factory.mktemp("limited"), connection_limit=2) as engine, ExitStack() as held:
        native, http = (("127.0.0.1", port) for port in (engine.engine_settings.port, engine.engine_settings.http_port))

        def is_let_in() -> bool:
            """Connects and stays; False if there was no room, as while the probe of the start is still leaving."""
            client = socket.create_connection(native, timeout=10)
            client.sendall(_hello(engine))
            if Source(client).byte() == 0:
                held.enter_context(client)
                return True
            client.close()
            return False

        for _ in range(2):
            wait_until(is_let_in, what="there is room for a client")
        with socket.create_connection(native, timeout=10) as third:
            code, text = _read_error(Source(third))
            assert code == 203
            assert "too many clients" in text
        with socket.create_connection(http, timeout=10) as fourth:
            assert fourth.recv(100).startswith(b"HTTP/1.1 503")
