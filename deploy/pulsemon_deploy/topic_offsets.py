"""How far topics and consumer groups are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

# The public name of confluent_kafka.admin is not marked as exported there, so type checkers refuse it.
from confluent_kafka.admin._listoffsets import OffsetSpec
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config

TIMEOUT_SECONDS = 10.0
_SPEC: Any = OffsetSpec  # its methods have no types


@dataclass(frozen=True, slots=True)
class PartitionRange:
    """The records that a partition holds: from ``first_offset`` up to, but not, ``end_offset``."""

    partition: int
    first_offset: int
    end_offset: int


def partition_ranges(settings: KafkaSettings, topic: str) -> tuple[PartitionRange, ...]:
    """Every partition of a topic, in order; empty if there is no such topic. Raises TransientError."""
    admin = AdminClient(client_config(settings))
    try:
        found = admin.list_topics(timeout=TIMEOUT_SECONDS).topics
        places = [TopicPartition(topic, number) for number in sorted(found[topic].partitions)] if topic in found else []
        first, end = _offsets(admin, places, _SPEC.earliest()), _offsets(admin, places, _SPEC.latest())
    except KafkaException as error:
        raise TransientError(f"Kafka at {settings.bootstrap} does not answer: {error}") from error
    return tuple(PartitionRange(number, first[number], end[number]) for number in first)


def group_offsets(settings: KafkaSettings, group_id: str, topic: str) -> dict[int, int]:
    """The offset that a group will read next, by partition; without those it never committed. Raises TransientError."""
    admin = AdminClient(client_config(settings))
    try:
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group_id)])
        partitions = asked[group_id].result(TIMEOUT_SECONDS).topic_partitions or []
    except KafkaException as error:
        raise TransientError(f"the group {group_id} at {settings.bootstrap} cannot be read: {error}") from error
    return {one.partition: one.offset for one in partitions if one.topic == topic and one.offset >= 0}


def lag_records(ranges: tuple[PartitionRange, ...], next_offsets: Mapping[int, int]) -> int:
    """How many records a group has still to read; all of a partition that it never committed."""
    return sum(max(one.end_offset - _next(one, next_offsets), 0) for one in ranges)


def records_ahead(ranges: tuple[PartitionRange, ...], next_offsets: Mapping[int, int]) -> int:
    """How many records a group has read that the log does not have (any more)."""
    return sum(max(_next(one, next_offsets) - one.end_offset, 0) for one in ranges)


def _next(one: PartitionRange, next_offsets: Mapping[int, int]) -> int:
    return max(next_offsets.get(one.partition, one.first_offset), one.first_offset)


def _offsets(admin: AdminClient, places: list[TopicPartition], spec: OffsetSpec) -> dict[int, int]:
    if not places:
        return {}
    futures = admin.list_offsets(dict.fromkeys(places, spec), request_timeout=TIMEOUT_SECONDS)
    return {place.partition: int(future.result(TIMEOUT_SECONDS).offset) for place, future in futures.items()}
