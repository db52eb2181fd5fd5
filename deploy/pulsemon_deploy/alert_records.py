"""The records behind an alert, read again from the metrics topic: what the processor saw when it decided."""

from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, TopicPartition
from pulsemon_schemas.codec import decode
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings, consumer_config
from pulsemon_schemas.topics import METRICS

from pulsemon_deploy.kafka import topic_ids

GROUP_ID = "pulsemon-operator-records"
TIMEOUT_SECONDS = 10.0
POLL_SECONDS = 1.0
POLL_RECORDS = 1000
QUIET = {"log_level": 2}


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets first..last, both included, of one partition in one life of the metrics topic."""

    topic_id: str
    partition: int
    first_offset: int
    last_offset: int


@dataclass(frozen=True, slots=True)
class Found:
    """What Kafka still has of a span: a server's batches by offset. ``missing`` says what is gone, "" if nothing is."""

    batches: tuple[tuple[int, MetricBatch], ...]
    missing: str = ""


def reread(settings: KafkaSettings, server_id: str, span: Span, topic: str = METRICS.name) -> Found:
    """The batches of a server in a span. Raises TransientError if the broker does not answer."""
    consumer = Consumer({**consumer_config(settings, GROUP_ID, GROUP_ID), **QUIET})
    try:
        if topic_ids(settings, [topic]).get(topic) != span.topic_id:
            return Found((), f"{topic} was made anew since, so the records are gone with the old one")
        place = TopicPartition(topic, span.partition)
        first, end = consumer.get_watermark_offsets(place, TIMEOUT_SECONDS)
        missing = missing_of(span, first, topic)
        start = max(span.first_offset, first)
        if start > span.last_offset:
            return Found((), missing)
        consumer.assign([TopicPartition(topic, span.partition, start)])
        return Found(tuple(_batches(consumer, server_id, start, min(span.last_offset + 1, end))), missing)
    except KafkaException as error:
        raise TransientError(
            f"Kafka at {settings.bootstrap} does not answer: {error}. Is `pulsemon up` running?"
        ) from error
    finally:
        consumer.close()


def missing_of(span: Span, log_start: int, topic: str = METRICS.name) -> str:
    """What retention removed of a span, given the first offset that the log still has; "" if all is there."""
    if log_start <= max(span.first_offset, 0):
        return ""
    where = f"partition {span.partition} of {topic} now begins at {log_start}"
    if log_start > span.last_offset:
        return f"retention removed all records {span.first_offset}-{span.last_offset}: {where}"
    return f"retention removed the records {span.first_offset}-{log_start - 1}: {where}; the rest follows"


def _batches(consumer: Consumer, server_id: str, position: int, end: int) -> Iterator[tuple[int, MetricBatch]]:
    key = server_id.encode()
    while position < end:
        for message in consumer.consume(min(POLL_RECORDS, end - position), POLL_SECONDS):
            if (error := message.error()) is not None:
                raise KafkaException(error)
            position = (message.offset() or 0) + 1
            batch = _batch(message.value() or b"") if message.key() == key else None
            if batch is not None:
                yield position - 1, batch


def _batch(value: bytes) -> MetricBatch | None:
    try:
        record = decode(value)
    except ContractError:
        return None
    return record if isinstance(record, MetricBatch) else None
