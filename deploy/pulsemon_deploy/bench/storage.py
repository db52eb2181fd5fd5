"""``bench storage``: what a sample takes on disk after merges, batches told apart, and what rollups cost.

Two data sets go the sink's way into the engine: the simulator's servers at 10 s, more than 40 % of whose samples have
labels; and real metrics of this host, whose readings are taken as quickly as the agent's collectors allow and stamped
10 s apart.
Peers store the same samples in the same run: a table shaped like that of OpenTelemetry's ClickHouse exporter in the
same engine, and Prometheus' blocks, if promtool is installed.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pulsemon_schemas import codec
from pulsemon_schemas.records import MetricBatch
from pulsemon_sinks.clickhouse.bulk import HttpBulkStore
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.containers import Places
from pulsemon_sinks.landings import METRICS_LANDING, containers
from pulsemon_sinks.rollups.job import Job
from pulsemon_sinks.rollups.touched import request

from pulsemon_deploy.bench import otel_table, parts, prometheus_blocks, simulated
from pulsemon_deploy.bench.cpu import cpu_seconds
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.runner import Bench
from pulsemon_deploy.bench.this_host import readings

HOUR_SECONDS, DAY_SECONDS = 3600, 86_400
HOURS = 6
BLOCK_SAMPLES = 200_000
ROLLUPS = ("samples_1m", "samples_1h", "samples_1d")
Figures = dict[str, Measurement]


@dataclass
class StorageRounds:
    """One data set after the other, each in a database of its own."""

    folder: Path
    settings: ClickHouseSettings
    engine_pid: int
    hosts: int
    ticks: int

    def __post_init__(self) -> None:
        self._start = (int(time.time()) // DAY_SECONDS - 2) * DAY_SECONDS
        self._sizes: Figures = {}
        self._round = 0

    def warm_up(self) -> None:
        """Stores everything: sizes after merges are the same in every round."""
        start = self._start
        taken = list(readings(self.ticks, start * 1000, simulated.INTERVAL_SECONDS * 1000))
        labelled = Measurement(100 * simulated.labelled_share(self.hosts, start), "%")
        self._sizes = {
            **self._data_set("simulated", lambda: simulated.batches(self.hosts, start, start + HOURS * HOUR_SECONDS)),
            "labelled_percent_simulated": labelled,
            **self._data_set("real", lambda: taken),
        }

    def measure(self) -> Mapping[str, Measurement]:
        """The sizes, and the rollups made once more."""
        self._round += 1
        return {**self._sizes, **self._rollups(replace(self.settings, database="bench_simulated"))}

    def _data_set(self, name: str, batches: Callable[[], Iterable[MetricBatch]]) -> Figures:
        settings = replace(self.settings, database=f"bench_{name}")
        store = NativeStore(settings)
        try:
            migrate(settings, store)
            _write(settings, batches())
            otel_table.fill(store, settings.database)
            for table in ("samples", "batches", otel_table.TABLE):
                store.rows(f"OPTIMIZE TABLE {settings.database}.{table} FINAL")
            rows = {table: _size(store, settings.database, table) for table in ("samples", "batches", otel_table.TABLE)}
        finally:
            store.close()
        figures = {
            f"bytes_per_sample_{name}": _each(*rows["samples"]),
            f"samples_{name}": Measurement(rows["samples"][0], "samples"),
            f"peer.otel_table.bytes_per_sample_{name}": _each(*rows[otel_table.TABLE]),
        }
        if name == "simulated":
            figures["bytes_per_batch"] = _each(*rows["batches"], "B/batch")
        return figures | self._prometheus(name, batches)

    def _prometheus(self, name: str, batches: Callable[[], Iterable[MetricBatch]]) -> Figures:
        found = prometheus_blocks.size(batches(), self.folder / f"prometheus-{name}")
        return {} if found is None else {f"peer.prometheus.bytes_per_sample_{name}": _each(*found)}

    def _rollups(self, settings: ClickHouseSettings) -> Figures:
        """Their cost and size, for each raw sample."""
        store = NativeStore(settings)
        try:
            for table in ROLLUPS:
                store.rows(f"TRUNCATE TABLE {settings.database}.{table}")
            first = self._start // HOUR_SECONDS
            request(store, settings.database, f"bench-{self._round}", range(first, first + HOURS))
            before = cpu_seconds(self.engine_pid)
            made = Job(store, settings.database, "unused", lambda: False).run()
            seconds = cpu_seconds(self.engine_pid) - before
            if made is None or (made.hours, made.days) != (HOURS, 1):
                raise AssertionError(f"{made} was made, of {HOURS} hours and a day")
            samples = _size(store, settings.database, "samples")[0]
            sizes = {}
            for table in ROLLUPS:
                store.rows(f"OPTIMIZE TABLE {settings.database}.{table} FINAL")
                each = _size(store, settings.database, table)[1] / samples
                sizes[f"{table}_bytes_per_raw_sample"] = Measurement(each, "B/sample")
        finally:
            store.close()
        return {"rollup_us_per_sample": Measurement(1e6 * seconds / samples, "us"), **sizes}


def _write(settings: ClickHouseSettings, batches: Iterable[MetricBatch]) -> None:
    """As the sink does: containers of encoded records, so many samples at a time."""
    bulk, places, count = HttpBulkStore(settings), Places("bench", 0), 0
    (container,) = containers(METRICS_LANDING).values()
    waiting: list[tuple[bytes, bytes]] = []
    size = 0
    try:
        for one in batches:
            waiting.append((places.encode(count, one.sent_at_ms), codec.encode(one)))
            count, size = count + 1, size + len(one.values)
            if size >= BLOCK_SAMPLES:
                bulk.post(f"{settings.database}.metrics_in", container.build(waiting))
                waiting, size = [], 0
        if waiting:
            bulk.post(f"{settings.database}.metrics_in", container.build(waiting))
    finally:
        bulk.close()


def _size(store: NativeStore, database: str, table: str) -> tuple[int, int]:
    """Rows, and bytes on disk, in active parts."""
    rows = store.rows(
        "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE database = %(database)s AND table = %(table)s "
        "AND active",
        {"database": database, "table": table},
    )
    return int(rows[0][0]), int(rows[0][1])


def _each(count: int, size_bytes: int, unit: str = "B/sample") -> Measurement:
    return Measurement(size_bytes / count, unit)


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[StorageRounds]:
    """Starts the engine alone."""
    with parts.engine(folder) as (engine, settings):
        yield StorageRounds(folder, settings, engine.pid, 6 if quick else 25, 60 if quick else 1500)


BENCH = Bench(prepare, rounds=3, quick_rounds=2, packages=("chdb", "clickhouse-driver", "fastavro", "psutil"))
