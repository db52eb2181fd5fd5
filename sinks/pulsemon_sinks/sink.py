"""The sink: one group member that brings the metrics log and the control log into ClickHouse."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from confluent_kafka import Message
from confluent_kafka.admin import AdminClient
from pulsemon_schemas.errors import ContractError, TransientError
from pulsemon_schemas.runtime.kafka import KafkaSettings, client_config, consumer_config, producer_config
from pulsemon_schemas.validity import check

from pulsemon_sinks.buffer import Entry, Fault, FlushLimits
from pulsemon_sinks.canary import canary
from pulsemon_sinks.clickhouse.bulk import HttpBulkStore
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.errors import StoreRefusedError
from pulsemon_sinks.clickhouse.migrate import migrate
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.control_history import ControlHistory
from pulsemon_sinks.dead_letters import DeadLetters
from pulsemon_sinks.destination import Destination
from pulsemon_sinks.inserts import Inserter
from pulsemon_sinks.landings import METRICS_LANDING, containers
from pulsemon_sinks.ledger import BrokenChainError, Ledger, LogId
from pulsemon_sinks.log_records import log_record
from pulsemon_sinks.pause import Pause
from pulsemon_sinks.settings import SinkSettings
from pulsemon_sinks.skips import Skips
from pulsemon_sinks.topic_reader import TopicIdentity, TopicReader, identify
from pulsemon_sinks.writer import PartitionWriter

log = logging.getLogger(__name__)

POLL_RECORDS = 1000
POLL_SECONDS = 0.1
REFUSED_PAUSE_SECONDS = 0.2


class Sink:
    """Reads, checks and stores. One thread; nothing connects before the first step."""

    def __init__(self, settings: SinkSettings, kafka: KafkaSettings, clickhouse: ClickHouseSettings) -> None:
        self._settings = settings
        self._clickhouse = clickhouse
        self._limits = FlushLimits(settings.flush_samples, settings.flush_bytes, settings.flush_seconds)
        self._tick_key = settings.tick_key.reveal().encode() or None
        self._store = NativeStore(clickhouse)
        self._bulk = HttpBulkStore(clickhouse)
        self._inserter = Inserter(
            self._bulk, clickhouse.database, METRICS_LANDING, containers(METRICS_LANDING), canary()
        )
        self._admin = AdminClient(client_config(kafka))
        self._dead_letters = DeadLetters(producer_config(kafka, "pulsemon-sink"), settings.deadletter_topic)
        self._reader = TopicReader(reader_config(settings, kafka), settings.metrics_topic)
        self._control = ControlHistory(
            consumer_config(kafka, f"{settings.group_id}-control", "pulsemon-sink-control"),
            settings.control_topic, self._admin, self._store, clickhouse.database, self._dead_letters,
        )  # fmt: skip
        self._identity: TopicIdentity | None = None
        self._writers: dict[int, PartitionWriter] = {}
        self._metrics_pause = Pause()
        self._control_pause = Pause()

    def step(self) -> None:
        """One round: reads what came, and writes what is due, unless the last try asked for a pause."""
        self._read()
        self._try(self._write, self._metrics_pause)
        if self._identity is not None:
            self._try(self._control.step, self._control_pause)

    @property
    def is_ready(self) -> bool:
        """Whether the store has its schema and Kafka has shown the topic."""
        return self._identity is not None

    def close(self) -> None:
        """Leaves the group and ends all connections. What was not stored stays in the log."""
        self._reader.close()
        self._control.close()
        self._store.close()
        self._bulk.close()

    def _read(self) -> None:
        messages = self._reader.poll(POLL_RECORDS, POLL_SECONDS)
        now = time.monotonic()
        for message in messages:
            writer = self._writers.get(message.partition() or 0)
            if writer is not None and writer.is_open:
                writer.accept(self._checked(message), now)
        self._follow_assignment()
        self._reader.pause_only(self._full())

    def _checked(self, message: Message) -> Entry:
        assert self._identity is not None
        record = log_record(message)
        try:
            head = check(record, self._identity.partition_count, self._tick_key, self._identity.topic_id)
        except ContractError as error:
            return Entry(record, 0, 0, Fault(error.reason, error.detail), (message.key(), message.value()))
        return Entry(record, head.sample_count, head.recorded_at_ms)

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
        return sum(writer.buffer.bytes for writer in self._writers.values()) >= self._settings.buffer_bytes

    def _write(self) -> None:
        if self._identity is None:
            migrate(self._clickhouse, self._store)
            self._identity = identify(self._admin, self._settings.metrics_topic)
        self._open()
        now = time.monotonic()
        if (due := self._due(now)) and self._is_same_log():
            self._advance(due, now)

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
            writer = PartitionWriter(partition, self._destination(), self._limits)
            log_start, log_end = self._reader.log_range(partition)
            offset = writer.open(log_start)
            if offset > log_end:
                raise TransientError(
                    f"partition {partition} ends at {log_end}, before {offset}, where storing goes on: "
                    "Kafka has lost records; waiting for it to come back with them",
                    REFUSED_PAUSE_SECONDS,
                )
            self._reader.go_to(partition, offset)
            self._writers[partition] = writer

    def _is_same_log(self) -> bool:
        """Asked after reading and before storing: a topic id never returns, so what was read so far is of this log."""
        now = identify(self._admin, self._settings.metrics_topic)
        if self._identity == now:
            return True
        log.warning("%s was made anew: storing it from its beginning, as another log", self._settings.metrics_topic)
        self._identity = now
        self._writers.clear()
        return False

    def _begin_again(self) -> None:
        self._identity = None
        self._writers.clear()
        self._control.begin_again()

    def _destination(self) -> Destination:
        assert self._identity is not None
        log_id = LogId(self._settings.metrics_topic, self._identity.topic_id)
        database = self._clickhouse.database
        return Destination(
            log_id,
            Ledger(self._store, database, log_id),
            Skips(self._store, database, log_id),
            self._inserter,
            self._dead_letters,
        )

    def _try(self, activity: Callable[[], None], pause: Pause) -> None:
        """Runs an activity; if the store or Kafka is away, it waits longer each time.

        Reading goes on until the buffers are full.
        """
        if not pause.is_over(time.monotonic()):
            return
        try:
            activity()
        except TransientError as error:
            log.warning("%s", error)
            pause.extend(time.monotonic(), error.retry_after_seconds)
        except StoreRefusedError as error:
            log.warning("%s; nothing was lost, the same bytes are sent again", error)
            pause.extend(time.monotonic(), REFUSED_PAUSE_SECONDS)
            if error.is_missing_schema:
                self._begin_again()
        except BrokenChainError as error:
            log.warning("%s; the store was emptied or restored: starting again from its ledger", error)
            self._begin_again()
        else:
            pause.end()


def reader_config(settings: SinkSettings, kafka: KafkaSettings) -> Mapping[str, str | int | float | bool]:
    """The group consumer: bounded queues, and quick to notice a topic that was made anew."""
    session_ms = int(settings.session_timeout_seconds * 1000)
    return {
        **consumer_config(kafka, settings.group_id, "pulsemon-sink"),
        "group.instance.id": settings.instance_id,
        "session.timeout.ms": session_ms,
        "heartbeat.interval.ms": max(300, session_ms // 6),
        "topic.metadata.refresh.interval.ms": 2000,
        "fetch.wait.max.ms": 100,
        "fetch.max.bytes": 16_000_000,
        "max.partition.fetch.bytes": 4_000_000,
        "queued.max.messages.kbytes": 16_384,
    }


def run(
    settings: SinkSettings,
    kafka: KafkaSettings,
    clickhouse: ClickHouseSettings,
    stop: threading.Event,
    ready: Callable[[], None],
) -> None:
    """Stores until ``stop`` is set; calls ``ready`` once.

    Waits for ever for Kafka and ClickHouse; raises only for a database of a
    newer program, a changed migration, or a fatal client error."""
    sink = Sink(settings, kafka, clickhouse)
    is_announced = False
    try:
        while not stop.is_set():
            sink.step()
            if sink.is_ready and not is_announced:
                ready()
                is_announced = True
    finally:
        sink.close()
