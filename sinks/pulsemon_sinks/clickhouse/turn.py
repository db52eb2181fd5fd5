"""One at a time, over ClickHouse alone: a lock made of rows, for work that several processes start at once.

Each turn has a number. Deduplication of insert tokens is a compare-and-set: of all who claim a turn, one row stays, and
its holder goes. A holder that died loses the turn when its lease is over, by the clock of ClickHouse.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pulsemon_schemas.errors import TransientError

from pulsemon_sinks.clickhouse.connection import Store

POLL_SECONDS = 0.1
RETRY_AFTER_SECONDS = 5.0


class TurnTakenError(TransientError):
    """Another process has the turn; nothing was done."""


class Turns:
    """The turns of one kind of work, in a table of their own. Store errors come as they are."""

    def __init__(self, store: Store, table: str, lease_seconds: int) -> None:
        self._store = store
        self._table = table
        self._lease_seconds = lease_seconds

    @contextmanager
    def take(self, timeout_seconds: float) -> Iterator[Callable[[], None]]:
        """Holds the turn for the body, which calls what it is given between its steps to renew the lease.

        TurnTakenError if others kept the turn for ``timeout_seconds``.
        """
        holder = uuid.uuid4().hex
        number = self._claim(holder, timeout_seconds)
        try:
            yield lambda: self._write(number, holder, is_over=False, renewal=uuid.uuid4().hex)
        finally:
            self._write(number, holder, is_over=True)

    def _claim(self, holder: str, timeout_seconds: float) -> int:
        deadline = time.monotonic() + timeout_seconds
        while True:
            number, is_free = self._state()
            if is_free:
                self._write(number + 1, holder, is_over=False)
                if self._holder(number + 1) == holder:
                    return number + 1
            if time.monotonic() > deadline:
                raise TurnTakenError(
                    f"another process has the turn of {self._table}; nothing was changed; try again",
                    RETRY_AFTER_SECONDS,
                )
            time.sleep(POLL_SECONDS)

    def _state(self) -> tuple[int, bool]:
        """The newest turn and whether it is over, by word or by lease. (0, True) before the first."""
        sql = (
            f"SELECT turn, max(is_over), max(at) < now64(3) - INTERVAL {self._lease_seconds} SECOND FROM {self._table} "
            "GROUP BY turn ORDER BY turn DESC LIMIT 1"
        )
        rows = self._store.rows(sql)
        return (rows[0][0], bool(rows[0][1] or rows[0][2])) if rows else (0, True)

    def _holder(self, number: int) -> str:
        sql = f"SELECT holder FROM {self._table} WHERE turn = %(turn)s AND is_over = 0 ORDER BY at LIMIT 1"
        return str(self._store.rows(sql, {"turn": number})[0][0])

    def _write(self, number: int, holder: str, *, is_over: bool, renewal: str = "claim") -> None:
        token = f"T:{number}:{holder if is_over else renewal}"
        self._store.insert(
            f"INSERT INTO {self._table} (turn, holder, is_over) VALUES",
            [(number, holder, int(is_over))],
            {"async_insert": 0, "insert_deduplicate": 1, "insert_deduplication_token": token},
        )
