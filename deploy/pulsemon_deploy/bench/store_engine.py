"""``bench store-engine``: what the embedded ClickHouse engine takes when idle, under load, and a while after.

A round starts the engine in a new folder, as `pulsemon up` does. It is left alone and watched; then blocks of the size
that a sink sends come in over HTTP at half a million samples a second, while two readers ask what pages ask; then it
is left alone again. Memory is the resident set of its process, which has the interpreter and the engine's code in it.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import psutil
from pulsemon_schemas import codec
from pulsemon_schemas.errors import PulsemonError
from pulsemon_sinks.clickhouse.bulk import HttpBulkStore
from pulsemon_sinks.clickhouse.connection import NativeStore
from pulsemon_sinks.clickhouse.settings import ClickHouseSettings
from pulsemon_sinks.containers import Places
from pulsemon_sinks.landings import METRICS_LANDING, containers

from pulsemon_deploy.bench import parts
from pulsemon_deploy.bench.cpu import cpu_seconds
from pulsemon_deploy.bench.figures import Measurement
from pulsemon_deploy.bench.fleet import INTERVAL_MS, SERIES, Fleet
from pulsemon_deploy.bench.runner import Bench

HOSTS = 1000
BLOCK_SAMPLES = 200_000
SAMPLES_PER_SECOND = 500_000
READERS = 2
PAUSE_SECONDS = 0.05
AFTER_SECONDS = 15.0
LOOK_SECONDS = 0.1
BYTES_PER_MB = 1e6
DATABASE = "bench"
_CPU = "name = 'system.cpu.busy'"
QUESTIONS = tuple(
    f"SELECT {columns} FROM {DATABASE}.{table} WHERE {_CPU} {rest}"
    for columns, table, rest in (
        ("server_id, argMax(value, recorded_at)", "latest FINAL", "GROUP BY 1"),
        ("recorded_at, value", "samples FINAL", "AND server_id = 'host-00007.example.net' ORDER BY recorded_at"),
        ("toStartOfMinute(recorded_at) AS at, avg(value), quantile(0.9)(value)", "samples", "GROUP BY at ORDER BY at"),
        ("server_id, max(value) AS most", "samples", "GROUP BY 1 ORDER BY most DESC LIMIT 10"),
    )
)


@dataclass
class Asking:
    """Readers of pages: each asks one question after the other until ``stop`` is set."""

    settings: ClickHouseSettings
    stop: threading.Event = field(default_factory=threading.Event)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def run(self) -> None:
        """The loop of one thread."""
        with closing(NativeStore(self.settings)) as store:
            for number in count():
                if self.stop.wait(PAUSE_SECONDS):
                    return
                began = time.monotonic()
                try:
                    store.rows(QUESTIONS[number % len(QUESTIONS)])
                    self.seconds.append(time.monotonic() - began)
                except PulsemonError as error:
                    self.errors.append(str(error))


@dataclass
class Watching:
    """The largest resident set of a process while the thread runs."""

    pid: int
    stop: threading.Event = field(default_factory=threading.Event)
    most_bytes: int = 0

    def run(self) -> None:
        """The loop of the thread."""
        while not self.stop.wait(LOOK_SECONDS):
            self.most_bytes = max(self.most_bytes, _resident(self.pid))


@dataclass(frozen=True, slots=True)
class EngineRounds:
    """Each round has an engine of its own."""

    folder: Path
    bodies: Sequence[bytes]
    settle_seconds: float
    watch_seconds: float

    def warm_up(self) -> None:
        """Reads the engine's code from the disk."""
        with parts.engine(self.folder / "first"):
            pass

    def measure(self) -> Mapping[str, Measurement]:
        """Idle, loaded, left alone."""
        folder = self.folder / f"round-{time.monotonic_ns()}"
        with parts.engine(folder, MALLOC_ARENA_MAX="2") as (engine, settings):
            idle = self._idle(engine.pid)
            loaded = self._loaded(engine.pid, settings)
            time.sleep(AFTER_SECONDS)
            after = {"after_load_rss_mb": Measurement(_resident(engine.pid) / BYTES_PER_MB, "MB")}
        return {**idle, **loaded, **after}

    def _idle(self, pid: int) -> dict[str, Measurement]:
        time.sleep(self.settle_seconds)
        began, used = time.monotonic(), cpu_seconds(pid)
        time.sleep(self.watch_seconds)
        percent = 100 * (cpu_seconds(pid) - used) / (time.monotonic() - began)
        return {
            "idle_rss_mb": Measurement(_resident(pid) / BYTES_PER_MB, "MB"),
            "idle_core_percent": Measurement(percent, "% of a core"),
        }

    def _loaded(self, pid: int, settings: ClickHouseSettings) -> dict[str, Measurement]:
        asking, watching = Asking(replace(settings, user="reader")), Watching(pid)
        threads = [threading.Thread(target=asking.run) for _ in range(READERS)] + [
            threading.Thread(target=watching.run)
        ]
        for one in threads:
            one.start()
        began, used = time.monotonic(), cpu_seconds(pid)
        try:
            refused = self._store(settings, began)
        finally:
            asking.stop.set()
            watching.stop.set()
            for one in threads:
                one.join()
        seconds = time.monotonic() - began
        times = sorted(asking.seconds)
        return {
            "load_samples_per_second": Measurement(len(self.bodies) * BLOCK_SAMPLES / seconds, "1/s"),
            "load_peak_rss_mb": Measurement(watching.most_bytes / BYTES_PER_MB, "MB"),
            "load_core_percent": Measurement(100 * (cpu_seconds(pid) - used) / seconds, "% of a core"),
            "load_queries_per_second": Measurement(len(times) / seconds, "1/s"),
            "load_query_p99_ms": Measurement(1000 * times[len(times) * 99 // 100], "ms"),
            "load_errors": Measurement(len(asking.errors) + refused, "errors"),
        }

    def _store(self, settings: ClickHouseSettings, began: float) -> int:
        """Sends each block when its time has come; how often the engine refused one, which is then sent again."""
        refused = 0
        with closing(HttpBulkStore(settings)) as bulk:
            for number, body in enumerate(self.bodies):
                time.sleep(max(0.0, began + number * BLOCK_SAMPLES / SAMPLES_PER_SECOND - time.monotonic()))
                while True:
                    try:
                        bulk.post(f"{DATABASE}.{METRICS_LANDING.table}", body)
                        break
                    except PulsemonError:
                        refused += 1
        return refused


def _resident(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)


def _bodies(blocks: int) -> Iterator[bytes]:
    """Blocks of whole ticks of a fleet, as a sink sends them."""
    start_ms = int(time.time() * 1000) // INTERVAL_MS * INTERVAL_MS - 24 * 3_600_000
    fleet, places, offsets = Fleet(HOSTS, start_ms), Places("bench", 0), count()
    (container,) = containers(METRICS_LANDING).values()
    waiting: list[tuple[bytes, bytes]] = []
    each = BLOCK_SAMPLES // SERIES
    while blocks:
        waiting += [
            (places.encode(next(offsets), one.recorded_at_ms), codec.encode(one)) for one in fleet.batches(HOSTS)
        ]
        while len(waiting) >= each and blocks:
            yield container.build(waiting[:each])
            del waiting[:each]
            blocks -= 1


@contextmanager
def prepare(folder: Path, quick: bool) -> Iterator[EngineRounds]:
    """Encodes what will be sent: the sender must not be what is measured."""
    seconds = 2 if quick else 20
    bodies = list(_bodies(seconds * SAMPLES_PER_SECOND // BLOCK_SAMPLES))
    yield EngineRounds(folder, bodies, settle_seconds=0.5 if quick else 15.0, watch_seconds=1.0 if quick else 60.0)


BENCH = Bench(prepare, rounds=3, quick_rounds=2, packages=("chdb", "chdb-core"))
