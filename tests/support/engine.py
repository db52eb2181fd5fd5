"""Small logs for the engine: metrics, Ticks and control records, and what the engine makes of them."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulsemon_schemas import codec
from pulsemon_schemas.labels import parse as parse_labels
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent, ControlRecord, Event, LogRecord, MetricBatch, ServerState
from pulsemon_schemas.ticks import TICK_KEY, make_tick
from pulsemon_schemas.topics import ALERTS, EVENTS, METRICS, SERVER_STATE
from pulsemon_stream_processors.engine import ControlHistory, Output, PartitionEngine, Place, pack, unpack

TOPIC_ID = "metrics-topic"
CONTROL_TOPIC_ID = "control-topic"
TICK_SECRET = b"secret of the tests"
START_MS = 1_780_000_000_000
SERVER = "web-1"


def place(partition: int = 0, partition_count: int = 1) -> Place:
    return Place(TOPIC_ID, partition, partition_count, TICK_SECRET)


def control_record(
    entity: str, body: Mapping[str, Any] | None, expected_version: int = -1, **more: Any
) -> ControlRecord:
    """A put of ``type/id``; without a body a delete."""
    entity_type, entity_id = entity.split("/", 1)
    fields: dict[str, Any] = {
        "entity_type": entity_type,
        "entity_id": entity_id,
        "operation": "delete" if body is None else "put",
        "expected_version": expected_version,
        "change_id": "",
        "author": "ada",
        "on_behalf_of": "",
        "reason": "",
        "body": "" if body is None else json.dumps(body),
    }
    return ControlRecord(**(fields | more))


def history(records: Iterable[ControlRecord], partition_count: int = 1) -> ControlHistory:
    found = ControlHistory(partition_count)
    for offset, record in enumerate(records):
        found.append(offset, record)
    return found


@dataclass
class Log:
    """Writes a log record by record; ``now_ms`` is the time of the next one. Sequences count by producer."""

    now_ms: int = START_MS
    control: list[ControlRecord] = field(default_factory=list)
    records: list[LogRecord] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=dict)

    def configure(self, entity: str, body: Mapping[str, Any] | None, **more: Any) -> int:
        """Adds a control record that expects the version in force; returns its offset. A Tick puts it in force."""
        fold = history(self.control).fold
        version = fold.version(*entity.split("/", 1))
        self.control.append(control_record(entity, body, version, **more))
        return len(self.control) - 1

    def batch(self, series: Mapping[str, float], server_id: str = SERVER, **changes: Any) -> LogRecord:
        """A batch taken now; ``series`` are values by ``name`` or ``name|labels``."""
        producer_id = changes.get("producer_id", f"{server_id}-p")
        sequence = self.sequences.get(producer_id, -1) + 1
        self.sequences[producer_id] = sequence
        samples = sorted((*key.partition("|")[::2], value) for key, value in series.items())
        fields: dict[str, Any] = {
            "server_id": server_id,
            "source": "agent",
            "producer_id": producer_id,
            "sequence": sequence,
            "previous_producer_id": "",
            "previous_sequence": -1,
            "recorded_at_ms": self.now_ms,
            "sent_at_ms": changes.get("recorded_at_ms", self.now_ms),
            "names": tuple(name for name, _, _ in samples),
            "labels": tuple(text for _, text, _ in samples),
            "values": tuple(float(value) for _, _, value in samples),
        }
        batch = MetricBatch(**(fields | changes))
        return self.append(server_id.encode(), codec.encode(batch))

    def tick(self, control_offset: int | None = None, **changes: Any) -> LogRecord:
        """A Tick that puts all control records written so far in force."""
        fields: dict[str, Any] = {
            "partition": 0,
            "topic_id": TOPIC_ID,
            "control_topic_id": CONTROL_TOPIC_ID,
            "control_offset": len(self.control) - 1 if control_offset is None else control_offset,
            "producer_id": "owner",
            "sequence": len(self.records),
            "now_ms": self.now_ms,
        }
        key = changes.pop("key", TICK_SECRET)
        return self.append(TICK_KEY, codec.encode(make_tick(key, **(fields | changes))))

    def append(self, key: bytes, value: bytes) -> LogRecord:
        record = LogRecord(METRICS.name, 0, len(self.records), self.now_ms, key, value)
        self.records.append(record)
        return record

    def wait(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)

    def run(self, series: Mapping[str, float], seconds: float, step_seconds: float = 10, **changes: Any) -> None:
        """Batches with the same values every step, each behind a Tick."""
        for _ in range(round(seconds / step_seconds)):
            self.wait(step_seconds)
            self.tick()
            self.batch(series, **changes)

    def silence(self, seconds: float) -> None:
        """Ticks alone."""
        for _ in range(round(seconds / 5)):
            self.wait(5)
            self.tick()

    def engine(self) -> PartitionEngine:
        return PartitionEngine(place(), history(self.control))

    def outputs(self) -> list[Output]:
        return apply_all(self.engine(), self.records)

    def alerts(self) -> list[AlertEvent]:
        return alerts(self.outputs())

    def story(self) -> list[str]:
        """What the alerts did: ``state level`` of each transition."""
        return [f"{event.state} {event.level}" for event in self.alerts()]

    def statuses(self) -> list[str]:
        return [state.status for state in server_states(self.outputs())]


def apply_all(engine: PartitionEngine, records: Iterable[LogRecord]) -> list[Output]:
    return [output for record in records for output in engine.apply(record)]


def alerts(outputs: Iterable[Output]) -> list[AlertEvent]:
    found = [codec.decode(output.value) for output in outputs if output.topic == ALERTS.name and output.value]
    return [event for event in found if isinstance(event, AlertEvent)]


def server_states(outputs: Iterable[Output]) -> list[ServerState]:
    found = [codec.decode(output.value) for output in outputs if output.topic == SERVER_STATE.name and output.value]
    return [state for state in found if isinstance(state, ServerState)]


def notices(outputs: Iterable[Output]) -> list[dict[str, str]]:
    """The events, each as its labels beside ``kind``, ``server_id`` and ``text``."""
    found = [codec.decode(output.value) for output in outputs if output.topic == EVENTS.name and output.value]
    return [
        parse_labels(event.labels) | {"kind": event.kind, "server_id": event.server_id, "text": event.text}
        for event in found
        if isinstance(event, Event)
    ]


def sha256(outputs: Iterable[Output]) -> str:
    found = hashlib.sha256()
    for output in outputs:
        found.update(repr(tuple(output)).encode())
    return found.hexdigest()


def final_state(engine: PartitionEngine) -> bytes:
    """All of an engine's state in one text."""
    servers = [engine.snapshot(server_id) for server_id in sorted(engine.server_ids)]
    return json.dumps([engine.partition_record(), servers], sort_keys=True).encode()


