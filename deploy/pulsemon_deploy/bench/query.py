"""``bench query``: how long the reader takes for what the dashboard asks, over the history of a large fleet.

1,000 servers with 16 series: 24 h of raw samples every 10 s, the tiers made of them, and 30 d of hours. Every question
goes through the reader's own methods, with the login that may only read; nothing is cached but what the engine and the
reader keep in operation. ``…_ms`` is the median of a round, ``…_p95_ms`` beside it, ``…_engine_cpu_ms`` what an answer
takes of the engine's CPU, all threads; ``…_rows`` and ``…_mb`` are what it reads for one.
"""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clickhouse_driver import Client
from pulsemon_sinks.clickhouse.connection import Columns, NativeStore, Row
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.reader.choice import Choice, Window
from pulsemon_sinks.reader.reader import ANSWER_SECONDS, Reader

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.cpu import cpu_seconds
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.fleet_history import DAY_SECONDS, HOUR_SECONDS, SERIES, FleetHistory
from pulsemon_deploy.bench.runner import Bench

SERVERS, QUICK_SERVERS = 1000, 100
HOURS = 24
ASKED, QUICK_ASKED = 25, 10
SERVER = "web-00007"
# What the dashboard's grid is coloured and ranked by.
GRID = (
    Choice("system.cpu.busy"),
    Choice("system.memory.utilization", ("system.memory.state=used",)),
    Choice("system.filesystem.utilization"),
    Choice("system.cpu.load_average.1m"),
)
CPU, DISK = GRID[0], GRID[2]
Question = Callable[[], Any]
Statement = tuple[str, Mapping[str, Any]]


@dataclass
class Heard:
    """What a reader asked, in order, while ``is_listening``."""

    is_listening: bool = False
    statements: list[Statement] = field(default_factory=list)


class HeardStore(NativeStore):
    """The reader's own kind of store, which says what it is asked."""

    def __init__(self, settings: ClickHouseSettings, heard: Heard) -> None:
        super().__init__(settings, timeout_seconds=ANSWER_SECONDS)
        self._heard = heard

    def rows(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """See Store.rows."""
        self._hear(sql, parameters)
        return super().rows(sql, parameters, settings)

    def columns(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> Columns:
        """See Store.columns."""
        self._hear(sql, parameters)
        return super().columns(sql, parameters, settings)

    def _hear(self, sql: str, parameters: Mapping[str, Any] | None) -> None:
        if self._heard.is_listening:
            self._heard.statements.append((sql, parameters or {}))


@dataclass
class QueryRounds:
    """Each round asks every question so many times, one after the other."""

    history: FleetHistory
    settings: ClickHouseSettings
    engine_pid: int
    asked: int

    def __post_init__(self) -> None:
        self._heard = Heard()
        self._read: dict[str, Measurement] = {}
        self.reader = Reader(self.settings, connect=lambda: HeardStore(self.settings, self._heard))

    def warm_up(self) -> None:
        """Makes the history, asks everything once, and notes what the engine reads for it."""
        self.history.make()
        for name, ask in self.questions().items():
            ask()
            self._read.update(self._amounts(name, ask))

    def measure(self) -> Mapping[str, Measurement]:
        """One round."""
        found: dict[str, Measurement] = {}
        for name, ask in self.questions().items():
            before = cpu_seconds(self.engine_pid)
            times = sorted(_milliseconds(ask) for _ in range(self.asked))
            engine_ms = 1000 * (cpu_seconds(self.engine_pid) - before) / self.asked
            found[f"{name}_ms"] = Measurement(statistics.median(times), "ms")
            found[f"{name}_p95_ms"] = Measurement(times[math.ceil(0.95 * self.asked) - 1], "ms")
            found[f"{name}_engine_cpu_ms"] = Measurement(engine_ms, "ms")
        return {**found, **self._read, "raw_samples": Measurement(self.history.samples, "samples")}

    def questions(self) -> dict[str, Question]:
        """What is asked, by the names of the figures."""
        reader, end_ms = self.reader, self.history.end * 1000
        choices = [one.choice for one in SERIES]
        day = Window(end_ms - DAY_SECONDS * 1000, end_ms, 300)
        quarter = Window(end_ms - 900_000, end_ms, 900)
        month_end = end_ms // (HOUR_SECONDS * 1000) * HOUR_SECONDS * 1000
        month = Window(month_end - 30 * DAY_SECONDS * 1000, month_end, HOUR_SECONDS)
        raw_day = replace(day, step_seconds=120)  # no tier has so short a step with counters: raw samples
        return {
            "status_grid": self._status_grid,
            "server_day": lambda: reader.series(SERVER, choices, day),
            "server_day_raw": lambda: reader.series(SERVER, choices, raw_day),
            "top_10": lambda: reader.top(CPU, quarter, 10),
            "top_10_mounts": lambda: reader.top(DISK, quarter, 10),
            "band_month": lambda: reader.fleet_quantiles(CPU, month),
            "peers_month": lambda: reader.against_peers(SERVER, CPU, month),
        }

    def _status_grid(self) -> None:
        """All that the Overview asks for its grid and its list of open alerts."""
        self.reader.servers()
        self.reader.readings(GRID)
        self.reader.server_states()
        self.reader.open_alerts()
        self.reader.judged_ms(self.history.end * 1000 - DAY_SECONDS * 1000)

    def _amounts(self, name: str, ask: Question) -> dict[str, Measurement]:
        self._heard.statements.clear()
        self._heard.is_listening = True
        ask()
        self._heard.is_listening = False
        read = [_read(replace(self.settings, user="writer"), one) for one in self._heard.statements]
        return {
            f"{name}_rows": Measurement(sum(rows for rows, _ in read), "rows"),
            f"{name}_mb": Measurement(sum(size for _, size in read) / 1e6, "MB"),
        }


def _milliseconds(ask: Question) -> float:
    began = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - began)


def _read(settings: ClickHouseSettings, statement: Statement) -> tuple[int, int]:
    """Rows and bytes that the engine reads for a question; it tells that of statements that keep their answer."""
    sql, parameters = statement
    client = Client(settings.host, settings.port, user=settings.user, password=settings.password.reveal())
    try:
        client.execute(f"CREATE TEMPORARY TABLE answer ENGINE = Memory AS {sql}", parameters)
        progress = client.last_query.progress
        return progress.rows, progress.bytes
    finally:
        client.disconnect()


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[QueryRounds]:
    """Starts the engine alone."""
    with parts.engine(folder) as (engine, settings):
        store = NativeStore(settings)
        history = FleetHistory(store, settings.database, QUICK_SERVERS if quick else SERVERS, HOURS)
        asked = QUICK_ASKED if quick else ASKED
        rounds = QueryRounds(history, replace(settings, user="reader"), engine.pid, asked)
        yield rounds
        rounds.reader.close()
        store.close()


BENCH = Bench(prepare, rounds=3, quick_rounds=2, packages=("chdb", "clickhouse-driver"))
