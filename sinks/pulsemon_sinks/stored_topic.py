"""One topic on its way into the store: reads what came, judges it, and has it stored block by block."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from confluent_kafka import Message
from confluent_kafka.admin import AdminClient
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.records import LogRecord

from pulsemon_sinks.buffer import Entry, Fault, FlushLimits
from pulsemon_sinks.clickhouse.bulk import BulkStore
from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.dead_letters import DeadLetters
from pulsemon_sinks.destination import Destination
from pulsemon_sinks.inserts import Inserter
from pulsemon_sinks.judges import Judge
from pulsemon_sinks.landings import Landing, containers
from pulsemon_sinks.ledger import Ledger, LogId
from pulsemon_sinks.log_records import log_record
from pulsemon_sinks.pause import Pause
from pulsemon_sinks.skips import Skips
from pulsemon_sinks.topic_reader import TopicIdentity, TopicReader, identify
from pulsemon_sinks.writer import PartitionWriter

log = logging.getLogger(__name__)

POLL_RECORDS = 1000
LOST_PAUSE_SECONDS = 0.2
# A topic made anew that is as long as the one before gives no error to its reader, and may stay silent for hours.
IDENTITY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with the records of a topic.

    ``consumer`` are the settings of its reader. Reading pauses while ``buffer_bytes`` wait. ``of_tombstone`` makes the
    record that a tombstone stands for; without it one is a bad record.
    """

    topic: str
    consumer: Mapping[str, str | int | float | bool]
    landing: Landing
    canary: LogRecord
    judge: Judge
    limits: FlushLimits
    buffer_bytes: int
    of_tombstone: Callable[[LogRecord], LogRecord] | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """What all topics of a sink share."""

    store: Store
    bulk: BulkStore
    database: str
    admin: AdminClient
    dead_letters: DeadLetters


class StoredTopic:
    """A member of the topic's group. ``pause`` is how long to wait after a failure; its user keeps it."""

    def __init__(self, plan: Plan, services: Services) -> None:
        self.pause = Pause()
        self._plan = plan
        self._services = services
        self._inserter = Inserter(
            services.bulk, services.database, plan.landing, containers(plan.landing), plan.canary
        )  # fmt: skip
        self._reader = TopicReader(plan.consumer, plan.topic)
        self._identity: TopicIdentity | None = None
        self._writers: dict[int, PartitionWriter] = {}
        self._identity_due = 0.0

    @property
    def is_known(self) -> bool:
        """Whether Kafka has shown the topic."""
        return self._identity is not None

    def read(self, timeout_seconds: float) -> None:
        """Takes what came; waits so long for a first record."""
        messages = self._reader.poll(POLL_RECORDS, timeout_seconds)
        now = time.monotonic()
        for message in messages:
            writer = self._writers.get(message.partition() or 0)
            if writer is not None and writer.is_open:
                writer.accept(self._judged(message), now)
        self._follow_assignment()
        self._reader.pause_only(self._full())

    def write(self) -> None:
        """Stores what is due. Errors as PartitionWriter, and TransientError if Kafka does not answer; call it again."""
        if self._identity is None:
            self._identity = identify(self._services.admin, self._plan.topic)
        self._open()
        now = time.monotonic()
        due = self._due(now)
        if (due or now >= self._identity_due) and self._is_same_log():
            self._advance(due, now)

    def begin_again(self) -> None:
        """Forgets what the store said: it was emptied or restored."""
        self._identity = None
        self._writers.clear()

    def close(self) -> None:
        """Leaves the group. What was not stored stays in the log."""
        self._reader.close()

    def _judged(self, message: Message) -> Entry:
        assert self._identity is not None
        record = log_record(message)
        try:
            if not record.value and self._plan.of_tombstone is not None and message.value() is None:
                record = self._plan.of_tombstone(record)
            return self._plan.judge(record, self._identity)
        except ContractError as error:
            return Entry(record, 0, 0, Fault(error.reason, error.detail), (message.key(), message.value()))

    def _follow_assignment(self) -> None:
        for partition in self._writers.keys() - self._reader.assigned:
            del self._writers[partition]  # its new owner finds the place to go on in the ledger

    def _full(self) -> set[int]:
        """The partitions to pause: those not open yet, and all that can wait while the buffers are full."""
        unopened = {one for one in self._reader.assigned if one not in self._writers or not self._writers[one].is_open}
        if not self._is_full():
            return unopened
        return unopened | {number for number, writer in self._writers.items() if not writer.waits_for_records}

    def _is_full(self) -> bool:
        return sum(writer.buffer.bytes for writer in self._writers.values()) >= self._plan.buffer_bytes

    def _due(self, now: float) -> list[PartitionWriter]:
        """The partitions with a block to store; if the buffers are full and no block is due, the fullest one."""
        due = [writer for writer in self._writers.values() if writer.is_due(now)]
        if due or not self._is_full():
            return due
        able = [writer for writer in self._writers.values() if not writer.waits_for_records]
        return sorted(able, key=lambda writer: writer.buffer.bytes)[-1:]

    def _advance(self, due: list[PartitionWriter], now: float) -> None:
        for writer in due:
            if writer.advance(now):
                self._reader.commit({writer.partition: writer.next_offset})

    def _open(self) -> None:
        """Finds the place to go on of every partition that lacks one."""
        wanted = {one for one in self._reader.assigned if one not in self._writers or not self._writers[one].is_open}
        wanted |= self._reader.misplaced
        if not wanted or not self._is_same_log():
            return
        for partition in sorted(wanted):
            writer = PartitionWriter(partition, self._destination(), self._plan.limits)
            log_start, log_end = self._reader.log_range(partition)
            offset = writer.open(log_start)
            if offset > log_end:
                raise TransientError(
                    f"partition {partition} of {self._plan.topic} ends at {log_end}, before {offset}, where storing "
                    "goes on: Kafka has lost records; waiting for it to come back with them",
                    LOST_PAUSE_SECONDS,
                )
            self._reader.go_to(partition, offset)
            self._writers[partition] = writer

    def _is_same_log(self) -> bool:
        """Asked after reading and before storing: a topic id never returns, so what was read so far is of this log."""
        found = identify(self._services.admin, self._plan.topic)
        self._identity_due = time.monotonic() + IDENTITY_SECONDS
        if self._identity == found:
            return True
        log.warning("%s was made anew: storing it from its beginning, as another log", self._plan.topic)
        self._identity = found
        self._writers.clear()
        return False

    def _destination(self) -> Destination:
        assert self._identity is not None
        services = self._services
        log_id = LogId(self._plan.topic, self._identity.topic_id)
        return Destination(
            log_id,
            Ledger(services.store, services.database, log_id),
            Skips(services.store, services.database, log_id),
            self._inserter,
            services.dead_letters,
        )
