"""A small fleet without a store: the same answers every time, but for what a test changes."""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from pulsemon_schemas.errors import TransientError
from pulsemon_schemas.rules import Rule, default_rules
from pulsemon_sinks.reader.alerts import ServerStatus, Transition
from pulsemon_sinks.reader.choice import Choice, Level, Line, Window
from pulsemon_sinks.reader.servers import Reading, Server
from pulsemon_ui.view_models.metrics import CPU, DISK, LOAD, MEMORY

HOSTILE_NAME = "<img src=x onerror=alert(1)>"


def server(server_id: str, last_seen_ms: int | None, **changes: Any) -> Server:
    """A registered production server; ``changes`` are fields of Server."""
    plain = Server(server_id, server_id, "prod", "eu-central", server_id.split("-")[0], {}, last_seen_ms, True)
    return replace(plain, **changes)


def small_fleet(now_ms: int) -> tuple[Server, ...]:
    """Six servers: four send, one has been silent for an hour, one is new; one has a hostile name."""
    return (
        server("web-1", now_ms - 2_000),
        server("web-2", now_ms - 4_000, region="eu-west"),
        server("db-1", now_ms - 3_000, environment="staging", labels={"os": "Debian 12"}),
        server("cache-1", now_ms - 3_600_000),
        server("queue-1", None),
        server("evil-1", now_ms - 1_000, name=HOSTILE_NAME),
    )


@dataclass
class FakeRepository:
    """Answers as the reader does. ``is_away`` makes it fail as the reader fails when the store is away."""

    now: Callable[[], float] = time.time
    servers_of: Callable[[int], tuple[Server, ...]] = small_fleet
    values: dict[Choice, float] = field(
        default_factory=lambda: {CPU.choice: 0.42, MEMORY.choice: 0.61, DISK.choice: 0.93, LOAD.choice: 1.5}
    )
    states: dict[str, str] = field(default_factory=dict)
    alerts: list[Transition] = field(default_factory=list)
    judged_seconds_ago: float | None = None
    is_away: bool = False

    def servers(self) -> tuple[Server, ...]:
        self._answer()
        return self.servers_of(int(self.now() * 1000))

    def readings(self, choices: Sequence[Choice]) -> dict[str, tuple[Reading | None, ...]]:
        self._answer()
        seen = {one.server_id: one.last_seen_ms for one in self.servers() if one.last_seen_ms is not None}
        labels = {DISK.choice: "device=sda,mountpoint=/data,type=ext4"}
        return {
            server_id: tuple(
                Reading(self.values[choice], labels.get(choice, ""), at_ms) if choice in self.values else None
                for choice in choices
            )
            for server_id, at_ms in seen.items()
        }

    def series(self, server_id: str, choices: Sequence[Choice], window: Window) -> pa.Table:
        self._answer()
        times = _times(window)
        columns = {"x": pa.array([float(time * 1000) for time in times], pa.float64())}
        for index, _ in enumerate(choices):
            for name, shift in (("a", 0.0), ("lo", -0.05), ("hi", 0.05)):
                columns[f"{name}{index}"] = pa.array([_wave(at) + shift for at in times], pa.float64())
        return pa.table(columns)

    def sparklines(self, wanted: Sequence[Line]) -> dict[int, list[float | None]]:
        self._answer()
        return {index: [_wave(at) for at in line.window.buckets] for index, line in enumerate(wanted)}

    def server_states(self) -> dict[str, ServerStatus]:
        self._answer()
        changed_ms = int((self.now() - 600) * 1000)
        return {one: ServerStatus(one, word, "ok", changed_ms, None, "", {}) for one, word in self.states.items()}

    def open_alerts(self) -> tuple[Transition, ...]:
        self._answer()
        return tuple(one for one in self.alerts if one.is_open)

    def judged_ms(self, since_ms: int) -> int | None:
        self._answer()
        return None if self.judged_seconds_ago is None else int((self.now() - self.judged_seconds_ago) * 1000)

    def alerts_of(self, server_id: str, start_ms: int, end_ms: int) -> tuple[Transition, ...]:
        self._answer()
        return tuple(one for one in self.alerts if one.server_id == server_id)

    def alerts_opened(self, window: Window, server_ids: Sequence[str] | None = None) -> pa.Table:
        self._answer()
        times = [float(at * 1000) for at in window.buckets]
        columns = {"x": times, "critical": [1.0] * len(times), "warning": [2.0] * len(times)}
        return pa.table({name: pa.array(values, pa.float64()) for name, values in columns.items()})

    def first_alert_ms(self) -> int | None:
        self._answer()
        return min((one.started_at_ms for one in self.alerts), default=None)

    def rules(self) -> tuple[Rule, ...]:
        self._answer()
        return default_rules()

    def metrics_of(self, server_id: str, window: Window) -> pa.Table:
        self._answer()
        row = {"name": "system.cpu.busy", "labels": "", "now": 0.42, "low": 0.1, "high": 0.9, "spark": [0.1, 0.9, 0.4]}
        return pa.Table.from_pylist([row, {**row, "name": "shop.orders", "labels": "kind=paid"}])

    def metric_names(self, server_id: str, window: Window) -> frozenset[str]:
        self._answer()
        return frozenset({CPU.choice.metric, MEMORY.choice.metric, DISK.choice.metric, LOAD.choice.metric})

    def fleet_quantiles(self, choice: Choice, window: Window, server_ids: Sequence[str] | None = None) -> pa.Table:
        self._answer()
        times = _times(window)
        columns = {"x": [float(at * 1000) for at in times], "servers": [4.0] * len(times)}
        for name, shift in (("p10", -0.2), ("p50", 0.0), ("p90", 0.2), ("p99", 0.3)):
            columns[name] = [_wave(at) + shift for at in times]
        return pa.table({name: pa.array(values, pa.float64()) for name, values in columns.items()})

    def fleet_levels(
        self, choices: Sequence[tuple[Choice, Level]], window: Window, server_ids: Sequence[str] | None = None
    ) -> pa.Table:
        self._answer()
        times = _times(window)
        columns = {f"v{index}": [_wave(at) for at in times] for index, _ in enumerate(choices)}
        columns["x"] = [float(at * 1000) for at in times]
        return pa.table({name: pa.array(values, pa.float64()) for name, values in columns.items()})

    def _answer(self) -> None:
        if self.is_away:
            raise TransientError("ClickHouse at 127.0.0.1:9 does not answer", 1.0)


