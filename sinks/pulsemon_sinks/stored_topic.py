"""One topic on its way into the store: reads what came, judges it, and has it stored block by block."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from confluent_kafka import Message
from pulsemon_schemas.errors import ContractError
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.runtime.own_metrics import Sample
from pulsemon_schemas.runtime.topic_identity import TopicIdentity, identify

from pulsemon_sinks.buffer import Entry, Fault, FlushLimits
from pulsemon_sinks.clickhouse.bulk import BulkStore
from pulsemon_sinks.inserts import Inserter
from pulsemon_sinks.judges import Judge
from pulsemon_sinks.landings import Landing, containers
from pulsemon_sinks.ledger import LogId
from pulsemon_sinks.log_records import log_record
from pulsemon_sinks.opening import Openings, Services, Way
from pulsemon_sinks.pause import Pause
from pulsemon_sinks.topic_reader import TopicReader
from pulsemon_sinks.tries import Tries
from pulsemon_sinks.troubles import Troubles
from pulsemon_sinks.vitals import Vitals
from pulsemon_sinks.writer import PartitionWriter, RewrittenLogError

log = logging.getLogger(__name__)

POLL_RECORDS = 1000
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


class StoredTopic:
    """A member of the topic's group. ``pause`` is how long to wait after a failure; its user keeps it."""

    def __init__(self, plan: Plan, services: Services, bulk: BulkStore, troubles: Troubles) -> None:
        self.pause = Pause()
        self._plan = plan
        self._services = services
        inserter = Inserter(bulk, services.database, plan.landing, containers(plan.landing), plan.canary)
        self._way = Way(plan.consumer, plan.limits, inserter)
        self._tries = Tries(plan.topic, troubles)
        self._reader = TopicReader(plan.consumer, plan.topic)
        self._identity: TopicIdentity | None = None
        self._openings: Openings | None = None
        self._writers: dict[int, PartitionWriter] = {}
        self._identity_due = 0.0
        self._vitals = Vitals(plan.topic)
        self._unopened_since: dict[int, float] = {}

    @property
    def topic(self) -> str:
        """Its name."""
        return self._plan.topic

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
            self._follow(identify(self._services.admin, self._plan.topic))
        self._open()
        now = time.monotonic()
        due = self._due(now)
        if (due or now >= self._identity_due) and self._is_same_log():
            self._tries.run(due, self._advance)

    def samples(self, wall_ms: int) -> Iterable[Sample]:
        """What this topic tells about itself."""
        buffer_bytes = sum(writer.buffer.bytes for writer in self._writers.values())
        return self._vitals.samples(self._lag_seconds(wall_ms), buffer_bytes)

    def begin_again(self) -> None:
        """Forgets what the store said: it was emptied or restored."""
        self._identity = self._openings = None
        self._forget_partitions()

    def close(self) -> None:
        """Leaves the group. What was not stored stays in the log."""
        self._reader.close()

    def _judged(self, message: Message) -> Entry:
        assert self._identity is not None
        record = log_record(message)
        try:
            if not record.value and self._plan.of_tombstone is not None and message.value() is None:
                record = self._plan.of_tombstone(record)
            entry = self._plan.judge(record, self._identity)
        except ContractError as error:
            entry = Entry(record, 0, 0, Fault(error.reason, error.detail), (message.key(), message.value()))
        epoch = message.leader_epoch()
        return entry if epoch is None else entry._replace(leader_epoch=epoch)

    def _follow_assignment(self) -> None:
        for partition in self._writers.keys() - self._reader.assigned:
            del self._writers[partition]  # its new owner finds the place to go on in the ledger
            self._tries.forget(partition)

    def _lag_seconds(self, wall_ms: int) -> float:
        """How long the oldest record that was read has waited in the log and here; how long a partition cannot be read.

        What Kafka has and did not give yet is not seen.
        """
        waiting = [writer.buffer.entries[0].record for writer in self._writers.values() if writer.buffer.entries]
        unstored = [(wall_ms - one.append_time_ms) / 1000 for one in waiting]
        now, unopened = time.monotonic(), self._unopened()
        self._unopened_since = {one: self._unopened_since.get(one, now) for one in unopened}
        return max([0.0, *unstored, *(now - since for since in self._unopened_since.values())])

    def _full(self) -> set[int]:
        """The partitions to pause: those not open yet, and if the buffers are full, all that hold more than their
        share and can wait. So one that cannot be stored takes no room from the others."""
        return self._unopened() | {
            number
            for number, writer in self._writers.items()
            if self._is_full() and self._has_share(writer) and not writer.waits_for_records
        }

    def _unopened(self) -> set[int]:
        return {one for one in self._reader.assigned if one not in self._writers or not self._writers[one].is_open}

    def _is_full(self) -> bool:
        return sum(writer.buffer.bytes for writer in self._writers.values()) >= self._plan.buffer_bytes

    def _has_share(self, writer: PartitionWriter) -> bool:
        return writer.buffer.bytes * len(self._writers) >= self._plan.buffer_bytes

    def _due(self, now: float) -> list[int]:
        """The partitions with a block to store; if the buffers are full and no block is due, the fullest one."""
        able = {number: writer for number, writer in self._writers.items() if not self._tries.is_paused(number)}
        due = [number for number, writer in able.items() if writer.is_due(now)]
        if due or not self._is_full():
            return due
        waiting = [one for one, writer in able.items() if self._has_share(writer) and not writer.waits_for_records]
        return sorted(waiting, key=lambda one: self._writers[one].buffer.bytes)[-1:]

    def _advance(self, partition: int) -> None:
        writer = self._writers[partition]
        began, rows, letters = time.monotonic(), writer.rows, writer.letters
        try:
            if writer.advance(began):
                self._vitals.stored(writer.rows - rows, writer.letters - letters, time.monotonic() - began)
                self._reader.commit({partition: writer.next_offset})
        except RewrittenLogError:
            assert self._openings is not None
            del self._writers[partition]  # opened again, in the new life
            self._openings.begin_life(partition)

    def _open(self) -> None:
        """Finds the place to go on of every partition that lacks one."""
        wanted = self._unopened() | self._reader.misplaced
        able = [one for one in wanted if not self._tries.is_paused(one)]
        if able and self._is_same_log():
            self._tries.run(able, self._open_one)

    def _open_one(self, partition: int) -> None:
        assert self._openings is not None
        self._writers[partition] = self._openings.open(partition)

    def _is_same_log(self) -> bool:
        """Asked after reading and before storing: a topic id never returns, so what was read so far is of this log."""
        found = identify(self._services.admin, self._plan.topic)
        self._identity_due = time.monotonic() + IDENTITY_SECONDS
        if self._identity == found:
            return True
        log.warning("%s was made anew: storing it from its beginning, as another log", self._plan.topic)
        self._follow(found)
        return False

    def _follow(self, identity: TopicIdentity) -> None:
        self._identity = identity
        first_life = LogId(self._plan.topic, identity.topic_id)
        self._openings = Openings(first_life, self._way, self._services, self._reader)
        self._forget_partitions()

    def _forget_partitions(self) -> None:
        self._writers.clear()
        self._tries.forget_all()
