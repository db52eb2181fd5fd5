import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from pulsemon_producers.agent import run
from pulsemon_producers.self_metrics import NAME
from pulsemon_producers.settings import AgentSettings
from pulsemon_schemas import catalogue
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.runtime.kafka import consumer_config
from pulsemon_schemas.validity import check
from support.kafka import Broker
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

PARTITIONS = 4
FRAME_BYTES = 5
READ_SECONDS = 20.0
SCHEMA = fastavro.schema.load_schema(str(files("pulsemon_schemas") / "avro" / "metric_batch.v1.avsc"))


class Reader:
    """Reads a topic from its start, as anyone would: plain consumer, plain fastavro."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self._consumer = Consumer(consumer_config(broker.settings, "pulsemon-test", "test"))
        self._consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
        self.messages: list[Message] = []

    def batches(self) -> list[Any]:
        """All batches there are until now."""
        while (message := self._consumer.poll(0.1)) is not None:
            if message.error() is None:
                self.messages.append(message)
        return [decoded(message) for message in self.messages]

    def close(self) -> None:
        self._consumer.close()


def decoded(message: Message) -> Any:
    value = message.value()
    assert value is not None
    assert value[:FRAME_BYTES] == b"\0\0\0\0\1"
    return fastavro.schemaless_reader(BytesIO(value[FRAME_BYTES:]), SCHEMA, SCHEMA)


def missed(batch: Any) -> float:
    """The ticks that the agent says it was too late for, as on a machine that is busy with other tests."""
    rows = zip(batch["names"], batch["labels"], batch["values"], strict=True)
    own = ("pulsemon.agent.collect.missed", f"collector={NAME}")
    return next(float(value) for name, labels, value in rows if (name, labels) == own)


def reaching(reader: Reader, moment: float) -> list[Any] | None:
    """All batches, once there is one of this moment (Unix seconds)."""
    batches = reader.batches()
    return batches if batches and batches[-1]["recorded_at"].timestamp() >= moment else None


@contextmanager
def reading(broker: Broker, topic: str) -> Iterator[Reader]:
    reader = Reader(broker, topic)
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def running(broker: Broker, topic: str, folder: Path, server_id: str = "web-1") -> Iterator[threading.Event]:
    """An agent in a thread; yields its readiness, stops it at the end."""
    stop, is_ready = threading.Event(), threading.Event()
    settings = AgentSettings(server_id=server_id, interval_seconds=1.0, state_dir=folder)
    thread = threading.Thread(
        target=run, args=(settings, broker.settings_for("agent"), stop, is_ready.set), kwargs={"topic": topic}
    )
    thread.start()
    try:
        yield is_ready
    finally:
        begun = time.monotonic()
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
        assert time.monotonic() - begun < 5, "an agent drains within five seconds"


def test_every_tick_is_a_valid_batch_that_plain_avro_reads(kafka: Broker, tmp_path: Path) -> None:
    topic = kafka.create_topics("agent", PARTITIONS)["pulsemon.metrics"]
    with reading(kafka, topic) as reader:
        with running(kafka, topic, tmp_path) as is_ready:
            assert is_ready.wait(READ_SECONDS)
            wait_until(lambda: len(reader.batches()) >= 4, READ_SECONDS, "four batches")
        batches = reader.batches()

        for message in reader.messages:
            assert message.key() == b"web-1"
            assert message.headers() is None
            assert message.partition() == partition_for(b"web-1", PARTITIONS)
            check(as_record(message), PARTITIONS)
    assert [batch["sequence"] for batch in batches] == list(range(len(batches)))
    assert {(batch["server_id"], batch["source"]) for batch in batches} == {("web-1", "agent")}
    assert {(batch["previous_producer_id"], batch["previous_sequence"]) for batch in batches} == {("", -1)}
    stamps = [batch["recorded_at"].timestamp() for batch in batches]
    assert all(stamp % 1 == 0 for stamp in stamps)
    assert sorted(set(stamps)) == stamps
    assert all(batch["dropped"] == {} for batch in batches)
    first, last = set(batches[0]["names"]), set(batches[-1]["names"])
    assert {"system.cpu.time", "system.memory.usage", "system.filesystem.usage", "system.uptime"} <= first
    assert "system.cpu.busy" not in first, "the first tick of a rate yields nothing"
    assert {"system.cpu.busy", "pulsemon.agent.delivered", "pulsemon.agent.memory.rss"} <= last
    assert first | last <= {metric.name for metric in catalogue.METRICS}
    errors = [
        (labels, value)
        for name, labels, value in zip(batches[-1]["names"], batches[-1]["labels"], batches[-1]["values"], strict=True)
        if name == "pulsemon.agent.collect.errors" and value
    ]
    assert not errors


def test_a_restarted_agent_names_its_predecessor_and_repeats_no_moment(kafka: Broker, tmp_path: Path) -> None:
    topic = kafka.create_topics("agent", PARTITIONS)["pulsemon.metrics"]
    with reading(kafka, topic) as reader:
        for _ in range(3):
            with running(kafka, topic, tmp_path) as is_ready:
                assert is_ready.wait(READ_SECONDS)
        batches = reader.batches()

    producers = list(dict.fromkeys(batch["producer_id"] for batch in batches))
    assert len(producers) == 3
    runs = {producer: [batch for batch in batches if batch["producer_id"] == producer] for producer in producers}
    previous: tuple[str, int] = ("", -1)
    for producer, run_batches in runs.items():
        assert [batch["sequence"] for batch in run_batches] == list(range(len(run_batches)))
        assert {(batch["previous_producer_id"], batch["previous_sequence"]) for batch in run_batches} == {previous}
        previous = (producer, len(run_batches) - 1)
    stamps = [batch["recorded_at"] for batch in batches]
    assert len(set(stamps)) == len(stamps)


def test_a_broker_that_is_killed_and_comes_back_gets_everything(
    mortal: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    topic = mortal.create_topics("agent", PARTITIONS)["pulsemon.metrics"]
    with running(mortal, topic, tmp_path) as is_ready:
        assert is_ready.wait(READ_SECONDS)
        mortal.kill()
        wait_until(lambda: "does not take batches" in caplog.text, READ_SECONDS, "the agent to notice")
        mortal.start()
        returned_at = time.time()
        with reading(mortal, topic) as reader:
            batches = wait_until(lambda: reaching(reader, returned_at + 4), READ_SECONDS, "batches after the return")

    assert [batch["sequence"] for batch in batches] == list(range(len(batches)))
    stamps = [batch["recorded_at"].timestamp() for batch in batches]
    assert stamps[-1] - stamps[0] + 1 - len(stamps) == missed(batches[-1]), "no tick is missing without being counted"
    assert all(batch["dropped"] == {} for batch in batches)
    assert caplog.text.count("does not take batches") == 1


def test_an_agent_that_starts_before_its_broker_waits_for_it_and_stops_in_time_without_it(
    mortal: Broker, tmp_path: Path
) -> None:
    topic = mortal.create_topics("agent", PARTITIONS)["pulsemon.metrics"]
    mortal.kill()
    with running(mortal, topic, tmp_path) as is_ready:
        assert not is_ready.wait(1.5)
    with running(mortal, topic, tmp_path) as is_ready:
        mortal.start()
        assert is_ready.wait(READ_SECONDS)


def as_record(message: Message) -> LogRecord:
    key, value, topic = message.key(), message.value(), message.topic()
    partition, offset = message.partition(), message.offset()
    assert key is not None
    assert value is not None
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return LogRecord(topic, partition, offset, message.timestamp()[1], key, value)
