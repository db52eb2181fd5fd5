"""Raw samples as the sink stores them, with their ledger, and rollups recomputed from them in plain Python."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.rollups.job import Job

TOPIC = "metrics"
DAY = 86_400
# Two whole days ago, so that hours and days are over; at 10 s, as agents send.
START = (int(time.time()) // DAY - 2) * DAY


class Sample(NamedTuple):
    server_id: str
    name: str
    labels: str
    at: int
    value: float


TIERS = {"samples_1m": 60, "samples_1h": 3600, "samples_1d": DAY}
WRITTEN = ("samples", *TIERS, "sink_ledger", "rollup_cursors", "rollup_requests", "rollup_turns")
# The same samples are written by many tests, and blocks of the same bytes would count as repeated.
ANEW = {"insert_deduplicate": 0}
Row = tuple[Any, ...]


@dataclass
class Rolled:
    """A migrated database with a job. Blocks are of one partition; ``topic_id`` names the log's life."""

    settings: ClickHouseSettings
    topic_id: str = "id-1"

    def __post_init__(self) -> None:
        self.store = NativeStore(self.settings)
        migrate(self.settings, self.store)
        self._offset = 0

    @property
    def database(self) -> str:
        return self.settings.database

    def empty(self) -> None:
        """Takes out all rows, and forgets what the engine was told to keep."""
        for table in WRITTEN:
            self.store.rows(f"TRUNCATE TABLE {self.database}.{table}")
        self.store.rows(f"ALTER TABLE {self.database}.samples MODIFY TTL toDateTime(recorded_at) + INTERVAL 14 DAY")

    def job(self, is_stopped: Callable[[], bool] = lambda: False) -> Job:
        return Job(self.store, self.database, TOPIC, is_stopped)

    def block(self, samples: Iterable[Sample], *, is_stored: bool = True) -> None:
        """One block of the ledger with its samples; ``is_stored`` False: agreed, and not written yet."""
        samples = list(samples)
        windows = sorted({one.at // 300 for one in samples})
        columns = "topic, topic_id, partition, first_offset, last_offset, kind, records, windows"
        row = (TOPIC, self.topic_id, 0, self._offset, self._offset, "stored", 1, windows)
        self.store.insert(f"INSERT INTO {self.database}.sink_ledger ({columns}) VALUES", [row], ANEW)
        self._offset += 1
        if is_stored:
            self.raw(samples)

    def raw(self, samples: Iterable[Sample]) -> None:
        """Samples alone."""
        rows = [(*one[:3], _at(one.at), one.value) for one in samples]
        columns = "server_id, name, labels, recorded_at, value"
        self.store.insert(f"INSERT INTO {self.database}.samples ({columns}) VALUES", rows, ANEW)

    def end(self) -> None:
        """A block that touches nothing: those before it are finished."""
        self.block([])

    def rows(self, table: str) -> list[Row]:
        """What a tier says, by its key."""
        extra = "" if table == "samples_1m" else ", p50, p95, p99"
        values = f"min_value, max_value, avg_value, last_value, toUnixTimestamp(last_at), samples{extra}"
        return self.store.rows(
            f"SELECT name, server_id, labels, toUnixTimestamp(starts_at) AS t, {values} "
            f"FROM {self.database}.{table} FINAL ORDER BY name, server_id, labels, t"
        )

    def all_rows(self) -> dict[str, list[Row]]:
        return {table: self.rows(table) for table in TIERS}

    def close(self) -> None:
        self.store.close()


def recomputed(samples: Iterable[Sample], table: str) -> list[Row]:
    """The rows of a tier, from samples of which some may be there twice."""
    step = TIERS[table]
    groups: dict[tuple[str, str, str, int], dict[int, float]] = defaultdict(dict)
    for one in samples:
        groups[one.name, one.server_id, one.labels, one.at // step * step][one.at] = one.value
    return [(*key, *_aggregates(groups[key], has_quantiles=step > 60)) for key in sorted(groups)]


def _aggregates(by_time: dict[int, float], *, has_quantiles: bool) -> Row:
    ordered = sorted(by_time.values())
    count = len(ordered)
    quantiles = [ordered[min(math.floor(level * count), count - 1)] for level in (0.5, 0.95, 0.99)]
    simple = (ordered[0], ordered[-1], math.fsum(ordered) / count, by_time[max(by_time)], max(by_time), count)
    return (*simple, *quantiles) if has_quantiles else simple


def assert_same(found: list[Row], wanted: list[Row]) -> None:
    """Keys, last values and counts exactly; what is kept as Float32 as well as that can."""
    assert [(row[:4], row[7:10]) for row in found] == [(row[:4], row[7:10]) for row in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert all(math.isclose(a, b, rel_tol=2e-7, abs_tol=1e-30) for a, b in zip(one[4:], other[4:], strict=True)), (
            one,
            other,
        )


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
