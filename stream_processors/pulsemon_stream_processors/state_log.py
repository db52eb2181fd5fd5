"""The processor's own topic: what one partition of it holds when it is read to its end."""

from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config

from pulsemon_stream_processors.errors import RestoreError

READ_RECORDS = 2000
READ_SECONDS = 0.02
"""Kafka's client waits for that long even when the end of the partition is reached."""
KAFKA_TIMEOUT_SECONDS = 10.0
SILENCE_SECONDS = 20.0
# A client that is closed while it still connects to some broker would tell of that.
QUIET = 2


@dataclass(slots=True)
class StoredState:
    """The newest value of each key, tombstones left out; ``records`` is how many were read for it."""

    values: dict[bytes, bytes] = field(default_factory=dict)
    records: int = 0


def read_state(kafka: KafkaSettings, group_id: str, topic: str, partition: int) -> StoredState:
    """What is committed in a partition, from its start to its end. RestoreError if Kafka does not let us read it."""
    consumer = Consumer(reader_config(kafka, group_id))
    try:
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), KAFKA_TIMEOUT_SECONDS)
        if first == end:
            return StoredState()
        consumer.assign([TopicPartition(topic, partition, first)])
        return _read(consumer, f"{topic}:{partition}")
    except KafkaException as error:
        raise RestoreError(f"the state in {topic}:{partition} cannot be read: {error}; nothing was changed") from error
    finally:
        consumer.close()


def _read(consumer: Consumer, place: str) -> StoredState:
    state = StoredState()
    quiet_seconds = 0.0
    while quiet_seconds < SILENCE_SECONDS:
        messages = consumer.consume(READ_RECORDS, READ_SECONDS)
        quiet_seconds = 0.0 if messages else quiet_seconds + READ_SECONDS
        for message in messages:
            if (error := message.error()) is None:
                _take(state, message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public name for it
                return state
            elif error.fatal() or not error.retriable():
                raise KafkaException(error)
    raise RestoreError(f"the state in {place} did not come to its end in {SILENCE_SECONDS:.0f} s; nothing was changed")


def _take(state: StoredState, message: Message) -> None:
    state.records += 1
    key, value = message.key() or b"", message.value()
    if value is None:
        state.values.pop(key, None)
    else:
        state.values[key] = value


def reader_config(kafka: KafkaSettings, group_id: str) -> dict[str, str | int | float | bool]:
    """Not a group member: the id of a group is only what the ACLs ask for."""
    return client_config(kafka) | {
        "client.id": group_id,
        "group.id": group_id,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 20,
        "log_level": QUIET,
    }
