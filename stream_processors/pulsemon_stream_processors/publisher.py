"""What a worker writes into the metrics topic: outside of transactions, so that no reader there ever waits for one."""

import logging
from typing import NamedTuple

from confluent_kafka import KafkaException, Producer
from pulsemon_schemas.runtime.kafka import KafkaSettings, producer_config

log = logging.getLogger(__name__)

MESSAGE_TIMEOUT_MS = 5000
CLOSE_SECONDS = 1.0


class Addressed(NamedTuple):
    """A framed record with its key; ``partition`` -1: where the key belongs."""

    key: bytes
    value: bytes
    partition: int = -1


class Publisher:
    """Sends Ticks and own metrics. What cannot be sent within seconds is given up: the next one says more."""

    def __init__(self, kafka: KafkaSettings, client_id: str, topic: str) -> None:
        self._topic = topic
        self._producer = Producer(publisher_config(kafka, client_id))

    def send(self, record: Addressed) -> bool:
        """Hands a record to the client; False if it has no room or does not take it."""
        try:
            self._producer.produce(self._topic, record.value, record.key, record.partition)
        except (BufferError, KafkaException) as error:
            log.warning("A record for %s was given up: %s. The next one replaces it.", self._topic, error)
            return False
        self._producer.poll(0)
        return True

    def close(self) -> None:
        """Waits a moment for what is on its way."""
        self._producer.flush(CLOSE_SECONDS)


def publisher_config(kafka: KafkaSettings, client_id: str) -> dict[str, str | int | float | bool]:
    """An idempotent producer that does not wait for more."""
    config = producer_config(kafka, client_id) | {"linger.ms": 0, "message.timeout.ms": MESSAGE_TIMEOUT_MS}
    del config["delivery.timeout.ms"]  # another name of the same setting
    return config
