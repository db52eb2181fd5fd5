"""Where a log was written anew after it lost its tail: the leaders since then have higher epochs.

Epochs never fall along a log, so the place is found by halving, one record at a time.
"""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from pulsemon_schemas.errors import TransientError

ANSWER_SECONDS = 5.0
POLL_SECONDS = 0.5
RETRY_AFTER_SECONDS = 0.5


class EpochAt(NamedTuple):
    """The first record at or after the place that was asked for, and the epoch of the leader that wrote it."""

    offset: int
    leader_epoch: int


def first_after(epoch: int, log_start: int, log_end: int, at: Callable[[int], EpochAt | None]) -> int:
    """The first offset from which on all records have a higher epoch; ``log_end`` if none has.

    ``at`` gives the first record at or after an offset, or None.
    """
    low, high = log_start, log_end
    while low < high:
        middle = (low + high) // 2
        found = at(middle)
        if found is None or found.leader_epoch > epoch:
            high = middle
        else:
            low = found.offset + 1
    return low


class EpochProbe:
    """Looks at single records of one partition, outside of any group. TransientError if Kafka does not answer."""

    def __init__(self, config: Mapping[str, str | int | float | bool], topic: str, partition: int) -> None:
        own = {name: value for name, value in config.items() if name != "group.instance.id"}
        self._consumer = Consumer(
            {**own, "enable.auto.commit": False, "enable.partition.eof": True, "auto.offset.reset": "error"}
        )
        self._topic = topic
        self._partition = partition

    def at(self, offset: int) -> EpochAt | None:
        """The first record at or after an offset; None if the log ends before."""
        self._consumer.assign([TopicPartition(self._topic, self._partition, offset)])
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            message = self._consumer.poll(POLL_SECONDS)
            if message is None:
                continue
            if (error := message.error()) is None:
                epoch = message.leader_epoch()
                return EpochAt(message.offset() or 0, -1 if epoch is None else epoch)
            if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                return None
            if error.fatal():
                raise KafkaException(error)
        raise TransientError(f"Kafka does not show {self._topic}:{self._partition}:{offset}", RETRY_AFTER_SECONDS)

    def close(self) -> None:
        """Ends the connection."""
        self._consumer.close()
