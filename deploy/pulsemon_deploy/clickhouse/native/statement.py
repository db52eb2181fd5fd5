"""One statement of a native client: its settings, its external tables, and the way it is run."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from pulsemon_deploy.clickhouse.access.applied import AppliedSettings
from pulsemon_deploy.clickhouse.access.logins import Login
from pulsemon_deploy.clickhouse.cancellation import Watch
from pulsemon_deploy.clickhouse.engine.connection import Connection, QueryClass
from pulsemon_deploy.clickhouse.engine.errors import EngineError, ProtocolError
from pulsemon_deploy.clickhouse.front import Front
from pulsemon_deploy.clickhouse.native import answer, wire
from pulsemon_deploy.clickhouse.native.external import ExternalTables
from pulsemon_deploy.clickhouse.native.inserting import Inserting
from pulsemon_deploy.clickhouse.native.request import read_request
from pulsemon_deploy.clickhouse.native.source import Source
from pulsemon_deploy.clickhouse.sql.insert import parse_insert
from pulsemon_deploy.clickhouse.sql.output import split_format

CANCEL_BYTE = bytes([wire.CANCEL])


class Statements:
    """Runs the statements of one connection, one after the other."""

    def __init__(
        self, front: Front, client: socket.socket, source: Source, connection: Connection, login: Login, token: str
    ) -> None:
        self._front = front
        self._client = client
        self._source = source
        self._connection = connection
        self._login = login
        self._token = token
        self._settings = AppliedSettings(connection, front.gate, login)
        self._inserting = Inserting(client, source, connection, front.settings.body_bytes)

    def run(self) -> None:
        """Reads a Query packet behind its number and answers it. What the engine refuses is sent, the connection stays.

        ProtocolError if what follows on this connection cannot be understood.
        """
        request = read_request(self._source)
        with ExternalTables(self._connection, self._login, self._front.settings.body_bytes) as tables:
            tables.read(self._source)
            try:
                tables.check()
                self._settings.apply(request.settings)
                self._execute(request.sql)
            except ProtocolError:
                raise
            except EngineError as error:
                self._client.sendall(wire.exception(error))

    def _execute(self, sql: str) -> None:
        insert = parse_insert(sql)
        statement = sql if insert is None or insert.is_values else sql[: insert.data_start]
        kind = self._front.gate.check(self._connection, statement, self._login)
        if insert is None:
            self._answer(sql, kind)
        elif data := sql[insert.data_start :].strip(" \t\r\n;"):
            with self._watching():
                self._inserting.from_text(insert, data)
        else:
            self._inserting.from_blocks(insert, self._watching)

    def _answer(self, sql: str, kind: QueryClass) -> None:
        query = split_format(sql)
        with self._watching() as watch:
            if kind is not QueryClass.READ_ONLY or not answer.stream(self._connection, query.sql, self._client, watch):
                answer.send_whole(self._connection, query.sql, self._client)

    @contextmanager
    def _watching(self) -> Iterator[Watch]:
        with self._front.watcher.watching(self._client, self._token, CANCEL_BYTE) as watch:
            yield watch
