"""A recorded log with everything that makes exactness hard: made by a pure function of its plan, hours in minutes.

Append times are part of it, so it goes into a topic with CreateTime. Its Ticks are part of it too: the workers that
read it write none. Control records are written first; they take effect where a Tick names them.
"""

import json
import random
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pulsemon_schemas import codec
from pulsemon_schemas.control import Fold
from pulsemon_schemas.partitioner import partition_for
from pulsemon_schemas.records import ControlRecord, MetricBatch
from pulsemon_schemas.rules import default_records
from pulsemon_schemas.ticks import TICK_KEY, make_tick
from pulsemon_stream_processors.engine.identity import alert_id

BUSY, MEMORY, SPACE = "system.cpu.busy", "system.memory.available.ratio", "system.filesystem.utilization"
AVAILABLE = "system.filesystem.available"
MOUNTPOINTS = ("mountpoint=/", "mountpoint=/home")
NAMES = (BUSY, AVAILABLE, AVAILABLE, SPACE, SPACE, MEMORY)
LABELS = ("", *MOUNTPOINTS, *MOUNTPOINTS, "")
DISK_BYTES = 100 * 2**30
RULE = "busy"
INTERVAL_SECONDS = 10
TICK_SECONDS = 5
CLOCK_ERROR_MS = 300_000
SPOOL_BATCHES_A_STEP = 20
SECONDS_TO_UNDO = 15
ENVIRONMENTS = ("production", "staging", "test")


@dataclass(frozen=True)
class Plan:
    """``start_ms`` is the first append time. Shares are of the whole time; the hole is of the whole broker.

    ``silent`` is when no host of an environment gets through, ``cut_off`` when one host does not.
    """

    topic_id: str
    control_topic_id: str
    tick_key: bytes
    start_ms: int
    partition_count: int = 4
    servers: int = 200
    seconds: int = 6 * 3600
    rule_edits: int = 50
    commands: int = 100
    relabelled: int = 20
    silent: tuple[float, float] = (0.12, 0.2)
    silent_environment: int = 1
    cut_off: tuple[float, float] = (0.3, 0.63)
    hole: tuple[float, float] = (0.7, 0.73)
    silent_from: float = 0.4
    duplicates: float = 0.004
    garbage: float = 0.001
    odd_ticks: float = 0.02
    seed: int = 7

    def is_in(self, second: int, span: tuple[float, float]) -> bool:
        return span[0] * self.seconds <= second < span[1] * self.seconds

    def is_silent(self, host: "_Host", first: int, last: int | None = None) -> bool:
        """Whether a host does not get through at some second."""
        if host.number % len(ENVIRONMENTS) != self.silent_environment:
            return False
        return (
            first < self.silent[1] * self.seconds and (first if last is None else last) >= self.silent[0] * self.seconds
        )


class Entry(NamedTuple):
    """One record of the metrics log."""

    partition: int
    append_ms: int
    key: bytes | None
    value: bytes | None


@dataclass
class Recording:
    """``control`` is the control log, record by offset. ``entries`` makes the metrics log, the same at each call."""

    plan: Plan
    control: list[ControlRecord]
    offsets: list[int]

    def entries(self) -> Iterator[Entry]:
        return _Recorder(self).entries()


