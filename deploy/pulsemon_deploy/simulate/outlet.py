"""The way of simulated batches into Kafka."""

import logging
from collections.abc import Callable

from confluent_kafka import KafkaError, Message, Producer
from pulsemon_schemas.batch_encoder import BatchEncoder
from pulsemon_schemas.runtime.kafka import KafkaSettings, producer_config
from pulsemon_schemas.runtime.own_metrics import Addressed
from pulsemon_schemas.topics import METRICS

from pulsemon_deploy.simulate.feed import Feed

log = logging.getLogger(__name__)

CLIENT_ID = "pulsemon-simulator"
# A batch waits for the broker as long as it takes, and none is made that finds no room: sequences have no holes.
WAITING_BATCHES = 20_000
WAITING_KBYTES = 131_072
FOR_EVER = 0
FLUSH_SECONDS = 10.0


class Outlet:
    """One idempotent producer for all servers. ``ready`` is called at the first acknowledgement."""

    def __init__(self, kafka: KafkaSettings, ready: Callable[[], None]) -> None:
        config = producer_config(kafka, CLIENT_ID)
        config |= {"delivery.timeout.ms": FOR_EVER, "queue.buffering.max.kbytes": WAITING_KBYTES}
        self._producer = Producer(config)
        self._encoder = BatchEncoder()
        self._ready: Callable[[], None] | None = ready
        self.batches = self.samples = self.acknowledged = self.dropped = 0

    def send(self, feed: Feed, tick: int, sent_at_ms: int) -> None:
        """Hands the feed's batch of a tick over; while the broker is away for too long it is dropped and counted."""
        if len(self._producer) >= WAITING_BATCHES:
            feed.drop(tick)
            self.dropped += 1
            return
        batch = feed.batch(tick, sent_at_ms)
        if batch is None:
            return
        self._producer.produce(
            METRICS.name, self._encoder.encode(batch), batch.server_id.encode(), on_delivery=self._delivered
        )
        self.batches += 1
        self.samples += len(batch.values)

    def send_own(self, record: Addressed) -> bool:
        """Hands over what the simulator tells about itself; False while the broker is away for too long."""
        if len(self._producer) >= WAITING_BATCHES:
            return False
        self._producer.produce(METRICS.name, record.value, record.key, on_delivery=self._delivered_own)
        return True

    def poll(self) -> None:
        """Takes the acknowledgements that have come."""
        self._producer.poll(0)

    def close(self) -> None:
        """Waits for what is on its way, within limits."""
        if left := self._producer.flush(FLUSH_SECONDS):
            log.warning("%s batches were not acknowledged before the end; whether they are stored is not known", left)

    def _delivered_own(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            log.warning("the broker refused what the simulator tells about itself: %s", error)

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            log.warning("the broker refused a batch: %s", error)
            return
        self.acknowledged += 1
        if self._ready is not None:
            self._ready()
            self._ready = None
