"""Sends rows while the next ones are made: one thread that writes, one write ahead."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

from pulsemon_deploy.simulate.history_store import HistoryStore
from pulsemon_deploy.simulate.rows import Rows


class HistoryWriter:
    """Rows go out in the order of ``write``; after a failure nothing more does."""

    def __init__(self, settings: ClickHouseSettings, stop: threading.Event) -> None:
        self._store = HistoryStore(settings, stop)
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")
        self._last: Future[None] | None = None

    def write(self, table: str, rows: Rows, name: str) -> None:
        """Returns once the rows before are stored, while these are on their way. Errors as HistoryStore.insert."""
        self.wait()
        if rows.count:
            self._last = self._threads.submit(self._store.insert, table, rows.columns, rows.count, name)

    def wait(self) -> None:
        """Returns when everything is stored. Errors as HistoryStore.insert."""
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown()
        self._store.close()
