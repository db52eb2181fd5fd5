"""Writes records into the log and says when it has them. One producer, asked by the event loop itself: no thread."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pulsemon_schemas.runtime.kafka import Config, KafkaSettings, producer_config
from pulsemon_schemas.runtime.own_metrics import Addressed

from pulsemon_producers.gateway.outgoing import Outgoing

log = logging.getLogger(__name__)

CLIENT_ID = "pulsemon-gateway"
POLL_SECONDS = 0.002
IDLE_POLL_SECONDS = 0.5
FLUSH_SECONDS = 5.0
OPTIONS: Config = {
    "linger.ms": 5,
    # senders wait ten seconds for an answer
    "message.timeout.ms": 8000,
    "queue.buffering.max.kbytes": 65_536,
    "queue.buffering.max.messages": 200_000,
    # it would write a line for each attempt to connect; what changed is told here
    "log_level": 2,
}


class Delivery:
    """What became of the records of one request: a sentence for each that the log has not confirmed."""

    def __init__(self, count: int, done: "asyncio.Future[None]") -> None:
        self.failures: dict[int, str] = {}
        self._left = count
        self._done = done

    def settled(self, index: int) -> Callable[[KafkaError | None, Message], None]:
        """What the client calls once for a record."""

        def call(error: KafkaError | None, _: Message) -> None:
            self.settle(index, str(error) if error is not None else "")

        return call

    def settle(self, index: int, failure: str) -> None:
        """A record is confirmed, or never will be."""
        if failure:
            self.failures[index] = failure
        self._left -= 1
        if not self._left and not self._done.done():  # who waited may have gone
            self._done.set_result(None)


class LogWriter:
    """Must be made and used in one event loop; ``close`` waits for what is on its way."""

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        config = producer_config(kafka, CLIENT_ID)
        del config["delivery.timeout.ms"]  # another name of message.timeout.ms
        self._producer = Producer({**config, **OPTIONS})
        self._topic = topic
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._is_idle = False
        self._is_away = False
        self._pump()

    async def write(self, records: Sequence[Outgoing]) -> dict[int, str]:
        """Returns when all are settled: those that are not in the log, as far as is known, by their index."""
        done: asyncio.Future[None] = self._loop.create_future()
        delivery = Delivery(len(records), done)
        if not records:
            return {}
        for index, record in enumerate(records):
            try:
                self._producer.produce(
                    self._topic, record.value, record.key, record.partition, on_delivery=delivery.settled(index)
                )
            except (BufferError, KafkaException) as error:
                delivery.settle(index, str(error))
        if self._is_idle:
            self._pump()
        await done
        self._tell(delivery.failures)
        return delivery.failures

    async def append(self, topic: str, key: bytes, value: bytes, partition: int) -> int:
        """Writes one record to another topic: its offset. Raises ConnectionError if the log does not confirm it."""
        done: asyncio.Future[int] = self._loop.create_future()

        def settled(error: KafkaError | None, message: Message) -> None:
            if done.done():  # who waited may have gone
                return
            if error is None:
                done.set_result(message.offset() or 0)
            else:
                done.set_exception(ConnectionError(str(error)))

        try:
            self._producer.produce(topic, value, key, partition, on_delivery=settled)
        except (BufferError, KafkaException) as error:
            raise ConnectionError(str(error)) from error
        if self._is_idle:
            self._pump()
        return await done

    def send(self, record: Addressed) -> bool:
        """Hands over a record that nobody waits for; False if there is no room for it."""
        try:
            self._producer.produce(self._topic, record.value, record.key, record.partition)
        except (BufferError, KafkaException):
            return False
        if self._is_idle:
            self._pump()
        return True

    @property
    def is_well(self) -> bool:
        """False after something was not confirmed, until something is."""
        return not self._is_away

    async def close(self) -> None:
        """Waits until all is settled, for FLUSH_SECONDS at most."""
        if self._timer is not None:
            self._timer.cancel()
        await self._loop.run_in_executor(None, self._producer.flush, FLUSH_SECONDS)

    def _pump(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._producer.poll(0)
        self._is_idle = len(self._producer) == 0
        self._timer = self._loop.call_later(IDLE_POLL_SECONDS if self._is_idle else POLL_SECONDS, self._pump)

    def _tell(self, failures: dict[int, str]) -> None:
        """Once for each change."""
        if failures and not self._is_away:
            log.warning("The log confirms nothing: %s. Senders are told to try again.", next(iter(failures.values())))
        if not failures and self._is_away:
            log.info("The log confirms again.")
        self._is_away = bool(failures)
