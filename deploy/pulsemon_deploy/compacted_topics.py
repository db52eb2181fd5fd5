"""What the compacted topics still say of a server: the processor's tombstones are what ends it there."""

import time
from collections.abc import Iterable, Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from pulsemon_schemas.codec import decode
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent
from pulsemon_schemas.runtime.kafka import KafkaSettings

from pulsemon_deploy.control_log import QUIET, reader_config

GROUP_ID = "pulsemon-operator-purge"
TIMEOUT_SECONDS = 10.0
SILENCE_SECONDS = 10.0
READ_RECORDS = 2000
READ_SECONDS = 0.05


def keys_left(settings: KafkaSettings, topics: Iterable[str], server_id: str) -> dict[str, int]:
    """By topic, how many keys of a server have a value: its own id, or an alert of it. Raises TransientError."""
    consumer = Consumer({**reader_config(settings, GROUP_ID), **QUIET, "enable.partition.eof": True})
    try:
        return {topic: len(_keys_of(consumer, topic, server_id)) for topic in topics}
    except KafkaException as error:
        raise TransientError(f"the topics of states at {settings.bootstrap} cannot be read: {error}") from error
    finally:
        consumer.close()


def _keys_of(consumer: Consumer, topic: str, server_id: str) -> set[bytes]:
    """Reads the one partition that has all of a server."""
    partitions = consumer.list_topics(topic, TIMEOUT_SECONDS).topics[topic].partitions
    place = TopicPartition(topic, partition_for(server_id.encode(), len(partitions)))
    first, end = consumer.get_watermark_offsets(place, TIMEOUT_SECONDS)
    found: set[bytes] = set()
    if first == end:
        return found
    consumer.assign([TopicPartition(topic, place.partition, first)])
    for message in _to_end(consumer, topic):
        key, value = message.key() or b"", message.value()
        if value is None:
            found.discard(key)
        elif key == server_id.encode() or _alerts_server(value) == server_id:
            found.add(key)
    return found


def _to_end(consumer: Consumer, topic: str) -> Iterator[Message]:
    """The end is told, not counted: marks of transactions and what was compacted have offsets, too."""
    heard_at = time.monotonic()
    while time.monotonic() - heard_at < SILENCE_SECONDS:
        for message in consumer.consume(READ_RECORDS, READ_SECONDS):
            heard_at = time.monotonic()
            if (error := message.error()) is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public name for it
                return
            else:
                raise KafkaException(error)
    raise TransientError(f"{topic} did not come to its end: nothing came for {SILENCE_SECONDS:g} s")


def _alerts_server(value: bytes) -> str:
    try:
        record = decode(value)
    except ContractError:
        return ""
    return record.server_id if isinstance(record, AlertEvent) else ""
