"""Bulk inserts: one Avro container a request over HTTP, acknowledged when it is stored."""

import http.client
import time
from typing import Protocol
from urllib.parse import urlencode

from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

ANSWER_TIMEOUT_SECONDS = 120
RETRY_AFTER_SECONDS = 0.2
UNKNOWN_CODE = 1002
KEPT_ALIVE_SECONDS = 2.0  # servers close idle connections after 3 (ClickHouse) or 5 (embedded) seconds

# All explicit: a retry deduplicates only if it is cut into the same blocks by every server version and profile.
# Rows of one block are deduplicated by merges and FINAL, not at the insert: sorting out rare copies there costs a fifth
# of it.
INSERT_SETTINGS = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "optimize_on_insert": 0,
    "max_threads": 1,
    "max_insert_threads": 1,
    "max_block_size": 1_048_576,
    "max_insert_block_size": 10_000_000,
    "min_insert_block_size_rows": 10_000_000,
    "min_insert_block_size_bytes": 0,
    "max_partitions_per_insert_block": 0,  # one late spool may touch hundreds of days, and must not stop the others
}


class BulkStore(Protocol):
    """Where containers go."""

    def post(self, table: str, body: bytes, token: str | None = None) -> None:
        """Returning means stored, in the table and in all that its views feed.

        The same token with the same bytes is stored once. StoreUnreachableError: not known, send the same again.
        StoreRefusedError: nothing is stored in full; ``is_caused_by_data`` tells whether sending again can help.
        """


class HttpBulkStore:
    """A BulkStore over one kept-alive HTTP connection; one thread."""

    def __init__(self, settings: ClickHouseSettings, timeout_seconds: float = ANSWER_TIMEOUT_SECONDS) -> None:
        kind = http.client.HTTPSConnection if settings.secure else http.client.HTTPConnection
        self._connection = kind(settings.host, settings.http_port, timeout=timeout_seconds)
        self._used_at = 0.0
        self._where = f"{settings.host}:{settings.http_port}"
        self._headers = {
            "X-ClickHouse-User": settings.user,
            "X-ClickHouse-Key": settings.password.reveal(),
            "Content-Type": "application/octet-stream",
        }

    def post(self, table: str, body: bytes, token: str | None = None) -> None:
        """See BulkStore.post."""
        if time.monotonic() - self._used_at > KEPT_ALIVE_SECONDS:
            self._connection.close()
        try:
            self._connection.request("POST", "/?" + urlencode({"query": _query(table, token)}), body, self._headers)
            answer = self._connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            message = f"ClickHouse at {self._where} did not confirm an insert: {error!r}; the same bytes are sent again"
            raise StoreUnreachableError(message, RETRY_AFTER_SECONDS) from error
        self._used_at = time.monotonic()
        if answer.status != 200:
            code = answer.headers.get("X-ClickHouse-Exception-Code", "")
            raise StoreRefusedError(int(code) if code.isdigit() else UNKNOWN_CODE, text.strip()[:2000])

    def close(self) -> None:
        """Ends the connection; the next post opens a new one."""
        self._connection.close()


def _query(table: str, token: str | None) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in INSERT_SETTINGS.items())
    if token is not None:
        settings += f", insert_deduplication_token='{token}'"
    return f"INSERT INTO {table} SETTINGS {settings} FORMAT Avro"