@dataclass
class Store:
    """What a runner keeps: snapshots of servers, the record of the partition, and the outputs."""

    outputs: list[Output] = field(default_factory=list)
    servers: dict[str, bytes] = field(default_factory=dict)
    partition: bytes = b""
    emitted: int = -1

    def commit(self, engine: PartitionEngine, outputs: Sequence[Output]) -> None:
        """One transaction: outputs with the snapshots of the servers that caused them."""
        new = [output for output in outputs if output.offset > self.emitted]
        self.outputs += new
        self._save(engine, {output.server_id for output in outputs if output.server_id})
        if outputs:
            self.emitted = max(self.emitted, engine.cover)

    def round(self, engine: PartitionEngine) -> None:
        """All servers that changed, then the partition's record."""
        self._save(engine, engine.take_dirty())
        self.partition = pack(engine.partition_record())

    def restore(self, where: Place, control: ControlHistory) -> PartitionEngine:
        if not self.partition:
            self.partition = pack(PartitionEngine(where, control).partition_record())
        servers = {server_id: unpack(data) for server_id, data in self.servers.items()}
        return PartitionEngine.restore(where, control, unpack(self.partition), servers)

    def _save(self, engine: PartitionEngine, server_ids: set[str]) -> None:
        for server_id in server_ids:
            state = engine.snapshot(server_id)
            if state is None:
                self.servers.pop(server_id, None)
            else:
                self.servers[server_id] = pack(state)


def in_partition(record: LogRecord, partition_count: int) -> int:
    return partition_for(record.key, partition_count)
