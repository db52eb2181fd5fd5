"""Everything a processor writes for one partition: in transactions of one producer, which the next owner fences."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from confluent_kafka import KafkaException, Producer
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config

from pulsemon_stream_processors.errors import WriteError

FENCE_SECONDS = 30.0
COMMIT_SECONDS = 15.0
TRANSACTION_TIMEOUT_MS = 10_000
QUEUED_RECORDS = 200_000
BATCH_BYTES = 128 * 1024
"""Half of what the topics take in one piece: snapshots come hundreds at once, and are compressed already."""
FULL_QUEUE_POLL_SECONDS = 0.05
# Being fenced is said by the exception; librdkafka need not say it on standard error too.
ERRORS_ONLY = 3

Headers = Sequence[tuple[str, str | bytes | None]]


class Write(NamedTuple):
    """One record for one partition of a topic; without a value it is a tombstone."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class PartitionWriter:
    """Writes for one partition of the metrics topic, or for the fleet, from whatever thread, one call at a time.

    Raises WriteError; the producer is of no use after that. The failed transaction is readable as a whole or not at
    all: of a commit that was not answered nobody knows.
    """

    def __init__(self, kafka: KafkaSettings, application: str, partition: int | str) -> None:
        self._partition = partition
        self._producer = Producer(writer_config(kafka, f"{application}-{partition}"))

    def fence(self) -> None:
        """Ends the transactions of whoever wrote for this partition before: from here on he can write nothing."""
        try:
            self._producer.init_transactions(FENCE_SECONDS)
        except KafkaException as error:
            raise WriteError(f"partition {self._partition} cannot be taken over: {error}; nothing was read") from error

    def write(self, records: Sequence[Write]) -> float:
        """All of the records or none; returns the seconds it took."""
        began = time.perf_counter()
        try:
            self._producer.begin_transaction()
            for record in records:
                self._produce(record)
            self._producer.commit_transaction(COMMIT_SECONDS)
        except KafkaException as error:
            raise WriteError(
                f"a transaction of partition {self._partition} failed: {error}; all of it is readable or nothing, "
                "and the successor goes on from what is"
            ) from error
        return time.perf_counter() - began

    def _produce(self, record: Write) -> None:
        deadline = time.monotonic() + COMMIT_SECONDS
        while True:
            try:
                self._producer.produce(
                    record.topic, record.value, record.key, record.partition, headers=list(record.headers)
                )
            except BufferError:
                if time.monotonic() > deadline:
                    raise WriteError(
                        f"{QUEUED_RECORDS} records of partition {self._partition} wait for Kafka; nothing is readable"
                    ) from None
                self._producer.poll(FULL_QUEUE_POLL_SECONDS)
            else:
                return


def writer_config(kafka: KafkaSettings, transactional_id: str) -> dict[str, str | int | float | bool]:
    """A transactional producer whose broken transactions end soon, so that readers do not wait for them."""
    return client_config(kafka) | {
        "client.id": transactional_id,
        "transactional.id": transactional_id,
        "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
        "compression.type": "zstd",
        "linger.ms": 5,
        "batch.size": BATCH_BYTES,
        "queue.buffering.max.messages": QUEUED_RECORDS,
        "log_level": ERRORS_ONLY,
    }
