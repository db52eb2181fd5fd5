"""Taking a partition over: whoever had it is fenced first, then its state is read to the end."""

import time
from dataclasses import dataclass, field

from pulsemon_schemas.runtime.kafka import KafkaSettings
from pulsemon_schemas.topics import METRICS, PROCESSOR_STATE

from pulsemon_stream_processors.checkpoint import Checkpoint, read_checkpoint
from pulsemon_stream_processors.engine import ControlHistory, PartitionEngine, Place
from pulsemon_stream_processors.errors import RestoreError
from pulsemon_stream_processors.log_range import log_range
from pulsemon_stream_processors.owned_partition import OwnedPartition
from pulsemon_stream_processors.state_log import read_state
from pulsemon_stream_processors.topic_names import TopicNames
from pulsemon_stream_processors.transactions import PartitionWriter


@dataclass(frozen=True, slots=True)
class Site:
    """Where a worker works: Kafka, the life of the metrics topic, and the names of all topics."""

    kafka: KafkaSettings = field(repr=False)
    application: str
    topic_id: str
    partition_count: int
    tick_key: bytes = field(repr=False)
    names: TopicNames

    def place(self, partition: int) -> Place:
        """The place of a partition's engine."""
        return Place(self.topic_id, partition, self.partition_count, self.tick_key)

    @property
    def reader_group(self) -> str:
        """The id under which topics are read beside the group."""
        return f"{self.application}-reader"


@dataclass(slots=True)
class Takeover:
    """A partition that is ours, not yet restored. ``first_offset`` and ``end_offset`` are of the metrics log."""

    partition: int
    writer: PartitionWriter
    checkpoint: Checkpoint
    first_offset: int
    end_offset: int
    state_records: int
    began: float

    @property
    def control_offset(self) -> int:
        """How far the control log must have been read before the engine can be restored."""
        record = self.checkpoint.partition
        return -1 if record is None else int(record["control"]["offset"])

    def restore(self, site: Site, history: ControlHistory, generation: int) -> OwnedPartition:
        """The partition with its engine. At the first time ever its record is written at once, so that it has a start.

        Raises StateError, RestoreError, WriteError.
        """
        record = self.checkpoint.partition
        place = site.place(self.partition)
        if record is None:
            fresh = PartitionEngine(place, history, self.first_offset - 1)
            owned = OwnedPartition(fresh, generation, -1, site.names)
            self.writer.write([owned.record(fresh.partition_record())])
            return owned
        if record["cover"] >= self.end_offset:
            raise RestoreError(
                f"partition {self.partition} was applied up to offset {record['cover']} and its log ends before "
                f"{self.end_offset}: Kafka has lost records. Nothing was changed; bring them back, or make the topic "
                "anew, and it begins as another log."
            )
        engine = PartitionEngine.restore(place, history, record, self.checkpoint.servers)
        return OwnedPartition(engine, generation, self.checkpoint.emitted, site.names)


def take_over(site: Site, partition: int) -> Takeover:
    """Fences, then reads. Blocks for as long as that takes. Raises WriteError, RestoreError, StateError."""
    began = time.perf_counter()
    writer = PartitionWriter(site.kafka, site.application, partition)
    writer.fence()
    stored = read_state(site.kafka, site.reader_group, site.names.name(PROCESSOR_STATE.name), partition)
    checkpoint = read_checkpoint(stored.values, site.topic_id)
    first_offset, end_offset = log_range(site.kafka, site.reader_group, site.names.name(METRICS.name), partition)
    return Takeover(partition, writer, checkpoint, first_offset, end_offset, stored.records, began)
