"""The topic in which the processor keeps its state: what a partition of it holds when it is read to its end."""

import json
import time
import zlib
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from pulsemon_schemas.errors import TransientError

READ_RECORDS = 2000
READ_SECONDS = 0.05
SILENCE_SECONDS = 15.0
TIMEOUT_SECONDS = 5.0
RETRY_AFTER_SECONDS = 5.0


class StateTopic:
    """Never a member of a group; connects at the first question. Raises TransientError if Kafka does not answer."""

    def __init__(self, config: Mapping[str, str | int | float | bool], topic: str) -> None:
        self._topic = topic
        self._config = {**config, "enable.auto.commit": False, "enable.partition.eof": True, "fetch.wait.max.ms": 50}
        self._open: Consumer | None = None

    @property
    def _consumer(self) -> Consumer:
        if self._open is None:
            self._open = Consumer(self._config)
        return self._open

    def close(self) -> None:
        """Ends the connection; the next question makes another."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def partition_count(self) -> int:
        """How many partitions there are; 0 if there is no such topic."""
        try:
            found = self._consumer.list_topics(self._topic, TIMEOUT_SECONDS).topics.get(self._topic)
        except KafkaException as error:
            raise self._away(str(error)) from error
        return len(found.partitions) if found else 0

    def read(self, partition: int) -> dict[str, str]:
        """The newest state of each key, as JSON; what is no state is left out."""
        newest: dict[bytes, bytes] = {}
        try:
            place = TopicPartition(self._topic, partition)
            first, end = self._consumer.get_watermark_offsets(place, TIMEOUT_SECONDS)
            if first < end:
                self._consumer.assign([TopicPartition(self._topic, partition, first)])
                self._read_to_end(newest)
        except KafkaException as error:
            raise self._away(str(error)) from error
        states = {key.decode("utf-8", "replace"): state_text(value) for key, value in newest.items()}
        return {key: text for key, text in states.items() if text}

    def _read_to_end(self, newest: dict[bytes, bytes]) -> None:
        heard_at = time.monotonic()
        while time.monotonic() - heard_at < SILENCE_SECONDS:
            for message in self._consumer.consume(READ_RECORDS, READ_SECONDS):
                heard_at = time.monotonic()
                if (error := message.error()) is not None:
                    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's public name for it
                        return
                    raise KafkaException(error)
                key, value = message.key() or b"", message.value()
                if value is None:
                    newest.pop(key, None)
                else:
                    newest[key] = value
        raise self._away(f"nothing came for {SILENCE_SECONDS:.0f} s")

    def _away(self, why: str) -> TransientError:
        return TransientError(
            f"the state in {self._topic} cannot be read: {why}. The snapshot of today waits; all else is stored.",
            RETRY_AFTER_SECONDS,
        )


def state_text(value: bytes) -> str:
    """The JSON in a state; "" for what is none."""
    try:
        return zlib.decompress(value).decode()
    except (zlib.error, UnicodeDecodeError):
        return ""


def state(text: str) -> dict[str, Any]:
    """The object in such a JSON; empty for anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
