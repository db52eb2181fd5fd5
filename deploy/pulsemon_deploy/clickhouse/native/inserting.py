"""INSERT: the client is told the columns, sends blocks, and hears of success when the rows are in the table."""

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager

from pulsemon_deploy.clickhouse.cancellation import Watch
from pulsemon_deploy.clickhouse.engine.connection import Connection, encoded
from pulsemon_deploy.clickhouse.engine.errors import (
    CANCELLED,
    NO_SUCH_COLUMN,
    UNEXPECTED_PACKET,
    EngineError,
    ProtocolError,
)
from pulsemon_deploy.clickhouse.engine.spool import Spool
from pulsemon_deploy.clickhouse.native import wire
from pulsemon_deploy.clickhouse.native.blocks import read_data
from pulsemon_deploy.clickhouse.native.source import Source
from pulsemon_deploy.clickhouse.native.wire import ColumnType
from pulsemon_deploy.clickhouse.sql.insert import Insert
from pulsemon_deploy.clickhouse.sql.quoting import identifier

NOT_INSERTED = ("MATERIALIZED", "ALIAS", "EPHEMERAL")


class Inserting:
    """The inserts of one connection. ``limit_bytes`` caps the data of one."""

    def __init__(self, client: socket.socket, source: Source, connection: Connection, limit_bytes: int) -> None:
        self._client = client
        self._source = source
        self._connection = connection
        self._limit_bytes = limit_bytes

    def from_text(self, insert: Insert, data: str) -> None:
        """Stores what stands in the statement behind VALUES or FORMAT."""
        columns = _list(insert.columns) if insert.columns is not None else ""
        with Spool(self._limit_bytes) as spool:
            spool.write(encoded(data))
            self._store(insert, spool, columns, insert.data_format)

    def from_blocks(self, insert: Insert, watching: Callable[[], AbstractContextManager[Watch]]) -> None:
        """Stores the blocks that the client sends. EngineError once all were read; ProtocolError as it comes."""
        columns = self._columns(insert)
        self._client.sendall(wire.header_block(columns))
        with Spool(self._limit_bytes) as spool:
            self._read_blocks(spool)
            if not spool.size_bytes:
                self._client.sendall(wire.progress() + wire.END_OF_STREAM)
                return
            with watching():
                self._store(insert, spool, _list([name for name, _ in columns]), "Native")

    def _store(self, insert: Insert, spool: Spool, columns: str, data_format: str) -> None:
        result = self._connection.query(insert.from_file(spool.path, columns, data_format), "Null")
        written = wire.progress(written_rows=result.rows_written(), written_bytes=result.bytes_written())
        self._client.sendall(written + wire.END_OF_STREAM)

    def _read_blocks(self, spool: Spool) -> None:
        too_large: EngineError | None = None
        while True:
            self._source.forget()
            kind = self._source.varint()
            if kind == wire.CANCEL:
                raise EngineError(CANCELLED, "Query was cancelled. (QUERY_WAS_CANCELLED)")
            if kind != wire.DATA:
                raise ProtocolError(
                    UNEXPECTED_PACKET, f"packet {kind} is not expected during an insert; the connection is closed"
                )
            block = read_data(self._source)
            if not block.row_count:
                break
            if too_large is None:
                try:
                    with self._source.read as data:
                        spool.write(data)
                except EngineError as error:
                    too_large = error
        if too_large is not None:
            raise too_large

    def _columns(self, insert: Insert) -> list[ColumnType]:
        """The columns to send, in the statement's order; without a list, those that can be inserted."""
        described = self._connection.rows(f"DESCRIBE TABLE {insert.target}")
        if insert.columns is None:
            return [(row[0], row[1]) for row in described if row[2] not in NOT_INSERTED]
        types = {row[0]: row[1] for row in described}
        for name in insert.columns:
            if name not in types:
                raise EngineError(
                    NO_SUCH_COLUMN, f"No such column {name} in table {insert.target}. (NO_SUCH_COLUMN_IN_TABLE)"
                )
        return [(name, types[name]) for name in insert.columns]


def _list(columns: list[str] | tuple[str, ...]) -> str:
    return f"({', '.join(map(identifier, columns))})"
