"""The metrics topic as any consumer sees it: decoded by fastavro alone, with the schema file of the repository."""

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import fastavro
from confluent_kafka import Consumer, KafkaError, TopicPartition
from pulsemon_schemas import registry
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.topics import METRICS

FRAME_BYTES = 5
TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 0.1


class LogBatch(NamedTuple):
    """One record of the log with what fastavro makes of it."""

    partition: int
    offset: int
    key: str
    schema_id: int
    fields: dict[str, Any]


def read_metrics(settings: KafkaSettings) -> Iterator[LogBatch]:
    """All batches that the metrics topic holds now."""
    schema = fastavro.parse_schema(dict(registry.schema(registry.SCHEMA_IDS["metric_batch.v1"])))
    group = f"pulsemon-{settings.username}-tests"
    options = {"group.id": group, "enable.partition.eof": True, "enable.auto.commit": False}
    consumer = Consumer({**client_config(settings), **options})
    try:
        partitions = consumer.list_topics(METRICS.name, timeout=TIMEOUT_SECONDS).topics[METRICS.name].partitions
        waiting = set(partitions)
        consumer.assign([TopicPartition(METRICS.name, number, 0) for number in partitions])
        while waiting:
            for message in consumer.consume(1000, POLL_SECONDS):
                error, number = message.error(), message.partition()
                if error is None:
                    yield _decoded(
                        message.value() or b"", message.key() or b"", number or 0, message.offset() or 0, schema
                    )
                else:
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    waiting.discard(number)
    finally:
        consumer.close()


def _decoded(value: bytes, key: bytes, partition: int, offset: int, schema: Any) -> LogBatch:
    body = io.BytesIO(value[FRAME_BYTES:])
    fields: Any = fastavro.schemaless_reader(body, schema)
    assert not body.read(), "bytes after the record"
    return LogBatch(partition, offset, key.decode(), int.from_bytes(value[1:FRAME_BYTES], "big"), fields)