class SteeredRepository(FakeRepository):
    """A FakeRepository in another process: a file says what changes, as ``{"cpu": 0.97, "is_away": true}``."""

    def __init__(self, steering: Path) -> None:
        super().__init__()
        self._steering = steering

    def _answer(self) -> None:
        changes = json.loads(self._steering.read_text())
        self.is_away = bool(changes.get("is_away", False))
        self.values[CPU.choice] = float(changes.get("cpu", 0.42))
        self.servers_of = (lambda _: ()) if changes.get("is_empty") else small_fleet
        self.judged_seconds_ago = 2.0 if changes.get("is_judged") else None
        now_ms = int(self.now() * 1000)
        self.states = {"web-1": "critical", "db-1": "warning"} if changes.get("is_judged") else {}
        self.alerts = trouble(now_ms) if changes.get("is_judged") else []
        super()._answer()


def trouble(now_ms: int) -> list[Transition]:
    """A full disk for 20 minutes, a warning that is acknowledged, a note, and one that is over."""
    return [
        alert("web-1", "full", now_ms - 1_200_000),
        alert(
            "db-1",
            "busy",
            now_ms - 7_200_000,
            level="warning",
            metric="system.cpu.busy",
            labels="",
            value=0.91,
            limit=0.9,
            state="acknowledged",
            actor="ann",
            window_function="avg",
            window_seconds=300.0,
        ),
        alert("web-2", "note", now_ms - 60_000, level="info", metric="shop.orders", labels="kind=paid"),
        alert("web-1", "over", now_ms - 90_000_000, state="resolved", occurred_at_ms=now_ms - 80_000_000),
    ]


def alert(server_id: str, alert_id: str, started_at_ms: int, **changes: Any) -> Transition:
    """A critical alert about a full disk, as the reader gives it."""
    plain = Transition(
        event_id=f"{alert_id}-1",
        alert_id=alert_id,
        transition=1,
        server_id=server_id,
        rule_id="fs_space",
        rule_version=7,
        rule_author="ann",
        metric="system.filesystem.utilization",
        labels="device=sda,mountpoint=/data,type=ext4",
        state="firing",
        previous_state="pending",
        level="critical",
        previous_level="critical",
        reason="last >= 0.95 held for 300 s",
        actor="",
        started_at_ms=started_at_ms,
        occurred_at_ms=started_at_ms,
        late=False,
        value=0.97,
        limit=0.95,
        calm_value=0.9499999999999998,
        window_function="last",
        window_seconds=0.0,
        sample_count=1,
        topic_id="log",
        partition=0,
        first_offset=3,
        last_offset=4,
        control_offset=12,
        suppressed_by=(),
    )
    return replace(plain, **changes)


def _times(window: Window) -> list[int]:
    return list(window.buckets)


def _wave(at: int) -> float:
    return 0.5 + 0.2 * math.sin(at / 7200)
