"""One at a time, over ClickHouse alone: a lock made of rows, for migrations that several processes start at once.

Each turn has a number. Deduplication of insert tokens is a compare-and-set: of all who claim a turn, one row stays, and
its holder goes. A holder that died loses the turn when its lease is over, by the clock of ClickHouse.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pulsemon_schemas.errors import TransientError

from pulsemon_sinks.clickhouse.connection import Store

LEASE_SECONDS = 15
POLL_SECONDS = 0.1


def table_sql(database: str) -> str:
    """The statement that makes the table of turns; harmless if it is there."""
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.schema_turns (turn UInt64, holder String, is_over UInt8, "
        "at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY (turn, is_over) "
        "SETTINGS non_replicated_deduplication_window = 1000"
    )


@contextmanager
def turn(store: Store, database: str, timeout_seconds: float = 4 * LEASE_SECONDS) -> Iterator[Callable[[], None]]:
    """Holds the turn for the body, which calls what it is given between its steps to renew the lease.

    TransientError if others kept the turn for ``timeout_seconds``; store errors as they come.
    """
    holder = uuid.uuid4().hex
    number = _claim(store, database, holder, timeout_seconds)
    try:
        yield lambda: _write(store, database, number, holder, is_over=False, renewal=uuid.uuid4().hex)
    finally:
        _write(store, database, number, holder, is_over=True)


def _claim(store: Store, database: str, holder: str, timeout_seconds: float) -> int:
    deadline = time.monotonic() + timeout_seconds
    while True:
        number, is_free = _state(store, database)
        if is_free:
            _write(store, database, number + 1, holder, is_over=False)
            if _holder(store, database, number + 1) == holder:
                return number + 1
        if time.monotonic() > deadline:
            raise TransientError(f"another process is still migrating {database}; nothing was changed; try again", 5.0)
        time.sleep(POLL_SECONDS)


def _state(store: Store, database: str) -> tuple[int, bool]:
    """The newest turn and whether it is over, by word or by lease. (0, True) before the first."""
    sql = (
        f"SELECT turn, max(is_over), max(at) < now64(3) - INTERVAL {LEASE_SECONDS} SECOND FROM {database}.schema_turns "
        "GROUP BY turn ORDER BY turn DESC LIMIT 1"
    )
    rows = store.rows(sql)
    return (rows[0][0], bool(rows[0][1] or rows[0][2])) if rows else (0, True)


def _holder(store: Store, database: str, number: int) -> str:
    sql = f"SELECT holder FROM {database}.schema_turns WHERE turn = %(turn)s AND is_over = 0 ORDER BY at LIMIT 1"
    return str(store.rows(sql, {"turn": number})[0][0])


def _write(store: Store, database: str, number: int, holder: str, *, is_over: bool, renewal: str = "claim") -> None:
    token = f"T:{number}:{holder if is_over else renewal}"
    store.insert(
        f"INSERT INTO {database}.schema_turns (turn, holder, is_over) VALUES",
        [(number, holder, int(is_over))],
        {"async_insert": 0, "insert_deduplicate": 1, "insert_deduplication_token": token},
    )
