"""Sinks for tests: one in a thread or in a process, with topics and a database of its own, and what it should store."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.kafka import client_config
from pulsemon_sinks import sink
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.settings import SinkSettings
from support.kafka import Broker, kafka_environment
from support.waiting import wait_until

READY_SECONDS = 30.0
# An hour ago, on a tick: what a test stores must lie within the tables' retention, and not in the future.
AT_MS = (int(time.time()) // 3600 - 1) * 3_600_000


@dataclass
class Place:
    """A Kafka with topics of one test, and a database of its own."""

    broker: Broker
    clickhouse: ClickHouseSettings
    topics: Mapping[str, str]
    partition_count: int
    store: NativeStore = field(init=False)
    producer: Producer = field(init=False)

    def __post_init__(self) -> None:
        self.store = NativeStore(self.clickhouse)
        self.producer = self.broker.producer()

    def topic(self, name: str) -> str:
        return self.topics[f"pulsemon.{name}"]

    def settings(self, **changes: Any) -> SinkSettings:
        defaults = {
            "group_id": f"pulsemon-sink-{self.clickhouse.database}",
            "metrics_topic": self.topic("metrics"),
            "control_topic": self.topic("control"),
            "alerts_topic": self.topic("alerts"),
            "alerts_shadow_topic": self.topic("alerts-shadow"),
            "server_state_topic": self.topic("server-state"),
            "deadletter_topic": self.topic("deadletter"),
            "flush_seconds": 0.2,
            "session_timeout_seconds": 6.0,
        }
        return SinkSettings(**{**defaults, **changes})

    def send(self, batches: Iterable[MetricBatch]) -> None:
        for one in batches:
            self.send_raw(one.server_id.encode(), codec.encode(one))
        self.flush()

    def send_raw(self, key: bytes | None, value: bytes | None, partition: int | None = None) -> None:
        if partition is None:
            partition = partition_for(key, self.partition_count) if key else 0
        self.producer.produce(self.topic("metrics"), value, key, partition)

    def flush(self) -> None:
        assert self.producer.flush(20) == 0

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to a query in which {} stands for our database."""
        return self.store.rows(sql.replace("{}", self.clickhouse.database))

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count() FROM {{}}.{table} FINAL")[0][0])

    def wait_for(self, table: str, count: int, timeout_seconds: float = 20.0) -> None:
        wait_until(lambda: self._counts(table, count), timeout_seconds, f"{count} rows in {table}")

    def _counts(self, table: str, count: int) -> bool:
        try:
            found = self.count(table)
        except Exception:  # noqa: BLE001 - the table or the engine may not be there yet
            return False
        assert found <= count, f"{found} rows in {table}, {count} expected"
        return found == count

    def dead_letters(self, count: int, timeout_seconds: float = 15.0) -> list[Message]:
        """The first ``count`` dead letters, in any order."""
        config = client_config(self.broker.settings)
        consumer = Consumer({**config, "group.id": "unused", "enable.auto.commit": False})
        topic = self.topic("deadletter")
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, one, 0) for one in partitions])
        found: list[Message] = []

        def has_all() -> bool:
            found.extend(consumer.consume(100, 0.1))
            return len(found) >= count

        try:
            wait_until(has_all, timeout_seconds, f"{count} dead letters")
        finally:
            consumer.close()
        return found


def headers(message: Message) -> dict[str, str]:
    found = message.headers() or []
    return {str(one[0]): one[1].decode() for one in found if isinstance(one, tuple) and isinstance(one[1], bytes)}


def batch(server: str = "web-1", sequence: int = 0, **changes: Any) -> MetricBatch:
    """A valid batch of three samples, one of them labelled."""
    at_ms = AT_MS + 10_000 * sequence
    values: dict[str, Any] = {
        "server_id": server,
        "source": "agent",
        "producer_id": f"{server}-p",
        "sequence": sequence,
        "previous_producer_id": "",
        "previous_sequence": -1,
        "recorded_at_ms": at_ms,
        "sent_at_ms": at_ms + 5,
        "names": ("system.cpu.busy", "system.filesystem.utilization", "test.plain"),
        "labels": ("", "mount=/", ""),
        "values": (0.5, 0.25, float(sequence)),
        "dropped": {},
    }
    return MetricBatch(**{**values, **changes})


@contextmanager
def running_sink(place: Place, **changes: Any) -> Iterator[None]:
    """A sink in a thread, ready; stopped at the end. Its error, if it ended with one, is raised here."""
    stop, ready = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def body() -> None:
        try:
            sink.run(place.settings(**changes), place.broker.settings_for("sink"), place.clickhouse, stop, ready.set)
        except BaseException as error:  # noqa: BLE001 - shown by the test's thread
            errors.append(error)
            ready.set()

    thread = threading.Thread(target=body, name="sink")
    thread.start()
    try:
        assert ready.wait(READY_SECONDS), "the sink did not become ready"
        yield
    finally:
        stop.set()
        thread.join(READY_SECONDS)
        assert not thread.is_alive(), "the sink did not stop"
    if errors:
        raise errors[0]


@dataclass
class SinkProcess:
    """A sink as a process of its own, to be killed."""

    place: Place
    log_file: Path
    changes: Mapping[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert self.process is None or self.process.poll() is not None
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pulsemon_sinks"], env=self._environment(), stdout=log, stderr=log
            )

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        if number not in (signal.SIGSTOP, signal.SIGCONT):
            self.process.wait(READY_SECONDS)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(READY_SECONDS)

    def _environment(self) -> dict[str, str]:
        kafka, store = self.place.broker.settings_for("sink"), self.place.clickhouse
        own = self.place.settings(**self.changes)
        own_values = {f"PULSEMON_SINK_{name.upper()}": getattr(own, name) for name in SETTABLE}
        return {
            "PATH": os.environ["PATH"],
            **{name: str(value) for name, value in own_values.items()},
            **kafka_environment(kafka),
            "PULSEMON_CLICKHOUSE_HOST": store.host,
            "PULSEMON_CLICKHOUSE_PORT": str(store.port),
            "PULSEMON_CLICKHOUSE_HTTP_PORT": str(store.http_port),
            "PULSEMON_CLICKHOUSE_USER": store.user,
            "PULSEMON_CLICKHOUSE_PASSWORD": store.password.reveal(),
            "PULSEMON_CLICKHOUSE_DATABASE": store.database,
        }


SETTABLE = (
    "group_id",
    "metrics_topic",
    "control_topic",
    "alerts_topic",
    "alerts_shadow_topic",
    "server_state_topic",
    "deadletter_topic",
    "flush_samples",
    "flush_seconds",
    "buffer_bytes",
    "instance_id",
    "session_timeout_seconds",
)
