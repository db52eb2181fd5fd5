"""Records to Kafka without waiting: librdkafka sends in threads of its own."""

import logging

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pulsemon_schemas.codec import BatchEncoder, encode
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import Event, MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings, producer_config
from pulsemon_schemas.topics import EVENTS, MAX_RECORD_BYTES, METRICS

from pulsemon_producers.client.kafka_trouble import Troubles
from pulsemon_producers.kafka_publisher import AWAY_SECONDS, OVERRIDES, REFUSED_FOR_EVER

log = logging.getLogger(__name__)

CLIENT_ID = "pulsemon-client"


class KafkaTransport:
    """The ``Transport`` of a Kafka cluster. Connects in the background: making one never fails."""

    def __init__(self, settings: KafkaSettings, metrics_topic: str = METRICS.name, events_topic: str = EVENTS.name):
        self._metrics_topic = metrics_topic
        self._events_topic = events_topic
        self._config = producer_config(settings, CLIENT_ID) | OVERRIDES
        self._encoder = BatchEncoder()
        self._error: KafkaError | None = None
        self._is_reported = False
        self._waited_seconds = 0.0
        self._troubles = Troubles(settings, log)
        self._producer = self._connect()

    def offer(self, record: MetricBatch | Event) -> None:
        """As ``Transport.offer``."""
        is_event = isinstance(record, Event)
        value = encode(record) if isinstance(record, Event) else self._encoder.encode(record)
        if len(value) > MAX_RECORD_BYTES:
            raise ContractError("too_large", f"{len(value)} bytes; the topic takes {MAX_RECORD_BYTES}")
        self._is_reported = False
        self._waited_seconds = 0.0
        topic = self._events_topic if is_event else self._metrics_topic
        try:
            self._producer.produce(topic, value=value, key=record.server_id.encode(), on_delivery=self._on_delivery)
        except KafkaException as error:
            self._report(error.args[0])
            self._poll(0)  # where a producer has ended, this says why

    def outcome(self, wait_seconds: float) -> bool | None:
        """As ``Transport.outcome``."""
        if not self._is_reported:
            self._poll(wait_seconds)
        if not self._is_reported:
            # not by the clock: in a process that is very busy the answer may have been there for long
            self._waited_seconds += wait_seconds
            if self._waited_seconds > AWAY_SECONDS:
                self._troubles.tell()
            return None
        error = self._error
        if error is None:
            self._troubles.end()
            return True
        if error.code() in REFUSED_FOR_EVER:
            raise ContractError(REFUSED_FOR_EVER[error.code()], error.str())
        self._troubles.tell(error)
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - librdkafka's own name for it
            # such a producer never sends again; a new one has a new identity at the broker
            self._producer = self._connect()
        return False

    def close(self) -> None:
        """As ``Transport.close``."""
        self._producer.purge()
        self._poll(0)

    def _connect(self) -> Producer:
        # its own lines would go to the service's standard error; what they say is told here
        return Producer(self._config | {"error_cb": self._troubles.note}, logger=_silent())

    def _poll(self, wait_seconds: float) -> None:
        try:
            self._producer.poll(wait_seconds)
        except KafkaException as error:  # raised where a producer can never send, as for a login without permissions
            self._report(error.args[0])

    def _on_delivery(self, error: KafkaError | None, _message: Message) -> None:
        self._report(error)

    def _report(self, error: KafkaError | None) -> None:
        self._error = error
        self._is_reported = True


def _silent() -> logging.Logger:
    """Takes everything and says nothing. No child of the root: nobody's configuration wakes it."""
    logger = logging.Logger(CLIENT_ID)  # noqa: LOG001 - those that getLogger gives are everybody's
    logger.disabled = True
    return logger
