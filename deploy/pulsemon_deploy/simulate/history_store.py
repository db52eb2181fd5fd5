"""The way of history into ClickHouse: blocks of columns over HTTP, each stored once however often it is sent."""

import http.client
import logging
import threading
import time
import zlib
from urllib.parse import urlencode

from pulsemon_schemas.errors import TransientError
from pulsemon_sinks.clickhouse.bulk import INSERT_SETTINGS
from pulsemon_sinks.clickhouse.errors import StoreRefusedError, StoreUnreachableError
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

from pulsemon_deploy.simulate.native_block import Column, block

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_SECONDS = 120.0
PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
UNKNOWN_CODE = 1002


class HistoryStore:
    """Writes blocks into the tables of one database; one thread. Patient with an engine that is away for a while."""

    def __init__(self, settings: ClickHouseSettings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        kind = http.client.HTTPSConnection if settings.secure else http.client.HTTPConnection
        self._connection = kind(settings.host, settings.http_port, timeout=ANSWER_TIMEOUT_SECONDS)
        self._headers = {"X-ClickHouse-User": settings.user, "X-ClickHouse-Key": settings.password.reveal()}

    def insert(self, table: str, columns: list[Column], row_count: int, name: str) -> None:
        """Returning means stored. ``name`` tells what the block is; with its checksum it is the token of the insert.

        StoreUnreachableError if nobody answered for two minutes, or on the stop: the same insert may be repeated then.
        StoreRefusedError if the store says no.
        """
        body = block(columns, row_count)
        names = ", ".join(column.name for column in columns)
        token = f"{name}:{table}:{zlib.crc32(body):08x}"
        settings = {**INSERT_SETTINGS, "insert_deduplication_token": f"'{token}'"}
        assigned = ", ".join(f"{key}={value}" for key, value in settings.items())
        query = f"INSERT INTO {self._settings.database}.{table} ({names}) SETTINGS {assigned} FORMAT Native"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._post(query, body)
            except TransientError as error:
                if self._stop.is_set() or time.monotonic() > deadline:
                    raise
                log.warning("%s", error)
                self._stop.wait(PAUSE_SECONDS)
            else:
                return

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def _post(self, query: str, body: bytes) -> None:
        try:
            self._connection.request("POST", "/?" + urlencode({"query": query}), body, self._headers)
            answer = self._connection.getresponse()
            said = answer.read().decode("utf-8", "replace").strip()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            where = f"{self._settings.host}:{self._settings.http_port}"
            raise StoreUnreachableError(
                f"ClickHouse at {where} did not confirm a part of the history ({error!r}); it is sent again"
            ) from error
        if answer.status != 200:
            code = answer.headers.get("X-ClickHouse-Exception-Code", "")
            raise StoreRefusedError(int(code) if code.isdigit() else UNKNOWN_CODE, said[:2000])
