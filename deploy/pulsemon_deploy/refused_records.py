"""How many records were refused lately, and how many before: the dead letters, each record once.

A record can be sent there more than once, by several programs and after a stop; it is known by its place in its log.
"""

import time
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings, consumer_config

from pulsemon_deploy.topic_offsets import PartitionRange, partition_ranges

GROUP_ID = "pulsemon-operator-dead-letters"
READ_SECONDS = 5.0
POLL_SECONDS = 0.2
POLL_RECORDS = 500
NEWEST_RECORDS = 2000
"""So many of each partition are looked at; that there are more is said."""
PLACE = ("topic_id", "partition", "offset")

Place = tuple[bytes | str | None, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Records refused within the time asked for, and those refused before. ``is_all``: false if there are more."""

    recent: int
    older: int
    is_all: bool


def refused(settings: KafkaSettings, topic: str, recent_seconds: float) -> Refused:
    """The records of the dead letter topic. Raises TransientError if the broker does not answer."""
    ranges = partition_ranges(settings, topic)
    since_ms = (time.time() - recent_seconds) * 1000
    try:
        newest, is_read = _newest_times(settings, topic, ranges)
    except KafkaException as error:
        raise TransientError(f"Kafka at {settings.bootstrap} does not show {topic}: {error}") from error
    recent = sum(1 for at_ms in newest.values() if at_ms >= since_ms)
    is_all = is_read and all(one.end_offset - one.first_offset <= NEWEST_RECORDS for one in ranges)
    return Refused(recent, len(newest) - recent, is_all)


def _newest_times(
    settings: KafkaSettings, topic: str, ranges: tuple[PartitionRange, ...]
) -> tuple[dict[Place, int], bool]:
    """When each refused record was sent last, in ms since the epoch; whether all that was wanted could be read."""
    left = {one.partition for one in ranges if one.end_offset > one.first_offset}
    found: dict[Place, int] = {}
    consumer = Consumer({**consumer_config(settings, GROUP_ID, "pulsemon-doctor"), "enable.partition.eof": True})
    try:
        consumer.assign([TopicPartition(topic, one.partition, _first(one)) for one in ranges if one.partition in left])
        deadline = time.monotonic() + READ_SECONDS
        while left and time.monotonic() < deadline:
            for message in consumer.consume(POLL_RECORDS, POLL_SECONDS):
                partition = message.partition() or 0
                if (error := message.error()) is None:
                    place = _place(message)
                    found[place] = max(found.get(place, 0), message.timestamp()[1])
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    left.discard(partition)
    finally:
        consumer.close()
    return found, not left


def _first(one: PartitionRange) -> int:
    return max(one.first_offset, one.end_offset - NEWEST_RECORDS)


def _place(message: Message) -> Place:
    """Where the record was refused; where the letter lies, if it does not say."""
    headers = {one[0]: one[1] for one in message.headers() or [] if isinstance(one, tuple)}
    if all(name in headers for name in PLACE):
        return tuple(headers[name] for name in PLACE)
    return message.topic(), str(message.partition()), str(message.offset())
