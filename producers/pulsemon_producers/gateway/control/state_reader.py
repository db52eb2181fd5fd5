"""Follows compacted topics from their beginning: a thread reads, and the newest record of each key is kept."""

import logging
import threading
from collections.abc import Mapping
from typing import Protocol

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition
from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import Record
from pulsemon_schemas.runtime.control_reader import reader_config
from pulsemon_schemas.runtime.kafka import KafkaSettings

log = logging.getLogger(__name__)

POLL_RECORDS = 10_000
POLL_SECONDS = 0.5
BUSY_POLL_SECONDS = 0.05
AGAIN_SECONDS = 5.0
KAFKA_TIMEOUT_SECONDS = 5.0
CLOSE_SECONDS = 0.5
CRITICAL_ONLY = 2


class Newest(Protocol):
    """Keeps the newest of each key. Called by the reader's thread."""

    def keep(self, key: str, record: Record) -> None:
        """The newest record of a key."""

    def drop(self, key: str) -> None:
        """The key is gone."""


class StateReader:
    """Reads topics for as long as it is open; nothing connects before ``start``.

    What these topics say is only shown, so trouble with them ends nothing: it is logged, and reading begins anew.
    """

    def __init__(self, kafka: KafkaSettings, group_id: str, takers: Mapping[str, Newest]) -> None:
        self._config = reader_config(kafka, group_id) | {
            "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": 8192,
            "log_level": CRITICAL_ONLY,
        }
        self._takers = takers
        self._stop = threading.Event()
        self._has_reached_end = threading.Event()
        self._is_away = False
        self._has_unreadable = False
        self._thread = threading.Thread(target=self._run, name="state-reader", daemon=True)

    @property
    def has_reached_end(self) -> bool:
        """Whether all that was in the topics at the start is read."""
        return self._has_reached_end.is_set()

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def close(self) -> None:
        """Ends reading; does not wait for an answer that Kafka owes."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            consumer = Consumer(self._config)
            try:
                self._follow(consumer)
            except KafkaException as error:
                self._tell_away(error)
                self._stop.wait(AGAIN_SECONDS)
            finally:
                consumer.close()

    def _follow(self, consumer: Consumer) -> None:
        ends = self._ends(consumer)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in ends])
        left = {place for place, (first, end) in ends.items() if first < end}
        while not self._stop.is_set():
            if not left:
                self._has_reached_end.set()
                self._tell_back()
            for message in self._read(consumer, BUSY_POLL_SECONDS if left else POLL_SECONDS):
                if (error := message.error()) is not None:
                    raise KafkaException(error)
                self._take(message)
            if left:
                positions = consumer.position([TopicPartition(*place) for place in left])
                left -= {(at.topic, at.partition) for at in positions if at.offset >= ends[at.topic, at.partition][1]}

    def _read(self, consumer: Consumer, wait_seconds: float) -> list[Message]:
        """What is there, or the next that comes; not the many that there might be."""
        first = consumer.consume(1, wait_seconds)
        return [*first, *consumer.consume(POLL_RECORDS, 0)] if first else []

    def _ends(self, consumer: Consumer) -> dict[tuple[str, int], tuple[int, int]]:
        """First and end offset of every partition. Raises KafkaException."""
        found: dict[tuple[str, int], tuple[int, int]] = {}
        for topic in self._takers:
            described = consumer.list_topics(topic, KAFKA_TIMEOUT_SECONDS).topics[topic]
            if described.error is not None:
                raise KafkaException(described.error)
            for partition in described.partitions:
                place = TopicPartition(topic, partition)
                first, end = consumer.get_watermark_offsets(place, KAFKA_TIMEOUT_SECONDS)
                found[topic, partition] = (first, end)
        return found

    def _take(self, message: Message) -> None:
        taker = self._takers[message.topic() or ""]
        key = (message.key() or b"").decode("utf-8", "replace")
        value = message.value()
        if value is None:
            taker.drop(key)
            return
        try:
            taker.keep(key, codec.decode(value))
        except ContractError as error:
            if not self._has_unreadable:
                log.warning("A record of %s cannot be read (%s); such are passed over.", message.topic(), error)
            self._has_unreadable = True

    def _tell_away(self, error: KafkaException) -> None:
        """Once for each change."""
        if not self._is_away:
            log.warning(
                "The state of servers and alerts cannot be read: %s; what was read stays, it is tried on.", error
            )
        self._is_away = True

    def _tell_back(self) -> None:
        if self._is_away:
            log.info("The state of servers and alerts is read again.")
        self._is_away = False
