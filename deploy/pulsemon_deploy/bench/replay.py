"""``bench replay``: what a sample costs in a replay of a log, one core: engine, fleet, sums and the comparison.

The log is that of ``bench engine``: hosts with 180 series, all default rules judging live ones, one host in ten ill now
and then. It is given from memory, and once more from a store: then each batch is made again from its rows, and the
figure is the CPU of this process alone, without that of the engine that keeps the rows.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pulsemon_schemas.history import LogHistory, Span
from pulsemon_schemas.records import ControlRecord, LogRecord
from pulsemon_schemas.topics import ALERTS, METRICS
from pulsemon_sinks.clickhouse.bulk import HttpBulkStore
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.containers import Places
from pulsemon_sinks.landings import METRICS_LANDING, containers
from pulsemon_sinks.reader.alerts import asker
from pulsemon_sinks.reader.log_history.stored_history import StoredHistory
from pulsemon_stream_processors.engine import PartitionEngine
from pulsemon_stream_processors.replay import Replay, Verdict

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.engine import PLACE, SECRET, Logs, make_logs, sample_count
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench

BLOCK_RECORDS = 4_000
WINDOW_MS = 300_000


@dataclass(frozen=True, slots=True)
class MemoryHistory:
    """See ``LogHistory``: one partition, and what an engine said of it."""

    records_: Sequence[LogRecord]
    control_: Sequence[ControlRecord]
    said: Sequence[tuple[bytes, bytes]] = ()
    origin: str = "memory"
    topic_id: str = PLACE.topic_id
    partition_count: int = PLACE.partition_count

    def control(self) -> Iterator[tuple[int, ControlRecord | None]]:
        """See ``LogHistory``."""
        return iter(list(enumerate(self.control_)))

    def span(self, _partition: int, _until_ms: int | None) -> Span:
        """See ``LogHistory``."""
        return Span(0, len(self.records_))

    def records(self, _partition: int, _span: Span) -> Iterator[LogRecord]:
        """See ``LogHistory``."""
        return iter(self.records_)

    def alerts(self, _partition: int) -> Iterator[tuple[bytes, bytes]]:
        """See ``LogHistory``."""
        return iter(self.said)

    def doubts(self) -> Sequence[str]:
        """See ``LogHistory``."""
        return ()


@dataclass(frozen=True, slots=True)
class StoredLog:
    """The same from the store; the control log stays in memory."""

    stored: StoredHistory
    memory: MemoryHistory
    origin: str = "clickhouse"
    topic_id: str = PLACE.topic_id
    partition_count: int = PLACE.partition_count

    def control(self) -> Iterator[tuple[int, ControlRecord | None]]:
        """See ``LogHistory``."""
        return self.memory.control()

    def span(self, partition: int, until_ms: int | None) -> Span:
        """See ``LogHistory``."""
        return self.memory.span(partition, until_ms)

    def records(self, partition: int, span: Span) -> Iterator[LogRecord]:
        """See ``LogHistory``."""
        return self.stored.records(partition, span)

    def alerts(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """See ``LogHistory``."""
        return self.memory.alerts(partition)

    def doubts(self) -> Sequence[str]:
        """See ``LogHistory``."""
        return self.stored.doubts()


@dataclass
class ReplayRounds:
    """Both ways, each with a new engine."""

    memory: MemoryHistory
    store: NativeStore
    database: str
    samples: int = field(init=False)

    def __post_init__(self) -> None:
        self.samples = sample_count(self.memory.records_)

    def warm_up(self) -> None:
        """Reads once."""
        self._run(self.memory)

    def measure(self) -> Mapping[str, Measurement]:
        """One round."""
        seconds = self._run(self.memory)
        stored = StoredLog(StoredHistory(asker(self.store, self.database)), self.memory)
        stored_seconds = self._run(stored)
        return {
            "samples_per_core_second": Measurement(self.samples / seconds, "1/s"),
            "us_per_sample": Measurement(1e6 * seconds / self.samples, "us"),
            "samples_per_core_second_from_store": Measurement(self.samples / stored_seconds, "1/s"),
            "us_per_sample_from_store": Measurement(1e6 * stored_seconds / self.samples, "us"),
            "samples": Measurement(self.samples, "samples"),
        }

    def _run(self, source: LogHistory) -> float:
        began = time.process_time()
        results = list(Replay(source, SECRET).run())
        seconds = time.process_time() - began
        if any(one.comparison.verdict is not Verdict.EQUAL for one in results) or not results[0].replayed.pairs:
            raise AssertionError("the replay is not what the engine said")
        return seconds


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[ReplayRounds]:
    """Makes the log, has it judged once, and stores it as a sink does."""
    logs = make_logs(24 if quick else 96)
    with parts.engine(folder) as (_, settings):
        store = NativeStore(settings)
        try:
            migrate(settings, store)
            for table in ("samples", "batches", "ticks"):  # the log is of a day that retention took
                store.rows(f"ALTER TABLE {settings.database}.{table} REMOVE TTL")
            memory = _judged(logs)
            bulk = HttpBulkStore(settings)
            try:
                _write(store, bulk, settings.database, memory.records_)
            finally:
                bulk.close()
            yield ReplayRounds(memory, store, settings.database)
        finally:
            store.close()


def _judged(logs: Logs) -> MemoryHistory:
    records = [*logs.first, *logs.second]
    engine = PartitionEngine(PLACE, logs.history())
    outputs = [output for record in records for output in engine.apply(record)]
    said = [(one.key or b"", one.value or b"") for one in outputs if one.topic == ALERTS.name]
    return replace(MemoryHistory(records, logs.control), said=said)


def _write(store: NativeStore, bulk: HttpBulkStore, database: str, records: Sequence[LogRecord]) -> None:
    """Blocks with their rows in the ledger."""
    (container,) = containers(METRICS_LANDING).values()
    places = Places(PLACE.topic_id, PLACE.partition)
    columns = "topic, topic_id, partition, first_offset, last_offset, kind, records, windows"
    for first in range(0, len(records), BLOCK_RECORDS):
        block = records[first : first + BLOCK_RECORDS]
        bulk.post(
            f"{database}.metrics_in",
            container.build([(places.encode(one.offset, one.append_time_ms), one.value) for one in block]),
        )
        windows = sorted({one.append_time_ms // WINDOW_MS for one in block})
        row = (
            METRICS.name,
            PLACE.topic_id,
            PLACE.partition,
            first,
            first + len(block) - 1,
            "stored",
            len(block),
            windows,
        )
        store.insert(f"INSERT INTO {database}.sink_ledger ({columns}) VALUES", [row])


BENCH = Bench(prepare, rounds=5, quick_rounds=3, packages=("chdb", "clickhouse-driver", "fastavro"))
