"""The control log is read from its beginning, fast, and another log under its name is refused."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Producer
from pulsemon_deploy.kafka import topic_ids
from pulsemon_schemas import codec
from pulsemon_schemas.errors import PermanentError
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.runtime import control_reader
from pulsemon_schemas.runtime.control_reader import ControlReader
from pulsemon_stream_processors.engine import ControlHistory
from support.processor import Room
from support.waiting import wait_until

pytestmark = pytest.mark.kafka

RECORDS = 100_000
IDS = 5000
READY_SECONDS = 5.0


def record(number: int) -> ControlRecord:
    """The next version of one of some thousand servers and rules, each changed again and again."""
    kind, body = "server", {"name": f"server {number}", "environment": "production", "labels": {"team": "web"}}
    if number % 4 == 0:
        limit = 0.5 + number / 1_000_000
        kind, body = "rule", {"metric": "system.cpu.busy", "levels": {"critical": {"limit": limit}}}
    expected = number - IDS if number >= IDS else -1
    name = f"{kind}-{number % IDS}"
    return ControlRecord(kind, name, "put", expected, f"change-{number}", "tests", "", "", json.dumps(body))


def fill(producer: Producer, topic: str, count: int) -> None:
    for number in range(count):
        producer.produce(topic, codec.encode(record(number)), b"rule", 0)
        if number % 1000 == 0:
            producer.poll(0)
    assert producer.flush(30) == 0


@contextmanager
def reading(room: Room) -> Iterator[ControlReader]:
    topic = room.topic("control")
    topic_id = topic_ids(room.broker.settings, [topic])[topic]
    reader = ControlReader(room.broker.settings_for("processor"), f"{room.application}-reader", topic, topic_id)
    reader.start()
    try:
        yield reader
    finally:
        reader.close()


def read_all(reader: ControlReader, history: ControlHistory) -> None:
    def is_read() -> bool:
        is_at_end = reader.has_reached_end
        reader.deliver(history)
        return is_at_end

    wait_until(is_read, 30, "the end of the control log")


def test_a_hundred_thousand_records_are_ready_in_five_seconds(room: Room) -> None:
    producer = room.broker.producer(options={"linger.ms": 50, "compression.type": "zstd"})
    fill(producer, room.topic("control"), RECORDS)
    history = ControlHistory(room.partition_count)

    # CPU time, since tests share the machine; reading and folding are bound by it.
    began = time.process_time()
    with reading(room) as reader:
        read_all(reader, history)
        seconds = time.process_time() - began

    assert history.offset == RECORDS - 1
    assert history.rule(RECORDS - 4).levels[0].limit == 0.5 + (RECORDS - 4) / 1_000_000
    assert history.fold.version("server", "server-7") == RECORDS - IDS + 7, "no record was void"
    assert seconds <= READY_SECONDS, f"{seconds:.1f} s"


def test_what_comes_later_and_what_nobody_can_decode_is_taken_in_order(room: Room) -> None:
    history = ControlHistory(room.partition_count)
    with reading(room) as reader:
        read_all(reader, history)
        assert history.offset == -1
        room.producer.produce(room.topic("control"), b"no record", b"", 0)
        room.control(record(0))

        def is_taken() -> bool:
            reader.deliver(history)
            return history.offset == 1

        wait_until(is_taken, 10, "both records")
    assert history.fold.version("rule", "rule-0") == 1


def test_a_control_log_that_was_made_anew_is_refused(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_reader, "IDENTITY_SECONDS", 0.2)
    room.control(record(0))
    with reading(room) as reader:
        read_all(reader, ControlHistory(room.partition_count))
        room.make_anew("control")

        def refusal() -> str:
            try:
                reader.deliver(ControlHistory(room.partition_count))
            except PermanentError as error:
                return str(error)
            return ""

        message = wait_until(refusal, 20, "the refusal")
    assert "made anew" in message or "cannot be read" in message
    assert "backup" in message
