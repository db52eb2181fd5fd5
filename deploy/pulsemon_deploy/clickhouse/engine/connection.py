"""One connection into the engine: it has its own current database, settings and temporary tables."""

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum

from chdb import _chdb

from pulsemon_deploy.clickhouse.engine.errors import EngineError, engine_error
from pulsemon_deploy.clickhouse.sql.quoting import identifier

Sql = str | bytes


class QueryClass(Enum):
    """What a statement would do, by the engine's own parser. CONTROL: SET, USE, KILL, SYSTEM, an output file, …"""

    READ_ONLY = "READ_ONLY"
    MUTATING = "MUTATING"
    MUTATING_GLOBAL = "MUTATING_GLOBAL"
    CONTROL = "CONTROL"
    UNKNOWN = "UNKNOWN"


class Connection:
    """Statements one after the other, by one thread. All methods raise EngineError."""

    def __init__(self, raw: _chdb.connect) -> None:
        self._raw = raw

    def query(
        self, sql: Sql, output_format: str = "Native", parameters: Mapping[str, str] | None = None
    ) -> _chdb.query_result:
        """Runs a statement to its end and returns the whole answer."""
        with _translated():
            return self._raw.query(encoded(sql), output_format, params=dict(parameters or {}))

    def rows(self, sql: Sql) -> list[list[str]]:
        """The answer to a small query, each value as JSON has it."""
        data = self.query(sql, "JSONCompactEachRow").bytes()
        return [json.loads(line) for line in data.splitlines() if line.strip()]

    def chunks(
        self, sql: Sql, output_format: str, parameters: Mapping[str, str] | None = None
    ) -> Generator[_chdb.query_result, None, None]:
        """The answer to a SELECT as it comes. Close the iterator early to end the query.

        The statement starts with the first chunk; EngineError 36 (see ``is_not_streamable``) if it is no SELECT.
        """
        with _translated():
            stream = self._raw.send_query(encoded(sql), output_format, params=dict(parameters or {}))
            try:
                while (chunk := self._raw.streaming_fetch_result(stream)) is not None and chunk.rows_read():
                    yield chunk
            except GeneratorExit:
                self._raw.streaming_cancel_query(stream)
                raise

    def classify(self, sql: Sql) -> tuple[QueryClass, int]:
        """What the engine's parser says a text would do, and how many statements it holds. Nothing is run."""
        with _translated():
            found = self._raw.classify_query(encoded(sql))
        # the engine makes its enumeration's members anew at each call
        return QueryClass(found["query_class"].name), found["statement_count"]

    def use(self, database: str) -> None:
        """Makes a database the current one. EngineError 81 if there is none."""
        self.query(f"USE {identifier(database)}")

    def close(self) -> None:
        """Ends the connection; its temporary tables go with it."""
        self._raw.close()


def encoded(sql: Sql) -> bytes:
    """The bytes of a statement as the client sent them."""
    return sql if isinstance(sql, bytes) else sql.encode("utf-8", "surrogateescape")


def is_not_streamable(error: EngineError) -> bool:
    """True if a statement was not started because it is no SELECT."""
    return "Streaming query is not supported" in error.text


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, UnicodeDecodeError) as error:
        raise engine_error(error) from None
