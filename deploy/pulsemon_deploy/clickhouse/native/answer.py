"""Answers: the engine's blocks go out as they are."""

import socket
from contextlib import closing

from pulsemon_deploy.clickhouse.cancellation import Watch
from pulsemon_deploy.clickhouse.engine.connection import Connection, is_not_streamable
from pulsemon_deploy.clickhouse.engine.errors import CANCELLED, NOT_IMPLEMENTED, EngineError
from pulsemon_deploy.clickhouse.native import wire
from pulsemon_deploy.clickhouse.native.blocks import first_columns, split_blocks
from pulsemon_deploy.clickhouse.native.wire import ColumnType

FLUSH_BYTES = 1 << 16


def stream(connection: Connection, sql: str, client: socket.socket, watch: Watch) -> bool:
    """Sends the answer to a SELECT chunk by chunk; False, with nothing sent or run, if it is no SELECT.

    Clients need the columns before the first row, and of an answer without rows as well.
    """
    out = bytearray()
    rows = blocks = size_bytes = 0
    with closing(connection.chunks(sql, "Native")) as chunks:
        try:
            for chunk in chunks:
                data = chunk.bytes()
                if not blocks:
                    out += wire.header_block(_columns(connection, sql, data))
                out += wire.DATA_HEAD
                out += data
                rows, blocks, size_bytes = rows + chunk.rows_read(), blocks + 1, size_bytes + len(data)
                if len(out) >= FLUSH_BYTES:
                    client.sendall(out)
                    out.clear()
                if watch.is_cancelled:
                    raise EngineError(CANCELLED, "Query was cancelled. (QUERY_WAS_CANCELLED)")
        except EngineError as error:
            if is_not_streamable(error):
                return False
            raise
    if not blocks:
        out += wire.header_block(describe(connection, sql))
    out += wire.profile(rows, blocks, size_bytes) + wire.progress(rows, size_bytes) + wire.END_OF_STREAM
    client.sendall(out)
    return True


def send_whole(connection: Connection, sql: str, client: socket.socket) -> None:
    """Runs a statement to its end and sends what it returned, if anything."""
    result = connection.query(sql, "Native")
    out = bytearray()
    rows = blocks = 0
    data = result.bytes()
    for columns, row_count, block in split_blocks(data):
        if not blocks:
            out += wire.header_block(columns)
        out += wire.DATA_HEAD + block
        rows, blocks = rows + row_count, blocks + 1
    out += wire.profile(rows, blocks, len(data))
    out += wire.progress(
        result.storage_rows_read(), result.storage_bytes_read(), result.rows_written(), result.bytes_written()
    )
    client.sendall(bytes(out) + wire.END_OF_STREAM)


def describe(connection: Connection, sql: str) -> list[ColumnType]:
    """The columns of a SELECT, without running it."""
    return [(row[0], row[1]) for row in connection.rows(f"DESCRIBE TABLE ({sql}\n)")]


def _columns(connection: Connection, sql: str, data: bytes) -> list[ColumnType]:
    try:
        return list(first_columns(data))
    except EngineError as error:
        if error.code != NOT_IMPLEMENTED:
            raise
        return describe(connection, sql)  # a type whose length only the engine knows
