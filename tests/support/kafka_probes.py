"""What a login can really do: one message to each topic, one fetch from each, and what came of it."""

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config

TIMEOUT_SECONDS = 10.0
DENIED = "TOPIC_AUTHORIZATION_FAILED"
OK = "ok"


def write_each(
    settings: KafkaSettings, topics: Sequence[str], timeout_seconds: float = TIMEOUT_SECONDS
) -> dict[str, str]:
    """Topic to "ok" or the name of the error, after one message to partition 0 of each."""
    outcomes: dict[str, str] = {}

    def delivered(error: KafkaError | None, message: Message) -> None:
        outcomes[str(message.topic())] = OK if error is None else error.name()

    producer = Producer(_quiet(settings, {"message.timeout.ms": int(timeout_seconds * 1000)}))
    for topic in topics:
        producer.produce(topic, key=b"key", value=b"value", partition=0, on_delivery=delivered)
    producer.flush(timeout_seconds * 2)
    return outcomes


def read_each(
    settings: KafkaSettings, topics: Sequence[str], timeout_seconds: float = TIMEOUT_SECONDS
) -> dict[str, str]:
    """Topic to "ok" (a message or the end of the log was reached) or the name of the error; absent: no answer."""
    outcomes: dict[str, str] = {}
    options = {"group.id": "unused", "enable.partition.eof": True, "enable.auto.commit": False}
    consumer = Consumer(_quiet(settings, options))
    try:
        outcomes |= _hidden(consumer, topics, timeout_seconds)
        consumer.assign([TopicPartition(topic, 0, 0) for topic in topics if topic not in outcomes])
        deadline = time.monotonic() + timeout_seconds
        while len(outcomes) < len(topics) and time.monotonic() < deadline:
            for message in consumer.consume(100, 0.05):
                if (topic := message.topic()) in topics:
                    outcomes[str(topic)] = _outcome(message.error())
        return outcomes
    finally:
        consumer.close()


def _hidden(consumer: Consumer, topics: Sequence[str], timeout_seconds: float) -> dict[str, str]:
    """Topics that this login may not even ask about, with the broker's answer; none when no broker answers."""
    errors: dict[str, str] = {}
    with contextlib.suppress(KafkaException):
        for topic in topics:
            error = consumer.list_topics(topic, timeout=timeout_seconds).topics[topic].error
            if error is not None:
                errors[topic] = error.name()
    return errors


def _outcome(error: KafkaError | None) -> str:
    return OK if error is None or error.name() == "_PARTITION_EOF" else error.name()


def _quiet(settings: KafkaSettings, options: dict[str, Any]) -> dict[str, Any]:
    return {**client_config(settings), "log_level": 0, **options}


def end_offsets(settings: KafkaSettings, topics: Sequence[str]) -> dict[str, int]:
    """Topic to the offset that the next message of partition 0 will get."""
    consumer = Consumer(_quiet(settings, {"group.id": "unused"}))
    try:
        return {topic: consumer.get_watermark_offsets(TopicPartition(topic, 0), TIMEOUT_SECONDS)[1] for topic in topics}
    finally:
        consumer.close()
