"""Reading one topic as a member of a group, from places that the ledger names.

The only file of the sink with a group consumer.
"""

import logging
from collections.abc import Mapping, Sequence

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from pulsemon_schemas.errors import TransientError

log = logging.getLogger(__name__)

KAFKA_TIMEOUT_SECONDS = 3.0
RETRY_AFTER_SECONDS = 0.5
# librdkafka's own error when a position is not in the log and nothing says where to go
AUTO_OFFSET_RESET = -140
MISPLACED = frozenset({AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE, KafkaError.UNKNOWN_TOPIC_OR_PART})


class TopicReader:
    """A group consumer whose positions are set by its user, never by committed offsets.

    ``assigned`` holds the partitions that are ours; a new one is paused until ``go_to``. ``misplaced`` collects the
    partitions whose position the log does not have; the user clears it.
    """

    def __init__(self, config: Mapping[str, str | int | float | bool], topic: str) -> None:
        self.topic = topic
        self.assigned: set[int] = set()
        self.misplaced: set[int] = set()
        self._paused: set[int] = set()
        self._consumer = Consumer({**config, "auto.offset.reset": "error", "enable.auto.commit": False})
        self._consumer.subscribe([topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)

    def poll(self, count: int, timeout_seconds: float) -> list[Message]:
        """Up to ``count`` records; assignments change in here and nowhere else."""
        messages = self._consumer.consume(count, timeout_seconds)
        good = []
        for message in messages:
            if (error := message.error()) is None:
                good.append(message)
            else:
                self._on_error(message.partition(), error)
        return good

    def log_range(self, partition: int) -> tuple[int, int]:
        """The first offset that the partition still has, and the one after its last.

        TransientError if Kafka does not answer.
        """
        try:
            at = TopicPartition(self.topic, partition)
            low, high = self._consumer.get_watermark_offsets(at, timeout=KAFKA_TIMEOUT_SECONDS)
        except KafkaException as error:
            raise TransientError(
                f"Kafka does not say where {self.topic}:{partition} begins: {error}", RETRY_AFTER_SECONDS
            ) from error
        return int(low), int(high)

    def go_to(self, partition: int, offset: int) -> None:
        """Reads the partition from this offset on."""
        at = TopicPartition(self.topic, partition, offset)
        # Assigned anew instead of sought: that also throws away what was fetched from the old place, and cannot come
        # too early.
        self._consumer.incremental_unassign([at])
        self._consumer.incremental_assign([at])
        self._consumer.resume([at])
        self._paused.discard(partition)
        self.misplaced.discard(partition)

    def pause_only(self, partitions: set[int]) -> None:
        """Fetches from all assigned partitions but these."""
        wanted = partitions & self.assigned
        if stop := wanted - self._paused:
            self._consumer.pause(self._at(stop))
        if go_on := (self._paused & self.assigned) - wanted:
            self._consumer.resume(self._at(go_on))
        self._paused = wanted

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Tells the group how far storing is, for those who look at lag; not waited for, and never read by the sink."""
        try:
            at = [TopicPartition(self.topic, partition, offset) for partition, offset in offsets.items()]
            self._consumer.commit(offsets=at, asynchronous=True)
        except KafkaException as error:
            log.debug("commit: %s", error)

    def close(self) -> None:
        """Leaves the group."""
        self._consumer.close()

    def _at(self, partitions: set[int]) -> list[TopicPartition]:
        return [TopicPartition(self.topic, one) for one in sorted(partitions)]

    def _on_assign(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        new = [TopicPartition(self.topic, one.partition, OFFSET_BEGINNING) for one in partitions]
        consumer.incremental_assign(new)
        consumer.pause(new)
        numbers = {one.partition for one in partitions}
        self.assigned |= numbers
        self._paused |= numbers

    def _on_revoke(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        self._forget(partitions)
        consumer.incremental_unassign(list(partitions))

    def _on_lost(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        self._forget(partitions)
        consumer.incremental_unassign(list(partitions))

    def _forget(self, partitions: Sequence[TopicPartition]) -> None:
        numbers = {one.partition for one in partitions}
        self.assigned -= numbers
        self._paused -= numbers
        self.misplaced -= numbers

    def _on_error(self, partition: int | None, error: KafkaError) -> None:
        if error.fatal():
            raise KafkaException(error)
        if error.code() in MISPLACED and partition is not None and partition in self.assigned:
            self.misplaced.add(partition)
        log.debug("reading %s: %s", self.topic, error)
