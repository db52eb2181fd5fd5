"""Records to Kafka without waiting: librdkafka sends in threads of its own."""

import logging

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pulsemon_schemas.codec import BatchEncoder, encode
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import Event, MetricBatch
from pulsemon_schemas.runtime.kafka import KafkaSettings, producer_config
from pulsemon_schemas.topics import EVENTS, MAX_RECORD_BYTES, METRICS

from pulsemon_producers.kafka_publisher import AWAY_SECONDS, NO_ANSWER, OVERRIDES, REFUSED_FOR_EVER

log = logging.getLogger(__name__)

CLIENT_ID = "pulsemon-client"


class KafkaTransport:
    """The ``Transport`` of a Kafka cluster. Connects in the background: making one never fails."""

    def __init__(self, settings: KafkaSettings, metrics_topic: str = METRICS.name, events_topic: str = EVENTS.name):
        self._metrics_topic = metrics_topic
        self._events_topic = events_topic
        self._bootstrap = settings.bootstrap
        self._config = producer_config(settings, CLIENT_ID) | OVERRIDES
        self._encoder = BatchEncoder()
        self._error: KafkaError | None = None
        self._is_reported = False
        self._waited_seconds = 0.0
        self._is_away = False
        self._last_error = NO_ANSWER
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

    def outcome(self, wait_seconds: float) -> bool | None:
        """As ``Transport.outcome``."""
        if not self._is_reported:
            self._producer.poll(wait_seconds)
        if not self._is_reported:
            # not by the clock: in a process that is very busy the answer may have been there for long
            self._waited_seconds += wait_seconds
            if self._waited_seconds > AWAY_SECONDS:
                self._tell_away(self._last_error)
            return None
        error = self._error
        if error is None:
            self._tell_back()
            return True
        if error.code() in REFUSED_FOR_EVER:
            raise ContractError(REFUSED_FOR_EVER[error.code()], error.str())
        self._tell_away(error.str())
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - librdkafka's own name for it
            # such a producer never sends again; a new one has a new identity at the broker
            self._producer = self._connect()
        return False

    def close(self) -> None:
        """As ``Transport.close``."""
        self._producer.purge()
        self._producer.poll(0)

    def _connect(self) -> Producer:
        return Producer(self._config | {"error_cb": self._on_error})

    def _on_delivery(self, error: KafkaError | None, _message: Message) -> None:
        self._report(error)

    def _report(self, error: KafkaError | None) -> None:
        self._error = error
        self._is_reported = True

    def _on_error(self, error: KafkaError) -> None:
        """What librdkafka meets on its own. That all brokers are down is its summary of the error before."""
        is_summary = error.code() == KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001 - its public name
        if not is_summary or self._last_error == NO_ANSWER:
            self._last_error = error.str()

    def _tell_away(self, why: str) -> None:
        if not self._is_away:
            log.warning(
                "Kafka at %s does not take metrics: %s. They are kept in memory within the client's bounds and sent "
                "when it does; nothing more is logged until then.",
                self._bootstrap,
                why,
            )
        self._is_away = True

    def _tell_back(self) -> None:
        if self._is_away:
            log.info("Kafka at %s takes metrics again.", self._bootstrap)
        self._is_away = False
