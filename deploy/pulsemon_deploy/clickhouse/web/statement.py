"""One statement of an HTTP client."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from pulsemon_deploy.clickhouse.access.applied import AppliedSettings
from pulsemon_deploy.clickhouse.access.logins import Login
from pulsemon_deploy.clickhouse.engine.connection import Connection, QueryClass, Sql, encoded, is_not_streamable
from pulsemon_deploy.clickhouse.engine.errors import READONLY, TOO_LARGE_STRING, EngineError
from pulsemon_deploy.clickhouse.engine.spool import Spool
from pulsemon_deploy.clickhouse.front import Front
from pulsemon_deploy.clickhouse.sql.insert import Insert, parse_insert
from pulsemon_deploy.clickhouse.sql.output import split_format
from pulsemon_deploy.clickhouse.sql.quoting import identifier
from pulsemon_deploy.clickhouse.web.parameters import Parameters

# the longest statement that is looked for in a body, before its data
LONGEST_SQL_BYTES = 1 << 20

# formats whose answer is the sum of its chunks
STREAMED_FORMATS = frozenset(
    {"Native", "TabSeparated", "TSV", "CSV", "RowBinary", "JSONEachRow", "JSONCompactEachRow", "Values"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. ``parts`` has its first part at hand, so that a statement that fails at once fails before it."""

    output_format: str
    parts: Iterator[bytes]
    read_rows: int = 0
    written_rows: int = 0
    written_bytes: int = 0


class Statement:
    """One request's statement on a connection of its own. ``is_safe``: the request's method must change nothing."""

    def __init__(
        self, front: Front, login: Login, connection: Connection, parameters: Parameters, *, is_safe: bool
    ) -> None:
        self._front = front
        self._login = login
        self._connection = connection
        self._parameters = parameters
        self._is_safe = is_safe
        self._limit_bytes = front.settings.body_bytes

    def run(self, body: Spool) -> Answer:
        """Runs the statement of the address or the body. EngineError if it fails before its first part."""
        if self._parameters.database:
            self._connection.use(self._parameters.database)
        AppliedSettings(self._connection, self._front.gate, self._login).apply(self._parameters.settings)
        sql = self._parameters.query
        if not sql.strip():
            return self._run_body(body)
        insert = parse_insert(sql)
        if insert is not None:
            return self._insert_with(insert, sql[: insert.data_start], sql[insert.data_start :], body, 0)
        if body.size_bytes > LONGEST_SQL_BYTES:
            raise EngineError(TOO_LARGE_STRING, "this statement takes no data as a body; nothing was stored")
        rest = body.read_start(LONGEST_SQL_BYTES).decode("utf-8", "surrogateescape")
        return self._query(f"{sql}\n{rest}" if rest else sql)

    def _run_body(self, body: Spool) -> Answer:
        # one character a byte: places in the text are places in the body, whatever data follows
        head = body.read_start(LONGEST_SQL_BYTES).decode("latin-1")
        insert = parse_insert(head)
        if insert is None:
            return self._query(body.read_start(body.size_bytes).decode("utf-8", "surrogateescape"))
        sql = head[: insert.data_start].encode("latin-1").decode("utf-8", "surrogateescape")
        again = parse_insert(sql)
        assert again is not None
        return self._insert_with(again, sql, "", body, insert.data_start)

    def _check(self, sql: Sql) -> QueryClass:
        kind = self._front.gate.check(self._connection, sql, self._login)
        if self._is_safe and kind is not QueryClass.READ_ONLY:
            raise EngineError(
                READONLY, "Cannot execute query in readonly mode: a GET request may only read, use POST. (READONLY)"
            )
        return kind

    def _insert_with(self, insert: Insert, head: str, start: str, body: Spool, body_offset: int) -> Answer:
        """Inserts what the text holds behind the statement's head, then the body from an offset on."""
        columns = f"({', '.join(map(identifier, insert.columns))})" if insert.columns is not None else ""
        if not start.strip() and not body_offset and not insert.is_values:
            self._check(head)
            return self._written(insert.from_file(body.path, columns, insert.data_format))
        with Spool(self._limit_bytes) as joined:
            joined.write(encoded(start))
            joined.write_rest_of(body, body_offset)
            self._check(encoded(head) + joined.read_start(joined.size_bytes) if insert.is_values else head)
            return self._written(insert.from_file(joined.path, columns, insert.data_format))

    def _written(self, sql: str) -> Answer:
        result = self._connection.query(sql, "Null", self._parameters.placeholders)
        return Answer(
            "TabSeparated", iter(()), written_rows=result.rows_written(), written_bytes=result.bytes_written()
        )

    def _query(self, sql: str) -> Answer:
        kind = self._check(sql)
        query = split_format(sql)
        output_format = query.output_format or self._parameters.default_format
        if kind is QueryClass.READ_ONLY and output_format in STREAMED_FORMATS:
            chunks = self._connection.chunks(query.sql, output_format, self._parameters.placeholders)
            try:
                first = next(chunks, None)
            except EngineError as error:
                if not is_not_streamable(error):
                    raise
            else:
                whole = itertools.chain([] if first is None else [first], chunks)
                return Answer(output_format, (chunk.bytes() for chunk in whole))
        result = self._connection.query(query.sql, output_format, self._parameters.placeholders)
        data = result.bytes()
        return Answer(
            output_format,
            iter([data] if data else []),
            result.storage_rows_read(),
            result.rows_written(),
            result.bytes_written(),
        )
