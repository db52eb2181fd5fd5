"""Where reading a partition goes on, also after Kafka lost the tail of its log."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

from confluent_kafka.admin import AdminClient
from pulsemon_schemas.errors import TransientError

from pulsemon_sinks.buffer import FlushLimits
from pulsemon_sinks.clickhouse.connection import Store
from pulsemon_sinks.dead_letters import DeadLetters
from pulsemon_sinks.destination import Destination, Records
from pulsemon_sinks.leader_epochs import EpochProbe, first_after
from pulsemon_sinks.ledger import Block, Ledger, LogId
from pulsemon_sinks.lives import Lives, first_of_life, is_cut
from pulsemon_sinks.skips import Skips
from pulsemon_sinks.topic_reader import TopicReader
from pulsemon_sinks.writer import PartitionWriter

log = logging.getLogger(__name__)

CONFIRM_SECONDS = 1.0
"""A leader must say twice, so far apart, that its log is too short: one that has just taken over may not know yet."""
LOOK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Way:
    """How one topic is read and where its blocks go. ``consumer`` are the settings of its reader."""

    consumer: Mapping[str, str | int | float | bool]
    limits: FlushLimits
    inserter: Records


@dataclass(frozen=True, slots=True)
class Services:
    """What all topics of a sink share."""

    store: Store
    database: str
    admin: AdminClient
    dead_letters: DeadLetters


class LostTailError(TransientError):
    """The log seems to end before what was read from it."""

    def __init__(self, topic: str, partition: int, log_end: int, expected: int) -> None:
        super().__init__(
            f"partition {partition} of {topic} ends at {log_end}, before {expected}, where storing goes on: Kafka has "
            "lost records, or does not show them yet",
            LOOK_AGAIN_SECONDS,
        )
        self.cause = f"The log of {topic}:{partition} is too short"


class Openings:
    """Opens the partitions of one life of a topic, ``first_life``.

    Raises as Store, TransientError, and LostTailError until a cut is certain; call it again.
    """

    def __init__(self, first_life: LogId, way: Way, services: Services, reader: TopicReader) -> None:
        self._topic = first_life.topic
        self._way = way
        self._services = services
        self._reader = reader
        self._lives = Lives(services.store, services.database, first_life)
        self._suspected: dict[int, float] = {}

    def open(self, partition: int) -> PartitionWriter:
        """A writer that knows where to go on; the reader reads from there."""
        log_start, log_end = self._reader.log_range(partition)
        life = self._lives.current(partition)
        destination = self._destination(life)
        newest = destination.ledger.newest(partition)
        if newest is not None and is_cut(newest, log_end):
            self._confirm(partition, log_end, newest.last + 1)
            destination = self._destination(self._begin_life(partition, life, newest, (log_start, log_end)))
        self._suspected.pop(partition, None)
        writer = PartitionWriter(partition, destination, self._way.limits)
        self._reader.go_to(partition, writer.open(log_start))
        return writer

    def begin_life(self, partition: int) -> None:
        """After RewrittenLogError: the records themselves prove the cut."""
        life = self._lives.current(partition)
        newest = self._destination(life).ledger.newest(partition)
        if newest is not None:
            self._begin_life(partition, life, newest, self._reader.log_range(partition))

    def _confirm(self, partition: int, log_end: int, expected: int) -> None:
        now = time.monotonic()
        if now - self._suspected.setdefault(partition, now) < CONFIRM_SECONDS:
            raise LostTailError(self._topic, partition, log_end, expected)

    def _begin_life(self, partition: int, ended: LogId, newest: Block, log_range: tuple[int, int]) -> LogId:
        probe = EpochProbe(self._way.consumer, self._topic, partition)
        try:
            cut = first_after(newest.leader_epoch, *log_range, probe.at)
        finally:
            probe.close()
        first = first_of_life(newest, cut)
        life = self._lives.begin(partition, ended, first, newest.leader_epoch)
        log.warning(
            "%s:%s: Kafka lost the offsets %s-%s, which were read before, and uses them again: a broker stopped "
            "uncleanly? What was stored of them stays; storing goes on at %s, as %s.",
            self._topic, partition, cut, newest.last, first, life.name,
        )  # fmt: skip
        self._reader.commit({partition: first})
        return life

    def _destination(self, life: LogId) -> Destination:
        services = self._services
        return Destination(
            life,
            Ledger(services.store, services.database, life),
            Skips(services.store, services.database, life),
            self._way.inserter,
            services.dead_letters,
        )