@dataclass
class _Host:
    """One server and its hot times as (from, until, value), and the batches that could not be sent."""

    server_id: str
    number: int
    partition: int
    clock_error_ms: int
    hot: list[tuple[int, int, float]]
    sequences: dict[str, int] = field(default_factory=dict)
    spool: deque[tuple[str, int, float]] = field(default_factory=deque)

    @property
    def phase(self) -> int:
        return self.number % INTERVAL_SECONDS

    @property
    def producer_id(self) -> str:
        return f"{self.server_id}-agent"

    def busy(self, second: int) -> float:
        hot = next((value for start, end, value in self.hot if start <= second < end), None)
        return hot if hot is not None else 0.2 + (self.number * 37 + second // 10 * 13) % 100 / 500


def hosts_of(plan: Plan) -> list[_Host]:
    """Servers by name; the last partition gets one alone, with a clock that is right."""
    hosts: list[_Host] = []
    number = lonely = 0
    while len(hosts) < plan.servers:
        server_id = f"server-{number:04d}"
        partition = partition_for(server_id.encode(), plan.partition_count)
        number += 1
        if partition == plan.partition_count - 1 and plan.partition_count > 1:
            lonely += 1
            if lonely > 1:
                continue
        chance = random.Random(f"{plan.seed} {server_id}")
        error_ms = chance.choice((0, 0, CLOCK_ERROR_MS, -CLOCK_ERROR_MS, 1500))
        hosts.append(_Host(server_id, len(hosts), partition, error_ms, _hot_times(plan, chance)))
    return hosts


def _hot_times(plan: Plan, chance: random.Random) -> list[tuple[int, int, float]]:
    spans = []
    second = chance.randrange(60, 600)
    while second < plan.seconds:
        length = chance.choice((20, 60, 180, 700))
        spans.append((second, second + length, chance.uniform(0.8, 1.0)))
        second += length + chance.randrange(60, max(61, plan.seconds // 6))
    return spans


def record(plan: Plan) -> Recording:
    """The recording of a plan."""
    changes = _changes(plan, hosts_of(plan))
    fold = Fold()
    control: list[ControlRecord] = []
    offsets: list[int] = []
    for made in default_records():
        fold.apply(len(control), made)
        control.append(made)
    pending = deque(sorted(changes, key=lambda one: one[0]))
    for second in range(plan.seconds):
        while pending and pending[0][0] <= second:
            _, entity, body, is_stale = pending.popleft()
            kind, entity_id = entity
            version = fold.version(kind, entity_id) - (5 if is_stale else 0)
            text = "" if body is None else json.dumps(body)
            operation = "put" if body is not None else "purged"
            name = f"change-{len(control)}"
            made = ControlRecord(kind, entity_id, operation, version, name, "recorder", "", "", text)
            fold.apply(len(control), made)
            control.append(made)
        offsets.append(len(control) - 1)
    return Recording(plan, control, offsets)


_Change = tuple[int, tuple[str, str], Mapping[str, Any] | None, bool]


def _changes(plan: Plan, hosts: list[_Host]) -> list[_Change]:
    chance = random.Random(f"{plan.seed} changes")
    changes: list[_Change] = [(0, ("rule", RULE), _rule(0.9), False)]
    changes += [(0, ("server", host.server_id), _server(host.number), False) for host in hosts]
    for _ in range(plan.rule_edits):
        second = chance.randrange(30, plan.seconds)
        entity, body = ("rule", RULE), _rule(chance.choice((0.82, 0.85, 0.9, 0.93, 0.97)))
        if chance.random() < 0.4:
            name = chance.choice(ENVIRONMENTS)
            entity, body = ("rule", f"{RULE}-{name}"), {**body, "scope": {"kind": "environment", "value": name}}
        changes.append((second, entity, body, chance.random() < 0.1))
    for _ in range(plan.relabelled):
        host = chance.choice(hosts)
        changes.append(
            (chance.randrange(30, plan.seconds), ("server", host.server_id), _server(host.number + 1), False)
        )
    changes += _commands(plan, hosts, chance, changes)
    changes.append((plan.seconds // 2, ("server", hosts[-1].server_id), None, False))
    silence = {
        "scope": {"kind": "environment", "value": "test"},
        "intervals": [[plan.start_ms, plan.start_ms + 600_000]],
    }
    changes.append((60, ("silence", "quiet"), silence, False))
    return changes


def _rule(limit: float) -> dict[str, Any]:
    levels = {
        "warning": {"limit": limit - 0.05, "for_seconds": 30, "recovery": limit - 0.2},
        "critical": {"limit": limit, "keep_firing_seconds": 20},
    }
    return {"metric": BUSY, "family": RULE, "levels": levels}


def _server(number: int) -> dict[str, Any]:
    environment = ENVIRONMENTS[number % len(ENVIRONMENTS)]
    return {"name": f"Server {number}", "environment": environment, "region": "", "role": "", "labels": {}}


class _RuleTimes:
    """Which rule judges a host, as the changes made so far say."""

    def __init__(self, changes: Iterable[_Change]) -> None:
        self._changes = sorted((one for one in changes if not one[3]), key=lambda one: one[0])

    def at(self, host: _Host, second: int) -> tuple[str, float]:
        """The rule's id, and the limit of its first level."""
        past = (one for one in self._changes if one[0] <= second - TICK_SECONDS)
        made = {entity: body for _, entity, body, _ in past if body is not None}
        environment = made["server", host.server_id]["environment"]
        found = f"{RULE}-{environment}" if ("rule", f"{RULE}-{environment}") in made else RULE
        return found, made["rule", found]["levels"]["warning"]["limit"]


def _commands(plan: Plan, hosts: list[_Host], chance: random.Random, changes: Iterable[_Change]) -> list[_Change]:
    """Commands to the alerts that hot times open: nine of ten find theirs firing if nothing else happens to it."""
    rules, made = _RuleTimes(changes), list[_Change]()
    spans = [(host, *hot) for host in hosts[3:-1] for hot in host.hot]
    chance.shuffle(spans)
    for host, start, end, value in spans:
        if len(made) >= plan.commands:
            break
        second = start + chance.randrange(50, 60)
        if second + SECONDS_TO_UNDO >= min(end, plan.seconds) or plan.is_silent(host, start, end):
            continue
        rule_id, limit = rules.at(host, start)
        same_id, limit_then = rules.at(host, second + SECONDS_TO_UNDO)
        if value < max(limit, limit_then) or same_id != rule_id:
            continue
        sequence = -(-(start - host.phase) // INTERVAL_SECONDS)
        kind = chance.choice(("acknowledge", "acknowledge", "acknowledge", "resolve", "resolve", "undo", "nobody's"))
        found = alert_id(host.server_id, rule_id, "", host.producer_id, sequence + (kind == "nobody's"))
        body = {"alert_id": found, "server_id": host.server_id}
        commands = [("acknowledge", second), ("unacknowledge", second + SECONDS_TO_UNDO)]
        if kind != "undo":
            commands = [("resolve" if kind == "resolve" else "acknowledge", second)]
        for command, at in commands:
            entity = ("alert_command", f"command-{len(made)}")
            made.append((at, entity, {**body, "command": command}, False))
    return made


class _Recorder:
    def __init__(self, recording: Recording) -> None:
        self._plan = recording.plan
        self._offsets = recording.offsets
        self._hosts = hosts_of(recording.plan)
        self._chance = random.Random(f"{recording.plan.seed} log")
        self._encoder = codec.BatchEncoder()
        self._ticks = 0

    def entries(self) -> Iterator[Entry]:
        plan = self._plan
        for second in range(plan.seconds):
            is_away = plan.is_in(second, plan.hole)
            append_ms = plan.start_ms + second * 1000
            if second % TICK_SECONDS == 0 and not is_away:
                yield from self._all_ticks(second, append_ms)
            for host in self._hosts:
                if host.phase != second % INTERVAL_SECONDS or self._is_dead(host, second):
                    continue
                host.spool.append((host.producer_id, second, host.busy(second)))
                if host.number == 0:
                    host.spool.append((f"{host.server_id}-service", second, 0.5))
                is_cut = host.number == 1 and plan.is_in(second, plan.cut_off)
                if not (is_away or is_cut or plan.is_silent(host, second)):
                    yield from self._send(host, second, append_ms + host.number % 1000)

    def _is_dead(self, host: _Host, second: int) -> bool:
        return host.number == 2 and second >= self._plan.silent_from * self._plan.seconds

    def _send(self, host: _Host, second: int, append_ms: int) -> Iterator[Entry]:
        for _ in range(min(len(host.spool), SPOOL_BATCHES_A_STEP)):
            producer_id, taken, busy = host.spool.popleft()
            entry = Entry(
                host.partition, append_ms, host.server_id.encode(), self._batch(host, producer_id, taken, second, busy)
            )
            yield entry
            if self._chance.random() < self._plan.duplicates:
                yield entry
            if self._chance.random() < self._plan.garbage:
                yield self._garbage(entry)

    def _batch(self, host: _Host, producer_id: str, taken: int, sent: int, busy: float) -> bytes:
        sequence = host.sequences.get(producer_id, -1) + 1
        host.sequences[producer_id] = sequence
        is_agent = producer_id == host.producer_id
        clock_ms = self._plan.start_ms + host.clock_error_ms
        used = 0.5 + (host.number % 50) / 100
        used_too = min(1.0, used + taken / self._plan.seconds / 2)
        available = (DISK_BYTES * (1.0 - used), DISK_BYTES * (1.0 - used_too))
        batch = MetricBatch(
            server_id=host.server_id,
            source="agent" if is_agent else "service",
            producer_id=producer_id,
            sequence=sequence,
            previous_producer_id="",
            previous_sequence=-1,
            recorded_at_ms=clock_ms + taken * 1000,
            sent_at_ms=clock_ms + sent * 1000,
            names=NAMES if is_agent else ("app.queue.length",),
            labels=LABELS if is_agent else ("",),
            values=(busy, *available, used, used_too, 1.0 - busy) if is_agent else (busy,),
        )
        return self._encoder.encode(batch)

    def _garbage(self, entry: Entry) -> Entry:
        value = entry.value or b""
        kind = self._chance.randrange(4)
        if kind == 0:
            return entry._replace(value=value[: self._chance.randrange(len(value))])
        if kind == 1:
            return entry._replace(key=b"somebody-else")
        if kind == 2:
            return entry._replace(partition=(entry.partition + 1) % self._plan.partition_count)
        return entry._replace(key=None, value=None)

    def _all_ticks(self, second: int, append_ms: int) -> Iterator[Entry]:
        offset = self._offsets[second]
        for partition in range(self._plan.partition_count):
            yield self._tick(partition, append_ms, offset)
            if self._chance.random() < self._plan.odd_ticks:
                yield self._odd_tick(partition, append_ms, offset)

    def _odd_tick(self, partition: int, append_ms: int, offset: int) -> Entry:
        """A zombie's, a forged one, one for another place, and one of a control log that was made anew."""
        kind = self._chance.randrange(5)
        if kind == 0:
            return self._tick(partition, append_ms, max(0, offset - 3))
        if kind == 1:
            return self._tick(partition, append_ms, offset + 1, key=b"forged")
        if kind == 2:
            return self._tick(partition, append_ms, offset, topic_id="another-topic")
        if kind == 3:
            return self._tick(partition, append_ms, offset, partition=partition + 1)
        return self._tick(partition, append_ms, 1, control_topic_id="made-anew")

    def _tick(self, at: int, append_ms: int, offset: int, **changes: Any) -> Entry:
        self._ticks += 1
        fields: dict[str, Any] = {
            "key": self._plan.tick_key,
            "partition": at,
            "topic_id": self._plan.topic_id,
            "control_topic_id": self._plan.control_topic_id,
            "control_offset": offset,
            "producer_id": "recorder",
            "sequence": self._ticks,
            "now_ms": append_ms,
        }
        return Entry(at, append_ms, TICK_KEY, codec.encode(make_tick(**(fields | changes))))
