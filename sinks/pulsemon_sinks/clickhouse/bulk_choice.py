"""Which way bulk inserts go: over HTTP where that is open, else over the native port."""

import logging
import socket
import time

from pulsemon_sinks.clickhouse.bulk import BulkStore, HttpBulkStore
from pulsemon_sinks.clickhouse.errors import StoreUnreachableError
from pulsemon_sinks.clickhouse.native_bulk import NativeBulkStore
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

log = logging.getLogger(__name__)

PROBE_SECONDS = 3.0
LOOK_AGAIN_SECONDS = 300.0


class ChosenBulkStore:
    """A BulkStore that finds its way at the first insert, and again after a failure; one thread.

    A block whose insert failed one way may be repeated the other way: the token is the same, and so is what it means.
    """

    def __init__(self, settings: ClickHouseSettings) -> None:
        self._settings = settings
        self._http = HttpBulkStore(settings)
        self._native = NativeBulkStore(settings)
        fixed: dict[str, BulkStore] = {"http": self._http, "native": self._native}
        self._way = fixed.get(settings.insert)
        self._is_fixed = self._way is not None
        self._look_at = 0.0

    def post(self, table: str, body: bytes, token: str | None = None) -> None:
        """See BulkStore.post."""
        way = self._chosen()
        try:
            way.post(table, body, token)
        except StoreUnreachableError:
            if not self._is_fixed:
                self._way = None
            raise

    def close(self) -> None:
        """Ends both connections."""
        self._http.close()
        self._native.close()

    def _chosen(self) -> BulkStore:
        is_due = self._way is self._native and time.monotonic() >= self._look_at
        if self._way is None or (is_due and not self._is_fixed):
            before, self._way = self._way, self._found()
            self._look_at = time.monotonic() + LOOK_AGAIN_SECONDS
            if self._way is self._native and before is None:
                log.warning(
                    "the HTTP port %s:%s of ClickHouse is closed: inserts go over the native port, which takes a sink "
                    "several times the work; open it, or set PULSEMON_CLICKHOUSE_INSERT=native",
                    self._settings.host, self._settings.http_port,
                )  # fmt: skip
        return self._way

    def _found(self) -> BulkStore:
        """HTTP unless it is closed while the native port answers. If both are closed, HTTP says so."""
        if self._is_http_open():
            return self._http
        try:
            return self._native if self._native.answers() else self._http
        except StoreUnreachableError:
            return self._http

    def _is_http_open(self) -> bool:
        try:
            with socket.create_connection((self._settings.host, self._settings.http_port), PROBE_SECONDS):
                return True
        except OSError:
            return False
