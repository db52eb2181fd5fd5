"""A part of a partition, read to its end; a broker that dies meanwhile must not keep the reader for ever."""

import time
from collections.abc import Callable, Iterator

from confluent_kafka import Consumer, KafkaException, Message
from pulsemon_schemas.errors import TransientError

POLL_SECONDS = 1.0
SILENCE_SECONDS = 10.0
"""As long as a broker may take to answer; librdkafka itself tries again for ever and says nothing to a reader."""


def read_range(
    consumer: Consumer,
    topic: str,
    position: int,
    end: int,
    at_once: int,
    *,
    silence_seconds: float = SILENCE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Message]:
    """The messages of an assigned partition from ``position`` up to ``end``, which is not among them.

    Raises KafkaException, and TransientError if nothing comes for ``silence_seconds``; the time that the caller takes
    for a message does not count.
    """
    silent_since = clock()
    while position < end:
        messages = consumer.consume(min(at_once, end - position), min(POLL_SECONDS, silence_seconds))
        if not messages and clock() - silent_since >= silence_seconds:
            raise TransientError(
                f"{topic} was read up to offset {position} of {end}, then nothing came for {silence_seconds:g} s. The "
                "log is as it was, with all that was written to it before. See with `pulsemon status` whether Kafka "
                "runs, then do the same again."
            )
        for message in messages:
            if (error := message.error()) is not None:
                raise KafkaException(error)
            position = (message.offset() or 0) + 1
            yield message
        if messages:
            silent_since = clock()
