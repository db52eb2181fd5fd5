"""Processors for tests: workers as processes of their own, with topics of one test, and what they wrote."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from pulsemon_deploy.kafka import ensure_topics, topic_ids
from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent, ControlRecord, LogRecord, MetricBatch
from pulsemon_schemas.runtime.kafka import client_config
from pulsemon_schemas.topics import topic
from support.kafka import Broker, kafka_environment
from support.waiting import wait_until

TESTS = Path(__file__).parents[1]
END_SECONDS = 15.0
TICK_KEY = "0f" * 32
QUIET = {"log_level": 2}


@dataclass
class Room:
    """A Kafka with topics of one test. Their names are ours with ``prefix`` before them."""

    broker: Broker
    topics: Mapping[str, str]
    partition_count: int
    producer: Producer = field(init=False)

    def __post_init__(self) -> None:
        self.producer = self.broker.producer(options={"linger.ms": 5})

    @property
    def prefix(self) -> str:
        return self.topics["pulsemon.metrics"].removesuffix("pulsemon.metrics")

    @property
    def application(self) -> str:
        return f"pulsemon-processor-{self.prefix.rstrip('.')}"

    def topic(self, name: str) -> str:
        return self.topics[f"pulsemon.{name}"]

    def partitions(self, name: str) -> int:
        return topic(f"pulsemon.{name}").partitions or self.partition_count

    def send(self, batches: Iterable[MetricBatch]) -> None:
        for one in batches:
            self.send_raw(one.server_id.encode(), codec.encode(one))
        self.flush()

    def send_raw(self, key: bytes | None, value: bytes | None, partition: int | None = None) -> None:
        if partition is None:
            partition = partition_for(key, self.partition_count) if key else 0
        self.producer.produce(self.topic("metrics"), value, key, partition)
        self.producer.poll(0)

    def control(self, *records: ControlRecord) -> None:
        for record in records:
            self.producer.produce(self.topic("control"), codec.encode(record), record.entity_id.encode(), 0)
        self.flush()

    def flush(self) -> None:
        assert self.producer.flush(20) == 0

    def read(self, name: str, isolation: str = "read_committed") -> list[list[Message]]:
        """All records of a topic by partition, as a reader of committed records sees them now."""
        consumer = self._reader(isolation)
        count = self.partitions(name)
        try:
            places = [TopicPartition(self.topic(name), number, OFFSET_BEGINNING) for number in range(count)]
            consumer.get_watermark_offsets(
                places[0], 10
            )  # connects; without it the first fetch comes half a second later
            consumer.assign(places)
            found: list[list[Message]] = [[] for _ in range(count)]
            ended: set[int] = set()
            while len(ended) < count:
                for message in consumer.consume(5000, 0.05):
                    number = message.partition() or 0
                    if message.error() is None:
                        found[number].append(message)
                    else:
                        ended.add(number)
            return found
        finally:
            consumer.close()

    def log(self) -> list[list[LogRecord]]:
        """The metrics log, by partition."""
        return [[log_record(one) for one in partition] for partition in self.read("metrics", "read_uncommitted")]

    def alerts(self) -> list[AlertEvent]:
        """All alert events that a reader of committed records sees."""
        events = [codec.decode(one.value() or b"") for partition in self.read("alerts") for one in partition]
        return [event for event in events if isinstance(event, AlertEvent)]

    def committed(self) -> list[int]:
        """The group's offsets in the metrics topic, by partition; below 0 where none was committed."""
        consumer = Consumer({**client_config(self.broker.settings), **QUIET, "group.id": self.application})
        try:
            wanted = [TopicPartition(self.topic("metrics"), number) for number in range(self.partition_count)]
            return [one.offset for one in consumer.committed(wanted, 10)]
        finally:
            consumer.close()

    def ends(self, name: str = "metrics") -> list[int]:
        """The offset after the last record, by partition."""
        consumer = self._reader("read_uncommitted")
        try:
            places = [TopicPartition(self.topic(name), number) for number in range(self.partitions(name))]
            return [consumer.get_watermark_offsets(place, 10)[1] for place in places]
        finally:
            consumer.close()

    def make_anew(self, name: str) -> None:
        """Deletes a topic and makes it again under the same name; ACLs, which know names, stay."""
        full = self.topic(name)
        admin = self.broker.admin()
        for future in admin.delete_topics([full]).values():
            future.result(20)
        wait_until(lambda: not topic_ids(self.broker.settings, [full]), 20, "the end of the topic")
        ensure_topics(self.broker.settings, self.partition_count, [replace(topic(f"pulsemon.{name}"), name=full)])

    def _reader(self, isolation: str) -> Consumer:
        return Consumer(
            {
                **client_config(self.broker.settings),
                **QUIET,
                "group.id": "unused",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 20,
                "isolation.level": isolation,
            }
        )


def log_record(message: Message) -> LogRecord:
    return LogRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        message.key() or b"",
        message.value() or b"",
        message.key() is None,
        message.value() is None,
    )


def make_room(broker: Broker, partition_count: int = 4, name: str = "processor") -> Room:
    return Room(broker, broker.create_topics(name, partition_count), partition_count)


QUICK = {"tick_seconds": 0.5, "round_seconds": 2.0, "session_seconds": 6.0, "metrics_seconds": 1.0}


@dataclass
class WorkerProcess:
    """A worker as a process of its own, to be stopped and killed."""

    room: Room
    log_file: Path
    changes: Mapping[str, Any] = field(default_factory=dict)
    module: str = "pulsemon_stream_processors"
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        assert self.process is None or self.process.poll() is not None, "the worker is running"
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module], env=self._environment(), cwd=TESTS, stdout=log, stderr=log
            )
        self.starts += 1

    @property
    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    @property
    def exit_code(self) -> int | None:
        return None if self.process is None else self.process.poll()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait(END_SECONDS)

    def end(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(END_SECONDS)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(END_SECONDS)

    def log(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    def _environment(self) -> dict[str, str]:
        own = {"application": self.room.application, "topic_prefix": self.room.prefix, "tick_key": TICK_KEY}
        values = {**own, **QUICK, **self.changes}
        return {
            "PATH": os.environ["PATH"],
            **{f"PULSEMON_PROCESSOR_{name.upper()}": str(value) for name, value in values.items()},
            **kafka_environment(self.room.broker.settings_for("processor")),
        }


@contextmanager
def running_worker(room: Room, log_file: Path, **changes: Any) -> Iterator[WorkerProcess]:
    """A worker that is killed at the end, if it did not end before."""
    worker = WorkerProcess(room, log_file, changes)
    worker.start()
    try:
        yield worker
    finally:
        worker.kill()


def wait_for_commit(room: Room, ends: list[int], timeout_seconds: float = 60.0) -> None:
    """Until the group has committed at least these offsets."""
    wait_until(
        lambda: all(done >= end for done, end in zip(room.committed(), ends, strict=True)),
        timeout_seconds,
        f"commits up to {ends}",
    )
