"""Alerts in a topic, and programs that read them."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition
from pulsemon import alerts
from pulsemon.alerts import Alert
from pulsemon_deploy.kafka import ensure_topics
from pulsemon_deploy.kafka.access import grant_all, topic_grants
from pulsemon_schemas import codec
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.runtime.kafka import client_config
from pulsemon_schemas.topics import ALERTS, CONTROL, TOPICS
from support.alerts import transition
from support.kafka import Broker, kafka_environment
from support.processor import Room
from support.waiting import wait_until

ROLE = "bridge"
END_SECONDS = 30.0
STOP_SECONDS = 20.0


@dataclass
class Alarm:
    """The alerts' topic of one test, and the group of its bridge."""

    room: Room

    @property
    def topic(self) -> str:
        return self.room.topic("alerts")

    @property
    def group(self) -> str:
        return f"pulsemon-{ROLE}-{self.room.prefix.rstrip('.')}"

    @property
    def broker(self) -> Broker:
        return self.room.broker

    def tell(self, *events: AlertEvent) -> None:
        """Puts transitions into the topic."""
        for event in events:
            self.put(event.server_id.encode(), codec.encode(event))
        self.room.flush()

    def put(self, key: bytes, value: bytes | None) -> None:
        self.room.producer.produce(self.topic, value, key, partition_for(key, self.room.partition_count))

    def read(self, stop: threading.Event, **options: object) -> Iterator[Alert]:
        """The reader with the login of bridges, from the beginning unless told otherwise."""
        settings = {"group": self.group, "start": "earliest", "topic": self.topic, "stop": stop}
        return alerts.read(self.broker.settings_for(ROLE), **(settings | options))  # type: ignore[arg-type]

    def take(self, count: int, **options: object) -> list[tuple[str, int]]:
        """The first ``count`` alerts, all of them handled, as id and transition."""
        stop = threading.Event()
        deadline = threading.Timer(END_SECONDS, stop.set)
        deadline.start()
        found = []
        for alert in self.read(stop, **options):
            found.append((alert.id, alert.transition))
            if len(found) == count:
                stop.set()
        deadline.cancel()
        return found

    @contextmanager
    def reading(self, **options: object) -> Iterator[list[Alert]]:
        """A reader in a thread, told to stop at the end; its alerts in a list that grows."""
        stop = threading.Event()
        found: list[Alert] = []

        def read() -> None:
            for alert in self.read(stop, **options):
                found.append(alert)  # noqa: PERF402 - seen as they come

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            stop.set()
            thread.join(STOP_SECONDS)
            assert not thread.is_alive(), "the reader did not stop"

    def lag(self) -> int:
        """How many records the group has not finished."""
        with self._group() as consumer:
            done = {one.partition: max(one.offset, 0) for one in consumer.committed(self._partitions(), 10)}
            ends = {one.partition: consumer.get_watermark_offsets(one, 10)[1] for one in self._partitions()}
            return sum(ends.values()) - sum(done.values())

    def is_placed(self) -> bool:
        """Whether the group has a place in each partition."""
        with self._group() as consumer:
            return all(one.offset >= 0 for one in consumer.committed(self._partitions(), 10))

    def place_at_start(self) -> None:
        """Gives the group, which has no member, its place at the first record."""
        with self._group() as consumer:
            consumer.commit(offsets=self._partitions(), asynchronous=False)

    def _partitions(self) -> list[TopicPartition]:
        return [TopicPartition(self.topic, number, 0) for number in range(self.room.partition_count)]

    @contextmanager
    def _group(self) -> Iterator[Consumer]:
        config = client_config(self.broker.settings) | {"group.id": self.group, "log_level": 2}
        consumer = Consumer({**config, "enable.auto.commit": False})
        try:
            yield consumer
        finally:
            consumer.close()

    def members(self) -> int:
        """How many programs are in the group now."""
        admin = self.broker.admin()  # kept until the answer is there
        try:
            return len(admin.describe_consumer_groups([self.group])[self.group].result(10).members)
        except KafkaException:  # the first member makes the group
            return 0

    def environment(self) -> dict[str, str]:
        """What a program of its own needs."""
        own = {"PATH": os.environ["PATH"], "TOPIC": self.topic, "GROUP": self.group, "PYTHONUNBUFFERED": "1"}
        return own | kafka_environment(self.broker.settings_for(ROLE))


def make_alarm(broker: Broker, partition_count: int = 4) -> Alarm:
    """Topics for alerts and for what is configured, with the permissions of the real ones."""
    prefix = f"bridge-{uuid.uuid4().hex[:8]}."
    copies = [replace(one, name=prefix + one.name) for one in (ALERTS, CONTROL)]
    ensure_topics(broker.settings, partition_count, copies)
    grant_all(broker.admin(), [grant.binding() for grant in topic_grants(copies)])
    return Alarm(Room(broker, {one.name: prefix + one.name for one in TOPICS}, partition_count))


def numbered(count: int, server: str = "web-1", alert: str = "a1") -> Iterable[AlertEvent]:
    """The first transitions of an alert."""
    return [transition(server=server, alert=alert, number=number) for number in range(count)]


@dataclass
class Program:
    """A program that reads alerts and prints a line for each."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def wait_for(self, count: int) -> list[str]:
        """Its first lines."""
        self._wait(lambda: len(self.lines) >= count, f"{count} lines")
        return self.lines[:count]

    def signal(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(END_SECONDS)

    def _wait(self, probe: Callable[[], bool], what: str) -> None:
        try:
            wait_until(probe, END_SECONDS, what)
        except AssertionError as error:
            error.add_note(f"it printed {self.lines}; exit code {self.process.poll()}")
            raise


@contextmanager
def running(
    program: str | Path, environment: Mapping[str, str], *arguments: str, folder: Path | None = None
) -> Iterator[Program]:
    """A Python program, killed at the end if it did not end before; what it prints comes line by line."""
    start = [str(program)] if isinstance(program, Path) else ["-c", program]
    with subprocess.Popen(
        [sys.executable, *start, *arguments],
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
    ) as process:
        own = Program(process)
        thread = threading.Thread(target=_collect, args=(process, own.lines), daemon=True)
        thread.start()
        try:
            yield own
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(END_SECONDS)
            thread.join(END_SECONDS)


def _collect(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip("\n"))  # noqa: PERF401 - seen as they come
