"""The control log from the command line: read to its end and folded, and written in a way that no change is lost."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from pulsemon_schemas.codec import decode, encode
from pulsemon_schemas.control import Fold, Verdict
from pulsemon_schemas.errors import ContractError, PermanentError, TransientError
from pulsemon_schemas.records import ControlRecord
from pulsemon_schemas.runtime.kafka import Config, KafkaSettings, consumer_config, producer_config
from pulsemon_schemas.topics import CONTROL

from pulsemon_deploy.log_reading import read_range

PARTITION = 0
READ_RECORDS = 10_000
TIMEOUT_SECONDS = 20.0
LEADER_SECONDS = 5.0
LEADER_POLL_SECONDS = 0.05
# The first connections to a broker that has just begun may be refused; librdkafka, which tries again, would tell.
QUIET = {"log_level": 2}
# A change that is there twice is made once, by its change id; asking for an idempotent producer's number takes half a
# second of every command.
ONE_CHANGE: Config = {
    "enable.idempotence": False,
    "max.in.flight.requests.per.connection": 1,
    "linger.ms": 0,
    "delivery.timeout.ms": 15_000,
}


@dataclass(frozen=True, slots=True)
class Change:
    """A record at its place in the log, with what it did. Void ones are changes that did nothing."""

    offset: int
    append_time_ms: int
    record: ControlRecord
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another version was in force than the writer expected; ``by`` is the change that made it, None if unused."""

    version: int
    by: Change | None


class ControlLog:
    """The log as of its end when it was last read.

    ``keep`` chooses the changes that are kept beside the fold; those that are written here must be among them.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        consumer: Consumer,
        keep: Callable[[ControlRecord], bool],
        client_id: str,
        topic: str = CONTROL.name,
    ) -> None:
        self.fold = Fold()
        self.changes: list[Change] = []
        self._settings = settings
        self._consumer = consumer
        self._keep = keep
        self._client_id = client_id
        self._topic = topic
        self._position = 0

    def catch_up(self) -> None:
        """Reads to the end that the log has now. Errors as ``read_to_end``."""
        for message in read_to_end(self._consumer, self._position, self._topic):
            self._take(message)

    def write(self, record: ControlRecord) -> int | Conflict:
        """The version that the record made, once it is read back; a conflict if it is void.

        A record whose change was made before has the version that was made then. Raises TransientError, after which the
        same record may be written again, and KafkaException.
        """
        (offset,) = write(self._settings, [record], self._client_id, self._topic)
        while self._position <= offset:
            self.catch_up()
        change = next(change for change in self.changes if change.offset == offset)
        if change.verdict.is_made:
            return change.verdict.version
        return Conflict(change.verdict.version, self.change_at(change.verdict.version))

    def change_at(self, offset: int) -> Change | None:
        """The kept change at an offset."""
        return next((change for change in self.changes if change.offset == offset), None)

    def of(self, entity_type: str, entity_id: str) -> list[Change]:
        """The kept changes of an entity, in order."""
        key = (entity_type, entity_id)
        return [change for change in self.changes if (change.record.entity_type, change.record.entity_id) == key]

    def _take(self, message: Message) -> None:
        offset = message.offset() or 0
        self._position = offset + 1
        record = control_record(message)
        if record is None:
            return
        verdict = self.fold.apply(offset, record)
        if self._keep(record):
            self.changes.append(Change(offset, message.timestamp()[1], record, verdict))


@contextmanager
def opened(
    settings: KafkaSettings,
    client_id: str,
    keep: Callable[[ControlRecord], bool] = lambda _: True,
    topic: str = CONTROL.name,
) -> Iterator[ControlLog]:
    """The control log, read to its end. ``client_id`` is also the group, which is never joined.

    Raises TransientError if the broker does not answer, also out of the body, and PermanentError if the log lacks its
    beginning.
    """
    consumer = Consumer({**reader_config(settings, client_id), **QUIET})
    try:
        log = ControlLog(settings, consumer, keep, client_id, topic)
        log.catch_up()
        yield log
    except KafkaException as error:
        raise TransientError(
            f"the control log at {settings.bootstrap} could not be used: {error}. Is `pulsemon up` running?"
        ) from error
    finally:
        consumer.close()


def reader_config(settings: KafkaSettings, group_id: str) -> Config:
    """A consumer that reads a long log quickly: it never pauses because its queue was full a moment ago."""
    return consumer_config(settings, group_id, group_id) | {"fetch.queue.backoff.ms": 10, "fetch.wait.max.ms": 50}


def read_to_end(consumer: Consumer, position: int = 0, topic: str = CONTROL.name) -> Iterator[Message]:
    """Every message from ``position`` to the end that the log has now. Errors as ``read_range``, and PermanentError."""
    first, end = _watermarks(consumer, topic)
    if first > 0:
        raise PermanentError(
            f"{topic} begins at offset {first}: its first records are gone, so nobody can tell what is "
            "configured. Nothing was changed. Restore the control log from a backup."
        )
    if position < end:
        consumer.assign([TopicPartition(topic, PARTITION, position)])
    yield from read_range(consumer, topic, position, end, READ_RECORDS)


def control_record(message: Message) -> ControlRecord | None:
    """The record in a message, or None for bytes that are none: they change nothing for anybody."""
    try:
        record = decode(message.value() or b"")
    except ContractError:
        return None
    return record if isinstance(record, ControlRecord) else None


def write(
    settings: KafkaSettings, records: Sequence[ControlRecord], client_id: str, topic: str = CONTROL.name
) -> list[int]:
    """Appends records and returns their offsets, once all replicas have them. What they did, only reading tells.

    Raises TransientError if it is not known that all are there.
    """
    failures: list[str] = []
    offsets: list[int] = []

    def delivered(error: object, message: Message) -> None:
        if error is None:
            offsets.append(message.offset() or 0)
        else:
            failures.append(str(error))

    producer = Producer({**producer_config(settings, client_id), **ONE_CHANGE, **QUIET})
    for record in records:
        producer.produce(topic, encode(record), record.entity_id.encode(), PARTITION, on_delivery=delivered)
        producer.poll(0)
    left = producer.flush(TIMEOUT_SECONDS)
    if left or failures:
        what = f"{left + len(failures)} of {len(records)} changes were not confirmed: {failures[:1] or 'no answer'}"
        raise TransientError(f"{what}; they may be made, and repeating them with the same change id does no harm")
    return offsets


def _watermarks(consumer: Consumer, topic: str) -> tuple[int, int]:
    """The broker tells of a new partition's leader a moment before that leader answers: it is asked again."""
    place = TopicPartition(topic, PARTITION)
    deadline = time.monotonic() + LEADER_SECONDS
    while True:
        try:
            first, end = consumer.get_watermark_offsets(place, TIMEOUT_SECONDS)
        except KafkaException:
            if time.monotonic() >= deadline:
                raise
            time.sleep(LEADER_POLL_SECONDS)
        else:
            return int(first), int(end)
