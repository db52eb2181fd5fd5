"""Batches to Kafka, by an idempotent librdkafka producer."""

import logging
import threading
import time
from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import MetricBatch
from pulsemon_schemas.runtime.kafka import Config, KafkaSettings, producer_config
from pulsemon_schemas.topics import MAX_RECORD_BYTES, METRICS

log = logging.getLogger(__name__)

ATTEMPT_SECONDS = 60.0
"""A batch that waited longer is offered anew with a new sent_at: it must not look younger than it is by two minutes."""
AWAY_SECONDS = 3.0
"""A broker that takes longer than this is called away: a leader that moves is back sooner."""
POLL_SECONDS = 0.5
MS_PER_SECOND = 1000

NO_ANSWER = "no answer"

OVERRIDES: Config = {
    "delivery.timeout.ms": round(ATTEMPT_SECONDS * MS_PER_SECOND),
    # one batch at a time is in its queue: waiting for company would only delay it
    "linger.ms": 0,
    "queue.buffering.max.messages": 16,
    "queue.buffering.max.kbytes": 4096,
    # it would write a line for each attempt to connect; what changed is told here
    "log_level": 2,
    "log.connection.close": False,
}

REFUSED_FOR_EVER: Mapping[int, str] = {
    KafkaError.MSG_SIZE_TOO_LARGE: "too_large",
    KafkaError.INVALID_RECORD: "malformed",
}
"""Errors that no retry mends, with the reason of ``ContractError``."""


class KafkaPublisher:
    """The ``Publisher`` of a Kafka topic, keyed by server_id. Connects in the background: making one never fails."""

    def __init__(self, settings: KafkaSettings, client_id: str, topic: str = METRICS.name) -> None:
        self._topic = topic
        self._bootstrap = settings.bootstrap
        self._config = producer_config(settings, client_id) | OVERRIDES
        self._encoder = BatchEncoder()
        self._is_interrupted = threading.Event()
        self._is_away = False
        self._last_error = NO_ANSWER
        self._reports: list[Message] = []
        self._producer = self._connect()

    @property
    def clock_skew_seconds(self) -> None:
        """As ``Publisher.clock_skew_seconds``: brokers tell no time."""
        return

    def publish(self, batch: MetricBatch) -> bool:
        """As ``Publisher.publish``; an attempt takes at most ``ATTEMPT_SECONDS``."""
        value = self._encoder.encode(batch)
        if len(value) > MAX_RECORD_BYTES:
            raise ContractError("too_large", f"{len(value)} bytes; the topic takes {MAX_RECORD_BYTES}")
        error = self._attempt(batch.server_id.encode(), value)
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

    def interrupt(self) -> None:
        """As ``Publisher.interrupt``."""
        self._is_interrupted.set()

    def close(self) -> None:
        """As ``Publisher.close``."""
        self.interrupt()
        self._producer.purge()
        self._producer.poll(0)

    def _connect(self) -> Producer:
        return Producer(self._config | {"error_cb": self._on_error})

    def _attempt(self, key: bytes, value: bytes) -> KafkaError | None:
        """Produces one record and waits for what becomes of it; None if the broker acknowledged it."""
        self._reports.clear()
        try:
            self._producer.produce(self._topic, value=value, key=key, on_delivery=self._on_delivery)
        except KafkaException as error:
            return _kafka_error(error)
        begun = time.monotonic()
        while not self._reports:
            if self._is_interrupted.is_set():
                return KafkaError(KafkaError._TIMED_OUT, "stopped while it waited")  # noqa: SLF001 - its public name
            try:
                self._producer.poll(POLL_SECONDS)
            except (
                KafkaException
            ) as error:  # raised where a producer can never send, as for a login without permissions
                return _kafka_error(error)
            if not self._reports and time.monotonic() - begun > AWAY_SECONDS:
                self._tell_away(self._last_error)
        return self._reports[0].error()

    def _on_delivery(self, _error: KafkaError | None, message: Message) -> None:
        self._reports.append(message)

    def _on_error(self, error: KafkaError) -> None:
        """What librdkafka meets on its own; it goes on trying, so this only explains why nothing arrives.

        That all brokers are down is its summary of the error before, which says more.
        """
        is_summary = error.code() == KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001 - its public name
        if not is_summary or self._last_error == NO_ANSWER:
            self._last_error = error.str()

    def _tell_away(self, why: str) -> None:
        if not self._is_away:
            log.warning(
                "Kafka at %s does not take batches for %s: %s. They are kept and sent when it does; nothing more is "
                "logged until then.",
                self._bootstrap,
                self._topic,
                why,
            )
        self._is_away = True

    def _tell_back(self) -> None:
        if self._is_away:
            log.info("Kafka at %s takes batches again.", self._bootstrap)
        self._is_away = False


def _kafka_error(error: KafkaException) -> KafkaError:
    cause = error.args[0]
    assert isinstance(cause, KafkaError), cause
    return cause
