"""Small logs of events of several partitions for the fleet engine, and what it makes of them."""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import AlertEvent, ControlRecord, LogRecord
from pulsemon_schemas.topics import FLEET_EVENTS
from pulsemon_stream_processors.engine import Output, pack, unpack
from pulsemon_stream_processors.fleet import FleetEngine, FleetPlace
from support.engine import START_MS, TOPIC_ID, alerts, control_record, history

LOG_ID = "fleet-topic"
RULE = {
    "kind": "fleet",
    "min_servers": 3,
    "levels": {"critical": {"limit": 0.5, "for_seconds": 60, "recovery": 0.2}},
}
Body = dict[str, Any]


def place(partition_count: int) -> FleetPlace:
    return FleetPlace(LOG_ID, TOPIC_ID, partition_count)


@dataclass
class FleetLog:
    """What the partitions say, each in its own order; ``now_ms`` is the time of the next event."""

    partition_count: int = 2
    now_ms: int = START_MS
    control: list[ControlRecord] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    offsets: dict[int, int] = field(default_factory=dict)
    in_force: dict[int, int] = field(default_factory=dict)

    def configure(self, entity: str, body: Mapping[str, Any] | None, **more: Any) -> int:
        """Adds a control record that expects the version in force; the next ``tick`` puts it in force."""
        version = history(self.control).fold.version(*entity.split("/", 1))
        self.control.append(control_record(entity, body, version, **more))
        return len(self.control) - 1

    def servers(self, environment: str, *server_ids: str) -> None:
        """Registers servers, which then are ok."""
        for server_id in server_ids:
            self.configure(f"server/{server_id}", {"environment": environment})
        self.tick()
        for server_id in server_ids:
            self.status(server_id, "ok")

    def status(self, server_id: str, status: str) -> None:
        partition = partition_for(server_id.encode(), self.partition_count)
        self._add(partition, {"type": "status", "server_id": server_id, "status": status})

    def statuses(self, status: str, *server_ids: str) -> None:
        for server_id in server_ids:
            self.status(server_id, status)

    def tick(self, *partitions: int) -> None:
        """Each partition, or these, tells its time; the control log is in force there then."""
        for partition in partitions or range(self.partition_count):
            self.in_force[partition] = len(self.control) - 1
            self._add(partition, {"type": "time"})

    def tell(self, *partitions: int) -> None:
        """These partitions tell their time by Ticks that were written before the control log grew."""
        for partition in partitions:
            self._add(partition, {"type": "time"})

    def run(self, seconds: float, step_seconds: float = 5) -> None:
        """Time passes, and all partitions tell it."""
        for _ in range(round(seconds / step_seconds)):
            self.wait(step_seconds)
            self.tick()

    def wait(self, seconds: float) -> None:
        self.now_ms += round(1000 * seconds)

    def _add(self, partition: int, body: Body) -> None:
        offset = self.offsets[partition] = self.offsets.get(partition, -1) + 1
        where = {"topic_id": TOPIC_ID, "partition": partition, "offset": offset, "time_ms": self.now_ms}
        self.bodies.append({**body, **where, "control_offset": self.in_force.get(partition, -1)})

    def records(self, chance: random.Random | None = None) -> list[LogRecord]:
        """The topic of events: as they were added, or with the partitions mixed by chance, each in its own order.

        With gaps in the offsets, as transactions leave them.
        """
        bodies = self.bodies if chance is None else _mixed(self.bodies, chance)
        offsets = range(0, 2 * len(bodies), 2) if chance is None else _offsets(len(bodies), chance)
        return [record(offset, body) for offset, body in zip(offsets, bodies, strict=True)]

    def engine(self) -> FleetEngine:
        return FleetEngine(place(self.partition_count), history(self.control, self.partition_count))

    def outputs(self) -> list[Output]:
        return apply_all(self.engine(), self.records())

    def alerts(self) -> list[AlertEvent]:
        return alerts(self.outputs())

    def story(self) -> list[str]:
        """What the alerts did: ``state environment`` of each transition."""
        return [f"{event.state} {event.server_id}" for event in self.alerts()]


def record(offset: int, body: Body) -> LogRecord:
    value = json.dumps(body, sort_keys=True).encode()
    return LogRecord(FLEET_EVENTS.name, 0, offset, body["time_ms"], body.get("server_id", "_tick").encode(), value)


def apply_all(engine: FleetEngine, records: Iterable[LogRecord]) -> list[Output]:
    return [output for one in records for output in engine.apply(one)]


def restarted(engine: FleetEngine, control: Sequence[ControlRecord]) -> FleetEngine:
    """The engine after its state went through bytes."""
    count = engine.place.partition_count
    feeds = {partition: unpack(pack(engine.feed_record(partition))) for partition in range(count)}
    return FleetEngine.restore(engine.place, history(control, count), unpack(pack(engine.record())), feeds)


def final_state(engine: FleetEngine) -> str:
    """All of an engine's state but for offsets in the topic of events, which differ with how partitions were mixed."""
    feeds = [engine.feed_record(partition) for partition in range(engine.place.partition_count)]
    state = [
        {key: value for key, value in one.items() if key not in {"cover", "resume_offset"}}
        for one in (engine.record(), *feeds)
    ]
    return json.dumps(state, sort_keys=True)


def _mixed(bodies: Iterable[Body], chance: random.Random) -> list[Body]:
    queues: dict[int, list[Body]] = {}
    for body in bodies:
        queues.setdefault(body["partition"], []).append(body)
    mixed = []
    while queues:
        partition = chance.choice(sorted(queues))
        for _ in range(chance.choice([1, 1, 2, 20])):
            mixed.append(queues[partition].pop(0))
            if not queues[partition]:
                del queues[partition]
                break
    return mixed


def _offsets(count: int, chance: random.Random) -> list[int]:
    found, offset = [], 0
    for _ in range(count):
        offset += chance.choice([1, 1, 1, 2, 3])
        found.append(offset)
    return found
