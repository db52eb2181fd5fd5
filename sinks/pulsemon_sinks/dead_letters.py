"""Bad records go on, untouched, to a topic where people can look at them."""

import logging
from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pulsemon_sinks.buffer import Entry, Fault

log = logging.getLogger(__name__)


class DeadLetters:
    """Delivers at least once: readers drop repetitions by all headers but reason and detail."""

    def __init__(self, config: Mapping[str, str | int | float | bool], topic: str) -> None:
        self._producer = Producer(dict(config))
        self._topic = topic
        self._failed: list[tuple[Entry, Fault, str]] = []
        self._is_refused = False

    def send(self, entry: Entry, fault: Fault, topic_id: str) -> None:
        """Queues the record as it came, with the reason in its headers; ``is_drained`` tells when it has arrived."""
        record = entry.record
        key, value = entry.raw or (record.key, record.value)
        headers: list[tuple[str, str | bytes | None]] = [
            ("reason", fault.reason),
            ("detail", fault.detail),
            ("topic", record.topic),
            ("topic_id", topic_id),
            ("partition", str(record.partition)),
            ("offset", str(record.offset)),
            ("role", "sink"),
        ]

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                self._on_failure(entry, fault, topic_id, error)

        try:
            self._producer.produce(self._topic, value, key, headers=headers, on_delivery=delivered)
        except BufferError:
            self._failed.append((entry, fault, topic_id))
        except KafkaException as error:
            self._on_failure(entry, fault, topic_id, error.args[0])

    def is_drained(self, timeout_seconds: float) -> bool:
        """True if everything sent so far has arrived; what failed is queued again."""
        failed, self._failed = self._failed, []
        for entry, fault, topic_id in failed:
            self.send(entry, fault, topic_id)
        is_drained = self._producer.flush(timeout_seconds) == 0 and not self._failed
        self._is_refused = self._is_refused and not is_drained
        return is_drained

    def _on_failure(self, entry: Entry, fault: Fault, topic_id: str, error: KafkaError) -> None:
        record = entry.record
        if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            log.error(
                "%s:%s:%s is bad (%s) and too large for %s: it stays in its topic only",
                record.topic, record.partition, record.offset, fault.reason, self._topic,
            )  # fmt: skip
            return
        if not self._is_refused:
            log.warning(
                "dead letter %s:%s:%s: %s; sent again, and so are others, without another word",
                record.topic, record.partition, record.offset, error,
            )  # fmt: skip
        self._is_refused = True
        self._failed.append((entry, fault, topic_id))
