"""The topic of events across servers while it is ours: its engine, and what of it is to be written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka.admin import AdminClient
from pulsemon_schemas.records import LogRecord
from pulsemon_schemas.runtime.kafka import client_config
from pulsemon_schemas.runtime.topic_identity import identify
from pulsemon_schemas.topics import FLEET_EVENTS, PROCESSOR_STATE

from pulsemon_stream_processors.checkpoint import FLEET_PREFIX
from pulsemon_stream_processors.engine import ControlBehindError, ControlHistory, Output, pack, unpack
from pulsemon_stream_processors.errors import RestoreError
from pulsemon_stream_processors.fleet import FleetEngine, FleetPlace
from pulsemon_stream_processors.log_range import log_range
from pulsemon_stream_processors.owned_partition import Applied
from pulsemon_stream_processors.state_log import read_state
from pulsemon_stream_processors.takeover import Site
from pulsemon_stream_processors.transactions import PartitionWriter, Write

HOME = 0
"""The partition of the metrics topic whose owner has the fleet too; its state lies in that partition."""
WRITER = "fleet"
ENGINE_KEY = FLEET_PREFIX + b"engine"
FEED_KEY = FLEET_PREFIX + b"partition-"
ERRORS_ONLY = 3


class FleetSeat:
    """In one generation of the group. Outputs and state are written together, so there is nothing to suppress."""

    def __init__(self, engine: FleetEngine, site: Site) -> None:
        self.engine = engine
        self._names = site.names
        self._outputs: list[Output] = []
        self._written = -1

    def apply(self, records: Sequence[LogRecord]) -> Applied:
        """Applies records in order and keeps what they caused."""
        for count, record in enumerate(records):
            try:
                self._outputs += self.engine.apply(record)
            except ControlBehindError as error:
                return Applied(count, error.wanted_offset)
        return Applied(len(records))

    def skip_to(self, offset: int) -> None:
        """The topic begins at this offset: what is missing before it is a hole."""
        self._outputs += self.engine.skip_to(offset)

    @property
    def has_outputs(self) -> bool:
        """Whether something was decided that nobody can read yet."""
        return bool(self._outputs)

    @property
    def has_moved(self) -> bool:
        """Whether a record was taken since the state was written."""
        return self.engine.cover != self._written

    def take_writes(self) -> list[Write]:
        """One transaction: the outputs, and the state that they left. It must be committed, or the worker must end."""
        outputs, self._outputs = self._outputs, []
        self._written = self.engine.cover
        writes = [self._names.address(output, HOME) for output in outputs]
        feeds = ((FEED_KEY + b"%d" % number, self.engine.feed_record(number)) for number in self.engine.take_changed())
        writes += [self._state(key, state) for key, state in feeds]
        return [*writes, self._state(ENGINE_KEY, self.engine.record())]

    def _state(self, key: bytes, state: Mapping[str, Any]) -> Write:
        return Write(self._names.name(PROCESSOR_STATE.name), HOME, key, pack(state))


@dataclass(slots=True)
class FleetTakeover:
    """The fleet is ours and not yet restored. ``first_offset`` and ``end_offset`` are of the topic of events."""

    writer: PartitionWriter
    place: FleetPlace
    state: Mapping[str, Any] | None
    feeds: Mapping[int, Mapping[str, Any]]
    first_offset: int
    end_offset: int

    @property
    def control_offset(self) -> int:
        """How far the control log must have been read before the engine can be restored."""
        states = [] if self.state is None else [self.state, *self.feeds.values()]
        return max((state["control_offset"] for state in states), default=-1)

    def restore(self, site: Site, history: ControlHistory) -> FleetSeat:
        """The seat with its engine. Raises StateError, RestoreError."""
        if self.state is None:
            return FleetSeat(FleetEngine(self.place, history, self.first_offset), site)
        engine = FleetEngine.restore(self.place, history, self.state, self.feeds)
        if engine.resume_offset > self.end_offset:
            raise RestoreError(
                f"events across servers were applied up to offset {engine.cover} and their topic ends before "
                f"{self.end_offset}: Kafka has lost records. Nothing was changed; bring them back, or make "
                f"{FLEET_EVENTS.name} anew, and it goes on as another log."
            )
        seat = FleetSeat(engine, site)
        seat.skip_to(self.first_offset)
        return seat


def take_over_fleet(site: Site) -> FleetTakeover:
    """Fences, then reads. Blocks for as long as that takes. Raises WriteError, RestoreError, StateError."""
    writer = PartitionWriter(site.kafka, site.application, WRITER)
    writer.fence()
    topic = site.names.name(FLEET_EVENTS.name)
    identity = identify(AdminClient({**client_config(site.kafka), "log_level": ERRORS_ONLY}), topic)
    place = FleetPlace(identity.topic_id, site.topic_id, site.partition_count)
    stored = read_state(site.kafka, site.reader_group, site.names.name(PROCESSOR_STATE.name), HOME)
    state, feeds = read_fleet_state(stored.values, site.topic_id)
    first_offset, end_offset = log_range(site.kafka, site.reader_group, topic, HOME)
    return FleetTakeover(writer, place, state, feeds, first_offset, end_offset)


def read_fleet_state(
    values: Mapping[bytes, bytes], topic_id: str
) -> tuple[Mapping[str, Any] | None, dict[int, Mapping[str, Any]]]:
    """The engine's record, None if there is none, and the feeds by partition. State about another life of the metrics
    topic is as good as none. Raises StateError for bytes that are no state.
    """
    states = {key: unpack(value) for key, value in values.items() if key.startswith(FLEET_PREFIX)}
    states = {key: state for key, state in states.items() if state.get("topic_id") == topic_id}
    engine = states.pop(ENGINE_KEY, None)
    return engine, {state["partition"]: state for state in states.values()}
