"""Programs that embed the library, each a process of its own, and what they left in the topic."""

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, TopicPartition
from pulsemon_schemas.codec import decode
from pulsemon_schemas.records import Event, LogRecord, MetricBatch, Record
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.topics import EVENTS, METRICS
from pulsemon_schemas.validity import check
from support.kafka import Broker

TESTS = Path(__file__).parents[1]
PROGRAMS = TESTS / "support" / "services"
SERVER_ID = "web-1"
TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 0.05
LISTENING = re.compile(r"Listening at: http://127\.0\.0\.1:(\d+)")
REQUESTS_AT_ONCE = 100
MAX_REQUESTS = 20_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where the programs of one test send to, and where their slots are."""

    broker: Broker
    topics: Mapping[str, str]
    folder: Path

    def environment(self) -> dict[str, str]:
        """What a program gets: the agent's login, the topics of this test."""
        login = self.broker.settings_for("agent")
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PULSEMON_")},
            "PULSEMON_KAFKA_BOOTSTRAP": login.bootstrap,
            "PULSEMON_KAFKA_SECURITY_PROTOCOL": login.security_protocol,
            "PULSEMON_KAFKA_USERNAME": login.username,
            "PULSEMON_KAFKA_PASSWORD": login.password.reveal(),
            "PULSEMON_CLIENT_RUNTIME_FOLDER": str(self.folder / "slots"),
            "PULSEMON_CLIENT_SERVER_ID": SERVER_ID,
            "METRICS_TOPIC": self.topics[METRICS.name],
            "EVENTS_TOPIC": self.topics[EVENTS.name],
            "PYTHONPATH": str(TESTS),
        }

    def start(self, name: str, *arguments: str, options: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Runs a program with warnings as errors; what it prints comes through pipes."""
        argv = [sys.executable, "-W", "error", *options, str(PROGRAMS / f"{name}.py"), *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            argv, env=self.environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1
        )

    def run(self, name: str, *arguments: str, timeout_seconds: float = 60.0, is_starved: bool = False) -> str:
        """Runs a program to its end; what it printed. AssertionError with its errors if it failed or said anything.

        One that is starved, with many more threads than cores, may say that it has lost its broker for a while.
        """
        with self.start(name, *arguments) as program:
            output, errors = program.communicate(timeout=timeout_seconds)
        assert program.returncode == 0, errors
        assert is_starved or errors == "", errors
        return output

    def batches(self) -> list[MetricBatch]:
        """All batches in the topic, each checked as any reader does."""
        name = self.topics[METRICS.name]
        return [batch for batch in read_all(self.broker.settings, name) if isinstance(batch, MetricBatch)]

    def events(self) -> list[Event]:
        """All events in the topic."""
        name = self.topics[EVENTS.name]
        return [event for event in read_all(self.broker.settings, name) if isinstance(event, Event)]


def serve_with_gunicorn(place: Place, worker_class: str, workers: int, requests: int) -> int:
    """Asks a real gunicorn, with the client made before its workers, until each has answered; how often it was asked.

    A worker of gunicorn that is told to end while it begins does not end: so each must have answered before.
    """
    options = ["--preload", "--workers", str(workers), "--worker-class", worker_class, "--bind", "127.0.0.1:0"]
    argv = [sys.executable, "-m", "gunicorn", *options, "--no-control-socket", "support.services.web:app"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, env=place.environment(), stdout=pipe, stderr=pipe, text=True, bufsize=1) as server:
        assert server.stderr is not None
        log = ""
        while not (found := LISTENING.search(log)):
            line = server.stderr.readline()
            assert line, log
            log += line
        asked, pids = 0, set[str]()
        with ThreadPoolExecutor(8) as pool:
            while (len(pids) < workers or asked < requests) and asked < MAX_REQUESTS:
                pids |= set(pool.map(_ask, [int(found[1])] * REQUESTS_AT_ONCE))
                asked += REQUESTS_AT_ONCE
        server.terminate()
        _, errors = server.communicate(timeout=TIMEOUT_SECONDS)
    assert server.returncode == 0, log + errors
    assert "Traceback" not in log + errors
    return asked


def _ask(port: int) -> str:
    """The process that answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", "/")
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def last_values(batches: Sequence[MetricBatch], name: str) -> dict[tuple[str, str], float]:
    """The newest value of a metric by producer and labels."""
    found: dict[tuple[str, str], float] = {}
    for batch in sorted(batches, key=lambda one: one.sequence):
        for metric, labels, value in zip(batch.names, batch.labels, batch.values, strict=True):
            if metric == name:
                found[batch.producer_id, labels] = value
    return found


def series_at(batches: Sequence[MetricBatch], name: str) -> list[tuple[str, int]]:
    """Labels and recorded_at of each sample of a metric: none may come twice."""
    return [
        (labels, batch.recorded_at_ms)
        for batch in batches
        for metric, labels in zip(batch.names, batch.labels, strict=True)
        if metric == name
    ]


def read_all(settings: KafkaSettings, topic: str) -> Iterator[Record]:
    """All records that a topic holds now; batches must be valid where they lie."""
    options = {"group.id": "unused", "enable.partition.eof": True, "enable.auto.commit": False}
    consumer = Consumer({**client_config(settings), **options})
    try:
        partitions = consumer.list_topics(topic, timeout=TIMEOUT_SECONDS).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        waiting = set(partitions)
        while waiting:
            for message in consumer.consume(1000, POLL_SECONDS):
                error = message.error()
                if error is not None:
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    waiting.discard(message.partition())
                    continue
                value = message.value() or b""
                record = LogRecord(
                    topic,
                    message.partition() or 0,
                    message.offset() or 0,
                    message.timestamp()[1],
                    message.key() or b"",
                    value,
                )
                decoded = decode(value)
                if isinstance(decoded, MetricBatch):
                    check(record, len(partitions))
                yield decoded
    finally:
        consumer.close()
