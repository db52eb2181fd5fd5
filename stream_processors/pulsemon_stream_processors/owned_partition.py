"""One partition while it is ours: its engine, and what of it is to be written."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.topics import PROCESSOR_STATE

from pulsemon_stream_processors.checkpoint import EMITTED_KEY, PARTITION_KEY, emitted_value, server_key
from pulsemon_stream_processors.engine import ControlBehindError, Output, PartitionEngine, pack
from pulsemon_stream_processors.topic_names import TopicNames
from pulsemon_stream_processors.transactions import Write


class Applied(NamedTuple):
    """``applied`` records were; ``wanted_control_offset`` is what the next one waits for, None if nothing."""

    applied: int
    wanted_control_offset: int | None = None


class Frozen(NamedTuple):
    """A partition's record at one offset, and the servers to be written before it."""

    record: dict[str, Any]
    server_ids: list[str]


class OwnedPartition:
    """In one generation of the group. Not thread-safe: whoever calls holds the worker's lock.

    ``emitted`` is the last record whose outputs are committed, ``committed`` the one up to which the group is.
    """

    def __init__(self, engine: PartitionEngine, generation: int, emitted: int, names: TopicNames) -> None:
        self.engine = engine
        self.generation = generation
        self.emitted = emitted
        self.committed: int | None = None
        self._names = names
        self._state_topic = names.name(PROCESSOR_STATE.name)
        self._outputs: list[Output] = []

    @property
    def partition(self) -> int:
        """Its number."""
        return self.engine.place.partition

    def apply(self, records: Sequence[LogRecord]) -> Applied:
        """Applies records in order and keeps what they caused. Raises OffsetGapError; what came before is kept."""
        apply, outputs = self.engine.apply, self._outputs
        for count, record in enumerate(records):
            try:
                outputs += apply(record)
            except ControlBehindError as error:
                return Applied(count, error.wanted_offset)
        return Applied(len(records))

    def skip_to(self, offset: int) -> None:
        """The log begins at this offset: what is missing before it is a hole."""
        self._outputs += self.engine.skip_to(offset)

    def take_writes(self) -> list[Write]:
        """One transaction: what was not yet emitted, the snapshots of the servers that caused it, and its cover.

        Nothing if there is nothing new. It must be committed, or the worker must end.
        """
        outputs, self._outputs = self._outputs, []
        new = [output for output in outputs if output.offset > self.emitted]
        if not new:
            return []
        self.emitted = self.engine.cover
        writes = [self._names.address(output, self.partition) for output in new]
        writes += self.snapshots(dict.fromkeys(output.server_id for output in new if output.server_id))
        writes.append(self._state(EMITTED_KEY, emitted_value(self.engine.place, self.emitted)))
        return writes

    def freeze(self) -> Frozen:
        """The partition's record as it is now, with the servers that changed since the last time."""
        return Frozen(self.engine.partition_record(), sorted(self.engine.take_dirty()))

    def snapshots(self, server_ids: Iterable[str]) -> list[Write]:
        """The servers as they are now; a purged one as a tombstone."""
        states = ((server_id, self.engine.snapshot(server_id)) for server_id in server_ids)
        return [
            self._state(server_key(server_id), None if state is None else pack(state)) for server_id, state in states
        ]

    def record(self, record: dict[str, Any]) -> Write:
        """A partition's record as it is written."""
        return self._state(PARTITION_KEY, pack(record))

    def _state(self, key: bytes, value: bytes | None) -> Write:
        return Write(self._state_topic, self.partition, key, value)
