"""One client of the native port, from its greeting to its end."""

import logging
import socket
import uuid

from pulsemon_deploy.clickhouse.access.logins import Login
from pulsemon_deploy.clickhouse.engine.connection import Connection
from pulsemon_deploy.clickhouse.engine.database import TIMEZONE
from pulsemon_deploy.clickhouse.engine.errors import UNEXPECTED_PACKET, EngineError, ProtocolError
from pulsemon_deploy.clickhouse.front import Front
from pulsemon_deploy.clickhouse.native import REVISION, wire
from pulsemon_deploy.clickhouse.native.blocks import read_data
from pulsemon_deploy.clickhouse.native.source import Source
from pulsemon_deploy.clickhouse.native.statement import Statements

log = logging.getLogger(__name__)

GREETING_SECONDS = 10.0
DISPLAY_NAME = "pulsemon"


def serve_client(client: socket.socket, front: Front) -> None:
    """Speaks with a client until it leaves or breaks the protocol. Never raises."""
    source = Source(client)
    connection = None
    try:
        client.settimeout(GREETING_SECONDS)
        token = uuid.uuid4().hex
        login, connection = _greet(client, source, front, token)
        client.settimeout(None)
        _serve_packets(client, source, Statements(front, client, source, connection, login, token))
    except EngineError as error:
        _send_last(client, wire.exception(error))
    except (EOFError, OSError):
        pass  # it left, or never spoke the protocol
    finally:
        if connection is not None:
            connection.close()


def _greet(client: socket.socket, source: Source, front: Front, token: str) -> tuple[Login, Connection]:
    if source.varint() != wire.HELLO:
        raise EOFError
    source.string()  # name of the client
    source.varint()  # its version
    source.varint()
    revision = source.varint()
    database, user, password = source.string(), source.string(), source.string()
    if revision < REVISION:
        raise EngineError(
            UNEXPECTED_PACKET,
            f"this client speaks revision {revision} of the protocol, {REVISION} is needed: use a newer client",
        )
    login = front.logins.verify(user, password)
    connection = front.database.connect(login, token)
    try:
        if database:
            connection.use(database)
        client.sendall(wire.hello(front.database.version, REVISION, TIMEZONE, DISPLAY_NAME))
    except BaseException:
        connection.close()
        raise
    return login, connection


def _serve_packets(client: socket.socket, source: Source, statements: Statements) -> None:
    while True:
        source.forget()
        kind = source.varint()
        if kind == wire.PING:
            client.sendall(wire.PONG)
        elif kind == wire.QUERY:
            statements.run()
        elif kind == wire.DATA:
            read_data(source)  # the end of external tables that a failed statement did not wait for
        elif kind != wire.CANCEL:  # one that came too late is no mistake
            raise ProtocolError(UNEXPECTED_PACKET, f"packet {kind} is not expected here; the connection is closed")


def _send_last(client: socket.socket, packet: bytes) -> None:
    try:
        client.sendall(packet)
    except OSError:
        log.debug("a client left before it could be told why it was refused")
