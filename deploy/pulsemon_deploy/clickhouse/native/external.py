"""External tables: they come before a statement is run, live as temporary tables, and go when it ends."""

import logging
from types import TracebackType
from typing import Self

from pulsemon_deploy.clickhouse.access.logins import Login
from pulsemon_deploy.clickhouse.engine.configuration import READER_ROLE
from pulsemon_deploy.clickhouse.engine.connection import Connection
from pulsemon_deploy.clickhouse.engine.errors import UNEXPECTED_PACKET, EngineError, ProtocolError
from pulsemon_deploy.clickhouse.engine.spool import Spool
from pulsemon_deploy.clickhouse.native import wire
from pulsemon_deploy.clickhouse.native.blocks import Block, read_data
from pulsemon_deploy.clickhouse.native.columns import skipper
from pulsemon_deploy.clickhouse.native.source import Source
from pulsemon_deploy.clickhouse.sql.quoting import identifier

log = logging.getLogger(__name__)


class ExternalTables:
    """The tables of one statement; a context manager that drops them."""

    def __init__(self, connection: Connection, login: Login, limit_bytes: int) -> None:
        self._connection = connection
        self._login = login
        self._limit_bytes = limit_bytes
        self._names: list[str] = []
        self._error: EngineError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in self._names:
            try:
                self._connection.query(f"DROP TEMPORARY TABLE IF EXISTS {identifier(name)}")
            except EngineError:
                log.exception("an external table stays until its connection ends")

    def read(self, source: Source) -> None:
        """Reads Data packets up to the empty one; what is wrong with a table is kept for ``check``."""
        while True:
            source.forget()
            if (kind := source.varint()) != wire.DATA:
                raise ProtocolError(
                    UNEXPECTED_PACKET, f"packet {kind} came where external tables end; the connection is closed"
                )
            block = read_data(source)
            if block.is_end:
                source.forget()
                return
            if self._error is None:
                self._take(block, source)

    def check(self) -> None:
        """EngineError if a table could not be made."""
        if self._error is not None:
            raise self._error

    def _take(self, block: Block, source: Source) -> None:
        try:
            if self._login.is_reader:  # the reader may not make tables; these are the protocol's
                self._connection.query("SET ROLE ALL")
            self._create(block, source)
        except EngineError as error:
            self._error = error
        finally:
            if self._login.is_reader:
                self._connection.query(f"SET ROLE {READER_ROLE}")

    def _create(self, block: Block, source: Source) -> None:
        name = identifier(block.table)
        if block.table not in self._names:
            for _, type_name in block.columns:
                skipper(type_name)  # nothing but a type may reach the statement below
            columns = ", ".join(f"{identifier(column)} {type_name}" for column, type_name in block.columns)
            self._connection.query(f"CREATE TEMPORARY TABLE {name} ({columns})")
            self._names.append(block.table)
        if block.row_count:
            with Spool(self._limit_bytes) as spool, source.read as data:
                spool.write(data)
                self._connection.query(f"INSERT INTO {name} FROM INFILE '{spool.path}' FORMAT Native")
