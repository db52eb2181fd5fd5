"""A role's way into the metrics topic: outside of transactions, so that no reader there ever waits for one."""

import logging

from confluent_kafka import KafkaException, Producer

from pulsemon_schemas.runtime.kafka import Config, KafkaSettings, producer_config
from pulsemon_schemas.runtime.own_metrics import Addressed

log = logging.getLogger(__name__)

MESSAGE_TIMEOUT_MS = 5000
CLOSE_SECONDS = 1.0


class Publisher:
    """Sends what its next record replaces: Ticks, own metrics. What cannot be sent within seconds is given up.

    ``options`` are librdkafka's.
    """

    def __init__(self, kafka: KafkaSettings, client_id: str, topic: str, options: Config | None = None) -> None:
        self._topic = topic
        self._producer = Producer({**publisher_config(kafka, client_id), **(options or {})})
        self._is_refused = False

    def send(self, record: Addressed) -> bool:
        """Hands a record to the client; False if it has no room or does not take it."""
        try:
            self._producer.produce(self._topic, record.value, record.key, record.partition)
        except (BufferError, KafkaException) as error:
            if not self._is_refused:
                log.warning("A record for %s was given up: %s. The next one replaces it.", self._topic, error)
            self._is_refused = True
            return False
        self._is_refused = False
        self._producer.poll(0)
        return True

    def close(self) -> None:
        """Waits a moment for what is on its way."""
        self._producer.flush(CLOSE_SECONDS)


def publisher_config(kafka: KafkaSettings, client_id: str) -> Config:
    """An idempotent producer that does not wait for more."""
    config = producer_config(kafka, client_id) | {"linger.ms": 0, "message.timeout.ms": MESSAGE_TIMEOUT_MS}
    del config["delivery.timeout.ms"]  # another name of the same setting
    return config
