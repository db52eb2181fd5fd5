"""``bench sink``: what a sample costs from Kafka into samples, batches and latest, merges included.

One round sends whole blocks through a real Kafka, waits until the sink has stored them and the engine has merged what
it wants to merge, counts the rows in the table, and divides the CPU seconds of both processes by them. A few blocks go
in over the native port alone, as where HTTP is closed. As a peer, the same samples go in by clickhouse-driver's
columnar native inserts, into the same table without views.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from confluent_kafka import Producer
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings, producer_config
from pulsemon_schemas.topics import METRICS
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.cpu import cpu_seconds
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.fleet import INTERVAL_MS, SERIES, Fleet
from pulsemon_deploy.bench.runner import Bench
from pulsemon_deploy.kafka import ensure_topics

HOSTS = 1000
FLUSH_SAMPLES = 200_000
LARGE_FLUSH_SAMPLES = 800_000
NATIVE_BLOCKS = 3
PEER_ROWS = 200_000
QUIET_POLLS = 5
COUNT_POLL_SECONDS = 0.5  # a count costs the engine about 2 ms, which is measured too
ROUND_SECONDS = 120.0
DATABASE = "bench"
TABLES = ("samples", "batches", "latest", "sightings")


@dataclass
class SinkRounds:
    """Each round stores new ticks of the same hosts in empty tables."""

    folder: Path
    kafka: KafkaSettings
    store_settings: ClickHouseSettings
    engine_pid: int
    blocks: int
    large_blocks: int
    fleet: Fleet

    def __post_init__(self) -> None:
        self.store = NativeStore(self.store_settings)
        self.producer = Producer(producer_config(self.kafka, "pulsemon-bench"))

    def warm_up(self) -> None:
        """One block through everything."""
        with self._sink(FLUSH_SAMPLES):
            self._send(FLUSH_SAMPLES)

    def measure(self) -> Mapping[str, Measurement]:
        """All figures of one round."""
        small = self._through_the_sink(FLUSH_SAMPLES, self.blocks, "")
        large = self._through_the_sink(LARGE_FLUSH_SAMPLES, self.large_blocks, "_at_800k")
        native = self._through_the_sink(FLUSH_SAMPLES, NATIVE_BLOCKS, "_native", insert="native")
        return {**small, **large, **native, **self._peer()}

    def _through_the_sink(
        self, flush_samples: int, blocks: int, suffix: str, insert: Literal["auto", "native"] = "auto"
    ) -> Mapping[str, Measurement]:
        with self._sink(flush_samples, insert) as sink:
            self._send(flush_samples)  # the sink has started, joined and stored once before anything is measured
            self._empty()
            count = blocks * flush_samples
            sink_before, engine_before = cpu_seconds(sink.pid), cpu_seconds(self.engine_pid)
            self._send(count)
            sink_seconds = cpu_seconds(sink.pid) - sink_before
            self._settle()
            engine_seconds = cpu_seconds(self.engine_pid) - engine_before
        return {
            f"samples_per_core_second{suffix}": Measurement(count / (sink_seconds + engine_seconds), "1/s"),
            f"sink_us_per_sample{suffix}": Measurement(1e6 * sink_seconds / count, "us"),
            f"engine_us_per_sample{suffix}": Measurement(1e6 * engine_seconds / count, "us"),
        }

    def _sink(
        self, flush_samples: int, insert: Literal["auto", "native"] = "auto"
    ) -> AbstractContextManager[parts.Process]:
        own = {"flush_samples": flush_samples, "flush_seconds": 10.0, "flush_bytes": 100_000_000}
        own["makes_rollups"] = False  # they have figures of their own
        return parts.sink(self.folder, self.kafka, replace(self.store_settings, insert=insert), **own)

    def _empty(self) -> None:
        for table in TABLES:
            self.store.rows(f"TRUNCATE TABLE {DATABASE}.{table}")

    def _send(self, samples: int) -> None:
        """Sends whole batches, and returns when the table has them all."""
        expected = self._count() + samples
        for message in self.fleet.messages(samples // SERIES):
            self.producer.produce(METRICS.name, message.value, message.key)
        self.producer.flush(ROUND_SECONDS)
        parts.wait_until(lambda: self._count() >= expected, ROUND_SECONDS, f"{samples} samples", COUNT_POLL_SECONDS)
        if (found := self._count()) != expected:
            raise AssertionError(f"{found} samples in the table, {expected} were sent")

    def _peer(self) -> Mapping[str, Measurement]:
        """The same kind of samples by columnar native inserts: encoding included, Kafka and batches not."""
        blocks = max(1, self.blocks // 4)
        columns = [_columns(list(self.fleet.batches(PEER_ROWS // SERIES))) for _ in range(blocks)]
        self.store.rows(f"CREATE TABLE IF NOT EXISTS {DATABASE}.peer AS {DATABASE}.samples")
        self.store.rows(f"TRUNCATE TABLE {DATABASE}.peer")
        client_before, engine_before = time.process_time(), cpu_seconds(self.engine_pid)
        for one in columns:
            self.store.insert_columns(
                f"INSERT INTO {DATABASE}.peer (server_id, name, labels, recorded_at, value) VALUES", one
            )
        client_seconds = time.process_time() - client_before
        self._settle()
        seconds = client_seconds + cpu_seconds(self.engine_pid) - engine_before
        rate = blocks * PEER_ROWS / seconds
        return {"peer.clickhouse_driver_columnar.samples_per_core_second": Measurement(rate, "1/s")}

    def _count(self) -> int:
        return int(self.store.rows(f"SELECT count() FROM {DATABASE}.samples")[0][0])

    def _settle(self) -> None:
        """Returns when the engine has not merged for a while."""
        quiet = 0
        while quiet < QUIET_POLLS:
            running = self.store.rows("SELECT count() FROM system.merges")[0][0]
            quiet = 0 if running else quiet + 1
            time.sleep(0.2)


def _columns(batches: list[MetricBatch]) -> list[list[object]]:
    return [
        [one.server_id for one in batches for _ in one.names],
        [name for one in batches for name in one.names],
        [labels for one in batches for labels in one.labels],
        [one.recorded_at_ms for one in batches for _ in one.names],
        [value for one in batches for value in one.values],
    ]


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[SinkRounds]:
    """Starts Kafka with a topic of one partition, so that all blocks are full, and the engine."""
    blocks, large_blocks = (10, 1) if quick else (20, 5)
    with ExitStack() as running:
        node = running.enter_context(parts.kafka(folder))
        engine, store_settings = running.enter_context(parts.engine(folder))
        admin = node.settings_for("admin")
        ensure_topics(admin, 1)
        start_ms = (int(time.time()) // 60 - 2 * 24 * 60) * 60_000
        fleet = Fleet(HOSTS, start_ms - start_ms % INTERVAL_MS)
        rounds = SinkRounds(folder, admin, store_settings, engine.pid, blocks, large_blocks, fleet)
        yield rounds
        rounds.store.close()


BENCH = Bench(
    prepare,
    rounds=5,
    quick_rounds=2,
    packages=("chdb", "clickhouse-driver", "confluent-kafka", "fastavro"),
)
