"""What is on the disk of the engine, tier by tier, how long the engine really keeps it, and when the disk is full."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.clickhouse.ttl import DAY_SECONDS, FOR_EVER, ttls

TABLES = ("samples", "batches", "ticks", "samples_1m", "samples_1h", "samples_1d")
SHORTEST_SPAN_DAYS = 0.25
"""Less than this says little about a day."""
FAR_DAYS = 3650


@dataclass(frozen=True, slots=True)
class StoredTable:
    """One table. ``ttl`` is the engine's own expression, '' if it keeps all; ``kept_days`` None: for ever."""

    table: str
    rows: int
    size_bytes: int
    oldest: datetime | None
    newest: datetime | None
    ttl: str
    kept_days: float | None

    @property
    def span_days(self) -> float:
        """Between the oldest and the newest row."""
        if self.oldest is None or self.newest is None:
            return 0.0
        return (self.newest - self.oldest).total_seconds() / DAY_SECONDS

    @property
    def bytes_a_day(self) -> float | None:
        """What a day of it takes, None while there is too little to tell."""
        return self.size_bytes / self.span_days if self.span_days >= SHORTEST_SPAN_DAYS else None

    @property
    def bytes_a_row(self) -> float | None:
        """None without rows."""
        return self.size_bytes / self.rows if self.rows else None


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes of the disk that the engine writes to."""

    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Storage:
    """All tables that grow with the samples, and the disk."""

    tables: tuple[StoredTable, ...]
    disk: Disk

    def days_until_full(self) -> int | None:
        """At what comes in now; None if the TTLs end the growth before, or not within ten years.

        Each table grows by its own days until it holds as many as it may keep.
        """
        free = float(self.disk.free_bytes)
        for day in range(FAR_DAYS):
            free -= sum(_growth(one, day) for one in self.tables)
            if free <= 0:
                return day + 1
        return None


def storage(store: Store, database: str) -> Storage:
    """As it is now. Errors as Store."""
    found = ttls(store, database)
    parts = store.rows(
        "SELECT table, sum(rows), sum(bytes_on_disk), min(min_time), max(max_time) FROM system.parts "
        "WHERE database = %(database)s AND active AND rows > 0 GROUP BY table",
        {"database": database},
    )
    by_table = {row[0]: row[1:] for row in parts}
    tables = []
    for name in TABLES:
        rows, size_bytes, oldest, newest = by_table.get(name, (0, 0, None, None))
        ttl = found.get(name, FOR_EVER)
        kept_days = None if ttl.seconds is None else ttl.seconds / DAY_SECONDS
        tables.append(StoredTable(name, rows, size_bytes, oldest, newest, ttl.expression, kept_days))
    return Storage(tuple(tables), _disk(store))


def _disk(store: Store) -> Disk:
    rows: Sequence[tuple[int, int]] = store.rows("SELECT sum(unreserved_space), sum(total_space) FROM system.disks")
    return Disk(*rows[0])


def _growth(table: StoredTable, day: int) -> float:
    is_full_grown = table.kept_days is not None and table.span_days + day >= table.kept_days
    return 0.0 if is_full_grown else table.bytes_a_day or 0.0
