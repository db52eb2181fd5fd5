"""A recorded log through the engines in this process: all partitions, then the fleet; whole, or in pieces.

A piece ends with the state put into bytes; engines made anew from them go on, as after a restart.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pulsemon_schemas.records import ControlRecord, LogRecord
from pulsemon_schemas.topics import FLEET_EVENTS, METRICS
from pulsemon_stream_processors.engine import ControlHistory, Output, PartitionEngine, Place, pack, unpack
from pulsemon_stream_processors.fleet import FleetEngine, FleetPlace
from support import fleet_log
from support.engine import final_state, history
from support.recorded_log import Entry, Recording

LOG_ID = "fleet-log"


@dataclass(slots=True)
class Digest:
    """SHA-256 over outputs in order, and over the final state of all engines."""

    outputs: str
    state: str


@dataclass
class Replayed:
    """What the engines wrote, partition by partition and then the fleet, and the engines at the end."""

    partitions: list[PartitionEngine]
    fleet: FleetEngine
    outputs: list[Output] = field(default_factory=list)
    fleet_outputs: list[Output] = field(default_factory=list)

    def digest(self) -> Digest:
        written, state = hashlib.sha256(), hashlib.sha256()
        for output in (*self.outputs, *self.fleet_outputs):
            written.update(repr(tuple(output)).encode())
        for engine in self.partitions:
            state.update(final_state(engine))
        state.update(fleet_log.final_state(self.fleet).encode())
        return Digest(written.hexdigest(), state.hexdigest())


def logs_of(entries: Iterator[Entry], partition_count: int) -> list[list[LogRecord]]:
    """The metrics log by partition, with the offsets that Kafka would give."""
    logs: list[list[LogRecord]] = [[] for _ in range(partition_count)]
    for one in entries:
        log = logs[one.partition]
        log.append(
            LogRecord(
                METRICS.name,
                one.partition,
                len(log),
                one.append_ms,
                one.key or b"",
                one.value or b"",
                one.key is None,
                one.value is None,
            )
        )
    return logs


def replayed(recording: Recording, logs: Sequence[Sequence[LogRecord]], splits: int = 0, seed: int = 1) -> Replayed:
    """All of the recording; with ``splits``, each engine is made anew from its bytes at so many random offsets."""
    plan, chance = recording.plan, random.Random(seed)
    control = history(recording.control, plan.partition_count)
    run = Replayed([], FleetEngine(FleetPlace(LOG_ID, plan.topic_id, plan.partition_count), control))
    for partition, log in enumerate(logs):
        place = Place(plan.topic_id, partition, plan.partition_count, plan.tick_key)
        cuts = _cuts(chance, len(log), splits)
        engine = PartitionEngine(place, control)
        for record in log:
            if record.offset in cuts:
                engine = _restarted(engine, recording.control)
            run.outputs += engine.apply(record)
        run.partitions.append(engine)
    events = fleet_events(run.outputs)
    cuts = _cuts(chance, len(events), splits)
    waiting = 0
    while waiting < len(events):
        record = events[waiting]
        if record.offset in cuts:
            cuts.discard(record.offset)
            run.fleet = fleet_log.restarted(run.fleet, recording.control)
            waiting = run.fleet.resume_offset
            continue
        run.fleet_outputs += run.fleet.apply(record)
        waiting += 1
    return run


def fleet_events(outputs: Sequence[Output]) -> list[LogRecord]:
    """The topic of events as the partitions fill it side by side, ordered by their times."""
    values = [output.value or b"" for output in outputs if output.topic == FLEET_EVENTS.name]
    by_time = sorted(range(len(values)), key=lambda at: _time_ms(values[at]))
    return [LogRecord(FLEET_EVENTS.name, 0, offset, 0, b"", values[at]) for offset, at in enumerate(by_time)]


def _time_ms(value: bytes) -> int:
    return int(json.loads(value)["time_ms"])


def _cuts(chance: random.Random, count: int, splits: int) -> set[int]:
    return set(chance.sample(range(count), min(splits, count)))


def _restarted(engine: PartitionEngine, control: Sequence[ControlRecord]) -> PartitionEngine:
    """The engine after its state went through bytes, with a control log that was read anew."""
    found = ControlHistory(engine.place.partition_count)
    for offset, record in enumerate(control):
        found.append(offset, record)
    servers = {server_id: unpack(pack(engine.snapshot(server_id) or {})) for server_id in engine.server_ids}
    return PartitionEngine.restore(engine.place, found, unpack(pack(engine.partition_record())), servers)
