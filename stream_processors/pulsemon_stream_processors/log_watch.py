"""Where the metrics log and the group's commits are, asked beside the worker and never through it."""

import logging
import time
from collections.abc import Callable, Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.runtime.topic_identity import identify

from pulsemon_stream_processors.errors import LogReplacedError
from pulsemon_stream_processors.progress import Progress
from pulsemon_stream_processors.watchdog import Position

log = logging.getLogger(__name__)

KAFKA_TIMEOUT_SECONDS = 3.0
IDENTITY_SECONDS = 5.0
# A connection that is not there yet is asked for again.
QUIET = 2


class LogWatch:
    """Not thread-safe. ``partitions`` says which ones are ours now."""

    def __init__(
        self,
        kafka: KafkaSettings,
        group_id: str,
        topic: str,
        topic_id: str,
        progress: Progress,
        partitions: Callable[[], frozenset[int]],
    ) -> None:
        client = {**client_config(kafka), "log_level": QUIET}
        self._topic = topic
        self._topic_id = topic_id
        self._progress = progress
        self._partitions = partitions
        self._admin = AdminClient(client)
        self._consumer = Consumer({**client, "group.id": group_id, "enable.auto.commit": False})
        self._next_look = 0.0

    def positions(self) -> Mapping[int, Position]:
        """Of our partitions; nothing while Kafka does not answer. LogReplacedError if the topic is another one."""
        try:
            self._check_identity()
            wanted = [TopicPartition(self._topic, partition) for partition in sorted(self._partitions())]
            if not wanted:
                return {}
            committed = self._consumer.committed(wanted, KAFKA_TIMEOUT_SECONDS)
            return {one.partition: self._position(one) for one in committed}
        except (KafkaException, TransientError) as error:
            log.debug("%s does not tell where it is: %s", self._topic, error)
            return {}

    def _position(self, committed: TopicPartition) -> Position:
        _, end = self._consumer.get_watermark_offsets(committed, KAFKA_TIMEOUT_SECONDS)
        known = self._progress.partitions.get(committed.partition)
        next_offset = known.next_offset if known is not None else -1
        return Position(end, next_offset, committed.offset)

    def _check_identity(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + IDENTITY_SECONDS
        now = identify(self._admin, self._topic).topic_id
        if now != self._topic_id:
            raise LogReplacedError(
                f"{self._topic} was made anew: its id is {now}, it was {self._topic_id}. The worker ends; its "
                "successor begins with the new log, and what was decided about the old one stays where it is written."
            )
