"""How far a consumer group is behind, in records and in time."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config, consumer_config

from pulsemon_deploy.topic_offsets import (
    TIMEOUT_SECONDS,
    PartitionRange,
    group_offsets,
    lag_records,
    partition_ranges,
    records_ahead,
)

GROUP_ID = "pulsemon-operator-lag"
READ_SECONDS = 5.0
POLL_SECONDS = 0.2
# A consumer that ends early tells of the connections that it gave up, which is of no interest to anyone.
QUIET = {"log_level": 2}


@dataclass(frozen=True, slots=True)
class Lag:
    """``seconds``: the age of the oldest record that is not read yet, 0 if there is none, None if it was not shown.

    ``ahead``: records that were read and are not in the log any more.
    """

    records: int
    ahead: int
    seconds: float | None


def group_lag(settings: KafkaSettings, group_id: str, topic: str) -> Lag:
    """The lag by what the group has committed. Raises TransientError if the broker does not answer."""
    ranges = partition_ranges(settings, topic)
    offsets = group_offsets(settings, group_id, topic)
    behind = tuple(one for one in ranges if lag_records((one,), offsets))
    if not behind:
        return Lag(0, records_ahead(ranges, offsets), 0.0)
    try:
        times, is_read = _first_times(settings, topic, behind, offsets)
    except KafkaException as error:
        raise TransientError(f"Kafka at {settings.bootstrap} does not show {topic}: {error}") from error
    # the marks of transactions have offsets too; where nothing else is left, nothing is behind
    records = lag_records(tuple(one for one in behind if not is_read or one.partition in times), offsets)
    oldest_ms = min(times.values(), default=None)
    seconds = 0.0 if oldest_ms is None else max(time.time() - oldest_ms / 1000, 0.0)
    return Lag(records, records_ahead(ranges, offsets), seconds if is_read else None)


def groups_by_topic(settings: KafkaSettings) -> dict[str, list[str]]:
    """The ids of all groups that have committed an offset, by topic. Raises TransientError."""
    admin = AdminClient(client_config(settings))
    try:
        listed = admin.list_consumer_groups(request_timeout=TIMEOUT_SECONDS).result(TIMEOUT_SECONDS)
        found: dict[str, list[str]] = {}
        for group_id in sorted(one.group_id for one in listed.valid):
            for topic in _topics_of(admin, group_id):
                found.setdefault(topic, []).append(group_id)
    except KafkaException as error:
        raise TransientError(f"Kafka at {settings.bootstrap} does not show its groups: {error}") from error
    return found


def _topics_of(admin: AdminClient, group_id: str) -> list[str]:
    from confluent_kafka import ConsumerGroupTopicPartitions

    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group_id)])
    partitions = asked[group_id].result(TIMEOUT_SECONDS).topic_partitions or []
    return sorted({one.topic for one in partitions if one.offset >= 0})


def _first_times(
    settings: KafkaSettings, topic: str, behind: tuple[PartitionRange, ...], offsets: Mapping[int, int]
) -> tuple[dict[int, int], bool]:
    """When the first unread record of each partition was written, in ms, where there is one; whether all was read."""
    left = {one.partition for one in behind}
    found: dict[int, int] = {}
    consumer = Consumer(
        {**consumer_config(settings, GROUP_ID, "pulsemon-doctor"), "enable.partition.eof": True, **QUIET}
    )
    try:
        consumer.assign(
            [
                TopicPartition(topic, one.partition, max(offsets.get(one.partition, 0), one.first_offset))
                for one in behind
            ]
        )
        deadline = time.monotonic() + READ_SECONDS
        while left and time.monotonic() < deadline:
            message = consumer.poll(POLL_SECONDS)
            if message is None:
                continue
            partition = message.partition() or 0
            if (error := message.error()) is None:
                found.setdefault(partition, message.timestamp()[1])
            elif error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                continue
            left.discard(partition)
            consumer.pause([TopicPartition(topic, partition)])
    finally:
        consumer.close()
    return found, not left
