"""The controller's port is no back door: spoken to in Kafka's own bytes, since no client library logs in there."""

import socket
import struct
from collections.abc import Iterator

import pytest
from pulsemon_deploy.kafka.properties import BROKER_USER
from pulsemon_deploy.kafka.secret import password, read_secret
from support.kafka import Broker

pytestmark = pytest.mark.kafka

SASL_HANDSHAKE, SASL_AUTHENTICATE, DESCRIBE_CLUSTER = (17, 1), (36, 0), (60, 0)
UNSUPPORTED_MECHANISM, AUTHENTICATION_FAILED = 33, 58


class Connection:
    """One connection that sends a request and gets the body of the answer, b"" if it was closed instead."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 5)

    def ask(self, kind: tuple[int, int], body: bytes, is_flexible: bool = False) -> bytes:
        header = struct.pack(">hhi", *kind, 7) + _text("test") + (b"\0" if is_flexible else b"")
        request = header + body
        try:
            self._socket.sendall(struct.pack(">i", len(request)) + request)
            size = self._read(4)
            answer = self._read(struct.unpack(">i", size)[0]) if size else b""
        except (ConnectionError, BrokenPipeError):
            return b""
        return answer[4:]

    def describe_cluster(self) -> bytes:
        return self.ask(DESCRIBE_CLUSTER, b"\0\0", is_flexible=True)

    def log_in(self, mechanism: str, user: str, secret: str) -> int:
        """The error code that the login ended with; 0 when it was taken."""
        [code] = struct.unpack_from(">h", self.ask(SASL_HANDSHAKE, _text(mechanism)))
        if code:
            return int(code)
        token = f"\0{user}\0{secret}".encode()
        [code] = struct.unpack_from(">h", self.ask(SASL_AUTHENTICATE, struct.pack(">i", len(token)) + token))
        return int(code)

    def close(self) -> None:
        self._socket.close()

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (part := self._socket.recv(size - len(data))):
            data += part
        return data


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


@pytest.fixture
def connection(broker: Broker) -> Iterator[Connection]:
    opened = Connection(broker.node.controller_port)
    yield opened
    opened.close()


@pytest.fixture
def own_password(broker: Broker) -> str:
    return password(read_secret(broker.node.secret_file), BROKER_USER)


def test_the_node_itself_is_let_in(connection: Connection, own_password: str) -> None:
    assert connection.log_in("PLAIN", BROKER_USER, own_password) == 0
    assert len(connection.describe_cluster()) > 10


def test_without_a_login_there_is_no_answer(connection: Connection) -> None:
    assert connection.describe_cluster() == b""


def test_a_wrong_password_is_refused(connection: Connection) -> None:
    assert connection.log_in("PLAIN", BROKER_USER, "guessed") == AUTHENTICATION_FAILED
    assert connection.describe_cluster() == b""


def test_logins_of_clients_are_of_no_use(broker: Broker, connection: Connection) -> None:
    admin = broker.settings

    assert connection.log_in("SCRAM-SHA-512", admin.username, admin.password.reveal()) == UNSUPPORTED_MECHANISM


def test_nor_with_the_mechanism_of_the_controller(broker: Broker, connection: Connection) -> None:
    admin = broker.settings

    assert connection.log_in("PLAIN", admin.username, admin.password.reveal()) == AUTHENTICATION_FAILED


def test_clients_cannot_log_in_in_plain_text(broker: Broker, own_password: str) -> None:
    opened = Connection(broker.node.port)
    try:
        assert opened.log_in("PLAIN", BROKER_USER, own_password) == UNSUPPORTED_MECHANISM
    finally:
        opened.close()
