"""Follows the control log from its beginning: a thread reads and decodes, ``deliver`` hands on what came."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from pulsemon_schemas import codec
from pulsemon_schemas.errors import ContractError, PermanentError, TransientError
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config
from pulsemon_schemas.runtime.topic_identity import identify

log = logging.getLogger(__name__)

PARTITION = 0
POLL_RECORDS = 10_000
POLL_SECONDS = 0.1
BUSY_POLL_SECONDS = 0.01
ASK_AGAIN_SECONDS = 0.5
KAFKA_TIMEOUT_SECONDS = 5.0
IDENTITY_SECONDS = 5.0
CLOSE_SECONDS = 0.5
ERRORS_ONLY = 3
# librdkafka's own error when a position is not in the log and nothing says where to go
AUTO_OFFSET_RESET = -140
CUT_OFF = frozenset({AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})


class ControlTaker(Protocol):
    """Takes the records of the control log in order."""

    def append(self, offset: int, record: ControlRecord) -> object:
        """Takes the next record."""

    def pass_over(self, offset: int) -> None:
        """Takes a record that nobody can decode."""


class ControlEntry(NamedTuple):
    """One record at its place in the log; ``record`` None: nobody can decode it."""

    offset: int
    append_time_ms: int
    record: ControlRecord | None


class ControlReader:
    """Reads one life of the control topic, ``topic_id``. Nothing connects before ``start``.

    What is wrong with the log is raised by ``deliver`` and ``take`` as PermanentError, again at each call.
    ``on_records`` is called by the reader's thread when there is something to take.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        group_id: str,
        topic: str,
        topic_id: str,
        on_records: Callable[[], None] | None = None,
    ) -> None:
        self.topic_id = topic_id
        self._topic = topic
        self._config = reader_config(kafka, group_id)
        self._admin = AdminClient({**client_config(kafka), "log_level": ERRORS_ONLY})
        self._on_records = on_records
        self._waiting: list[ControlEntry] = []
        self._lock = threading.Lock()
        self._failure: PermanentError | None = None
        self._next_offset = 0
        self._has_reached_end = threading.Event()
        self._stop = threading.Event()
        self._next_look = 0.0
        self._thread = threading.Thread(target=self._run, name="control-reader", daemon=True)

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def close(self) -> None:
        """Ends reading; does not wait for an answer that Kafka owes."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    @property
    def has_reached_end(self) -> bool:
        """Whether all that was in the log at the start is read; ``deliver`` or ``take`` then hands it on."""
        return self._has_reached_end.is_set()

    def deliver(self, taker: ControlTaker) -> int:
        """Hands on what was read since the last call, in the caller's thread; returns the number of records.

        Raises PermanentError if the log is another one than before, or lacks records.
        """
        waiting = self._taken()
        for entry in waiting:
            if entry.record is None:
                taker.pass_over(entry.offset)
            else:
                taker.append(entry.offset, entry.record)
        self._tell_failure()
        return len(waiting)

    def take(self) -> list[ControlEntry]:
        """What was read since the last call, with times. PermanentError as ``deliver``, once there is nothing left."""
        waiting = self._taken()
        if not waiting:
            self._tell_failure()
        return waiting

    def _taken(self) -> list[ControlEntry]:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        return waiting

    def _tell_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        consumer = Consumer(self._config, logger=log)
        try:
            self._follow(consumer)
        except PermanentError as error:
            self._failure = error
        except KafkaException as error:
            self._failure = PermanentError(f"reading {self._topic} ended: {error}; nothing was changed. Start again.")
        finally:
            consumer.close()

    def _follow(self, consumer: Consumer) -> None:
        end = self._end_of_log(consumer)
        consumer.assign([TopicPartition(self._topic, PARTITION, 0)])
        while not self._stop.is_set():
            self._take(self._read(consumer))
            if self._next_offset >= end:
                self._has_reached_end.set()
            self._check_identity()

    def _read(self, consumer: Consumer) -> Sequence[Message]:
        """Many at once on the way to the end; then the next at once when it comes, for somebody may wait for it."""
        if not self.has_reached_end:
            return consumer.consume(POLL_RECORDS, BUSY_POLL_SECONDS)
        first = consumer.consume(1, POLL_SECONDS)
        return [*first, *consumer.consume(POLL_RECORDS, 0)] if first else first

    def _end_of_log(self, consumer: Consumer) -> int:
        place = TopicPartition(self._topic, PARTITION)
        while not self._stop.is_set():
            try:
                first, end = consumer.get_watermark_offsets(place, KAFKA_TIMEOUT_SECONDS)
            except KafkaException as error:
                log.warning("%s does not tell where it ends: %s; asked again", self._topic, error)
                self._stop.wait(ASK_AGAIN_SECONDS)
                continue
            if first > 0:
                raise PermanentError(
                    f"{self._topic} begins at offset {first}: its first records are gone, so nobody can tell what is "
                    "configured. Nothing was changed. Restore the control log from a backup."
                )
            return int(end)
        return 0

    def _take(self, messages: Sequence[Message]) -> None:
        taken: list[ControlEntry] = []
        for message in messages:
            if (error := message.error()) is None:
                taken.append(
                    ControlEntry(message.offset() or 0, message.timestamp()[1], _decode(message.value() or b""))
                )
            elif error.fatal() or error.code() in CUT_OFF:
                raise PermanentError(
                    f"{self._topic} cannot be read from offset {self._next_offset} on: {error}. What was read is kept. "
                    "Start again; if it says the same, restore the control log from a backup."
                )
            else:
                log.debug("reading %s: %s", self._topic, error)
        if taken:
            self._next_offset = taken[-1].offset + 1
            with self._lock:
                self._waiting += taken
            if self._on_records is not None:
                self._on_records()

    def _check_identity(self) -> None:
        """A topic made anew is another log: versions are offsets, so nothing of the old one means anything in it."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + IDENTITY_SECONDS
        try:
            now = identify(self._admin, self._topic).topic_id
        except TransientError as error:
            log.debug("%s", error)
            return
        if now != self.topic_id:
            raise PermanentError(
                f"{self._topic} was made anew: its id is {now}, it was {self.topic_id}. What was read is kept, "
                "nothing was changed. Restore the control log from a backup, then start again."
            )


def reader_config(kafka: KafkaSettings, group_id: str) -> dict[str, str | int | float | bool]:
    """Not a group member: the id of a group is only what the ACLs ask for."""
    return client_config(kafka) | {
        "client.id": group_id,
        "group.id": group_id,
        "isolation.level": "read_committed",
        "auto.offset.reset": "error",
        "enable.auto.commit": False,
        "fetch.wait.max.ms": 50,
    }


def _decode(value: bytes) -> ControlRecord | None:
    try:
        record = codec.decode(value)
    except ContractError:
        return None
    return record if isinstance(record, ControlRecord) else None
